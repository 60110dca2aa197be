"""How the fraction changes with what one could have chosen otherwise.

Three choices stand behind it: whose labels count, whether particles count that the
program itself distrusts (here all of them or none, judged or not), and that the
forest's word enters as a chance. In place of the chance, a class may be taken: yes from
a threshold on.
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
"""Of the chance of a visible defect, given that the particle is resolved. A choice: the
middle, and as far to either side as a forest's errors are usually one-sided."""

_RESOLVED = 0.5
"""Chance from which on a particle is taken for resolved where classes are taken."""

Choice = Literal["annotator", "range", "threshold"]


@dataclass(frozen=True, slots=True)
class Variant:
    """The fraction with one choice made otherwise.

    Attributes
    ----------
    choice : {"annotator", "range", "threshold"}
    value : str or float
        The annotator's name, ``"with"`` or ``"without"`` what the program distrusts,
        or the threshold.
    fraction : float or None
    interval_95 : tuple of float or None
    n_particles, n_judged : int
    note : str
        Why there is no interval; empty if there is one.
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
    """Estimate the fraction with each choice made otherwise.

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
    """Put a class in place of the forest's chances.

    Parameters
    ----------
    evidence : Evidence
        Of one particle.
    threshold : float
        Of the chance of a defect, given that the particle is resolved, from which on
        it is taken for one.
    """
    told = evidence.probabilities
    if told is None:
        return evidence
    yes, no, null, empty = told
    if yes + no >= _RESOLVED:
        defect = yes >= threshold * (yes + no)
        classes = (1.0, 0.0, 0.0, 0.0) if defect else (0.0, 1.0, 0.0, 0.0)
    else:
        classes = (0.0, 0.0, 1.0, 0.0) if null >= empty else (0.0, 0.0, 0.0, 1.0)
    # The queue went by the doubt that the chances had.
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
