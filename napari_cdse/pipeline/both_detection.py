"""The method `both`: Bragg contrast and the U-Net, taken together."""

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

_NETWORK = 0.5
"""Share of the time that the network takes, for the progress bar only."""


def find_by_both(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...], tuple[str, ...]]:
    """Find particles both ways, and merge them; see `merge`.

    Parameters and errors are those of both ways. The network comes first: where it
    can't run, nobody waits for the rest.
    """
    circles, strengths, maps, told = find_by_unet(
        prepared, space, params, span(progress, 0.0, _NETWORK)
    )
    unet = MethodResult(circles, strengths, maps[0])
    # Of a large picture the particles as a map are not small.
    del maps
    circles, strengths, (contrast,) = find_particles(
        prepared, space, params, span(progress, _NETWORK, 1.0)
    )
    bragg = MethodResult(circles, strengths, contrast)
    shape = (prepared.pixels.shape[0], prepared.pixels.shape[1])
    alarms = allowed_alarms(params.false_alarms, shape)
    threshold = threshold_for(alarms, searched_volume(shape, space.prior))
    merged, powers = merge(bragg, unet, threshold, space)
    return merged, powers, (contrast, unet.map), told
