"""Reasons to distrust the program's results for a circle.

A forest gives probabilities for any input, and a detector finds circles at any scale.
If the program knows that an input is outside of its range, its results are no
measurement. Such circles are counted apart from the visible-defect fraction, with the
reason, until there are enough labels (`napari_cdse.core.statistics.sample.divided`), or
the pixel size is given.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, get_args

from napari_cdse.core.regions import is_inside
from napari_cdse.core.statistics.intervals import MIN_DRAWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.core.records import Circle

Distrust = Literal[
    "one crystal",
    "scale assumed",
    "scale unsure",
    "quality",
    "centre outside",
    "out of range",
]
REASONS: tuple[Distrust, ...] = get_args(Distrust)

_WORDS: dict[Distrust, str] = {
    "one crystal": "in micrographs that look like one crystal",
    "scale assumed": "in micrographs whose pixel size is assumed",
    "scale unsure": "in micrographs whose pixel size is unsure",
    "quality": "in micrographs worse than those that the forest learnt from",
    "centre outside": "centred outside the picture",
    "out of range": "unlike anything that the forest learnt from",
}
_BY_SCALE: dict[str, Distrust] = {"assumed": "scale assumed", "unsure": "scale unsure"}


def distrust_of(
    circle: Circle,
    shape: tuple[int, int] | None,
    novelty: float | None,
    *,
    scale: str | None = None,
    one_crystal: bool = False,
    poor: bool = False,
) -> Distrust | None:
    """Return why the program distrusts its result for a circle.

    Reasons that concern the whole micrograph take precedence.

    Parameters
    ----------
    circle : Circle
        The circle.
    shape : tuple of int or None
        Rows and columns of its micrograph; None if unknown.
    novelty : float or None
        Novelty of its prediction, see `napari_cdse.core.classifier.novelty`.
    scale : str, optional
        Source of the pixel size; ``"assumed"`` and ``"unsure"`` are distrusted.
    one_crystal : bool, optional
        Whether its micrograph looks like a single crystal.
    poor : bool, optional
        Whether its micrograph is worse than those of the training set, see
        `napari_cdse.core.classifier.quality_range`.

    Returns
    -------
    str or None
        One of `REASONS`; None if it is trusted.
    """
    if one_crystal:
        return "one crystal"
    if scale is not None and scale in _BY_SCALE:
        return _BY_SCALE[scale]
    if poor:
        return "quality"
    if shape is not None and not is_inside(circle.row_px, circle.col_px, shape):
        return "centre outside"
    return "out of range" if novelty is not None and novelty > 1 else None


def distrust_counts(reasons: Iterable[Distrust | None]) -> dict[Distrust, int]:
    """Count the circles for each reason, without reasons that do not occur."""
    counts = Counter(reasons)
    return {reason: counts[reason] for reason in REASONS if counts[reason]}


def distrust_sentence(
    counts: dict[Distrust, int],
    judged: int = 0,
    *,
    removed: int = 0,
    compared: bool = False,
) -> str:
    """Describe how many circles are counted apart, and why; empty if none are.

    Parameters
    ----------
    counts : dict of str to int
        Number of circles by reason.
    judged : int, optional
        Number of them that a person has judged.
    removed : int, optional
        Number of these that were judged by deleting the circle.
    compared : bool, optional
        Whether several samples decide together what is counted apart.
    """
    total = sum(counts.values())
    if not total:
        return ""
    what = "1 circle is" if total == 1 else f"{total} circles are"
    why = ", ".join(f"{number} {_WORDS[reason]}" for reason, number in counts.items())
    deleted = f", {removed} of them by deleting the circle" if removed else ""
    among = f" ({judged} judged{deleted})" if judged else ""
    numbers = f"{what} counted apart{among}: {why}."
    if compared:
        return (
            f"{numbers} Samples that are compared count the same kinds: one reason is "
            "counted in once in each of them all its circles are judged, or "
            f"{MIN_DRAWS} that were drawn."
        )
    return (
        f"{numbers} Those of one reason are counted in once all of them in a "
        f"micrograph are judged, or {MIN_DRAWS} that were drawn."
    )
