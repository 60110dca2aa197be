"""How the fraction and its interval went as labels came in."""

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
"""Points of the history besides its beginning. A choice: each one is the whole estimate
anew, and a curve of a dozen points shows how it goes."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """The estimate as it was with the labels until then.

    Attributes
    ----------
    labels : int
        Labels given until then, whether they count or not.
    n_drawn : int
        Of these, of particles drawn at random.
    fraction : float or None
    interval_95 : tuple of float or None
    """

    labels: int
    n_drawn: int
    fraction: float | None
    interval_95: Interval | None


def label_history(
    evidence: Sequence[Evidence], steps: int = STEPS
) -> tuple[HistoryStep, ...]:
    """Estimate the fraction as it was after some of the labels.

    The forest's word and the chances of the lots are those of now: the history shows
    what the labels did. Labels of unknown time come first. Those of one time, as a key
    on many particles or a file gives them, come together: any order among them would be
    made up, and the curve would show how places follow each other in the table.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.
    steps : int, optional
        Most points besides the first.

    Returns
    -------
    tuple of HistoryStep
        From no label to all; empty without a particle.
    """
    if not evidence:
        return ()
    given = sorted(
        (at for at, each in enumerate(evidence) if each.judged),
        key=lambda at: evidence[at].judged_at,
    )
    times = [evidence[at].judged_at for at in given]
    # Where one time ends and the next one begins.
    ends = [n for n in range(1, len(times)) if times[n - 1] != times[n]]
    places = np.array([0, *ends, len(times)])
    number = min(steps, len(places) - 1)
    aims = np.linspace(0, len(times), number + 1).round()
    wanted = np.unique(places[np.abs(places[:, None] - aims).argmin(axis=0)])
    *earlier, last = wanted.tolist()
    # What was left for later has no time; it comes with the last label.
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
    """Take the label back; a lot stays where it fell."""
    if not (evidence.judged or evidence.deferred):
        return evidence
    route: Route = "draw" if evidence.route == "draw" else "none"
    return replace(evidence, label=None, route=route, deferred=False)
