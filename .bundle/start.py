"""What the application starts: the command ``napari-cdse``, or one of its processes."""

from __future__ import annotations

import multiprocessing
import runpy
import sys

_WORKER = "joblib.externals.loky.backend.popen_loky_posix"
_TRACKER = "from joblib.externals.loky.backend.resource_tracker import main"


def _start_process_of_the_pool() -> None:
    """Be a process of joblib's pool, where its words say so.

    It starts each by the name of the interpreter and the module, ``-m ...``; in an
    application the interpreter is the application. PyInstaller does the same for
    `multiprocessing`, and Windows has words of its own that both understand.
    """
    multiprocessing.freeze_support()
    words = sys.argv[1:]
    if words[:2] == ["-m", _WORKER]:
        sys.argv = [sys.argv[0], *words[2:]]
        runpy.run_module(_WORKER, run_name="__main__", alter_sys=True)
        sys.exit()
    if "-c" in words[:-1]:
        code = words[words.index("-c") + 1]
        if code.startswith(_TRACKER):
            exec(code)
            sys.exit()


if __name__ == "__main__":
    _start_process_of_the_pool()
    from napari_cdse.cli import main

    sys.exit(main())
