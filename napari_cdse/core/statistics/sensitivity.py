"""How the fraction depends on choices of the analysis.

There are three: whose labels count; whether particles count that the program distrusts
(here all of them or none, judged or not); and that predictions enter as probabilities.
Instead, a class may be used: resolved from a probability of 0.5 on, and of the resolved
ones a defect from a threshold on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from napari_cdse.core.statistics.visible_defects import visible_defects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.intervals import Interval

THRESHOLDS = (0.3, 0.5, 0.7)
"""Thresholds of the probability of a visible defect, given that the particle is
resolved. Chosen: the middle, and some distance to either side."""

_RESOLVED = 0.5
"""Probability from which on a particle counts as resolved if classes are used."""

Choice = Literal["annotator", "range", "threshold"]


@dataclass(frozen=True, slots=True)
class Variant:
    """The fraction with one choice made differently.

    Attributes
    ----------
    choice : {"annotator", "range", "threshold"}
        The choice.
    value : str or float
        The annotator's name, ``"with"`` or ``"without"`` what the program distrusts,
        or the threshold.
    fraction, interval_95, n_particles, n_judged, note
        As of `VisibleDefects`.
    """

    choice: Choice
    value: str | float
    fraction: float | None
    interval_95: Interval | None
    n_particles: int
    n_judged: int
    note: str = ""


def sensitivity(
    evidence: Sequence[Evidence],
    by_annotator: Mapping[str, Sequence[Evidence]] | None = None,
) -> tuple[Variant, ...]:
    """Estimate the fraction with each choice made differently.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.
    by_annotator : mapping of str to sequence of Evidence, optional
        The same particles with the labels of one annotator alone.

    Returns
    -------
    tuple of Variant
    """
    trusting = [replace(each, distrust=None) for each in evidence]
    trusted = [each for each in evidence if each.distrust is None]
    alone = (by_annotator or {}).items()
    return (
        *(_variant("annotator", name, theirs) for name, theirs in alone),
        _variant("range", "with", trusting),
        _variant("range", "without", trusted),
        *(
            _variant("threshold", limit, [as_class(each, limit) for each in evidence])
            for limit in THRESHOLDS
        ),
    )


def as_class(evidence: Evidence, threshold: float) -> Evidence:
    """Replace the forest's probabilities by a class.

    Parameters
    ----------
    evidence : Evidence
        Evidence of one particle.
    threshold : float
        Probability of a defect, given that the particle is resolved, from which on the
        class is ``yes``.
    """
    if evidence.probabilities is None:
        return evidence
    yes, no, null, empty = evidence.probabilities
    if yes + no >= _RESOLVED:
        defect = yes >= threshold * (yes + no)
        classes = (1.0, 0.0, 0.0, 0.0) if defect else (0.0, 1.0, 0.0, 0.0)
    else:
        classes = (0.0, 0.0, 1.0, 0.0) if null >= empty else (0.0, 0.0, 0.0, 1.0)
    # The queue was ordered by the doubt of the original probabilities.
    return replace(evidence, probabilities=classes, doubt=evidence.queue_doubt)


def _variant(
    choice: Choice, value: str | float, evidence: Sequence[Evidence]
) -> Variant:
    found = visible_defects(evidence)
    return Variant(
        choice,
        value,
        found.fraction,
        found.interval_95,
        found.n_particles,
        found.n_judged,
        found.note,
    )
