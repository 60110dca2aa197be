"""Families of fringes: found as Bragg peaks, followed across the disk.

A family is found as a top of the patch's spectrum over background, and then brought
to frequency zero and summed over the cells of a coarse grid. What is left varies so
slowly that a few hundred cells hold all of it: the peak's true top is looked for, and
later faults (see `domains`), in the cells instead of the pixels. This is the geometric
phase method (Hytch, Snoeck, Kilaas, Ultramicroscopy 74, 1998) with a coarse grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.sampling import radii, transfer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.features.patch import Patch

    Frequency = tuple[float, float]

MAX_FAMILIES = 6
"""Families that are followed, strongest first. A choice: CdSe along <110> shows three
pairs of peaks and second orders; each costs the same time."""
_TOPS_PER_FAMILY = 4
"""Maxima looked at for each family wanted. A choice: most of the rest are side lobes of
strong peaks; fewer could miss a weak family behind them."""
CELLS = 15
"""Cells along each edge of the coarse grid, 0.15 radii each. A fringe frequency off by
0.3 cycles per radius keeps 99.3 % of its power within a cell; more cells cost time in
proportion to their number."""
VISIBLE_STRENGTH = 18.0
"""Peak power, in mean powers of the background, from which people see a family. The
rule by which the truth of the simulated micrographs is told; set so that it agrees with
people on three real particles, which calibrates and does not validate it."""
VISIBLE_CONTRAST = 0.3
"""The same for the fringes' rms amplitude, in the background's rms."""
SIDE_LOBES = 1.3
"""Reach of a peak's side lobes, in cycles per radius; beyond it they are below
0.4 % of the peak's power (computed for the soft disk). A larger one merges families of
small particles, a smaller one counts side lobes as families."""
_SPECKLE = 4.0
"""Power, in mean powers of the background, above which tops are looked for first. A
choice, of time alone: speckle passes it at one sample of 55 (exp(-4)), which leaves
about as many tops as are wanted; with fewer than that all are looked for."""
_CLIMB = 0.14
"""Largest step from a sample of the spectrum to the true top, in cycles per radius.
Half a sample of the twice oversampled spectrum is 0.11; the rest allows for noise."""
_STEPS = 13
"""Steps tried along each axis, 0.023 cycles per radius apart: half-way between them in
both axes 99.7 % of the power is kept; time goes with their square."""
_LEAST_PRODUCT = 1e-12
"""Least product of two frequencies in cycles per px that is divided by; guards 0."""


@dataclass(frozen=True, eq=False)
class Family:
    """One family of fringes: a Bragg peak and its mirror image.

    Attributes
    ----------
    k_row, k_col : float
        Spatial frequency, in cycles per pixel.
    strength : float
        Peak power over the background's mean power there.
    contrast : float
        Rms amplitude of the fringes over the background's rms.
    cells : ndarray of complex64, shape (CELLS, CELLS)
        Sum of the demodulated samples in each cell.
    """

    k_row: float
    k_col: float
    strength: float
    contrast: float
    cells: NDArray[np.complex64]

    @property
    def k_per_px(self) -> float:
        """Length of the frequency vector."""
        return math.hypot(self.k_row, self.k_col)

    @property
    def margin(self) -> float:
        """How far above the limit of visibility: 1 is at the limit."""
        seen = (self.contrast / VISIBLE_CONTRAST) ** 2
        return min(self.strength / VISIBLE_STRENGTH, seen)

    def angle_to(self, other: Family) -> float:
        """Angle between two families' normals, 0 to 90 degrees."""
        dot = self.k_row * other.k_row + self.k_col * other.k_col
        cosine = abs(dot) / max(self.k_per_px * other.k_per_px, _LEAST_PRODUCT)
        return math.degrees(math.acos(min(cosine, 1.0)))


def find_families(patch: Patch, number: int = MAX_FAMILIES) -> list[Family]:
    """Find the strongest peaks over background in the band of lattice spacings.

    A weaker peak beside a stronger one is no family of its own: it is the disk's
    side lobe, or the same family broken by a fault.
    """
    reach = SIDE_LOBES / patch.radius_px
    kept: list[Frequency] = []
    for top in _tops(patch, _TOPS_PER_FAMILY * number):
        if len(kept) < number and all(_apart(top, other) > reach for other in kept):
            kept.append(top)
    if not kept:
        return []
    return sorted(_followed(patch, kept), key=lambda family: -family.strength)


def _tops(patch: Patch, number: int) -> list[Frequency]:
    """Local maxima of the ratio in the band, as frequencies, largest first."""
    # Most maxima are speckle's; those above a level are few, and mostly enough.
    tops = _maxima(patch, _SPECKLE)
    if len(tops) < number:
        tops = _maxima(patch, 0.0)
    k_row, k_col = patch.frequencies
    rows, cols = np.divmod(tops, len(k_col))
    order = np.argsort(-patch.ratio[rows, cols], kind="stable")[:number]
    down, right = k_row[rows[order]].tolist(), k_col[cols[order]].tolist()
    return list(zip(down, right, strict=True))


