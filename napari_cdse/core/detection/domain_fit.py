"""Fit disks to particles whose lattice changes across a plane, such as a twin's.

`disk_fit` assumes one amplitude and phase for each family of fringes. Across a twin
boundary, however, one family ends and another begins, and across a stacking fault the
phase of the families inclined to it jumps by 2 pi / 3. The most likely disk of one
lattice then covers only one side of the particle.

Here every family has an amplitude of its own on either side of a line, which is the
generalised likelihood ratio of two domains: its power is the sum of the powers of both
sides. If the most likely disk of this kind has clearly more power than the disk of one
lattice, it replaces that disk; if it has more than two touching disks together, it
replaces both. Two particles that touch do not pass this test, since one disk around
them holds only about half of each. Samples in the circles of other particles do not
count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cdse.core.detection.disk_fit import SETTINGS as FIT_SETTINGS
from napari_cdse.core.detection.disk_fit import Disk, DiskPatch, inside_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.detection.disk_fit import DiskFitter


@dataclass(frozen=True, slots=True)
class DomainSettings:
    """Numbers of the fit of two domains. All are choices.

    Those from ``least_step`` on were tried on 50 simulated micrographs of usual
    contrast. Of 324 particles with a planar defect 316 were found, 311 without this
    fit; of 152 perfect ones 150, both with and without.

    Attributes
    ----------
    directions, offsets, reach : int, int, float
        Lines tried: the number of directions in half a turn, and for each the number of
        offsets from the centre, up to ``reach`` radii either way. Beyond 0.5 the
        smaller side has less than an eighth of the squared template: too little to have
        a lattice of its own.
    peak_radii : float
        Distance of two frequencies, times the radius, below which they are one family:
        on one side of a line a peak is twice as broad as in the whole disk.
    least_side : float
        Least norm that a side's power is divided by, as a share of the whole
        template's; a smaller piece would be noise alone.
    first_search, second_search : float
        Radius of the disk in which families and line are sought. First in radii of the
        disk of one lattice: if that has 0.7 times the right radius, 1.5 of its radii
        hold the particle. Then in radii of the first disk of two domains.
    smallest, largest : float
        Smallest and largest radius tried, in radii of the disk of one lattice.
    nearby : float
        Largest ratio, either way, of the radii tried in the second round to the radius
        that the first one found.
    worth_a_line, promising, promising_again : float
        Least power, in that of the old disks, at which the search goes on: of the disk
        in which families are sought, to seek a line; with the line, to fit a disk in
        the first round; and in the second. They only save time: hardly any disk that is
        replaced in the end has less.
    least_step : float
        Least power that the new disk has more than the old one with the same families
        and the same line. Noise alone has 1 for each family and side; with less, faint
        fringes beside a particle widen its circle.
    least_gain : float
        Least power that the new disk has more than the old ones with one lattice each;
        for each further family it takes `FitSettings.family_floor` besides.
    least_share : float
        The same as a share of the old disks' power: strong particles differ from the
        template, so two amplitudes explain somewhat more than one.
    touching : float
        Largest distance of two disks that are tried as parts of one particle, in the
        sum of their radii; touching circles have 1.
    """

    directions: int = 8
    offsets: int = 9
    reach: float = 0.5
    peak_radii: float = 1.0
    least_side: float = 0.05
    first_search: float = 1.5
    second_search: float = 1.15
    smallest: float = 0.8
    largest: float = 2.2
    nearby: float = 1.3
    worth_a_line: float = 0.65
    promising: float = 0.95
    promising_again: float = 1.05
    least_step: float = 20.0
    least_gain: float = 25.0
    least_share: float = 0.2
    touching: float = 1.15


SETTINGS = DomainSettings()


class JoinedDisk(NamedTuple):
    """A disk that covers all domains of a particle.

    Attributes
    ----------
    disk : Disk
        With strength and families of the strongest part.
    gain : float
        Power that it has more than its parts and the required gain; 0 or more.
    """

    disk: Disk
    gain: float


def join_domains(
    values: NDArray[np.float32],
    valid: NDArray[np.float32],
    disks: Sequence[Disk],
    fitter: DiskFitter,
    same: Callable[[Disk, Disk], bool],
) -> list[Disk]:
    """Replace disks that cover one domain of a particle by disks that cover all.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        White noise of unit variance plus particles; 0 where not ``valid``.
    valid : ndarray of float32, shape (rows, columns)
        1 where a place counts, else 0.
    disks : sequence of Disk
        Strongest first.
    fitter : DiskFitter
        Made for the same samples.
    same : callable
        Whether two disks are so near that they are one particle.

    Returns
    -------
    list of Disk
        In the same order; a joined disk takes the place of its strongest part. A disk
        that would come too near to another one stays as it was, unless its gain exceeds
        the other one's strength, which is dropped then.
    """
    kept = list(disks)
    for disk in disks:
        if disk not in kept:
            continue
        weaker = kept[kept.index(disk) + 1 :]
        beside = [other for other in weaker if _touch(disk, other)]
        for parts in (*([disk, other] for other in beside), [disk]):
            first, last = parts[0], parts[-1]
            others = [o for o in kept if o is not first and o is not last]
            whole = fit_domains(values, valid, parts, others, fitter)
            if whole is None:
                continue
            near = [other for other in others if same(whole.disk, other)]
            if whole.gain > sum(other.strength for other in near):
                gone = [*parts[1:], *near]
                kept = [each for each in kept if each not in gone]
                kept[kept.index(disk)] = whole.disk
                break
    return kept


def fit_domains(
    values: NDArray[np.float32],
    valid: NDArray[np.float32],
    parts: Sequence[Disk],
    others: Sequence[Disk],
    fitter: DiskFitter,
) -> JoinedDisk | None:
    """Fit a disk whose families have an amplitude on either side of a line.

    Parameters
    ----------
    values, valid : ndarray of float32, shape (rows, columns)
        As for `join_domains`.
    parts : sequence of Disk
        One or more disks, each of one lattice, that may be parts of one particle.
    others : sequence of Disk
        Other particles, whose samples do not count.
    fitter : DiskFitter
        Made for the same samples.

    Returns
    -------
    JoinedDisk or None
        None if it has not clearly more power than the parts.
    """
    start = _enclosing_disk(parts)
    patch = _masked(fitter.patch_around(values, valid, start), others, fitter)
    own = [_distinct(_bins(part, fitter), part, fitter.size) for part in parts]
    least = sum(
        _power(patch, part, bins) for part, bins in zip(parts, own, strict=True)
    )
    factor = SETTINGS.first_search if len(parts) == 1 else SETTINGS.second_search
    around = _scaled(start, factor, fitter)
    ratios = (SETTINGS.smallest, SETTINGS.largest)
    # Every other radius first, as the fit of one lattice does.
    for step, promising in ((2, SETTINGS.promising), (1, SETTINGS.promising_again)):
        bins = _families(patch, around, fitter)
        if _power(patch, around, bins) < SETTINGS.worth_a_line * least:
            return None
        line, power = _best_line(patch, around, bins)
        if power < promising * least:
            return None
        sides = _sides(patch, around, line, fitter)
        near = fitter.radii_within(ratios[0] * start.radius, ratios[1] * start.radius)
        tried = fitter.range_around(start, slice(near.start, near.stop, step))
        by_side = [fitter.responses(s, bins, tried) / s.norms(tried) for s in sides]
        allowed = fitter.allowed(patch.norms(tried), start, tried)
        total = np.where(allowed, np.sum(by_side, axis=(0, 1)), -1.0)
        row, col, radius = fitter.interpolated_maximum(patch, total, tried)
        whole = replace(parts[0], row=row, col=col, radius=radius)
        around = _scaled(whole, SETTINGS.second_search, fitter)
        ratio = radius / start.radius
        ratios = (ratio / SETTINGS.nearby, ratio * SETTINGS.nearby)
    before = max(sum(_power(side, part, bins) for side in sides) for part in parts)
    more = len(bins) - sum(len(each) for each in own)
    price = FIT_SETTINGS.family_floor * more + SETTINGS.least_gain
    gain = float(total.max()) - max(least + price, (1 + SETTINGS.least_share) * least)
    if gain < 0 or total.max() < before + SETTINGS.least_step:
        return None
    return JoinedDisk(whole, gain)


def _enclosing_disk(parts: Sequence[Disk]) -> Disk:
    """Smallest disk that encloses one disk or two."""
    first, last = parts[0], parts[-1]
    apart = _distance(first, last)
    if apart == 0:
        return first
    radius = (apart + first.radius + last.radius) / 2
    along = (radius - first.radius) / apart
    return replace(
        first,
        row=first.row + along * (last.row - first.row),
        col=first.col + along * (last.col - first.col),
        radius=radius,
    )


def _touch(one: Disk, other: Disk) -> bool:
    return _distance(one, other) < SETTINGS.touching * (one.radius + other.radius)


def _distance(one: Disk, other: Disk) -> float:
    return math.hypot(one.row - other.row, one.col - other.col)


def _scaled(disk: Disk, factor: float, fitter: DiskFitter) -> Disk:
    return replace(disk, radius=min(factor * disk.radius, float(fitter.radii[-1])))


def _masked(patch: DiskPatch, others: Sequence[Disk], fitter: DiskFitter) -> DiskPatch:
    """Mark the samples of other particles in a patch as not counting."""
    counts = patch.valid.copy()
    for other in others:
        # In a large micrograph nearly all others are far away: skipped to save time.
        if not _reaches(other, patch):
            continue
        rows, cols = inside_of(patch, other)
        down, right = _axes(patch, other)
        apart = down[rows, None] ** 2 + right[cols] ** 2
        counts[rows, cols][apart <= other.radius**2] = 0
    if np.array_equal(counts, patch.valid):
        return patch
    return DiskPatch(patch.corner, patch.values * counts, counts, fitter)


def _reaches(disk: Disk, patch: DiskPatch) -> bool:
    """Whether a disk may touch a patch."""
    down, right = disk.row - patch.corner[0], disk.col - patch.corner[1]
    high, wide = patch.values.shape
    reach = disk.radius + 1
    return bool(-reach < down < high + reach and -reach < right < wide + reach)


def _cropped(patch: DiskPatch, disk: Disk) -> DiskPatch:
    """Crop a patch to a disk, to an even number of samples along each axis."""
    rows, cols = inside_of(patch, disk)
    values, valid = (
        part[: len(part) // 2 * 2, : part.shape[1] // 2 * 2]
        for part in (patch.values[rows, cols], patch.valid[rows, cols])
    )
    corner = (patch.corner[0] + rows.start, patch.corner[1] + cols.start)
    return DiskPatch(corner, values, valid, patch.fitter)


def _square(patch: DiskPatch, disk: Disk) -> NDArray[np.float64]:
    """Squared distance of each sample of a patch from a disk's centre."""
    down, right = _axes(patch, disk)
    return np.asarray(down[:, None] ** 2 + right**2)


