"""How far long work has come: for people, for logs and for other programs."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Protocol

from napari_cdse.cli.console import tell
from napari_cdse.core.progress import TimeLeft

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


class Progress(Protocol):
    """Takes what becomes of each micrograph, in the order of the run."""

    def done(
        self,
        micrograph: str,
        particles: int,
        notices: Sequence[str],
        *,
        from_before: bool = False,
    ) -> None:
        """Tell of a micrograph with results, those of an earlier run perhaps."""

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Tell of one without."""

    def close(self) -> None:
        """Tell no more."""


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Offer ``--quiet`` and ``--json-progress``."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--quiet", action="store_true", help="tell of failures and results only"
    )
    choice.add_argument(
        "--json-progress",
        action="store_true",
        help="for other programs: one line of JSON per micrograph on standard error",
    )


def progress_of(arguments: argparse.Namespace, total: int) -> Progress:
    """Make what the flags ask for."""
    if arguments.json_progress:
        return JsonProgress(total)
    return QuietProgress() if arguments.quiet else TextProgress(total)


class _Bar(Protocol):
    """What is used of tqdm's bar; ``initial`` is left out of its rate."""

    initial: int

    def clear(self) -> None: ...

    def update(self) -> object: ...

    def refresh(self) -> object: ...

    def close(self) -> None: ...


class TextProgress:
    """A line per micrograph; in a terminal also a bar with rate and time left.

    Parameters
    ----------
    total : int
        Micrographs to come.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._bar = _bar(total) if sys.stderr.isatty() else None

    def done(
        self,
        micrograph: str,
        particles: int,
        notices: Sequence[str],
        *,
        from_before: bool = False,
    ) -> None:
        """Tell of a micrograph with results."""
        if from_before and self._bar is not None:
            self._bar.initial += 1
        what = "1 particle" if particles == 1 else f"{particles} particles"
        self._tell(f"{micrograph}: {what}", notices)

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Tell of one without."""
        self._tell(problem, notices)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _tell(self, text: str, notices: Sequence[str]) -> None:
        self._done += 1
        if self._bar is not None:
            self._bar.clear()
        tell(f"[{self._done}/{self._total}] {text}")
        for sentence in notices:
            tell(f"    {sentence}")
        if self._bar is not None:
            self._bar.update()
            self._bar.refresh()


class QuietProgress:
    """Failures alone."""

    def done(
        self,
        micrograph: str,
        particles: int,
        notices: Sequence[str],
        *,
        from_before: bool = False,
    ) -> None:
        """Say nothing."""

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Tell of it."""
        tell(problem)
        # Set off below what they belong to: they do not name the file again.
        for sentence in notices:
            tell(f"    {sentence}")

    def close(self) -> None:
        """Say nothing."""


class JsonProgress:
    """An object per line, with the seconds that have passed and that are left.

    What an earlier run had done counts at once as done, and takes no time: the seconds
    that are left are reckoned from what this run does itself.

    Parameters
    ----------
    total : int
        Micrographs of the run, with those done before.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._before = 0
        self._start_s = time.monotonic()

    def done(
        self,
        micrograph: str,
        particles: int,
        notices: Sequence[str],
        *,
        from_before: bool = False,
    ) -> None:
        """Tell of a micrograph with results."""
        self._before += from_before
        self._tell(
            "done",
            micrograph=micrograph,
            particles=particles,
            notices=notices,
            from_before=from_before,
        )

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Tell of one without."""
        self._tell("failed", problem=problem, notices=notices)

    def close(self) -> None:
        """Say nothing; the exit status tells."""

    def _tell(self, event: str, **facts: object) -> None:
        self._done += 1
        passed_s = time.monotonic() - self._start_s
        told = {
            "event": event,
            "number": self._done,
            "total": self._total,
            "seconds": round(passed_s, 1),
            "seconds_left": self._left_s(passed_s),
            **facts,
        }
        # All but ASCII is escaped: no terminal and no encoding can stumble over it.
        tell(json.dumps(told))

    def _left_s(self, passed_s: float) -> float | None:
        """Seconds left; None where all so far was done before, which says nothing."""
        own, left = self._done - self._before, self._total - self._done
        if own == 0 and left:
            return None
        return round(passed_s / max(own, 1) * left, 1)


_LINES = 20
"""Of long work, in a terminal or a log. A choice: work of an hour tells each third
minute."""


class ShareProgress:
    """A line for each twentieth of long work, with the time left.

    Not one for each step: of thousands of micrographs nothing else would be seen.

    Parameters
    ----------
    what : str
        What is worked at, as ``"labelled micrographs"``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._told = -1
        self._time_left = TimeLeft()

    def __call__(self, share: float) -> None:
        """Take the share done, 0 to 1."""
        number = int(_LINES * share)
        if number <= self._told:
            return
        self._told = number
        left = self._time_left.in_words(share) if share < 1 else ""
        tell(f"{share:4.0%}  {self._what}{left and f', {left}'}")


def _bar(total: int) -> _Bar:
    # Only who looks at a terminal waits for the import.
    from tqdm import tqdm

    bar: _Bar = tqdm(total=total, unit="micrograph", file=sys.stderr, leave=False)
    return bar