def _maxima(patch: Patch, above: float) -> NDArray[np.intp]:
    """Find what is no lower than its eight neighbours in the band; rows go round.

    Of those on both sides of frequency 0 one is given.
    """
    ratio = patch.ratio
    high = np.flatnonzero(ratio > above)
    k_per_nm = patch.ring_k_per_nm[patch.rings.number[high]]
    lowest, highest = patch.around.band_per_nm
    high = high[(k_per_nm >= lowest) & (k_per_nm <= highest)]
    length, width = ratio.shape
    rows, cols = np.divmod(high, width)
    here, around = ratio.ravel()[high], ratio.ravel()
    top = np.ones(len(high), bool)
    # What lies beyond the first or last column is the sample itself.
    columns = np.stack([np.maximum(cols - 1, 0), cols, np.minimum(cols + 1, width - 1)])
    for row in ((rows - 1) % length, rows, (rows + 1) % length):
        top &= (here >= around[row * width + columns]).all(axis=0)
    # The column k_col = 0 holds both members of each pair.
    top &= (cols > 0) | (patch.frequencies[0][rows] >= 0)
    return high[top]


def _apart(one: Frequency, other: Frequency) -> float:
    """Distance of two frequencies, or of one and the other's mirror image."""
    same = math.hypot(one[0] - other[0], one[1] - other[1])
    mirrored = math.hypot(one[0] + other[0], one[1] + other[1])
    return min(same, mirrored)


def _followed(patch: Patch, tops: list[Frequency]) -> list[Family]:
    """Demodulate peaks, climb to their tops between the samples, measure them."""
    k_row, k_col = np.array(tops).T
    cells = _demodulated(patch, k_row, k_col)
    row, col, top = _highest(cells)
    cells *= _phase_ramps()[row][:, :, None] * _phase_ramps()[col][:, None, :]
    shift = _shifts() / patch.radius_px
    k_row, k_col = k_row + shift[row], k_col + shift[col]
    kept = transfer(k_row, patch.step_px) * transfer(k_col, patch.step_px)
    top = top / kept**2
    noise = patch.noise_at(np.hypot(k_row, k_col))
    strength = top / (noise * patch.window_energy)
    contrast = np.sqrt(2 * top) / patch.window_sum
    cells /= kept.astype(np.float32)[:, None, None]
    numbers = (each.tolist() for each in (k_row, k_col, strength, contrast))
    return [Family(*told) for told in zip(*numbers, cells, strict=True)]


def _demodulated(
    patch: Patch, k_row: NDArray[np.float64], k_col: NDArray[np.float64]
) -> NDArray[np.complex64]:
    """Bring frequencies to zero and sum over cells, shape (n, CELLS, CELLS)."""
    down, right = (_waves(patch, k) for k in (k_row, k_col))
    # Products of real matrices, as the samples are real: cosines and sines of the rows
    # with those of the columns.
    length = len(patch.values)
    rows = (down.reshape(-1, length) @ patch.values).reshape(down.shape)
    both = rows @ right.transpose(0, 2, 1)
    cosine, sine = both[:, :CELLS], both[:, CELLS:]
    cells = np.empty((len(k_row), CELLS, CELLS), np.complex64)
    cells.real = cosine[:, :, :CELLS] - sine[:, :, CELLS:]
    cells.imag = -cosine[:, :, CELLS:] - sine[:, :, :CELLS]
    return cells


def _waves(patch: Patch, k_per_px: NDArray[np.float64]) -> NDArray[np.float32]:
    """Cosines over the cells of an axis, then sines, shape (n, 2 * CELLS, samples)."""
    number = len(patch.values)
    turns = k_per_px[:, None] * (radii(number) * patch.radius_px)
    # Less than one turn, before it is rounded to single precision.
    turns -= np.rint(turns)
    phase = (2 * np.pi * turns).astype(np.float32)
    cells = cell_sums(number)
    waves = np.empty((len(phase), 2, CELLS, number), np.float32)
    np.multiply(np.cos(phase)[:, None], cells, out=waves[:, 0])
    np.multiply(np.sin(phase)[:, None], cells, out=waves[:, 1])
    return waves.reshape(len(phase), 2 * CELLS, number)


@lru_cache(maxsize=64)
def cell_sums(number: int) -> NDArray[np.float32]:
    """Which samples along an edge lie in which cell, shape (CELLS, number)."""
    cell = (2 * np.arange(number) + 1) * CELLS // (2 * number)
    return np.asarray(np.arange(CELLS)[:, None] == cell, np.float32)


def cell_radii() -> NDArray[np.float64]:
    """Place of the cells along an edge, in radii."""
    return radii(CELLS)


def _shifts() -> NDArray[np.float64]:
    return np.linspace(-_CLIMB, _CLIMB, _STEPS)


@lru_cache(maxsize=1)
def _phase_ramps() -> NDArray[np.complex64]:
    """Phases of the cells along an edge for each shift, shape (_STEPS, CELLS)."""
    turns = _shifts()[:, None] * cell_radii()
    return np.asarray(np.exp(-2j * np.pi * turns), np.complex64)


def _highest(
    cells: NDArray[np.complex64],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Find the shifts along rows and columns with the most power, and that power."""
    amplitude = _phase_ramps() @ cells @ _phase_ramps().T
    power = (amplitude.real**2 + amplitude.imag**2).reshape(len(cells), -1)
    best = power.argmax(axis=1)
    row, col = np.divmod(best, _STEPS)
    return row, col, power[np.arange(len(cells)), best].astype(np.float64)
