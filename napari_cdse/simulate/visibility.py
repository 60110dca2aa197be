"""Measure how visible a dot is against its micrograph's background."""

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
_COVERED = 0.05
_FAMILIES = 8
_TRANSFORM_PX = 512


@dataclass(frozen=True, eq=False)
class Background:
    """Power of the particle-free field by radius.

    ``power`` is variance per unit area of the frequency plane in cycles per pixel, so
    that its integral is the square of ``rms``.
    """

    k_per_px: NDArray[np.float64]
    power: NDArray[np.float64]
    rms: float
    windows: int

    def at(self, k_per_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Power at frequencies in cycles per pixel."""
        value: NDArray[np.float64] = np.interp(k_per_px, self.k_per_px, self.power)
        return value


@dataclass(frozen=True, slots=True)
class Family:
    """One family of fringes: strength over background, frequency, direction."""

    S: float
    C: float
    k_per_nm: float
    angle_deg: float

    def margin(self, rule: Rule) -> float:
        """How far above the limit of visibility, at least 1 when visible."""
        return min(self.S / rule.S_family, (self.C / rule.C_family) ** 2)


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a dot."""

    families: tuple[Family, ...]
    first_margin: float
    second_margin: float
    extra_variance: float


def background(image: NDArray[np.float32], covered: NDArray[np.bool_]) -> Background:
    """Measure the power where no dot lies.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Contrast.
    covered : ndarray of bool
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
    """Judge a dot's own picture against the background.

    Parameters
    ----------
    alone : ndarray of float32, shape (size, size)
        Contrast of the dot without carbon and noise.
    mask : ndarray of bool
        Its outline.
    behind : Background
        Of the micrograph.
    pixel_size_nm : float
        Edge of a pixel.
    rule : Rule
        Limits.
    """
    signal = _masked(alone, mask)
    found = _families(signal, int(mask.sum()), behind, pixel_size_nm, rule)
    margins = [family.margin(rule) for family in found]
    first = max(margins, default=0.0)
    second = max(
        (
            min(margins[i], margins[j])
            for i in range(len(found))
            for j in range(i)
            if _apart(found[i], found[j]) >= rule.angle_min_deg
        ),
        default=0.0,
    )
    variance = float((signal**2).sum() / mask.sum()) / behind.rms**2
    return Look(found, first, second, variance)


def defect_signal(
    with_defect: NDArray[np.float32],
    perfect: NDArray[np.float32],
    mask: NDArray[np.bool_],
    behind: Background,
) -> tuple[float, float, float]:
    """Strength of what a defect changes in the picture.

    Returns
    -------
    tuple of float
        d' of a non-prewhitening and of an ideal observer, and the changed share of
        the dot's energy. (Barrett and Myers, Foundations of Image Science, 2004,
        section 13.2.)
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
    """Keep what lies in the outline, less its mean."""
    out: NDArray[np.float64] = np.where(mask, picture - picture[mask].mean(), 0.0)
    return out


def _families(
    signal: NDArray[np.float64],
    area: int,
    behind: Background,
    pixel_size_nm: float,
    rule: Rule,
) -> tuple[Family, ...]:
    """Find the strongest peaks of the half plane, each with its surroundings."""
    size = max(_TRANSFORM_PX, 2 * signal.shape[0])
    power = np.abs(fft.fftshift(fft.fft2(signal, (size, size)))) ** 2 / area
    axis = fft.fftshift(fft.fftfreq(size))
    row, col = axis[:, None], axis[None, :]
    radius = np.hypot(row, col) / pixel_size_nm
    ratio = power / behind.at(radius * pixel_size_nm)
    near = 1 / math.sqrt(area)
    reach = max(2, round(near * size))
    peaks = ratio == ndimage.maximum_filter(ratio, 2 * reach + 1)
    half = (row < 0) | ((row == 0) & (col > 0))
    low, high = rule.k_band_per_nm
    places = np.argwhere(peaks & half & (radius >= low) & (radius <= high))
    places = places[np.argsort(-ratio[tuple(places.T)])][:_FAMILIES]
    found = []
    for i, j in places:
        k_row, k_col = axis[i], axis[j]
        disk = np.hypot(row - k_row, col - k_col) <= near
        rms = math.sqrt(2 * float(power[disk].sum()) / size**2)
        k = math.hypot(k_row, k_col) / pixel_size_nm
        angle = math.degrees(math.atan2(k_row, k_col)) % 180
        strength = float(ratio[i, j])
        found.append(Family(strength, rms / behind.rms, k, angle))
    return tuple(found)


def _apart(one: Family, other: Family) -> float:
    """Angle between two directions of fringes, at most 90 degrees."""
    angle = abs(one.angle_deg - other.angle_deg) % 180
    return min(angle, 180 - angle)


def _by_radius(
    power: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over rings one sample wide, up to the corners."""
    k = np.hypot(fft.fftfreq(size)[:, None], fft.rfftfreq(size)[None, :])
    ring = np.rint(k * size).astype(int)
    count = np.bincount(ring.ravel())
    total = np.bincount(ring.ravel(), power.ravel())
    return np.arange(len(count)) / size, total / count
