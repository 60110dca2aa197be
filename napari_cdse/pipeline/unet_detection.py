"""Detection by the shipped U-Net, whose file is read once per process."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from napari_cdse.core.detection.unet.method import find_particles
from napari_cdse.io.models.network_file import read_network
from napari_cdse.resources import network_path

if TYPE_CHECKING:
    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.detection.unet.network import Network
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle


@lru_cache(maxsize=1)
def shipped_network() -> Network:
    """Read the shipped network.

    Raises
    ------
    ModelError
        If its file is missing, damaged or another one.
    """
    return read_network(network_path())[0]


def find_by_unet(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...], tuple[str, ...]]:
    """Find particles with the shipped network; see `find_particles`."""
    return find_particles(
        shipped_network(),
        prepared,
        space.prior.pixel_nm,
        space.prior.lattice,
        params,
        progress,
    )