def _axes(
    patch: DiskPatch, disk: Disk
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, cols = (np.arange(float(count)) for count in patch.values.shape)
    return rows - (disk.row - patch.corner[0]), cols - (disk.col - patch.corner[1])


def _families(patch: DiskPatch, disk: Disk, fitter: DiskFitter) -> NDArray[np.float64]:
    """Bins of the families found in a disk."""
    bins = fitter.families(patch, disk)
    return np.zeros((0, 2)) if bins is None else _distinct(bins, disk, fitter.size)


def _bins(disk: Disk, fitter: DiskFitter) -> NDArray[np.float64]:
    """Bins of the families that a disk was fitted with."""
    return np.array(disk.families) % 1.0 * fitter.size


def _distinct(bins: NDArray[np.float64], disk: Disk, size: int) -> NDArray[np.float64]:
    """Drop families that lie within the peak of a stronger one."""
    signed = ((bins + size / 2) % size - size / 2) / size
    kept: list[int] = []
    for index, one in enumerate(signed):
        apart = [min(np.hypot(*(one - k)), np.hypot(*(one + k))) for k in signed[kept]]
        if all(each * disk.radius > SETTINGS.peak_radii for each in apart):
            kept.append(index)
    return np.asarray(bins[kept])


def _sides(
    patch: DiskPatch, disk: Disk, line: _Line, fitter: DiskFitter
) -> tuple[DiskPatch, DiskPatch]:
    """Mask each side of a line, which makes two patches of one."""
    down, right = _axes(patch, disk)
    below = down[:, None] * line.normal[0] + right * line.normal[1] < line.offset
    mask = below.astype(np.float32)
    one, other = (
        DiskPatch(
            patch.corner,
            patch.values * side,
            patch.valid * side,
            fitter,
            SETTINGS.least_side,
        )
        for side in (mask, 1 - mask)
    )
    return one, other


class _Line(NamedTuple):
    """Normal (row, column), and distance from the centre of a disk in samples."""

    normal: tuple[float, float]
    offset: float


def _best_line(
    patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]
) -> tuple[_Line, float]:
    """Find the line that splits a disk with the most power on both sides together.

    Returns
    -------
    _Line
    float
        The sum of the powers of both sides.
    """
    patch = _cropped(patch, disk)
    fields, squares = (_sum_two_by_two(each) for each in _fields(patch, disk, bins))
    # Each sum stands for the middle of its four samples.
    axes = [axis[::2] + 0.5 for axis in _axes(patch, disk)]
    down, right = np.meshgrid(*axes, indexing="ij")
    inside = squares > 0
    # Amplitudes as real and imaginary parts, then the norm, shape (n, columns).
    fields = fields[:, inside].T
    columns = [fields.real, fields.imag, squares[inside][:, None]]
    summands = np.concatenate(columns, axis=1)
    turns = np.pi / SETTINGS.directions * np.arange(SETTINGS.directions)
    normals = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    distance = normals @ np.stack([down[inside], right[inside]])
    reach = SETTINGS.reach * disk.radius
    offsets = np.linspace(-reach, reach, SETTINGS.offsets)
    below = (distance[:, None] < offsets[:, None]).astype(np.float32)
    one = below @ summands
    power = _side_power(one, squares) + _side_power(summands.sum(axis=0) - one, squares)
    turn, offset = np.unravel_index(int(power.argmax()), power.shape)
    normal = (float(normals[turn, 0]), float(normals[turn, 1]))
    return _Line(normal, float(offsets[offset])), float(power.max())


