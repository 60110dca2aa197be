"""Analyse a folder side by side, where reading one file kills the process.

``python -m tests.cli.deadly_reading FOLDER NAME`` prints what became of each file.
"""

import json
import os
import signal
import sys
from pathlib import Path

from napari_cdse.core.params import DetectionParams
from napari_cdse.pipeline import FileAnalysis, analyse_many


class Deadly(type(Path())):
    """A path that kills whoever looks at the file."""

    def __fspath__(self):
        if multiprocessing_worker():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__fspath__()


def multiprocessing_worker() -> bool:
    """Whether this is not the process that was started by hand."""
    return os.environ.get("TESTS_FIRST_PROCESS") != str(os.getpid())


def main(folder: str, name: str) -> None:
    os.environ["TESTS_FIRST_PROCESS"] = str(os.getpid())
    paths = [
        Deadly(path) if path.name == name else path
        for path in sorted(Path(folder).glob("*.png"))
    ]
    found = analyse_many(paths, FileAnalysis(None, DetectionParams()), 2)
    told = [(outcome.path.name, outcome.problem) for outcome in found]
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    from tests.cli import deadly_reading

    # By its name, so that the other processes find the class.
    deadly_reading.main(*sys.argv[1:])
