"""The method `bragg`: whiten, correlate with fringe templates, fit disks.

1. The spectrum is divided by that of the amorphous support, which makes its speckle
   white noise (`core.imaging.whitening`).
2. One template, a disk filled with fringes, is correlated at all places and all
   frequencies of the band (`template_bank`). Maxima are seeds.
3. Each seed is refined with templates of several radii (`seed_refinement`).
4. A disk is fitted to each seed, the strongest first, and taken out of the picture
   before the next (`peeling`, `disk_fit`).
5. Disks that cover one domain of a twinned or faulted particle are replaced by one that
   covers all of it (`domain_fit`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.lattice import FringePrior
from napari_cdse.core.crystal.reflections import band_of, reflections_of
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.disk_fit import Disk, DiskFitter
from napari_cdse.core.detection.domain_fit import join_domains
from napari_cdse.core.detection.false_alarms import (
    allowed_alarms,
    searched_volume,
    threshold_for,
)
from napari_cdse.core.detection.peeling import are_same, peel
from napari_cdse.core.detection.seed_refinement import refine_seeds
from napari_cdse.core.detection.template_bank import respond
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.background import background_near
from napari_cdse.core.imaging.sliding_fft import too_small
from napari_cdse.core.imaging.whitening import whiten
from napari_cdse.core.progress import span
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.template_bank import Responses
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.imaging.whitening import Whitened
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress

BACKGROUND_WINDOWS = 2
"""Edge of the windows in which the background is measured, in sliding windows."""

_WHITENED, _SEARCHED = 0.1, 0.6
"""Shares of the time after which these are done, for the progress bar only; rounded
from a 1024 px micrograph."""
_SEEDED = 0.25
"""Share of the time of the disk fits that looking again takes; rounded as well."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Numbers of the search for particles by their Bragg contrast.

    All are choices unless a source is named. ``python -m tests.benchmarks detection``
    measures what they cost in time, ``napari-cdse evaluate`` precision and recall on
    labelled folders, which they trade.

    Attributes
    ----------
    untrusted_slack : float
        Factor by which the band of spacings is widened at both ends if the pixel size
        is not trusted. 1.4 is sqrt(2): the assumed size may be wrong by as much. A
        larger one lets in more speckle, a smaller one loses the lattice.
    highest_per_px : float
        Highest frequency searched, in cycles per px. Just below Nyquist's 0.5, where
        the camera's transfer and interpolation leave nothing to see.
    padding_windows : float
        Margin that is mirrored around the micrograph before whitening, in windows.
        Wider than half a window, the reach of the whitening; more costs memory.
    whitened_below, whitened_above : float
        The band that is whitened, as factors of the lowest and highest frequency
        searched. Wider than the band, since the spectrum of a disk smears each peak;
        wider still would bring in the contrast of thickness below it.
    first_radius : float
        Radius of the one template of the first search, in smallest radii. A template
        1.5 times too large or too small keeps 65 % of a particle's power, twice 40 %
        (squared correlation of the two domes); larger particles are strong enough to
        be found all the same.
    first_share : float
        Least power of a maximum of the first search that is refined, as a share of the
        threshold. Half, because template and frequency are coarse there: a lower one
        costs time for speckle, a higher one loses particles of other radii.
    seed_share : float
        The same for refined seeds that a disk is fitted to.
    template_first, template_step : float
        Radius of the smallest template of the refinement in smallest radii, and the
        ratio of neighbouring radii. Half-way between two of them a particle keeps 82 %
        of its power; 1.3 keeps 79 % of the power of the smallest particle.
    radii_tried : int
        Number of radii of a disk fit, in a geometric series: a step of some 7 % from 2
        to 8 nm, within which the maximum is interpolated.
    radius_slack : float
        Factor by which fitted radii may exceed the user's limits, so that a particle
        at the limit has its maximum inside the series.
    """

    untrusted_slack: float = 1.4
    highest_per_px: float = 0.48
    padding_windows: float = 0.75
    whitened_below: float = 0.7
    whitened_above: float = 1.1
    first_radius: float = 1.5
    first_share: float = 0.5
    seed_share: float = 0.75
    template_first: float = 1.3
    template_step: float = 1.6
    radii_tried: int = 20
    radius_slack: float = 1.1


SETTINGS = SearchSettings()
LEAST_WINDOW_PX = 4
"""Fewest pixels along a window: with fewer there is no frequency between 0 and the
highest one."""


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """What a method searches: window, frequencies and radii, in pixels.

    Attributes
    ----------
    window_px : int
        Edge of the sliding window, even.
    band_per_px : tuple of float
        Lowest and highest spatial frequency of fringes, in cycles per pixel.
    radius_px : tuple of float
        Smallest and largest radius of a particle.
    prior : FringePrior
        How likely fringes of each frequency are; it also knows the pixel size.
    """

    window_px: int
    band_per_px: tuple[float, float]
    radius_px: tuple[float, float]
    prior: FringePrior


def search_space(
    params: DetectionParams, pixel_size_nm: float, trusted: bool
) -> SearchSpace:
    """Convert the lengths of the parameters from nm to pixels.

    Parameters
    ----------
    params : DetectionParams
        Gives lengths in nm.
    pixel_size_nm : float
        Edge of a pixel.
    trusted : bool
        Whether the pixel size can be relied on. If not, a wider band is searched, and
        all spacings are equally likely.

    Raises
    ------
    MicrographError
        If the pixels are too coarse to show any spacing of the band.
    """
    slack = 1.0 if trusted else SETTINGS.untrusted_slack
    shortest, longest = _spacings(params)
    band_nm = (shortest / slack, longest * slack)
    window = round(params.window_nm / pixel_size_nm)
    low = pixel_size_nm / band_nm[1]
    high = min(pixel_size_nm / band_nm[0], SETTINGS.highest_per_px)
    if low >= high or window < LEAST_WINDOW_PX:
        raise MicrographError(
            f"At {pixel_size_nm:.4g} nm per pixel no spacing up to {band_nm[1]:.3g} nm "
            "can be seen; check the pixel size."
        )
    radii = (params.diameter_min_nm / 2, params.diameter_max_nm / 2)
    return SearchSpace(
        window + window % 2,
        (low, high),
        (radii[0] / pixel_size_nm, radii[1] / pixel_size_nm),
        FringePrior(band_nm, pixel_size_nm, trusted, reflections_of(params.material)),
    )


def _spacings(params: DetectionParams) -> tuple[float, float]:
    """Shortest and longest spacing in nm: the user's, or those of their lattice.

    Only CdSe's band is a default of the parameters; for another lattice it follows from
    its reflections.
    """
    if params.material is None or not params.has_usual_spacings:
        return params.spacing_min_nm, params.spacing_max_nm
    return band_of(params.material)


def find_particles(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...]]:
    """Find particles by their Bragg contrast, and map it.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    space : SearchSpace
        Lengths in pixels.
    params : DetectionParams
        Gives the false alarms to allow.
    progress : callable
        Called with the share done.

    Returns
    -------
    circles, strengths : list
        Strongest first; a strength is a power in units of the background's.
    maps : tuple of AccumulationMap
        The Bragg contrast.
    """
    white, threshold = whitened(prepared, space, params.false_alarms)
    progress(_WHITENED)
    response = respond(
        white,
        min(SETTINGS.first_radius * space.radius_px[0], space.radius_px[1]),
        space.band_per_px,
        space.prior,
        (SETTINGS.first_share * threshold, SETTINGS.first_share),
        span(progress, _WHITENED, _SEARCHED),
    )
    circles, strengths = fit_disks(
        white,
        space,
        (response.places_px, response.fringes_per_px),
        threshold,
        span(progress, _SEARCHED, 1.0),
    )
    return circles, strengths, (contrast_map(response, white),)


def whitened(
    prepared: Prepared, space: SearchSpace, false_alarms: float
) -> tuple[Whitened, float]:
    """Whiten the search band, and compute the detection threshold.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    space : SearchSpace
        Lengths in pixels.
    false_alarms : float
        Circles to allow on a particle-free micrograph.

    Returns
    -------
    Whitened
    float
        Least power of a particle, in units of the background's.

    Raises
    ------
    MicrographError
        If the image is smaller than one window.
    """
    if min(prepared.pixels.shape) < space.window_px:
        raise too_small(prepared.pixels.shape, space.window_px)
    background = background_near(prepared, BACKGROUND_WINDOWS * space.window_px)
    pad = round(SETTINGS.padding_windows * space.window_px)
    low, high = space.band_per_px
    # Half a cycle per px is Nyquist's limit.
    band = (SETTINGS.whitened_below * low, min(SETTINGS.whitened_above * high, 0.5))
    white = whiten(prepared, background, band, pad)
    volume = searched_volume(white.shape_px, space.prior)
    alarms = allowed_alarms(false_alarms, white.shape_px)
    return white, threshold_for(alarms, volume)


def template_radii(radius: tuple[float, float]) -> list[float]:
    """Choose template radii, of which one is near enough to each radius of a range."""
    radii = [SETTINGS.template_first * radius[0]]
    while radii[-1] * 2 < radius[1]:
        radii.append(radii[-1] * SETTINGS.template_step)
    return [min(r, radius[1]) for r in radii]


def contrast_map(response: Responses, white: Whitened) -> AccumulationMap:
    """Crop the map of responses to the micrograph, without its padding."""
    # A pixel reaches half its edge beyond its centre.
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


def fit_disks(
    white: Whitened,
    space: SearchSpace,
    fringes: tuple[NDArray[np.float64], NDArray[np.float64]],
    threshold: float,
    progress: Progress,
) -> tuple[list[Circle], list[float]]:
    """Refine seeds and fit a disk to each, the strongest first.

    Parameters
    ----------
    white : Whitened
        Noise of unit power and particles.
    space : SearchSpace
        Lengths in pixels.
    fringes : tuple of ndarray, shape (n, 2) each
        The seeds: places (row, column) in pixels of the micrograph, and frequencies
        (k_row, k_col) in cycles per px.
    threshold : float
        Least strength of a particle.
    progress : callable
        Called with the share done.

    Returns
    -------
    circles, strengths : list
        Strongest first.
    """
    step = float(np.mean(white.step_px))
    smallest, largest = (radius / step for radius in space.radius_px)
    prior = FringePrior(
        space.prior.band_nm,
        space.prior.pixel_nm * step,
        space.prior.lattice,
        space.prior.reflections,
    )
    slack = SETTINGS.radius_slack
    fitter = DiskFitter(
        np.geomspace(smallest / slack, largest * slack, SETTINGS.radii_tried),
        (space.band_per_px[0] * step, space.band_per_px[1] * step),
        prior.penalty,
    )
    seeds = refine_seeds(
        white.values,
        (fringes[0] - white.origin_px) / white.step_px,
        fringes[1] * white.step_px,
        template_radii((smallest, largest)),
        fitter.penalty,
        SETTINGS.seed_share * threshold,
    )
    progress(_SEEDED)
    disks = peel(
        white,
        seeds,
        fitter,
        threshold,
        (smallest / slack, largest * slack),
        span(progress, _SEEDED, 1.0),
    )
    counts = white.valid.astype(np.float32)
    disks = join_domains(white.values * counts, counts, disks, fitter, are_same)
    circles = [_circle(white, disk) for disk in disks]
    return circles, [disk.strength for disk in disks]


def _circle(white: Whitened, disk: Disk) -> Circle:
    return Circle(
        float(white.origin_px[0] + disk.row * white.step_px[0]),
        float(white.origin_px[1] + disk.col * white.step_px[1]),
        float(disk.radius * np.mean(white.step_px)),
    )
