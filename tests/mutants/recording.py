"""Which tests run which line: recorded once per part, in the copy of the project.

``python -m tests.mutants.recording TARGET TEST...`` runs the tests and writes TARGET.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import coverage
import pytest

SHARED = "whole file"
"""Stands for all tests of a file: what a fixture of theirs ran that they share."""


class Recorder:
    """A plugin that tells the coverage which test runs, and notes its result and time.

    Attributes
    ----------
    seconds : dict
        Time of the processor in s of each test, with its fixtures.
    failed : set of str
        Those that did not pass, skipped ones among them.
    """

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()
        self.running = ""

    def pytest_sessionstart(self):
        trace_workers()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.running = item.nodeid
        forget_results()
        self.measured.switch_context(item.nodeid)
        begun = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - begun
            self.measured.switch_context("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        if fixturedef.scope != "function":
            file = self.running.partition("::")[0]
            self.measured.switch_context(f"{file}::{SHARED}")
        try:
            return (yield)
        finally:
            self.measured.switch_context(self.running)

    def pytest_runtest_logreport(self, report):
        if not report.passed:
            self.failed.add(report.nodeid)


def forget_results() -> None:
    """Empty the caches of numbers, so that each test reaches what it relies on.

    Otherwise only the first test would seem to. Caches outside of ``core`` hold
    threads and windows, which are left alone.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("napari_cdse.core."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def trace_workers() -> None:
    """Let the coverage see what the window's workers run.

    Python hands its trace function on to threads that Python starts; those of workers
    are Qt's, and each work in them begins without one.
    """
    # Pytest wants to be the first to import what has a plugin of its own.
    from napari.qt.threading import WorkerBase

    work = WorkerBase.run

    def run(worker):
        sys.settrace(threading.gettrace())
        work(worker)

    WorkerBase.run = run


def main() -> int:
    """Run the tests, write what they reached and how long each took."""
    target, *tests = sys.argv[1:]
    measured = coverage.Coverage(
        source=["napari_cdse"], data_file=None, config_file=False, messages=False
    )
    recorder = Recorder(measured)
    measured.start()
    pytest.main(
        [*tests, "-q", "-p", "no:cacheprovider", "--no-xvfb", "-n", "0"],
        plugins=[recorder],
    )
    measured.stop()
    data = measured.get_data()
    reached = {
        str(Path(file).relative_to(Path.cwd())): {
            line: sorted(set(contexts) - {""})
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    kept = {t: s for t, s in recorder.seconds.items() if t not in recorder.failed}
    Path(target).write_text(
        json.dumps(
            {
                "reached": reached,
                "seconds": kept,
                "failed": sorted(recorder.failed),
                "modules": [name for name in sys.modules if not _is_own(name)],
            }
        ),
        "utf-8",
    )
    return 0


def _is_own(name: str) -> bool:
    """Whether a module is the project's, or wants to be imported by pytest itself."""
    top = name.partition(".")[0]
    own = top in (
        "napari_cdse",
        "tests",
        "conftest",
        "coverage",
        "__main__",
        "antigravity",
    )
    return own or "pytest" in name or top.startswith("__")


if __name__ == "__main__":
    sys.exit(main())
