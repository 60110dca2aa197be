"""The method `unet`: from a prepared micrograph to circles, strengths and maps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.false_alarms import allowed_alarms
from napari_cdse.core.detection.unet.channels import network_input
from napari_cdse.core.detection.unet.false_circles import threshold_for
from napari_cdse.core.detection.unet.instances import Instances, find_instances
from napari_cdse.core.progress import part_of
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from napari_cdse.core.detection.unet.network import Maps, Network
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress

SCALES = (1.0, 0.62, 0.79, 1.27, 1.62)
"""Factors of a pixel size that is not trusted, all of which are tried. Choices: steps
of 1.27, within which the network still knows particles (it learnt with scales off by a
fifth), from 0.023 to 0.06 nm around the size that is assumed."""
LEARNT_NM = (0.015, 0.078)
"""Pixel sizes beyond which the network saw nothing: 0.018 to 0.065 nm in what it is
taught with (`models/unet_series.toml`), a fifth more by variation. Coarser than that,
speckle looks like a crowd of particles."""
_RADIUS_SLACK = 1.1
"""Factor by which radii may leave the limits of the user, as for Bragg contrast."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What the network shows at one pixel size."""

    pixel_nm: float
    maps: Maps
    instances: Instances
    kept: tuple[int, ...]

    @property
    def evidence(self) -> float:
        """Sum of strengths: how much the network believes in this scale."""
        return float(self.instances.strengths[list(self.kept)].sum())


def find_particles(
    network: Network,
    prepared: Prepared,
    pixel_nm: float,
    trusted: bool,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...], tuple[str, ...]]:
    """Find circles, their strengths, the maps, and what the user should know.

    Parameters
    ----------
    network : Network
        Read and checked.
    prepared : Prepared
        From `prepare`.
    pixel_nm : float
        Edge of a pixel in nm.
    trusted : bool
        False where that is a guess: then several sizes are tried, and that at which
        the network sees most particles counts.
    params : DetectionParams
        Gives false alarms and limits of diameter.
    progress : callable
        Called with the share done; may raise `Cancelled`.

    Raises
    ------
    ModelError
        If onnxruntime is missing or cannot run the network.
    MicrographError
        If the pixels are too coarse for any fringe.
    """
    sizes = [pixel_nm] if trusted else sizes_to_try(pixel_nm)
    # Each size that is tried has its own chances of a false alarm.
    allowed = allowed_alarms(params.false_alarms, prepared.pixels.shape) / len(sizes)
    looks = [
        _look(
            network,
            prepared,
            size,
            allowed,
            params,
            part_of(progress, number, len(sizes)),
        )
        for number, size in enumerate(sizes)
    ]
    best = max(looks, key=lambda look: look.evidence)
    order = sorted(best.kept, key=lambda each: -best.instances.strengths[each])
    circles = [_circle(best, each, prepared.pixels.shape) for each in order]
    strengths = [float(best.instances.strengths[each]) for each in order]
    told = () if trusted else (_said(looks, best),)
    layers = _as_layers(best, order, prepared.pixels.shape)
    return circles, strengths, layers, told


def sizes_to_try(pixel_nm: float) -> list[float]:
    """Return the pixel sizes to try around one that is not trusted, itself first."""
    low, high = LEARNT_NM
    within = [pixel_nm * each for each in SCALES if low <= pixel_nm * each <= high]
    return within or [pixel_nm]


def _look(
    network: Network,
    prepared: Prepared,
    pixel_nm: float,
    allowed: float,
    params: DetectionParams,
    progress: Progress,
) -> _Look:
    maps = network.maps(network_input(prepared, pixel_nm), progress)
    instances = find_instances(maps)
    shape = (prepared.pixels.shape[0], prepared.pixels.shape[1])
    threshold = threshold_for(
        allowed,
        shape[0] * shape[1] * pixel_nm**2,
        network.false_circles,
    )
    diameters = 2 * instances.radii * float(np.mean(maps.step_px)) * pixel_nm
    kept = (
        (instances.strengths >= threshold)
        & (diameters >= params.diameter_min_nm / _RADIUS_SLACK)
        & (diameters <= params.diameter_max_nm * _RADIUS_SLACK)
    )
    return _Look(pixel_nm, maps, instances, tuple(np.flatnonzero(kept).tolist()))


def _circle(look: _Look, index: int, shape_px: tuple[int, ...]) -> Circle:
    """Place a particle in the micrograph; a centre beyond its border lies on it."""
    row, col = (
        min(max(float(first + place * step), 0.0), length - 1.0)
        for first, place, step, length in zip(
            look.maps.origin_px,
            look.instances.centres[index],
            look.maps.step_px,
            shape_px,
            strict=True,
        )
    )
    radius = float(look.instances.radii[index]) * float(np.mean(look.maps.step_px))
    return Circle(row, col, radius)


def _as_layers(
    look: _Look, order: list[int], shape_px: tuple[int, ...]
) -> tuple[AccumulationMap, ...]:
    """Probability, and particles numbered from the strongest, as layers.

    The network's last sample may lie beyond the micrograph; a map ends at its border.
    """
    numbers = np.zeros(len(look.instances.radii) + 1, np.float32)
    for rank, index in enumerate(order, 1):
        numbers[index + 1] = rank
    where, step = look.maps.origin_px, look.maps.step_px
    rows, cols = (
        math.ceil((length - first) / each)
        for length, first, each in zip(shape_px, where, step, strict=True)
    )
    ranks = numbers[look.instances.numbers[:rows, :cols]]
    # A copy, as the network's other maps are in the same piece of memory.
    inside = look.maps.interior[:rows, :cols].copy()
    return (
        AccumulationMap("U-Net probability", inside, where, step),
        AccumulationMap("U-Net particles", ranks, where, step),
    )


def _said(looks: list[_Look], best: _Look) -> str:
    tried = sorted(look.pixel_nm for look in looks)
    if not best.kept:
        return (
            f"The U-Net was tried with {len(tried)} pixel sizes from {tried[0]:.3g} to "
            f"{tried[-1]:.3g} nm, as none is sure, and found no particle with any; set "
            "the true one, and detect again."
        )
    return (
        f"The U-Net was tried with {len(tried)} pixel sizes from {tried[0]:.3g} to "
        f"{tried[-1]:.3g} nm, as none is sure; most particles were found with "
        f"{best.pixel_nm:.3g} nm. Set the true one, and detect again."
    )
