"""The pixel size, estimated from the lattice where nobody said it.

Strong peaks of many windows are matched against the reflections of CdSe: the pixel
size under which their spacings are likeliest wins. It sets windows and bands; it is
no calibration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.lattice import spacing_density
from napari_cdse.core.imaging.background import (
    WINDOWS_PX,
    background_grid,
    background_of,
    dead_below,
    nearest_window,
    usable_windows,
    window_spectra,
)
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.imaging.sliding_fft import frequencies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.imaging.sliding_fft import WindowGrid
    from napari_cdse.core.records import Micrograph, PixelSizeSource

TYPICAL_PIXEL_SIZE_NM = 0.037
"""Assumed where even the lattice does not tell: 370 000 times, the usual choice."""

ESTIMATE_SIGMA = 0.015
"""Relative standard uncertainty of a confident estimate.

Rms error on the simulated micrographs of three kinds, with CdSe taken for granted.
"""
_RANGE_NM = (0.012, 0.1)
_BAND_NM = (0.15, 0.45)
_TRIED = 3
_FLOOR = 14.0
_SHARE = 0.25
_MOST_EVIDENCE = 1.5
_TOO_FINE, _TOO_COARSE = 0.03, 0.003
_FALLOFFS = (-2.0, 0.0, 2.0, 4.0)
_SAME_SCALE = 0.12
_ALIVE = 5.0
_ENOUGH_NATS = 6.0
_APART_NM = 4.0
_ON_LINE = 0.2
_WITNESSES = 3
_DOUBTFUL = 1.7


_SPACINGS = np.geomspace(*_BAND_NM, 2000)
_TABLES = [
    np.log(spacing_density(_SPACINGS, _BAND_NM, falloff)) for falloff in _FALLOFFS
]


@dataclass(frozen=True, slots=True)
class PixelSizeEstimate:
    """What the lattice says about the scale.

    Attributes
    ----------
    pixel_size_nm : float
    confident : bool
        Whether enough fringes agree on it, and on nothing else.
    sentence : str
        The same for a person.
    """

    pixel_size_nm: float
    confident: bool
    sentence: str


_UNKNOWN = PixelSizeEstimate(
    TYPICAL_PIXEL_SIZE_NM,
    False,
    "The pixel size is unknown and too few lattice fringes tell it; "
    f"{TYPICAL_PIXEL_SIZE_NM} nm is assumed, please set the true one.",
)


def pixel_size_for(
    micrograph: Micrograph,
) -> tuple[float, PixelSizeSource, tuple[str, ...]]:
    """Take the micrograph's own pixel size, or else the estimate with a notice."""
    if micrograph.pixel_size_nm is not None:
        source = micrograph.pixel_size_source or "file"
        return micrograph.pixel_size_nm, source, ()
    estimate = estimate_pixel_size(micrograph)
    return estimate.pixel_size_nm, "estimated", (estimate.sentence,)


def estimate_pixel_size(micrograph: Micrograph) -> PixelSizeEstimate:
    """Find the pixel size under which the strongest fringes are those of CdSe.

    Parameters
    ----------
    micrograph : Micrograph
        Its own pixel size is not looked at.

    Raises
    ------
    MicrographError
        If it is constant or smaller than the smallest window.
    """
    return estimate_from_pixels(prepare(micrograph.pixels))


def estimate_from_pixels(
    image: Prepared, windows_px: tuple[int, ...] = WINDOWS_PX[:_TRIED]
) -> PixelSizeEstimate:
    """Do the same for prepared pixels, with windows that are tried in turn."""
    estimates = (_estimate(image, window) for window in windows_px)
    return next((each for each in estimates if each is not None), _UNKNOWN)


def doubt_about(pixel_size_nm: float, image: Prepared, window_nm: float) -> str | None:
    """Say that the lattice fits another pixel size much better than the given one.

    Other materials than CdSe have other spacings, so only a large difference counts.

    Parameters
    ----------
    pixel_size_nm : float
        What the file or a person said; it is doubted, not changed.
    image : Prepared
        From `prepare`.
    window_nm : float
        Length of the windows to look in, such as others measure in too.
    """
    window = nearest_window(window_nm / pixel_size_nm)
    # A size far too small asks for windows that are far too large.
    windows = tuple(dict.fromkeys((window, min(window, WINDOWS_PX[0]))))
    estimate = estimate_from_pixels(image, windows)
    times = estimate.pixel_size_nm / pixel_size_nm
    if not estimate.confident or max(times, 1 / times) < _DOUBTFUL:
        return None
    size = estimate.pixel_size_nm
    return (
        f"The pixel size is set to {pixel_size_nm:.4g} nm, but the CdSe lattice fits "
        f"{size:.4f} nm, {max(times, 1 / times):.1f} times as "
        f"{'much' if times > 1 else 'little'}; check the calibration."
    )


