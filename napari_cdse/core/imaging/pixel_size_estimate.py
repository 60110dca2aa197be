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
    nearest_window,
    power_floor,
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
"""Pixel size in nm, assumed where even the lattice does not tell.

A choice: at 370 000 times, the usual magnification for quantum dots, fringes tell 0.03
to 0.045 nm. A wrong one puts windows and bands beside the lattice; users are asked.
"""

ESTIMATE_SIGMA = 0.015
"""Relative standard uncertainty of a confident estimate.

The rms error on simulated micrographs of three kinds when it was written, with CdSe
taken for granted; no command repeats it. It widens the uncertainty of spacings shown:
a smaller one would promise more than the estimate holds, a larger one hides misfits.
"""


@dataclass(frozen=True, slots=True)
class _PeakSettings:
    """Which peaks of the windows' spectra are fringes to estimate from.

    Attributes
    ----------
    windows_tried : int
        How many of `WINDOWS_PX` are tried in turn. A choice: the last one, for pixels
        below 0.02 nm, would cost time in all micrographs that tell nothing.
    lowest_bin : float
        Lowest frequency that counts, in bins of a window: the Hann window spreads the
        thickness of the support over the 2 lowest. Higher loses coarse fringes.
    least_ratio : float
        Least power of a peak, in mean powers of the speckle there. Speckle reaches 14
        with a chance of exp(-14) = 8e-7 for each frequency, once in 250 windows of 96
        px. A choice: lower lets speckle speak, higher leaves too few fringes.
    strongest_share : float
        Least power of a peak in its window's strongest. A choice: lower counts side
        lobes of a strong peak, higher drops its second family.
    most_weight : float
        Most that a peak weighs, its weight being the logarithm of its power over
        ``least_ratio``: reached at 63 mean powers. A choice: higher lets one bright dot
        outvote the rest, lower makes faint peaks count as much as clear ones.
    floors : float
        Least background at which peaks count, in `power_floor`. A choice: where
        smoothing left less, ratios are those of rounding; more loses fine fringes.
    least_power_ratio : float
        Power over the background put in place of less where a peak's place is
        interpolated in the logarithm, so that it is finite. Far below what lies beside
        a peak, a quarter of which the Hann window spreads to its neighbours.
    least_bend : float
        Least curvature of a peak, in nats per bin**2, so that flat ones divide by no
        zero; far below that of a fringe, from which the Hann window's power falls by
        1.4 nats to the next bin.
    """

    windows_tried: int = 3
    lowest_bin: float = 2.5
    least_ratio: float = 14.0
    strongest_share: float = 0.25
    most_weight: float = 1.5
    floors: float = 5.0
    least_power_ratio: float = 1e-3
    least_bend: float = 1e-6


@dataclass(frozen=True, slots=True)
class _ScaleSettings:
    """How peaks are matched against the reflections of CdSe.

    Attributes
    ----------
    range_nm : tuple of float
        Pixel sizes that are tried. A choice: at 0.1 nm {111} takes 3.5 px and {220}
        just above 2; at 0.012 nm a window of 96 px holds three fringes of {111}. A
        wider range offers more wrong scales, a narrower one misses right ones.
    sizes_tried : int
        Pixel sizes tried in the range, 0.7 % apart: a fifth of the lines' width
        (`STRAIN`, 3.5 %). More take time, fewer step over a maximum.
    band_nm : tuple of float
        Spacings among which lines are known: 0.1825 nm, {311}, to 0.3723 nm, wurtzite
        (100), with more than five widths of a line on either side.
    spacings_tabled : int
        Spacings at which the density is tabulated, 0.055 % apart: 64 in the width of
        a line, so that straight lines between are exact enough.
    falloffs : tuple of float
        Powers of the spacing that the lines' strengths are multiplied by; the best of
        them counts. 4 is electron scattering (Mott 1930), 0 the powder pattern, -2 a
        lens that passes {220} better than {111}. A choice: more of them fit wrong
        scales too, fewer take {220} for {111} near Scherzer focus.
    too_fine, too_coarse : float
        Density, per unit of ln(spacing), of fringes finer and coarser than the band.
        Choices: 0.03 is about what the band holds between lines (0.027), as fine
        reflections exist; a tenth of it for coarse ones, as CdSe has none. Higher
        lets fringes fall out of the band unpunished, lower lets one stray peak decide.
    same_scale : float
        Distance in ln(pixel size) up to which sizes are one and the same estimate. A
        choice: some three widths of a line; less and the slope beside the maximum is
        its own rival, more and neighbouring reflections (0.35 and 0.30 nm) are none.
    enough_nats : float
        Lead in log likelihood over all other scales from which an estimate is made: a
        likelihood ratio of 400. A choice: lower makes confident mistakes, higher
        leaves more micrographs without a scale.
    refined_range, refined_sizes : float, int
        Relative half width, and number, of the sizes tried about the best: 0.25 %
        apart, over four steps of the first grid.
    """

    range_nm: tuple[float, float] = (0.012, 0.1)
    sizes_tried: int = 300
    band_nm: tuple[float, float] = (0.15, 0.45)
    spacings_tabled: int = 2000
    falloffs: tuple[float, ...] = (-2.0, 0.0, 2.0, 4.0)
    too_fine: float = 0.03
    too_coarse: float = 0.003
    same_scale: float = 0.12
    enough_nats: float = 6.0
    refined_range: float = 0.03
    refined_sizes: int = 25


