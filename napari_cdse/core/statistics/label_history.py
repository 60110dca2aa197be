"""The fraction and its interval as a function of the number of labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.visible_defects import visible_defects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.statistics.evidence import Evidence, Route
    from napari_cdse.core.statistics.intervals import Interval

STEPS = 12
"""Steps of the history besides its beginning. Chosen: each is a complete estimate, and
a dozen points show the course."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """The estimate from the labels up to some time.

    Attributes
    ----------
    labels : int
        Number of labels up to then, whether they count or not.
    n_drawn : int
        Number of these on particles drawn at random.
    fraction : float or None
    interval_95 : tuple of float or None
        As of `VisibleDefects`.
    """

    labels: int
    n_drawn: int
    fraction: float | None
    interval_95: Interval | None


def label_history(
    evidence: Sequence[Evidence], steps: int = STEPS
) -> tuple[HistoryStep, ...]:
    """Estimate the fraction from more and more of the labels, in order of time.

    Predictions and chances of draws are the current ones, so that the history shows the
    effect of labels alone. Labels of unknown time come first. Labels of equal time, as
    from a file or from labelling many particles at once, are not split: their order
    would be that of the table.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.
    steps : int, optional
        Most steps besides the first.

    Returns
    -------
    tuple of HistoryStep
        From no label to all; empty without particles.
    """
    if not evidence:
        return ()
    given = sorted(
        (at for at, each in enumerate(evidence) if each.judged),
        key=lambda at: evidence[at].judged_at,
    )
    times = [evidence[at].judged_at for at in given]
    # Numbers of labels after which the time changes.
    ends = [n for n in range(1, len(times)) if times[n - 1] != times[n]]
    possible = np.array([0, *ends, len(times)])
    number = min(steps, len(possible) - 1)
    even = np.linspace(0, len(times), number + 1).round()
    nearest = np.abs(possible[:, None] - even).argmin(axis=0)
    *earlier, last = np.unique(possible[nearest]).tolist()
    # Particles left for later have no time; they are in the last step alone.
    return (
        *(_step(n, _until(evidence, frozenset(given[:n]))) for n in earlier),
        _step(last, evidence),
    )


def _until(evidence: Sequence[Evidence], given: frozenset[int]) -> list[Evidence]:
    return [
        each if at in given else _unjudged(each) for at, each in enumerate(evidence)
    ]


def _step(labels: int, evidence: Sequence[Evidence]) -> HistoryStep:
    found = visible_defects(evidence)
    return HistoryStep(labels, found.n_drawn, found.fraction, found.interval_95)


def _unjudged(evidence: Evidence) -> Evidence:
    """Remove the label; a draw stays a draw."""
    if not (evidence.judged or evidence.deferred):
        return evidence
    route: Route = "draw" if evidence.route == "draw" else "none"
    return replace(evidence, label=None, route=route, deferred=False)
