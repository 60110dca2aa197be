"""The detection method `both`: Bragg contrast and the U-Net, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.detection.bragg_contrast import find_particles
from napari_cdse.core.detection.false_alarms import (
    allowed_alarms,
    searched_volume,
    threshold_for,
)
from napari_cdse.core.detection.merge import MethodResult, merge
from napari_cdse.core.progress import span
from napari_cdse.pipeline.unet_detection import find_by_unet

if TYPE_CHECKING:
    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle

_NETWORK_SHARE = 0.5
"""Share of the progress bar for the network. A guess."""


def find_by_both(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...], tuple[str, ...]]:
    """Find particles by both methods, and `merge` the results.

    Parameters and errors are those of the two methods. The network comes first, so that
    its error comes at once if it can't run.
    """
    circles, strengths, maps, told = find_by_unet(
        prepared, space, params, span(progress, 0.0, _NETWORK_SHARE)
    )
    unet = MethodResult(circles, strengths, maps[0])
    # For a large picture these maps take much memory, which the next step needs.
    del maps
    circles, strengths, (contrast,) = find_particles(
        prepared, space, params, span(progress, _NETWORK_SHARE, 1.0)
    )
    bragg = MethodResult(circles, strengths, contrast)
    shape = (prepared.pixels.shape[0], prepared.pixels.shape[1])
    alarms = allowed_alarms(params.false_alarms, shape)
    threshold = threshold_for(alarms, searched_volume(shape, space.prior))
    merged, powers = merge(bragg, unet, threshold, space)
    return merged, powers, (contrast, unet.map), told
