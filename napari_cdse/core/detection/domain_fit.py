"""Disks of particles whose lattice changes across a plane, such as a twin's.

A disk fit takes one amplitude and phase for each family of fringes. Across a twin
boundary a family ends and others begin, across a stacking fault the phase of those
inclined to it jumps (by 2 pi / 3), so the most likely disk of one lattice covers one
side of such a particle only. Here every family has an amplitude of its own on either
side of a line, as the generalised likelihood ratio of two domains: its power is the
sum of both sides' powers. Where the disk that is most likely then stands out against
the one of one lattice, it replaces it; so it does with two touching disks of which it
explains more than both by themselves. Two particles that touch are no disk: half of
each is all that one disk around them holds. What lies in the circles of others does not
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
    contrast: 316 of 324 particles with a planar defect found, 311 without joining; 150
    of 152 perfect ones with and without.

    Attributes
    ----------
    directions, offsets, reach : int, int, float
        Lines tried: directions in half a turn, and offsets from the centre in each, up
        to ``reach`` radii either way. Beyond 0.5 the smaller side has less than an
        eighth of the squared template: too little to have a lattice of its own.
    peak_radii : float
        Distance over the radius below which two frequencies are one family: on one
        side of a line alone a peak is twice as broad as in the disk.
    least_side : float
        Least share of a template's norm that a side's power is divided by; a smaller
        piece would be noise alone.
    look_around : float
        Radius, in that of one lattice, in which the families and the line are sought
        first: so much as hides behind a disk of 0.7 times the right radius.
    look_again : float
        The same around the first disk of two domains.
    smallest, largest : float
        Radii tried, in that of one lattice.
    nearby : float
        Ratio of radii tried around the first disk of two domains.
    worth_a_line, promising, promising_again : float
        Power in the disk that is looked around in, in that of the old disks, from which
        a line is sought; the same with a line, from which a disk is fitted, in the
        first round and in the second. They save time only: of the disks that are
        replaced in the end hardly any has less.
    least_step : float
        Power that the new disk must have more than the old one, with the same families
        and the same line. Noise alone has 1 for each family and side; with less, faint
        fringes beside a particle widen its circle.
    least_gain : float
        Power that the new disk must have more than the old ones with one lattice each;
        and besides, for every family more, the power from which a peak counts as a
        family at all (`FitSettings`).
    least_share : float
        The same as a share of the old disks' power: in strong particles that differ
        from the template, two amplitudes explain some more than one.
    touching : float
        Distance in the sum of radii up to which two disks are tried as parts of one
        particle; touching circles have 1.
    """

    directions: int = 8
    offsets: int = 9
    reach: float = 0.5
    peak_radii: float = 1.0
    least_side: float = 0.05
    look_around: float = 1.5
    look_again: float = 1.15
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


