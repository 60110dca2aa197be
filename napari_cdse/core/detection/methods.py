"""The entry to all detection methods: from a micrograph to circles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.detection.bragg_contrast import (
    BACKGROUND_WINDOWS,
    search_space,
)
from napari_cdse.core.detection.one_crystal import ONE_CRYSTAL, are_one_crystal
from napari_cdse.core.detection.registry import METHODS, without_forest
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.imaging.pixel_size_estimate import (
    doubts_about,
    estimate_from_pixels,
    given_pixel_size,
)
from napari_cdse.core.imaging.preprocessing import Prepared, prepare
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.quality.measurement import measure_quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

_BLIND_SHARE = 0.1
"""Share of unusable pixels in the picture from which the user is told. A choice: a
scale bar and its letters cover less; a larger share hides whole particles."""

_PREPARED = 0.02
"""Share of the time that preparing takes, for the progress bar only."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What one method found in one micrograph.

    Attributes
    ----------
    circles : tuple of Circle
        Strongest first.
    strengths : tuple of float
        One for each circle; larger is surer.
    found_by : str
        Name of the method.
    maps : tuple of AccumulationMap
    pixel_size : PixelSize
        What window, band and radii were converted to pixels with.
    window_px : int
        Edge of the sliding window.
    notices : tuple of str
        What a person should know, one sentence each.
    quality : MicrographQuality or None
        Of the micrograph, if its pixel size is trusted.
    """

    circles: tuple[Circle, ...]
    strengths: tuple[float, ...]
    found_by: str
    maps: tuple[AccumulationMap, ...]
    pixel_size: PixelSize
    window_px: int
    notices: tuple[str, ...] = ()
    quality: MicrographQuality | None = None

    @property
    def pixel_size_nm(self) -> float:
        """Edge of a pixel in nm, however it is known."""
        return self.pixel_size.nm


@single_blas_thread()
def detect(
    micrograph: Micrograph,
    params: DetectionParams,
    progress: Progress | None = None,
    model: Model | None = None,
) -> Detection:
    """Find the particles of a micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        Not smaller than one window.
    params : DetectionParams
        ``params.method`` chooses the method.
    progress : callable, optional
        Called with the share done, 0 to 1.
    model : Model, optional
        The forest that some methods ask.

    Raises
    ------
    MicrographError
        If it is constant, smaller than one window, or too coarse for any fringe.
    ParameterError
        For a method that needs a forest, where there is none.
    ModelError
        If the forest's features are not those of this version.
    Cancelled
        If ``progress`` raises it.
    """
    method = METHODS[params.method]
    if method.needs_forest and model is None:
        raise ParameterError(
            f"The method {params.method!r} needs a forest to ask about every window, "
            f"and there is none; choose one, or one of the methods "
            f"{', '.join(without_forest())}."
        )
    report = progress or _no_progress
    image = prepare(micrograph.pixels)
    report(_PREPARED)
    size, notices = _scale(micrograph, image, params)
    space = search_space(params, size.nm, size.source.is_trusted)
    find = method.load()
    if method.needs_forest:
        find = partial(find, micrograph=micrograph, model=model)
    elif method.needs_pixels:
        find = partial(find, micrograph=micrograph)
    # Some methods return a fourth item: sentences for the user.
    circles, strengths, maps, *told = find(image, space, params, report)
    circles, strengths = _outside_insets(image, circles, strengths)
    notices += tuple(sentence for each in told for sentence in each)
    notices += _repeats_notice(image) + _frame_notice(image) + _inset_notice(image)
    notices += _unusable_notice(image, micrograph.pixels.size)
    placed = tuple(circle.moved(*image.origin_px) for circle in circles)
    if are_one_crystal(micrograph, placed, size.nm, params.material):
        notices += (ONE_CRYSTAL,)
    notices += _nothing_found_notice(circles, size)
    report(1.0)
    return Detection(
        placed,
        tuple(strengths),
        params.method,
        tuple(each.moved(*image.origin_px) for each in maps),
        size,
        space.window_px,
        notices,
        measure_quality(image, size.nm) if size.source.is_trusted else None,
    )


def _outside_insets(
    image: Prepared, circles: Sequence[Circle], strengths: Sequence[float]
) -> tuple[list[Circle], list[float]]:
    # A network may see something in the even gray that an inset is filled with.
    outside = [
        number
        for number, circle in enumerate(circles)
        if not any(inset.holds(circle.row_px, circle.col_px) for inset in image.insets)
    ]
    return [circles[each] for each in outside], [strengths[each] for each in outside]


def _no_progress(share: float) -> None:
    """Stand in for a callback that nobody gave."""


def _scale(
    micrograph: Micrograph, image: Prepared, params: DetectionParams
) -> tuple[PixelSize, tuple[str, ...]]:
    given = given_pixel_size(micrograph)
    if given is None:
        estimate = estimate_from_pixels(image, material=params.material)
        return estimate.pixel_size, (estimate.sentence,)
    window_nm = BACKGROUND_WINDOWS * params.window_nm
    doubts = doubts_about(given.nm, image, window_nm, params.material)
    return given, doubts


def _nothing_found_notice(circles: list[Circle], size: PixelSize) -> tuple[str, ...]:
    """Tell that a doubtful pixel size may be why no particle was found."""
    if circles or size.source.is_trusted:
        return ()
    how = "only assumed" if size.source is PixelSizeSource.ASSUMED else "not sure"
    return (
        f"That no particle was found may be because the pixel size ({size.nm:.4g} nm) "
        f"is {how}: set the true one, and detect again.",
    )


def _repeats_notice(image: Prepared) -> tuple[str, ...]:
    if image.repeated == 1:
        return ()
    return (
        f"Each pixel stands {image.repeated} x {image.repeated} times in this picture, "
        "as after an enlargement; it was interpolated. Open it as it was recorded, if "
        "there is such a file.",
    )


def _frame_notice(image: Prepared) -> tuple[str, ...]:
    if not image.framed:
        return ()
    return (
        "Lines or margins around the micrograph are taken for a frame and left out.",
    )


def _inset_notice(image: Prepared) -> tuple[str, ...]:
    row, col = image.origin_px
    where = [
        f"rows {row + each.top} to {row + each.bottom - 1}, "
        f"columns {col + each.left} to {col + each.right - 1}"
        for each in image.insets
    ]
    if not where:
        return ()
    return (
        "What looks like another picture inside the picture is left out: "
        f"{'; '.join(where)}.",
    )


def _unusable_notice(image: Prepared, n_pixels: int) -> tuple[str, ...]:
    # Divided by the whole picture, so that margins that were cut off count as well.
    share = 1 - np.count_nonzero(image.usable) / n_pixels
    if share < _BLIND_SHARE:
        return ()
    return (
        f"{share:.0%} of the picture shows nothing to look at (saturated, black, "
        "letters, insets or edges); no particle is sought there.",
    )