def _sum_two_by_two(values: NDArray[Any]) -> NDArray[Any]:
    """Sum blocks of two by two samples: lines are then tried on a quarter of them."""
    down = values[..., ::2, :] + values[..., 1::2, :]
    return np.asarray(down[..., ::2] + down[..., 1::2])


def _side_power(
    sums: NDArray[np.float32], squares: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Power of all families on one side of each line."""
    norm = np.maximum(sums[..., -1], SETTINGS.least_side * float(squares.sum()))
    return np.asarray((sums[..., :-1] ** 2).sum(axis=-1) / norm)


def _fields(
    patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Demodulate each family, weighted by the template.

    Returns
    -------
    ndarray of complex64, shape (families, rows, columns)
    ndarray of float32, shape (rows, columns)
        The squared template, 0 at samples that do not count.
    """
    weighted, squares, waves = _weighted(patch, disk, bins)
    fields = weighted * waves[0][:, :, None] * waves[1][:, None, :]
    return fields, squares * patch.valid


def _power(patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]) -> float:
    """Power of all families in a given disk."""
    patch = _cropped(patch, disk)
    weighted, squares, waves = _weighted(patch, disk, bins)
    amplitudes = ((waves[0] @ weighted) * waves[1]).sum(axis=1)
    least = SETTINGS.least_side * float(squares.sum())
    norm = max(float((squares * patch.valid).sum()), least)
    return float((np.abs(amplitudes) ** 2).sum()) / norm


def _weighted(
    patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[NDArray[np.complex64], ...]]:
    """Values times template, the squared template, and plane waves by axis.

    The waves, one array for rows and one for columns, have the shape (families, n).
    """
    squares = np.maximum(1 - _square(patch, disk) / disk.radius**2, 0)
    squares = squares.astype(np.float32)
    waves = tuple(
        np.exp(-2j * np.pi / patch.fitter.size * bins[:, axis, None] * np.arange(count))
        for axis, count in enumerate(patch.values.shape)
    )
    return (
        patch.values * np.sqrt(squares),
        squares,
        tuple(wave.astype(np.complex64) for wave in waves),
    )