def _estimate(image: Prepared, window_px: int) -> PixelSizeEstimate | None:
    fringes = _fringes(image, window_px)
    frequency = fringes.frequency
    weight = np.minimum(fringes.weight, _MOST_EVIDENCE)
    sizes = np.geomspace(*_RANGE_NM, 300)
    nats = np.array([_agreement(frequency, weight, size) for size in sizes])
    best = int(nats.argmax())
    others = nats[np.abs(np.log(sizes / sizes[best])) > _SAME_SCALE]
    lead = float(nats[best] - others.max())
    if lead < _ENOUGH_NATS:
        return None
    size = _centred(frequency, weight, sizes[best])
    if _witnesses(fringes, size, window_px + _APART_NM / size) < _WITNESSES:
        return None
    return PixelSizeEstimate(
        size,
        True,
        f"The pixel size is estimated from the CdSe lattice as {size:.4f} nm; "
        "set it to get lengths in nm.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fringes:
    """Peaks: cycles per px and weights, shape (n,), window centres, shape (n, 2)."""

    frequency: NDArray[np.float64]
    weight: NDArray[np.float64]
    places: NDArray[np.float64]


def _fringes(prepared: Prepared, window_px: int) -> _Fringes:
    """Strongest peaks of all windows."""
    image = prepared.pixels
    window = min(window_px, min(image.shape) // 2 * 2)
    grid = background_grid(image.shape, window)
    spectra = window_spectra(image, grid)
    measured = background_of(spectra, grid, prepared.usable)
    prepared.backgrounds[window] = measured
    background = measured.power
    usable = frequencies(window) >= 2.5 / window
    usable[:, [0, -1]] = False
    floor = _ALIVE * dead_below(background[usable])
    gain = (usable & (background > floor)) / np.maximum(background, floor)
    spectra *= gain.astype(np.float32)
    if not prepared.usable.all():
        # Edges of what was filled look like fringes.
        spectra[~usable_windows(prepared.usable, grid)] = 0
    return _peaks(spectra, grid)


def _witnesses(fringes: _Fringes, size_nm: float, apart_px: float) -> int:
    """Count the places with fringes on a reflection, up to as many as needed.

    Windows overlap, so places must be apart; and a dot or two in a rare orientation
    show one wrong reflection only, which is no proof.
    """
    density = spacing_density(size_nm / fringes.frequency, _BAND_NM)
    order = np.argsort(-fringes.weight, kind="stable")
    places = fringes.places[order[density[order] > _ON_LINE]]
    count = 0
    while len(places) and count < _WITNESSES:
        places = places[np.hypot(*(places - places[0]).T) >= apart_px]
        count += 1
    return count


def _peaks(ratio: NDArray[np.float32], grid: WindowGrid) -> _Fringes:
    """Strongest peaks of each window; ``ratio`` is its power over the background."""
    size = grid.window_px
    strongest = ratio.max(axis=(1, 2), keepdims=True)
    high = np.flatnonzero(ratio > np.maximum(_SHARE * strongest, _FLOOR))
    at, row, col = np.unravel_index(high, ratio.shape)
    here = ratio[at, row, col]
    local = np.ones(len(at), bool)
    for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
        for sign in (-1, 1):
            beside = ratio[at, (row + sign * down) % size, col + sign * right]
            local &= here >= beside
    at, row, col, here = at[local], row[local], col[local], here[local]
    log = [
        np.log(np.maximum(ratio[at, (row + down) % size, col + right], 1e-3))
        for down, right in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    k_row = (row + _vertex(log[1], log[0], log[2]) + size / 2) % size - size / 2
    k_col = col + _vertex(log[3], log[0], log[4])
    weight = np.log(here / _FLOOR).astype(np.float64)
    strip, across = np.divmod(at, len(grid.cols_px))
    places = np.stack([grid.rows_px[strip], grid.cols_px[across]], axis=1)
    return _Fringes(np.hypot(k_row, k_col) / size, weight, places)


def _vertex(
    before: NDArray[np.float32], here: NDArray[np.float32], after: NDArray[np.float32]
) -> NDArray[np.float32]:
    bend = np.minimum(before - 2 * here + after, -1e-6)
    return np.asarray(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _agreement(
    frequency: NDArray[np.float64], weight: NDArray[np.float64], size_nm: float
) -> float:
    """Log likelihood of the peaks under a pixel size, with the lens that suits it.

    Focus and voltage decide whether {111} or {220} is the stronger, so the lines'
    weights are not known beforehand; one power of the spacing is fitted. No plane of
    CdSe lies further apart than 0.372 nm, so fringes coarser than the band are very
    unlikely, finer ones only unlikely.
    """
    log = np.log(size_nm / frequency)
    fine, coarse = np.log(_TOO_FINE), np.log(_TOO_COARSE)
    return max(
        float(
            weight @ np.interp(log, np.log(_SPACINGS), table, left=fine, right=coarse)
        )
        for table in _TABLES
    )


def _centred(
    frequency: NDArray[np.float64], weight: NDArray[np.float64], size_nm: float
) -> float:
    """Improve on the grid of sizes that were tried."""
    near = size_nm * np.linspace(0.97, 1.03, 25)
    nats = [_agreement(frequency, weight, size) for size in near]
    return float(near[int(np.argmax(nats))])
