"""Find the families of fringes of a particle, and demodulate each.

A family is a local maximum of the patch's spectrum over the background. The patch is
demodulated at its frequency and summed over the cells of a coarse grid. The result
varies so slowly that a few hundred cells represent it: the exact frequency, and later
faults (see `domains`), are found from the cells instead of the pixels. This is the
geometric phase method (Hytch, Snoeck, Kilaas, Ultramicroscopy 74, 1998) on a coarse
grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import power_of
from napari_cdse.core.features.sampling import radii, transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.features.patch import Patch

    Frequency = tuple[float, float]

MAX_FAMILIES = 6
"""Most families of a particle, strongest first. A choice: CdSe along <110> shows three
pairs of peaks and second orders; each costs the same time."""
_TOPS_PER_FAMILY = 4
"""Maxima of the spectrum considered, for each family that is wanted. A choice: many of
them are side lobes of strong peaks; with fewer a weak family could be missed."""
CELLS = 15
"""Cells along each edge of the coarse grid, 0.15 radii each. A fringe frequency off by
0.3 cycles per radius keeps 99.3 % of its power within a cell; more cells cost time in
proportion to their number."""
VISIBLE_STRENGTH = 18.0
"""Least peak power, in mean powers of the background, of a family that people see. The
rule that labels simulated particles; it was set so that it agrees with people on three
real particles, which calibrates but does not validate it."""
VISIBLE_CONTRAST = 0.3
"""Least rms amplitude of the fringes of such a family, in the background's rms."""
SIDE_LOBES = 1.3
"""Reach of a peak's side lobes, in cycles per radius; beyond it they are below
0.4 % of the peak's power (computed for the soft disk). A larger one merges families of
small particles, a smaller one counts side lobes as families."""
_FIRST_LEVEL = 4.0
"""Power, in mean powers of the background, above which maxima are sought first; if
these are too few, all are sought. A choice that only saves time: speckle exceeds it at
one sample in 55 (exp(-4)), which gives about as many maxima as are wanted."""
_FARTHEST_SHIFT = 0.14
"""Largest shift from a maximal sample to the true maximum along an axis, in cycles per
radius. Half a sample of the twice oversampled spectrum is 0.11; the rest allows for
noise."""
_SHIFTS_TRIED = 13
"""Shifts tried along each axis, 0.023 cycles per radius apart: half-way between them on
both axes 99.7 % of the power is kept; time grows with their square."""
_LEAST_PRODUCT = 1e-12
"""Least product of two frequencies in cycles per px that is divided by, instead of
0."""


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
        """Length of the frequency vector, in cycles per pixel."""
        return math.hypot(self.k_row, self.k_col)

    @property
    def margin(self) -> float:
        """Visibility: 1 at the limit, above it the family is visible."""
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
    return find_families_together([patch], number)[0]


def find_families_together(
    patches: Sequence[Patch], number: int = MAX_FAMILIES
) -> list[list[Family]]:
    """Do the same as `find_families` for patches from `cut_together`."""
    reach = SIDE_LOBES / patches[0].radius_px
    kept: list[list[Frequency]] = [[] for _ in patches]
    for found, tops in zip(
        kept, _highest_maxima(patches, _TOPS_PER_FAMILY * number), strict=True
    ):
        for top in tops:
            if len(found) < number and all(_apart(top, one) > reach for one in found):
                found.append(top)
    families = iter(_measured(patches, kept))
    return [
        sorted(islice(families, len(each)), key=lambda family: -family.strength)
        for each in kept
    ]


def _highest_maxima(patches: Sequence[Patch], number: int) -> list[list[Frequency]]:
    """Frequencies of the highest local maxima of each patch's ratio, highest first."""
    ratios = np.stack([patch.ratio for patch in patches])
    # Most maxima are speckle. Those above a level are few, and mostly enough.
    at, rows, cols = _maxima(patches[0], ratios, _FIRST_LEVEL)
    few = np.flatnonzero(np.bincount(at, minlength=len(patches)) < number)
    if len(few):
        more, *places = _maxima(patches[0], ratios[few], 0.0)
        others = ~np.isin(at, few)
        at = np.concatenate([at[others], few[more]])
        rows, cols = (
            np.concatenate([before[others], after])
            for before, after in zip((rows, cols), places, strict=True)
        )
    order = np.lexsort((-ratios[at, rows, cols], at))
    k_row, k_col = patches[0].frequencies
    tops = list(
        zip(k_row[rows[order]].tolist(), k_col[cols[order]].tolist(), strict=True)
    )
    ends = np.cumsum(np.bincount(at, minlength=len(patches))).tolist()
    starts = [0, *ends[:-1]]
    return [
        tops[start : min(end, start + number)]
        for start, end in zip(starts, ends, strict=True)
    ]


def _maxima(
    patch: Patch, ratios: NDArray[np.float32], above: float
) -> tuple[NDArray[np.intp], ...]:
    """Find samples in the band that are no lower than their eight neighbours.

    Rows are periodic. Of k and -k one is returned, as numbers of patch, row and column.
    ``patch`` is any of the patches, which share their frequencies.
    """
    length, width = ratios.shape[1:]
    high = np.flatnonzero(ratios > above)
    at, within = np.divmod(high, length * width)
    k_per_nm = patch.ring_k_per_nm[patch.rings.number[within]]
    lowest, highest = patch.around.band_per_nm
    inside = (k_per_nm >= lowest) & (k_per_nm <= highest)
    high, at, within = high[inside], at[inside], within[inside]
    rows, cols = np.divmod(within, width)
    around = ratios.ravel()
    here = around[high]
    top = np.ones(len(high), bool)
    # Beyond the first and last column the sample is compared with itself.
    columns = np.stack([np.maximum(cols - 1, 0), cols, np.minimum(cols + 1, width - 1)])
    columns += at * (length * width)
    for row in ((rows - 1) % length, rows, (rows + 1) % length):
        top &= (here >= around[row * width + columns]).all(axis=0)
    # The column k_col = 0 holds both k and -k.
    top &= (cols > 0) | (patch.frequencies[0][rows] >= 0)
    return at[top], rows[top], cols[top]


