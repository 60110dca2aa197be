"""A process that has the libraries imported and forks one for each trial.

It reads one trial a line from standard input, in JSON, and answers with its outcome.
The project itself is imported in the fork, so nothing of a mistake stays behind.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest

_LOOK_S = 0.02
"""How often it looks whether a fork has ended; small beside any test."""
_WAIT = 20
"""Times its limit of the processor that a fork may last, asleep or kept from it."""


class Chosen:
    """A plugin that keeps the tests named, those of quick files first."""

    def __init__(self, names: list[str]) -> None:
        self.places = {name: place for place, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        kept = [item for item in items if item.nodeid in self.places]
        items[:] = sorted(kept, key=lambda item: self.places[item.nodeid])


def main() -> int:
    """Import what the tests import, then try one mistake after the other."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(1, 2)
    for name in json.loads(Path(sys.argv[1]).read_text("utf-8"))["modules"]:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001  a library's own affair, missed by no test
            continue
    # What is imported stays: no fork looks through it again, nor copies its pages.
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(json.dumps(_tried(**asked)) + "\n")
        answers.flush()
    return 0


def _tried(file: str, text: str, tests: list[str], limit_s: float) -> str:
    """Plant a mistake, let the tests run, and take it out again."""
    source = Path(file)
    before = source.read_text("utf-8")
    # A compiled file that bears the same second and size would be taken for this one.
    for compiled in source.parent.glob(f"__pycache__/{source.stem}.*.pyc"):
        compiled.unlink()
    source.write_text(text, "utf-8")
    try:
        return _in_fork(tests, limit_s)
    finally:
        source.write_text(before, "utf-8")


def _in_fork(tests: list[str], limit_s: float) -> str:
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        # Of the processor, so that a busy machine makes no hang.
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limit_s),) * 2)
        os._exit(_run(tests))
    ends = time.monotonic() + _WAIT * limit_s
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end_group(child)
            return _outcome(status)
        time.sleep(_LOOK_S)
    _end_group(child)
    os.waitpid(child, 0)
    return "hang"


def _run(tests: list[str]) -> int:
    sys.stdin = open(os.devnull)
    files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
    options = ["-x", "-q", "-p", "no:cacheprovider", "--no-xvfb", "-n", "0"]
    quiet = ["--tb=line", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(
        pytest.main(
            [*files, *options, *quiet, f"--basetemp={Path.cwd() / 'temporary'}"],
            plugins=[Chosen(tests)],
        )
    )


def _end_group(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


def _outcome(status: int) -> str:
    if os.WIFSIGNALED(status):
        ended = os.WTERMSIG(status)
        return "hang" if ended in (signal.SIGXCPU, signal.SIGKILL) else "crash"
    code = os.WEXITSTATUS(status)
    return {0: "survived", 5: "no tests"}.get(code, "noticed")


if __name__ == "__main__":
    sys.exit(main())
