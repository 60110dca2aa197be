"""Compare a micrograph's quality with that of a forest's training micrographs.

The features of a particle hardly show that its micrograph is blurred, noisy or
stretched, as they are relative to the background; the quality figures of the micrograph
do. A forest's card keeps their ranges over all micrographs that it learnt from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.records import ModelCard

    QualityRange = Mapping[str, tuple[float, float]]

FEWEST_MICROGRAPHS = 100
"""Fewest micrographs of which a range is taken. Of micrographs of the same kind one in
n + 1 is worse than the worst of n in any one figure; with fewer, too many good ones."""

TOLERANCE = 0.1
"""Relative tolerance at the ends of a range. A choice: of 392 simulated micrographs of
six kinds that have figures, 4 are outside the range of all others without it, and none
with it; see ``python -m tests.benchmarks quality``."""

CLIPPED_HARMLESS = 0.03
"""Share of clipped pixels, of both ends together, up to which nothing is said. Chosen
between 0.02 and 0.04: of 24 simulated micrographs with 0.01 clipped at either end 0.983
of the particles are right, 0.973 without clipping; of 36 others with 0.02 at either end
0.901, with 0.04 0.873, with 0.08 0.840, 0.934 without."""

UNFILTERED = 0.88
"""Flatness of the spectrum down to which nothing is said. Chosen: of 60 simulated
micrographs and their 240 quarters none has less than 0.938, after a low-pass filter
0.900; after Wiener's filter or the average background subtraction no micrograph has
more than 0.138, and no quarter that was cut out afterwards more than 0.863."""

NOT_DENOISED = 1.06
"""Patchiness of the noise up to which nothing is said. Chosen: of 60 simulated
micrographs, their 240 quarters and 45 resized by 0.5 to 0.8 none has more than 0.979.
Of 20 through non-local means none has less than 1.21; a bilateral filter is seen in 8
of 10, total variation in 2 of 4, a median of 5 x 5 px in none of 10."""

UNTIED = 0.06
"""Share of tied neighbours up to which nothing is said. Chosen: of 21 simulated
micrographs none has more than 0.003, nor more than 0.016 after any of 22 changes
(blur, compression, contrast, resizing, fewer gray levels); after median filters of 3,
5 and 7 px none has less than 0.092. The forest alone calls 0.54 of the particles of 16
defective after one of 5 x 5 px, 0.47 after one of 3 x 3, 0.45 as recorded."""

_UNFILTERED_ADVICE = "Open it as it was before it was filtered, if you have it."


class _Bound(NamedTuple):
    """How a figure can be worse than in all training micrographs, and how to say so.

    Attributes
    ----------
    above : bool
        Whether larger values are worse.
    what : str
        What is wrong with such a micrograph.
    name : str
        Of the figure, in words.
    digits : str
        Format of its numbers.
    least : float
        Best possible value, if larger ones are worse: tolerance is relative to the
        excess over it.
    harmless : float or None
        Worst value of which nothing is said, whatever the forest learnt from. Only
        figures have it that tell what saving or a filter did to a picture.
    as_recorded : tuple of float or None
        Range of such a figure over micrographs as recorded, for cards older than it:
        of those that the shipped forest learnt from, which are simulated.
    advice : str
        Sentence on what to do; empty where there is nothing but to record anew.
    """

    above: bool
    what: str
    name: str
    digits: str
    least: float = 0.0
    harmless: float | None = None
    as_recorded: tuple[float, float] | None = None
    advice: str = ""


BOUNDS: dict[str, _Bound] = {
    "information_limit_nm": _Bound(True, "blurred", "information limit, in nm,", ".2f"),
    "signal_to_noise": _Bound(
        False, "noisier", "signal to noise of the support", ".2g"
    ),
    "sharpness_per_px": _Bound(
        False, "blurred or enlarged", "sharpness, in 1/px,", ".2f"
    ),
    "white_noise": _Bound(True, "noisier", "share of white noise", ".2f"),
    "stretch": _Bound(True, "stretched", "stretch", ".2f", least=1.0),
    "clipped": _Bound(
        True,
        "clipped to black or white",
        "share of clipped pixels",
        ".2f",
        harmless=CLIPPED_HARMLESS,
        # Of 36 simulated micrographs none has more than 0.002.
        as_recorded=(0.0, 0.0),
        advice="Open it as it was before its contrast was stretched, if you have it.",
    ),
    "flatness": _Bound(
        False,
        "filtered",
        "flatness of its spectrum",
        ".2f",
        harmless=UNFILTERED,
        # 0.988 to 1.012, rounded.
        as_recorded=(1.0, 1.0),
        advice=_UNFILTERED_ADVICE,
    ),
    "patchiness": _Bound(
        True,
        "denoised",
        "patchiness of its noise",
        ".2f",
        harmless=NOT_DENOISED,
        # 0.77 to 0.98, and less, so that a tenth more is the harmless value.
        as_recorded=(0.7, 0.96),
        advice=_UNFILTERED_ADVICE,
    ),
    "ties": _Bound(
        True,
        "smoothed by a median filter or enlarged with repeated pixels",
        "share of tied pixels",
        ".2f",
        harmless=UNTIED,
        as_recorded=(0.0, 0.0),
        advice=_UNFILTERED_ADVICE,
    ),
}
"""Figures that are compared, in the order in which they are reported. Only worse values
count: in a better micrograph particles show more, not less."""

_RANGES_OF_OLDER_CARDS = {
    name: bound.as_recorded
    for name, bound in BOUNDS.items()
    if bound.as_recorded is not None
}


def quality_range(
    qualities: Iterable[MicrographQuality], earlier: QualityRange | None = None
) -> dict[str, tuple[float, float]] | None:
    """Give the range of each figure over the micrographs that a forest learns from.

    Of a micrograph that was clipped by more than `CLIPPED_HARMLESS`, filtered or
    denoised, only the figures that tell so count: its spectrum is no longer that of its
    support and camera.

    Parameters
    ----------
    qualities : iterable of MicrographQuality
        Of the micrographs.
    earlier : mapping, optional
        Range of a forest whose training table takes part.

    Returns
    -------
    dict or None
        By name of the figure; None where fewer than `FEWEST_MICROGRAPHS` tell any and
        there is no earlier range.
    """
    known = list(qualities)
    # What was clipped or filtered passes for noise, blur or a stretch.
    whole = [one for one in known if _is_as_recorded(one)]
    before = {} if earlier is None else {**_RANGES_OF_OLDER_CARDS, **earlier}
    found = {}
    for name in BOUNDS:
        asked = whole if BOUNDS[name].harmless is None else known
        values = [each for one in asked if (each := getattr(one, name)) is not None]
        if earlier is None and len(values) < FEWEST_MICROGRAPHS:
            continue
        values += before.get(name, ())
        if values:
            found[name] = (min(values), max(values))
    return found or None


def _is_as_recorded(quality: MicrographQuality) -> bool:
    """Tell whether saving or a filter did no more to a micrograph than is harmless."""
    for name, bound in BOUNDS.items():
        value = getattr(quality, name)
        if bound.harmless is None or value is None:
            continue
        if value > bound.harmless if bound.above else value < bound.harmless:
            return False
    return True


def joined_range(
    qualities: Iterable[MicrographQuality], earlier: ModelCard | None
) -> dict[str, tuple[float, float]] | None:
    """Give the range for a forest that learns from an earlier one's table, too.

    Parameters
    ----------
    qualities : iterable of MicrographQuality
        Of its own micrographs.
    earlier : ModelCard or None
        Of the earlier forest; None where it learns from its own micrographs alone.

    Returns
    -------
    dict or None
        None where nobody knows what the earlier forest learnt from.
    """
    if earlier is None:
        return quality_range(qualities)
    if earlier.quality_range is None:
        return None
    return quality_range(qualities, earlier.quality_range)


def worse_than_learnt(card: ModelCard, quality: MicrographQuality | None) -> str | None:
    """Say in a sentence how a micrograph is worse than all that a forest learnt from.

    Parameters
    ----------
    card : ModelCard
        Of the forest.
    quality : MicrographQuality or None
        Of the micrograph, where it is known.

    Returns
    -------
    str or None
        None where it is not, and where card or micrograph don't tell.
    """
    if card.quality_range is None or quality is None:
        return None
    ranges = {**_RANGES_OF_OLDER_CARDS, **card.quality_range}
    worse = {
        bound: f"{bound.what} beyond what the forest has learnt from: {bound.name} "
        f"{value:{bound.digits}}, learnt {low:{bound.digits}} to {high:{bound.digits}}"
        for name, (low, high) in ranges.items()
        if (bound := BOUNDS.get(name)) is not None
        and (value := getattr(quality, name)) is not None
        and _is_worse(bound, value, low, high)
    }
    if not worse:
        return None
    advice = dict.fromkeys(bound.advice for bound in worse if bound.advice)
    return " ".join([f"It is {'; '.join(worse.values())}.", *advice])


def _is_worse(bound: _Bound, value: float, low: float, high: float) -> bool:
    limits = [] if bound.harmless is None else [bound.harmless]
    if bound.above:
        limits.append(bound.least + (high - bound.least) * (1 + TOLERANCE))
        return value > max(limits)
    limits.append(low * (1 - TOLERANCE))
    return value < min(limits)
