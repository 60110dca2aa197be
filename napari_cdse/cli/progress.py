"""Report progress: of a run over micrographs as text, bar or JSON; or as a fraction."""

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
    """Reports the micrographs of a run, in order, as they are analysed."""

    def done(
        self,
        micrograph: str,
        particles: int,
        notices: Sequence[str],
        *,
        from_before: bool = False,
    ) -> None:
        """Report a micrograph that was analysed, now or (``from_before``) earlier."""

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Report a micrograph that could not be analysed."""

    def close(self) -> None:
        """End the report."""


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add the flags ``--quiet`` and ``--json-progress``."""
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
    """Return the report that was chosen by flags.

    Parameters
    ----------
    arguments : Namespace
        Of a command with `add_progress`.
    total : int
        Number of micrographs.
    """
    if arguments.json_progress:
        return JsonProgress(total)
    return QuietProgress() if arguments.quiet else TextProgress(total)


class _Bar(Protocol):
    """The part of tqdm's bar that is used; its rate does not count ``initial``."""

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
        """Print a line with the number of particles."""
        if from_before and self._bar is not None:
            self._bar.initial += 1
        what = "1 particle" if particles == 1 else f"{particles} particles"
        self._print(f"{micrograph}: {what}", notices)

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Print a line with the problem."""
        self._print(problem, notices)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def _print(self, text: str, notices: Sequence[str]) -> None:
        self._done += 1
        if self._bar is not None:
            self._bar.clear()
        _tell_with_notices(f"[{self._done}/{self._total}] {text}", notices)
        if self._bar is not None:
            self._bar.update()
            self._bar.refresh()


class QuietProgress:
    """Reports failures only."""

    def done(
        self,
        micrograph: str,
        particles: int,
        notices: Sequence[str],
        *,
        from_before: bool = False,
    ) -> None:
        """Print nothing."""

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Print the problem."""
        _tell_with_notices(problem, notices)

    def close(self) -> None:
        """Print nothing."""


class JsonProgress:
    """A JSON object per line, with the seconds that have passed and that are left.

    The estimate of the time left uses only micrographs that this run analysed itself,
    since results of an earlier run take no time.

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
        """Print an object with the number of particles."""
        self._before += from_before
        self._print(
            "done",
            micrograph=micrograph,
            particles=particles,
            notices=notices,
            from_before=from_before,
        )

    def failed(self, problem: str, notices: Sequence[str] = ()) -> None:
        """Print an object with the problem."""
        self._print("failed", problem=problem, notices=notices)

    def close(self) -> None:
        """Print nothing; the exit status marks the end."""

    def _print(self, event: str, **facts: object) -> None:
        self._done += 1
        passed_s = time.monotonic() - self._start_s
        record = {
            "event": event,
            "number": self._done,
            "total": self._total,
            "seconds": round(passed_s, 1),
            "seconds_left": self._left_s(passed_s),
            **facts,
        }
        # ASCII only (other characters are escaped), which every encoding can print.
        tell(json.dumps(record))

    def _left_s(self, passed_s: float) -> float | None:
        """Estimate the seconds left; None if this run has analysed nothing so far."""
        own, left = self._done - self._before, self._total - self._done
        if own == 0 and left:
            return None
        return round(passed_s / max(own, 1) * left, 1)


_LINES = 20
"""Lines that `ShareProgress` prints. Chosen: one every three minutes for work of an
hour."""


class ShareProgress:
    """Prints a line for each twentieth of a long task, with the time left.

    Parameters
    ----------
    what : str
        Kind of the items, like ``"labelled micrographs"``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._printed = -1
        self._time_left = TimeLeft()

    def __call__(self, share: float) -> None:
        """Report the share done, 0 to 1."""
        number = int(_LINES * share)
        if number <= self._printed:
            return
        self._printed = number
        left = self._time_left.in_words(share) if share < 1 else ""
        tell(f"{share:4.0%}  {self._what}{left and f', {left}'}")


def _tell_with_notices(text: str, notices: Sequence[str]) -> None:
    # Notices are indented, since they do not repeat the file's name.
    tell(text)
    for sentence in notices:
        tell(f"    {sentence}")


def _bar(total: int) -> _Bar:
    # Imported here, since only output to a terminal needs it.
    from tqdm import tqdm

    bar: _Bar = tqdm(total=total, unit="micrograph", file=sys.stderr, leave=False)
    return bar
