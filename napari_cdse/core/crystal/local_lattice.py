"""Geometric phase analysis of a square region: filtered picture, phase, strain.

Each family of fringes is demodulated and smoothed, which leaves its local amplitude and
phase (Hytch, Snoeck, Kilaas, Ultramicroscopy 74, 1998). The smoothing is equivalent to
a mask round the Bragg peak; it is normalised by the part of the Gaussian inside the
square, so that edges are no darker than the middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak

_TRUNCATE = 3.0
"""Reach of the Gaussian in standard deviations: 0.5 % of its weight lies beyond."""
_FAINT = 0.3
"""Amplitude, over the 99th percentile in the square, below which the phase is not used.
A choice: that of a weaker wave is mostly noise."""
_FLATTEST = 1e-3
"""Least sine of the angle between two local frequencies for which strain is
computed."""
ACROSS_PX = 3
"""Default width in pixels over which a line profile is averaged; a choice, to reduce
noise."""


@dataclass(frozen=True, eq=False)
class LocalWave:
    """Local amplitude and phase of one family in a square.

    Attributes
    ----------
    peak : BraggPeak
        The reference frequency.
    field : ndarray of complex64, shape (n, n)
        Complex amplitude after demodulation at the reference, whose phase is 0 in the
        square's middle.
    """

    peak: BraggPeak
    field: NDArray[np.complex64]

    @property
    def phase_rad(self) -> NDArray[np.float32]:
        """Geometric phase, -pi to pi; NaN where the family is too weak."""
        phase = np.angle(self.field).astype(np.float32)
        phase[~self.seen] = np.nan
        return phase

    @property
    def amplitude(self) -> NDArray[np.float32]:
        """Amplitude of the fringes in gray values, shape (n, n)."""
        return np.asarray(np.abs(self.field), np.float32)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where the family is strong enough for its phase to be used."""
        amplitude = np.abs(self.field)
        return np.asarray(amplitude > _FAINT * np.percentile(amplitude, 99))

    @property
    def gradient(self) -> NDArray[np.float64]:
        """Local frequency minus the reference, in cycles per px, shape (2, n, n)."""
        field = self.field.astype(np.complex128)
        power = np.maximum(np.abs(field) ** 2, np.finfo(np.float32).tiny)
        turns = [
            (np.conj(field) * np.gradient(field, axis=axis)).imag / power
            for axis in (0, 1)
        ]
        return np.array(turns) / (2 * np.pi)


def local_wave(
    square: NDArray[np.float32], peak: BraggPeak, smoothing_px: float
) -> LocalWave:
    """Demodulate one family of fringes in a square, and smooth.

    Parameters
    ----------
    square : ndarray of float32, shape (n, n)
        Its pixels.
    peak : BraggPeak
        The family.
    smoothing_px : float
        Standard deviation of the smoothing. The equivalent mask round the peak has a
        standard deviation of ``1 / (2 pi smoothing_px)`` cycles per pixel.
    """
    place = np.arange(len(square)) - (len(square) - 1) / 2
    down, right = (np.exp(-2j * np.pi * k * place) for k in (peak.k_row, peak.k_col))
    carried = (down[:, None] * (square - square.mean()) * right).astype(np.complex64)
    smooth = gaussian_filter(carried, smoothing_px, mode="constant", truncate=_TRUNCATE)
    kept = gaussian_filter(
        np.ones(len(square)), smoothing_px, mode="constant", truncate=_TRUNCATE
    )
    field = 2 * smooth / (kept[:, None] * kept)
    return LocalWave(peak, np.asarray(field, np.complex64))


def filtered(waves: Sequence[LocalWave]) -> NDArray[np.float32]:
    """Compose the Fourier-filtered picture of some families.

    Returns
    -------
    ndarray of float32, shape (n, n)
        In gray values about 0.
    """
    number = len(waves[0].field)
    place = np.arange(number) - (number - 1) / 2
    total = np.zeros((number, number), np.float32)
    for wave in waves:
        down = np.exp(2j * np.pi * wave.peak.k_row * place)
        right = np.exp(2j * np.pi * wave.peak.k_col * place)
        total += (down[:, None] * wave.field * right).real.astype(np.float32)
    return total


@dataclass(frozen=True, eq=False)
class Strain:
    """Local strain and rotation of a lattice, relative to the mean lattice.

    x points right and y up, as in publications; NaN where a family is too weak.

    Attributes
    ----------
    xx, yy, xy : ndarray of float32, shape (n, n)
        Relative elongation along x and y, and half the shear.
    rotation_rad : ndarray of float32, shape (n, n)
        Anticlockwise.
    """

    xx: NDArray[np.float32]
    yy: NDArray[np.float32]
    xy: NDArray[np.float32]
    rotation_rad: NDArray[np.float32]


def strain_of(one: LocalWave, other: LocalWave) -> Strain:
    """Compute the local strain from two families of a lattice.

    Their local frequencies g are those of the reference plus the gradient of the phase.
    With them as rows of G, the lattice vectors are the columns of G^-1, and the
    deformation is F = G_local^-1 G_reference; the strain is the symmetric part of F -
    1. For small strains this is the linear form of Hytch, Snoeck and Kilaas (1998); it
    holds for large ones too.

    Parameters
    ----------
    one, other : LocalWave
        Families of the same square whose planes are not parallel.
    """
    reference = np.array([_xy(w.peak.k_row, w.peak.k_col) for w in (one, other)])
    grown = [_xy(*wave.gradient) for wave in (one, other)]
    local = reference[:, :, None, None] + np.array(grown)
    (a, b), (c, d) = local
    det = a * d - b * c
    lengths = np.hypot(a, b) * np.hypot(c, d)
    seen = one.seen & other.seen & (np.abs(det) > _FLATTEST * lengths)
    det = np.where(seen, det, np.nan)
    inverse = np.array([[d, -b], [-c, a]]) / det
    deformed = np.einsum("ijrc,jk->ikrc", inverse, reference)
    parts = (
        deformed[0, 0] - 1,
        deformed[1, 1] - 1,
        (deformed[0, 1] + deformed[1, 0]) / 2,
        (deformed[1, 0] - deformed[0, 1]) / 2,
    )
    return Strain(*(np.asarray(part, np.float32) for part in parts))


def _xy(
    row: float | NDArray[np.float64], col: float | NDArray[np.float64]
) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
    """Convert (row, column) to (x, y), with y upwards."""
    return col, -row


def line_profile(
    pixels: NDArray[np.float32],
    start_px: tuple[float, float],
    end_px: tuple[float, float],
    width_px: int = ACROSS_PX,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean gray values along a line.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        The micrograph.
    start_px, end_px : tuple of float
        Row and column of its ends.
    width_px : int
        Width across the line over which each value is averaged, at least 1.

    Returns
    -------
    ndarray, shape (m,)
        Distance from the start in pixels.
    ndarray, shape (m,)
        Mean gray value there; NaN off the micrograph.
    """
    start, end = np.array(start_px, float), np.array(end_px, float)
    length = math.dist(start, end)
    number = max(2, math.ceil(length) + 1)
    along = np.linspace(start, end, number)
    normal = np.array([end[1] - start[1], start[0] - end[0]]) / max(length, 1e-9)
    off = np.arange(width_px) - (width_px - 1) / 2
    places = along[:, None] + off[None, :, None] * normal
    values = map_coordinates(
        pixels, places.reshape(-1, 2).T, order=1, mode="constant", cval=np.nan
    )
    return np.linspace(0, length, number), values.reshape(number, -1).mean(axis=1)