def _apart(one: Frequency, other: Frequency) -> float:
    """Distance of two frequencies, or of one and the other's mirror image."""
    same = math.hypot(one[0] - other[0], one[1] - other[1])
    mirrored = math.hypot(one[0] + other[0], one[1] + other[1])
    return min(same, mirrored)


def _measured(patches: Sequence[Patch], tops: list[list[Frequency]]) -> list[Family]:
    """Demodulate at maxima, refine their frequencies, and measure the families."""
    counts = [len(each) for each in tops]
    if not any(counts):
        return []
    first = patches[0]
    k_row, k_col = np.array(list(chain.from_iterable(tops))).T
    cells = _demodulated(patches, counts, k_row, k_col)
    row, col, top = _best_shifts(cells)
    cells *= _phase_ramps()[row][:, :, None] * _phase_ramps()[col][:, None, :]
    shift = _shifts() / first.radius_px
    k_row, k_col = k_row + shift[row], k_col + shift[col]
    kept = transfer(k_row, first.step_px) * transfer(k_col, first.step_px)
    top = top / kept**2
    noise = first.noise_at(np.hypot(k_row, k_col))
    energy, total = (
        np.repeat(each, counts)
        for each in zip(
            *((patch.window_energy, patch.window_sum) for patch in patches), strict=True
        )
    )
    strength = top / (noise * energy)
    contrast = np.sqrt(2 * top) / total
    cells /= kept.astype(np.float32)[:, None, None]
    numbers = (each.tolist() for each in (k_row, k_col, strength, contrast))
    return [Family(*told) for told in zip(*numbers, cells, strict=True)]


def _demodulated(
    patches: Sequence[Patch],
    counts: Sequence[int],
    k_row: NDArray[np.float64],
    k_col: NDArray[np.float64],
) -> NDArray[np.complex64]:
    """Demodulate patches and sum over cells, shape (n, CELLS, CELLS).

    ``counts`` has the number of frequencies of each patch, in order.
    """
    down, right = (_waves(patches[0], k) for k in (k_row, k_col))
    # The samples are real, so products of real matrices suffice: cosines and sines
    # along rows, times those along columns.
    length = down.shape[-1]
    rows = np.empty_like(down)
    parts = np.cumsum(counts)[:-1]
    pieces = zip(np.split(down, parts), np.split(rows, parts), patches, strict=True)
    for waves, place, patch in pieces:
        flat = waves.reshape(-1, length)
        np.matmul(flat, patch.values, out=place.reshape(-1, length))
    both = rows @ right.transpose(0, 2, 1)
    cosine, sine = both[:, :CELLS], both[:, CELLS:]
    cells = np.empty((len(k_row), CELLS, CELLS), np.complex64)
    cells.real = cosine[:, :, :CELLS] - sine[:, :, CELLS:]
    cells.imag = -cosine[:, :, CELLS:] - sine[:, :, :CELLS]
    return cells


def _waves(patch: Patch, k_per_px: NDArray[np.float64]) -> NDArray[np.float32]:
    """Cosines, then sines, each within one cell, shape (n, 2 * CELLS, samples)."""
    number = len(patch.values)
    turns = k_per_px[:, None] * (radii(number) * patch.radius_px)
    # Whole turns are taken off before rounding to single precision.
    turns -= np.rint(turns)
    phase = (2 * np.pi * turns).astype(np.float32)
    cells = cell_sums(number)
    waves = np.empty((len(phase), 2, CELLS, number), np.float32)
    np.multiply(np.cos(phase)[:, None], cells, out=waves[:, 0])
    np.multiply(np.sin(phase)[:, None], cells, out=waves[:, 1])
    return waves.reshape(len(phase), 2 * CELLS, number)


@lru_cache(maxsize=64)
def cell_sums(number: int) -> NDArray[np.float32]:
    """Matrix that sums samples along an axis into cells, shape (CELLS, number)."""
    cell = (2 * np.arange(number) + 1) * CELLS // (2 * number)
    return np.asarray(np.arange(CELLS)[:, None] == cell, np.float32)


def cell_radii() -> NDArray[np.float64]:
    """Centres of the cells along an axis, in radii from the circle's centre."""
    return radii(CELLS)


def _shifts() -> NDArray[np.float64]:
    return np.linspace(-_FARTHEST_SHIFT, _FARTHEST_SHIFT, _SHIFTS_TRIED)


@lru_cache(maxsize=1)
def _phase_ramps() -> NDArray[np.complex64]:
    """Factor of each cell along an axis for each shift, (_SHIFTS_TRIED, CELLS)."""
    turns = _shifts()[:, None] * cell_radii()
    return np.asarray(np.exp(-2j * np.pi * turns), np.complex64)


def _best_shifts(
    cells: NDArray[np.complex64],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Numbers of the shifts along rows and columns with most power, and that power."""
    amplitude = _phase_ramps() @ cells @ _phase_ramps().T
    power = power_of(amplitude).reshape(len(cells), -1)
    best = power.argmax(axis=1)
    row, col = np.divmod(best, _SHIFTS_TRIED)
    return row, col, power[np.arange(len(cells)), best].astype(np.float64)