class Whole(NamedTuple):
    """A disk that covers all domains of a particle.

    Attributes
    ----------
    disk : Disk
        With strength and families of the strongest part.
    gain : float
        Power that it has beyond what the parts have and chance allows; 0 or more.
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
    """Replace disks that cover one domain of a particle by such that cover all.

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
        In the same order. Of parts of one particle the strongest is kept. A disk that
        would come too near to another one stays as it was, unless it explains the
        other one's fringes as well.
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
) -> Whole | None:
    """Fit a disk whose families may change across a line.

    Parameters
    ----------
    values, valid : ndarray of float32, shape (rows, columns)
        As for `join_domains`.
    parts : sequence of Disk
        One or more disks, each of one lattice, that may be parts of one particle.
    others : sequence of Disk
        What lies in them does not count.
    fitter : DiskFitter
        Made for the same samples.

    Returns
    -------
    Whole or None
        None where the parts by themselves explain what there is.
    """
    start = _around(parts)
    patch = _without(fitter.patch_around(values, valid, start), others, fitter)
    own = [_distinct(_bins(part, fitter), part, fitter.size) for part in parts]
    least = sum(
        _power(patch, part, bins) for part, bins in zip(parts, own, strict=True)
    )
    factor = SETTINGS.look_around if len(parts) == 1 else SETTINGS.look_again
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
        near = fitter.between(ratios[0] * start.radius, ratios[1] * start.radius)
        tried = fitter.near(start, slice(near.start, near.stop, step))
        by_side = [fitter.responses(s, bins, tried) / s.norms(tried) for s in sides]
        allowed = fitter.allowed(patch.norms(tried), start, tried)
        total = np.where(allowed, np.sum(by_side, axis=(0, 1)), -1.0)
        row, col, radius = fitter.between_samples(patch, total, tried)
        whole = replace(parts[0], row=row, col=col, radius=radius)
        around = _scaled(whole, SETTINGS.look_again, fitter)
        ratio = radius / start.radius
        ratios = (ratio / SETTINGS.nearby, ratio * SETTINGS.nearby)
    before = max(sum(_power(side, part, bins) for side in sides) for part in parts)
    more = len(bins) - sum(len(each) for each in own)
    price = FIT_SETTINGS.family_floor * more + SETTINGS.least_gain
    gain = float(total.max()) - max(least + price, (1 + SETTINGS.least_share) * least)
    if gain < 0 or total.max() < before + SETTINGS.least_step:
        return None
    return Whole(whole, gain)


def _around(parts: Sequence[Disk]) -> Disk:
    """Smallest disk that holds one disk or two."""
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


def _without(patch: DiskPatch, others: Sequence[Disk], fitter: DiskFitter) -> DiskPatch:
    """Take other particles out of a patch."""
    counts = patch.valid.copy()
    for other in others:
        # Of a large micrograph nearly all are far away.
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
    """Leave of a patch what a disk touches, an even number of samples each way."""
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
    """Leave out what lies in the peak of a stronger one."""
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
    """Cut a patch along a line."""
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
    """Find the line on whose sides the fringes of a disk have most power, and that."""
    patch = _cropped(patch, disk)
    fields, squares = (_in_fours(each) for each in _fields(patch, disk, bins))
    # Four samples lie around the middle of theirs.
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
    power = _ratio(one, squares) + _ratio(summands.sum(axis=0) - one, squares)
    turn, offset = np.unravel_index(int(power.argmax()), power.shape)
    normal = (float(normals[turn, 0]), float(normals[turn, 1]))
    return _Line(normal, float(offsets[offset])), float(power.max())


def _in_fours(values: NDArray[Any]) -> NDArray[Any]:
    """Add up squares of two by two samples, so that there is less to try lines on."""
    down = values[..., ::2, :] + values[..., 1::2, :]
    return np.asarray(down[..., ::2] + down[..., 1::2])


def _ratio(
    sums: NDArray[np.float32], squares: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Power of all families on one side of each line."""
    norm = np.maximum(sums[..., -1], SETTINGS.least_side * float(squares.sum()))
    return np.asarray((sums[..., :-1] ** 2).sum(axis=-1) / norm)


def _fields(
    patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Each family demodulated and weighted by the template; the template squared."""
    weighted, squares, waves = _weighted(patch, disk, bins)
    fields = weighted * waves[0][:, :, None] * waves[1][:, None, :]
    return fields, squares * patch.valid


def _power(patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]) -> float:
    """Power of all families in a disk that stays where it is."""
    patch = _cropped(patch, disk)
    weighted, squares, waves = _weighted(patch, disk, bins)
    amplitudes = ((waves[0] @ weighted) * waves[1]).sum(axis=1)
    least = SETTINGS.least_side * float(squares.sum())
    norm = max(float((squares * patch.valid).sum()), least)
    return float((np.abs(amplitudes) ** 2).sum()) / norm


def _weighted(
    patch: DiskPatch, disk: Disk, bins: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[NDArray[np.complex64], ...]]:
    """Values times template; the template squared; each family's wave by axis."""
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