@dataclass(frozen=True, slots=True)
class _AgreementSettings:
    """How many places must agree on an estimate, and when it contradicts a given size.

    Attributes
    ----------
    places : int
        Fewest places with fringes on a line. A choice: one or two dots in a rare
        orientation show one wrong reflection only; more leave micrographs of few dots
        without a scale.
    apart_nm : float
        What lies between the windows of two places, at least, in nm. A choice: about
        the diameter of a dot (2.5 to 6 nm), so that one dot is one place; less counts
        a dot twice, more passes over neighbours.
    on_line : float
        Density, per unit of ln(spacing), from which a fringe lies on a line: that of
        0.193 to 0.227, 0.251 to 0.260 and 0.304 to 0.406 nm. A choice: seven times
        what lies between lines (0.027); higher drops strained dots and weak lines,
        lower counts fringes of anything.
    doubtful : float
        Ratio of estimated and given pixel size from which the given one is doubted.
        Above 1.63, the ratio of {111} and {220}, which are the likeliest to be taken
        for one another, and 1.48, that of {111} and gold's {111} (0.2355 nm). A
        choice: lower doubts right calibrations, higher keeps wrong ones unsaid.
    """

    places: int = 3
    apart_nm: float = 4.0
    on_line: float = 0.2
    doubtful: float = 1.7


_PEAKS = _PeakSettings()
_SCALE = _ScaleSettings()
_AGREED = _AgreementSettings()

_SPACINGS = np.geomspace(*_SCALE.band_nm, _SCALE.spacings_tabled)
_TABLES = [
    np.log(spacing_density(_SPACINGS, _SCALE.band_nm, falloff))
    for falloff in _SCALE.falloffs
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
        The same for the user.
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
    image: Prepared, windows_px: tuple[int, ...] = WINDOWS_PX[: _PEAKS.windows_tried]
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
        What the file or the user said; it is doubted, not changed.
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
    if not estimate.confident or max(times, 1 / times) < _AGREED.doubtful:
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
    weight = np.minimum(fringes.weight, _PEAKS.most_weight)
    sizes = np.geomspace(*_SCALE.range_nm, _SCALE.sizes_tried)
    nats = np.array([_agreement(frequency, weight, size) for size in sizes])
    best = int(nats.argmax())
    others = nats[np.abs(np.log(sizes / sizes[best])) > _SCALE.same_scale]
    lead = float(nats[best] - others.max())
    if lead < _SCALE.enough_nats:
        return None
    size = _refined(frequency, weight, sizes[best])
    apart_px = window_px + _AGREED.apart_nm / size
    if _agreeing_places(fringes, size, apart_px) < _AGREED.places:
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
    usable = frequencies(window) >= _PEAKS.lowest_bin / window
    usable[:, [0, -1]] = False
    floor = _PEAKS.floors * power_floor(background[usable])
    gain = (usable & (background > floor)) / np.maximum(background, floor)
    spectra *= gain.astype(np.float32)
    if not prepared.usable.all():
        # Edges of what was filled look like fringes.
        spectra[~usable_windows(prepared.usable, grid)] = 0
    return _peaks(spectra, grid)


def _agreeing_places(fringes: _Fringes, size_nm: float, apart_px: float) -> int:
    """Count the places with fringes on a reflection, up to as many as needed.

    Windows overlap, so places must be apart; and a dot or two in a rare orientation
    show one wrong reflection only, which is no proof.
    """
    density = spacing_density(size_nm / fringes.frequency, _SCALE.band_nm)
    order = np.argsort(-fringes.weight, kind="stable")
    places = fringes.places[order[density[order] > _AGREED.on_line]]
    count = 0
    while len(places) and count < _AGREED.places:
        places = places[np.hypot(*(places - places[0]).T) >= apart_px]
        count += 1
    return count


def _peaks(ratio: NDArray[np.float32], grid: WindowGrid) -> _Fringes:
    """Strongest peaks of each window; ``ratio`` is its power over the background."""
    size = grid.window_px
    strongest = ratio.max(axis=(1, 2), keepdims=True)
    least = np.maximum(_PEAKS.strongest_share * strongest, _PEAKS.least_ratio)
    high = np.flatnonzero(ratio > least)
    at, row, col = np.unravel_index(high, ratio.shape)
    here = ratio[at, row, col]
    local = np.ones(len(at), bool)
    for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
        for sign in (-1, 1):
            beside = ratio[at, (row + sign * down) % size, col + sign * right]
            local &= here >= beside
    at, row, col, here = at[local], row[local], col[local], here[local]
    log = [
        np.log(
            np.maximum(
                ratio[at, (row + down) % size, col + right], _PEAKS.least_power_ratio
            )
        )
        for down, right in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    k_row = (row + _vertex(log[1], log[0], log[2]) + size / 2) % size - size / 2
    k_col = col + _vertex(log[3], log[0], log[4])
    weight = np.log(here / _PEAKS.least_ratio).astype(np.float64)
    strip, across = np.divmod(at, len(grid.cols_px))
    places = np.stack([grid.rows_px[strip], grid.cols_px[across]], axis=1)
    return _Fringes(np.hypot(k_row, k_col) / size, weight, places)


def _vertex(
    before: NDArray[np.float32], here: NDArray[np.float32], after: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Where a parabola through three values is highest, in steps from the middle."""
    bend = np.minimum(before - 2 * here + after, -_PEAKS.least_bend)
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
    fine, coarse = np.log(_SCALE.too_fine), np.log(_SCALE.too_coarse)
    return max(
        float(
            weight @ np.interp(log, np.log(_SPACINGS), table, left=fine, right=coarse)
        )
        for table in _TABLES
    )


def _refined(
    frequency: NDArray[np.float64], weight: NDArray[np.float64], size_nm: float
) -> float:
    """Improve on the grid of sizes that were tried."""
    reach = _SCALE.refined_range
    near = size_nm * np.linspace(1 - reach, 1 + reach, _SCALE.refined_sizes)
    nats = [_agreement(frequency, weight, size) for size in near]
    return float(near[int(np.argmax(nats))])
