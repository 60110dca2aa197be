"""What the program itself distrusts, and so counts apart from the headline.

A forest answers in any case, and a detector finds circles at any scale. Where the
program knows that it was asked beyond what it can, its word is no measurement: those
circles are counted beside the fraction, with the reason, until labels stand for them
(`napari_cdse.core.statistics.sample.divided`) or the pixel size is given.
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
    """Say why the program distrusts its word of a circle; the widest reason first.

    Parameters
    ----------
    circle : Circle
        In pixels.
    shape : tuple of int or None
        Rows and columns of its micrograph, where known.
    novelty : float or None
        Of its prediction, see `napari_cdse.core.classifier.novelty`.
    scale : str, optional
        How the pixel size is known: ``"assumed"`` and ``"unsure"`` are no scale.
    one_crystal : bool, optional
        Whether its micrograph looks like one crystal.
    poor : bool, optional
        Whether its micrograph is worse than those that the forest learnt from, see
        `napari_cdse.core.classifier.quality_range`.

    Returns
    -------
    str or None
        One of `REASONS`.
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
    """Count the circles of each reason; reasons without any are missing."""
    counts = Counter(reasons)
    return {reason: counts[reason] for reason in REASONS if counts[reason]}


def distrust_sentence(
    counts: dict[Distrust, int],
    judged: int = 0,
    *,
    removed: int = 0,
    compared: bool = False,
) -> str:
    """Say how many are counted apart, and why; nothing where there are none.

    Parameters
    ----------
    counts : dict of str to int
        By reason.
    judged : int, optional
        How many of them a person has judged.
    removed : int, optional
        How many of these by deleting the circle: no table has it any more.
    compared : bool, optional
        Whether samples that are compared decide together what is counted apart.
    """
    total = sum(counts.values())
    if not total:
        return ""
    what = "1 circle is" if total == 1 else f"{total} circles are"
    why = ", ".join(f"{number} {_WORDS[reason]}" for reason, number in counts.items())
    gone = f", {removed} of them by deleting the circle" if removed else ""
    known = f" ({judged} judged{gone})" if judged else ""
    told = f"{what} counted apart{known}: {why}."
    if compared:
        return (
            f"{told} Samples that are compared count the same kinds: one reason is "
            "counted in once in each of them all its circles are judged, or "
            f"{MIN_DRAWS} that were drawn."
        )
    return (
        f"{told} Those of one reason are counted in once all of them in a micrograph "
        f"are judged, or {MIN_DRAWS} that were drawn."
    )
