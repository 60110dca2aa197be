"""The Bragg contrast method: whiten, correlate with templates, peel particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.lattice import FringePrior
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.disk_fit import Disk, DiskFitter
from napari_cdse.core.detection.false_alarms import searched_volume, threshold_for
from napari_cdse.core.detection.peeling import peel
from napari_cdse.core.detection.seed_refinement import look_again
from napari_cdse.core.detection.template_bank import respond
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.background import background_near
from napari_cdse.core.imaging.sliding_fft import too_small
from napari_cdse.core.imaging.whitening import whiten
from napari_cdse.core.progress import span
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from napari_cdse.core.detection.template_bank import Responses
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.imaging.whitening import Whitened
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress

BACKGROUND_WINDOWS = 2
"""Edge of the windows for the background, in sliding windows."""

_SEED_SHARE = 0.75
_FIRST_SHARE = 0.5
_FIRST_RADIUS = 1.5
_RADII_TRIED = 20
_SPREAD = 1.1
_WHITENED, _SEARCHED, _SEEDED = 0.1, 0.6, 0.7
"""Shares of the time after which these are done."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Lengths of one search in pixels of the micrograph."""

    window_px: int
    band_per_px: tuple[float, float]
    radius_px: tuple[float, float]
    prior: FringePrior


def scene(params: DetectionParams, pixel_size_nm: float, trusted: bool) -> Scene:
    """Turn lengths in nm into pixels.

    Parameters
    ----------
    params : DetectionParams
        Gives lengths in nm.
    pixel_size_nm : float
        Edge of a pixel.
    trusted : bool
        False where the pixel size is a guess: then a wider band is searched and no
        spacing is preferred.

    Raises
    ------
    MicrographError
        If the pixels are too coarse to show any spacing of the band.
    """
    slack = 1.0 if trusted else 1.4
    band_nm = (params.spacing_min_nm / slack, params.spacing_max_nm * slack)
    window = round(params.window_nm / pixel_size_nm)
    low, high = pixel_size_nm / band_nm[1], min(pixel_size_nm / band_nm[0], 0.48)
    if low >= high or window < 4:
        raise MicrographError(
            f"At {pixel_size_nm:.4g} nm per pixel no spacing up to {band_nm[1]:.3g} nm "
            "can be seen; check the pixel size."
        )
    radii = (params.diameter_min_nm / 2, params.diameter_max_nm / 2)
    return Scene(
        window + window % 2,
        (low, high),
        (radii[0] / pixel_size_nm, radii[1] / pixel_size_nm),
        FringePrior(band_nm, pixel_size_nm, lattice=trusted),
    )


def find_particles(
    prepared: Prepared,
    where: Scene,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...]]:
    """Find circles, their strengths and the contrast map in a prepared image.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    where : Scene
        Lengths in pixels.
    params : DetectionParams
        Gives the false alarms to allow.
    progress : callable
        Called with the share done.
    """
    if min(prepared.pixels.shape) < where.window_px:
        raise too_small(prepared.pixels.shape, where.window_px)
    background = background_near(prepared, BACKGROUND_WINDOWS * where.window_px)
    pad = round(0.75 * where.window_px)
    low, high = where.band_per_px
    band = (0.7 * low, min(1.1 * high, 0.5))
    white = whiten(prepared, background, band, pad)
    progress(_WHITENED)
    volume = searched_volume(white.shape_px, where.prior)
    threshold = threshold_for(params.false_alarms, volume)
    response = respond(
        white,
        min(_FIRST_RADIUS * where.radius_px[0], where.radius_px[1]),
        where.band_per_px,
        where.prior,
        (_FIRST_SHARE * threshold, _FIRST_SHARE),
        span(progress, _WHITENED, _SEARCHED),
    )
    disks = _peel(white, where, response, threshold, progress)
    circles = [_circle(white, disk) for disk in disks]
    contrast = contrast_map(response, white)
    return circles, [disk.strength for disk in disks], (contrast,)


def template_radii(radius: tuple[float, float]) -> list[float]:
    """Radii that reach every particle of a range without much loss."""
    radii = [1.3 * radius[0]]
    while radii[-1] * 2 < radius[1]:
        radii.append(radii[-1] * 1.6)
    return [min(r, radius[1]) for r in radii]


def contrast_map(response: Responses, white: Whitened) -> AccumulationMap:
    """Cut the map of the search to the micrograph."""
    inside = [
        np.flatnonzero((places >= -0.5) & (places <= length - 0.5))
        for places, length in zip(response.places(), white.shape_px, strict=True)
    ]
    values = response.strongest[np.ix_(*inside)]
    origin = tuple(
        float(places[index[0]])
        for places, index in zip(response.places(), inside, strict=True)
    )
    return AccumulationMap(
        "Bragg contrast", values, (origin[0], origin[1]), response.step_px
    )


def _peel(
    white: Whitened,
    where: Scene,
    response: Responses,
    threshold: float,
    progress: Progress,
) -> list[Disk]:
    step = float(np.mean(white.step_px))
    smallest, largest = (radius / step for radius in where.radius_px)
    prior = FringePrior(
        where.prior.band_nm, where.prior.pixel_nm * step, where.prior.lattice
    )
    fitter = DiskFitter(
        np.geomspace(smallest / _SPREAD, largest * _SPREAD, _RADII_TRIED),
        (where.band_per_px[0] * step, where.band_per_px[1] * step),
        prior.penalty,
    )
    seeds = look_again(
        white.values,
        (response.places_px - white.origin_px) / white.step_px,
        response.fringes_per_px * white.step_px,
        template_radii((smallest, largest)),
        fitter.penalty,
        _SEED_SHARE * threshold,
    )
    progress(_SEEDED)
    return peel(
        white,
        seeds,
        fitter,
        threshold,
        (smallest / _SPREAD, largest * _SPREAD),
        span(progress, _SEEDED, 1.0),
    )


def _circle(white: Whitened, disk: Disk) -> Circle:
    return Circle(
        float(white.origin_px[0] + disk.row * white.step_px[0]),
        float(white.origin_px[1] + disk.col * white.step_px[1]),
        float(disk.radius * np.mean(white.step_px)),
    )
