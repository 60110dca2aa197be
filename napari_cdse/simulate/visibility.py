"""Measure what is visible of a dot against its micrograph's background.

`background` measures the power of the field without dots. `look_at` finds families of
fringes in the image of a dot alone, and compares their power with it;
`defect_signal` measures the difference between images with and without a defect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.simulate.params import Rule

_WINDOW_PX = 128
_STEP_PX = 32
"""Edge and step in px of the windows in which the background is measured. Chosen."""
_COVERED = 0.05
"""Largest fraction of such a window that dots may cover. Chosen."""
_FAMILIES = 8
"""Most families of fringes of a dot. Chosen."""
_TRANSFORM_PX = 512
"""Least edge in px of a dot's Fourier transform, padded with zeros. Chosen."""


@dataclass(frozen=True, eq=False)
class Background:
    """Power of the field without dots, as a function of the frequency's magnitude.

    Attributes
    ----------
    k_per_px : ndarray, shape (n,)
        Frequencies in cycles per pixel.
    power : ndarray, shape (n,)
        Variance per unit area of the plane of frequencies; its integral is the square
        of ``rms``.
    rms : float
        Standard deviation.
    windows : int
        Number of windows that were averaged.
    """

    k_per_px: NDArray[np.float64]
    power: NDArray[np.float64]
    rms: float
    windows: int

    def at(self, k_per_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the power at frequencies in cycles per pixel."""
        value: NDArray[np.float64] = np.interp(k_per_px, self.k_per_px, self.power)
        return value


@dataclass(frozen=True, slots=True)
class Family:
    """One family of fringes.

    Attributes
    ----------
    S : float
        Power of its peak over the background's mean power at its frequency.
    C : float
        Root mean square amplitude over the background's.
    k_per_nm : float
        Frequency.
    angle_deg : float
        Direction of its wave vector, 0 to 180, from x to y.
    """

    S: float
    C: float
    k_per_nm: float
    angle_deg: float

    def margin(self, rule: Rule) -> float:
        """Return the visibility over its limit; at least 1 if it is visible."""
        return min(self.S / rule.S_family, (self.C / rule.C_family) ** 2)


@dataclass(frozen=True, slots=True)
class Look:
    """What is visible of a dot.

    Attributes
    ----------
    families : tuple of Family
        Families of fringes, the strongest first.
    first_margin : float
        Largest margin of a family.
    second_margin : float
        Largest margin that two families have which are not parallel.
    extra_variance : float
        Variance of the dot's image over that of the background.
    """

    families: tuple[Family, ...]
    first_margin: float
    second_margin: float
    extra_variance: float


def background(image: NDArray[np.float32], covered: NDArray[np.bool_]) -> Background:
    """Measure the power of the field without dots.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Contrast.
    covered : ndarray of bool, shape (rows, columns)
        Pixels under dots.
    """
    size = min(_WINDOW_PX, min(image.shape) // 4)
    window = np.hanning(size + 1)[:size].astype(np.float32)
    window = window[:, None] * window[None, :]
    window /= np.sqrt((window**2).sum())
    total = np.zeros((size, size // 2 + 1))
    count = 0
    for row in range(0, image.shape[0] - size + 1, _STEP_PX):
        for col in range(0, image.shape[1] - size + 1, _STEP_PX):
            place = np.s_[row : row + size, col : col + size]
            if covered[place].mean() > _COVERED:
                continue
            part = image[place]
            total += np.abs(fft.rfft2((part - part.mean()) * window)) ** 2
            count += 1
    k, power = _by_radius(total / max(count, 1), size)
    free = image[~covered]
    return Background(k, power, float(free.std()), count)


def look_at(
    alone: NDArray[np.float32],
    mask: NDArray[np.bool_],
    behind: Background,
    pixel_size_nm: float,
    rule: Rule,
) -> Look:
    """Compare the image of a dot alone with the background.

    Parameters
    ----------
    alone : ndarray of float32, shape (size, size)
        Contrast of the dot without carbon and noise.
    mask : ndarray of bool, shape (size, size)
        Its outline.
    behind : Background
        Background of the micrograph.
    pixel_size_nm : float
        Edge of a pixel.
    rule : Rule
        Limits of visibility.
    """
    signal = _masked(alone, mask)
    families = _families(signal, int(mask.sum()), behind, pixel_size_nm, rule)
    margins = [family.margin(rule) for family in families]
    first = max(margins, default=0.0)
    second = max(
        (
            min(margins[i], margins[j])
            for i in range(len(families))
            for j in range(i)
            if _angle_between(families[i], families[j]) >= rule.angle_min_deg
        ),
        default=0.0,
    )
    variance = float((signal**2).sum() / mask.sum()) / behind.rms**2
    return Look(families, first, second, variance)


def defect_signal(
    with_defect: NDArray[np.float32],
    perfect: NDArray[np.float32],
    mask: NDArray[np.bool_],
    behind: Background,
) -> tuple[float, float, float]:
    """Measure how strongly a defect changes the image of a dot.

    After Barrett and Myers, Foundations of Image Science (2004), section 13.2.

    Parameters
    ----------
    with_defect, perfect : ndarray of float32, shape (size, size)
        Contrast of the dot alone, with and without the defect.
    mask : ndarray of bool, shape (size, size)
        Its outline.
    behind : Background
        Background of the micrograph.

    Returns
    -------
    matched, ideal : float
        d' of a non-prewhitening and of an ideal observer.
    changed : float
        Fraction of the dot's energy that is changed.
    """
    original = _masked(with_defect, mask)
    change = original - _masked(perfect, mask)
    power = np.abs(fft.fft2(change)) ** 2 / change.size
    k = np.hypot(*np.meshgrid(*[fft.fftfreq(n) for n in change.shape], indexing="ij"))
    noise = behind.at(k)
    energy = float(power.sum())
    matched = energy / math.sqrt(max(float((power * noise).sum()), 1e-30))
    ideal = math.sqrt(float((power / np.maximum(noise, 1e-30)).sum()))
    return matched, ideal, energy / max(float((original**2).sum()), 1e-30)


def _masked(
    picture: NDArray[np.float32], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the image within the outline less its mean, and 0 outside."""
    out: NDArray[np.float64] = np.where(mask, picture - picture[mask].mean(), 0.0)
    return out


def _families(
    signal: NDArray[np.float64],
    area: int,
    behind: Background,
    pixel_size_nm: float,
    rule: Rule,
) -> tuple[Family, ...]:
    """Find the strongest peaks in one half of the power spectrum."""
    size = max(_TRANSFORM_PX, 2 * signal.shape[0])
    power = np.abs(fft.fftshift(fft.fft2(signal, (size, size)))) ** 2 / area
    axis = fft.fftshift(fft.fftfreq(size))
    row, col = axis[:, None], axis[None, :]
    radius = np.hypot(row, col) / pixel_size_nm
    ratio = power / behind.at(radius * pixel_size_nm)
    # The width of a peak is the reciprocal of the dot's extent.
    width_per_px = 1 / math.sqrt(area)
    reach = max(2, round(width_per_px * size))
    peaks = ratio == ndimage.maximum_filter(ratio, 2 * reach + 1)
    half = (row < 0) | ((row == 0) & (col > 0))
    low, high = rule.k_band_per_nm
    places = np.argwhere(peaks & half & (radius >= low) & (radius <= high))
    places = places[np.argsort(-ratio[tuple(places.T)])][:_FAMILIES]
    families = []
    for i, j in places:
        k_row, k_col = axis[i], axis[j]
        disk = np.hypot(row - k_row, col - k_col) <= width_per_px
        rms = math.sqrt(2 * float(power[disk].sum()) / size**2)
        k = math.hypot(k_row, k_col) / pixel_size_nm
        angle = math.degrees(math.atan2(k_row, k_col)) % 180
        strength = float(ratio[i, j])
        families.append(Family(strength, rms / behind.rms, k, angle))
    return tuple(families)


def _angle_between(first: Family, second: Family) -> float:
    """Return the angle between two families of fringes, at most 90 degrees."""
    angle = abs(first.angle_deg - second.angle_deg) % 180
    return min(angle, 180 - angle)


def _by_radius(
    power: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average a power spectrum over rings of one sample's width, up to the corners."""
    k = np.hypot(fft.fftfreq(size)[:, None], fft.rfftfreq(size)[None, :])
    ring = np.rint(k * size).astype(int)
    count = np.bincount(ring.ravel())
    total = np.bincount(ring.ravel(), power.ravel())
    return np.arange(len(count)) / size, total / count
