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
"""Factors by which a pixel size that is not trusted is multiplied; all are tried.
Choices: in steps of 1.27, within which the network recognises particles (it was trained
with scales varied by a fifth); they span 0.023 to 0.06 nm around the assumed size."""
LEARNT_NM = (0.015, 0.078)
"""Range of pixel sizes in nm that the network was trained on: 0.018 to 0.065 nm
(`models/unet_series.toml`), extended by a variation of one fifth. In coarser pixels,
speckle looks to it like many particles."""
_RADIUS_SLACK = 1.1
"""Factor by which radii may exceed the user's limits, as for Bragg contrast."""


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """The network's result at one pixel size; ``kept`` indexes the instances."""

    pixel_nm: float
    maps: Maps
    instances: Instances
    kept: tuple[int, ...]

    @property
    def evidence(self) -> float:
        """Sum of strengths (log odds), by which pixel sizes are compared."""
        return float(self.instances.strengths[list(self.kept)].sum())


def find_particles(
    network: Network,
    prepared: Prepared,
    pixel_nm: float,
    trusted: bool,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...], tuple[str, ...]]:
    """Find circles, their strengths, the maps, and notices for the user.

    Parameters
    ----------
    network : Network
        Read and checked.
    prepared : Prepared
        From `prepare`.
    pixel_nm : float
        Edge of a pixel in nm.
    trusted : bool
        If False, several sizes are tried, and the one with the largest sum of strengths
        is taken.
    params : DetectionParams
        Its number of false alarms and limits of the diameter are used.
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
    # Bonferroni's correction: each size that is tried may have false alarms.
    allowed = allowed_alarms(params.false_alarms, prepared.pixels.shape) / len(sizes)
    trials = [
        _try_size(
            network,
            prepared,
            size,
            allowed,
            params,
            part_of(progress, number, len(sizes)),
        )
        for number, size in enumerate(sizes)
    ]
    best = max(trials, key=lambda trial: trial.evidence)
    order = sorted(best.kept, key=lambda each: -best.instances.strengths[each])
    circles = [_circle(best, each, prepared.pixels.shape) for each in order]
    strengths = [float(best.instances.strengths[each]) for each in order]
    notices = () if trusted else (_scale_notice(trials, best),)
    maps = _accumulation_maps(best, order, prepared.pixels.shape)
    return circles, strengths, maps, notices


def sizes_to_try(pixel_nm: float) -> list[float]:
    """Return the pixel sizes to try in place of one that is not trusted.

    Those that are beyond `LEARNT_NM` are left out; ``pixel_nm`` itself comes first.
    """
    low, high = LEARNT_NM
    within = [pixel_nm * each for each in SCALES if low <= pixel_nm * each <= high]
    return within or [pixel_nm]


def _try_size(
    network: Network,
    prepared: Prepared,
    pixel_nm: float,
    allowed: float,
    params: DetectionParams,
    progress: Progress,
) -> _Trial:
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
    return _Trial(pixel_nm, maps, instances, tuple(np.flatnonzero(kept).tolist()))


def _circle(trial: _Trial, index: int, shape_px: tuple[int, ...]) -> Circle:
    """Convert a particle to micrograph pixels; clip its centre to the micrograph."""
    row, col = (
        min(max(float(first + place * step), 0.0), length - 1.0)
        for first, place, step, length in zip(
            trial.maps.origin_px,
            trial.instances.centres[index],
            trial.maps.step_px,
            shape_px,
            strict=True,
        )
    )
    radius = float(trial.instances.radii[index]) * float(np.mean(trial.maps.step_px))
    return Circle(row, col, radius)


def _accumulation_maps(
    trial: _Trial, order: list[int], shape_px: tuple[int, ...]
) -> tuple[AccumulationMap, ...]:
    """Return maps of the probability, and of the particles' ranks by strength.

    They are cropped to the micrograph, beyond which the network's last samples may lie.
    """
    numbers = np.zeros(len(trial.instances.radii) + 1, np.float32)
    for rank, index in enumerate(order, 1):
        numbers[index + 1] = rank
    origin, step = trial.maps.origin_px, trial.maps.step_px
    rows, cols = (
        math.ceil((length - first) / each)
        for length, first, each in zip(shape_px, origin, step, strict=True)
    )
    ranks = numbers[trial.instances.numbers[:rows, :cols]]
    # Copied, since a view would keep the network's other maps in memory.
    inside = trial.maps.interior[:rows, :cols].copy()
    return (
        AccumulationMap("U-Net probability", inside, origin, step),
        AccumulationMap("U-Net particles", ranks, origin, step),
    )


def _scale_notice(trials: list[_Trial], best: _Trial) -> str:
    tried = sorted(trial.pixel_nm for trial in trials)
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
