"""Find and cut off what surrounds a micrograph in its picture file.

Exported plots and screenshots have frame lines around the micrograph, some also a
margin with tick labels, or an information bar. The search goes from each side of the
picture inwards, line by line, where a line is a row or a column of pixels. A line
belongs to the frame if, over most of its length,

- it is flat (a drawn line, an empty margin),
- one gray value recurs (dashes), or
- it differs from the next line inwards by more than neighbouring lines of the
  micrograph do (a line with soft edges).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.arrays import PixelRectangle, medians

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _FrameLimits:
    """What counts as a line around the micrograph. All are choices.

    Attributes
    ----------
    looked_at : float
        Middle share of each line that is tested in the first round, when the margins
        at its ends are not known yet. More meets a wide margin or a colour bar, less
        tests fewer pixels of each line.
    rounds : int
        How often rows and columns are searched in turn. After the first round margins
        are known, the second tests whole lines; a third changes nothing.
    segments : int
        Pieces of a line that are tested one by one. More are too short to tell speckle
        from dashes in small pictures, fewer take a scale bar for a line.
    least_segment_px : int
        Fewest pixels of such a piece.
    all_along : float
        Share of the pieces that must pass a test for the line to pass it. Bars and
        letters at a border reach over half of it at most; dashes longer than a piece
        miss some.
    flat : float
        Largest median step from pixel to pixel of a flat piece, in median steps of the
        whole picture. Higher takes vacuum beside a support for a margin, lower leaves
        lines that compression roughened.
    lively : float
        Least such step of the lines just inside a frame: where light or lattice only
        fades towards a side, there is no sharp end. Near 1 refuses micrographs that
        are darker there, near `flat` takes slow fading for a frame.
    dashes : float
        Share of one gray value in a piece, beyond its share in the whole picture, from
        which the piece holds dashes. Speckle of eight bits has few per cent of any.
    jump : float
        Mean absolute difference to the next line, in 95th percentiles over lines, from
        which there is an edge. Lower trims what is only noisier, higher leaves lines
        that are faint or half covered.
    depth_px : int
        Lines tested beyond the last one that belongs to the frame, before the search
        ends. Soft edges have a line or two on either side; more meets bars near the
        border.
    soft_px : int
        Most lines that are cut off beyond the frame because smoothing or compression
        smeared it over them.
    shift : float
        Distance of a line's mean from that of the lines behind it, in 95th percentiles
        over lines, from which the line is smeared. At 1 one clean line in twenty is
        cut off too, which costs a pixel.
    behind : int
        Number of these lines behind it: about a fringe, so that their mean is level.
    thin_px : int
        Widest frame, in lines, that is taken for one drawn over the micrograph and is
        filled with mirrored pixels; a wider one is a margin, and is cut off.
    most : float
        Share of a side up to which lines are tested from either end, so that a
        micrograph smaller than a fifth of its picture is not found.
    sampled_lines : int
        About how many lines are measured for `_LineStatistics`: enough for a 95th
        percentile, more take time.
    sampled_values : int
        Every how many-th of these lines is kept as the sample of gray values.
    least_px : int
        Fewest rows and columns that may be left, as many as a micrograph needs.
    """

    looked_at: float = 0.5
    rounds: int = 2
    segments: int = 16
    least_segment_px: int = 8
    all_along: float = 0.7
    flat: float = 0.2
    lively: float = 0.4
    dashes: float = 0.15
    jump: float = 1.5
    depth_px: int = 3
    soft_px: int = 2
    shift: float = 1.0
    behind: int = 8
    thin_px: int = 8
    most: float = 0.4
    sampled_lines: int = 128
    sampled_values: int = 8
    least_px: int = 16


_LIMITS = _FrameLimits()


@dataclass(frozen=True, slots=True, eq=False)
class Unframed:
    """A micrograph without its frame.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Thin lines are filled with the mirrored micrograph, margins are cut off.
    origin_px : tuple of int
        Row and column of the first pixel in the picture.
    field : PixelRectangle
        Where in ``pixels`` the micrograph itself lies.
    """

    pixels: NDArray[np.float32]
    origin_px: tuple[int, int]
    field: PixelRectangle


def without_frame(pixels: NDArray[np.float32]) -> Unframed:
    """Remove the frame around a micrograph.

    Thin lines that were drawn over its border are replaced rather than cut off. The
    micrograph then keeps its size, so that grids of windows lie as without the lines.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    Unframed
        Without a frame, the same pixels.
    """
    field = field_of(pixels)
    lines = _thin(field, pixels.shape)
    inner = field.of(pixels)
    filled = np.pad(inner, lines, mode="reflect") if np.any(lines) else inner
    (above, _), (before, _) = lines
    rows, cols = inner.shape
    within = PixelRectangle(above, above + rows, before, before + cols)
    return Unframed(filled, (field.top - above, field.left - before), within)


def _thin(field: PixelRectangle, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Numbers of lines to fill on each side; all 0 if any side has a margin."""
    sides = (
        (field.top, shape[0] - field.bottom),
        (field.left, shape[1] - field.right),
    )
    return sides if np.max(sides) <= _LIMITS.thin_px else ((0, 0), (0, 0))


def field_of(pixels: NDArray[np.float32]) -> PixelRectangle:
    """Find the micrograph inside its frame.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    PixelRectangle
        The whole picture where nothing surrounds it.
    """
    rows, cols = pixels.shape
    whole = field = PixelRectangle(0, rows, 0, cols)
    for number in range(_LIMITS.rounds):
        share = _LIMITS.looked_at if number == 0 else 1.0
        top, bottom = _inside(pixels[:, _middle(field.left, field.right, share)])
        field = PixelRectangle(top, bottom, field.left, field.right)
        left, right = _inside(pixels[_middle(field.top, field.bottom, share)].T)
        field = PixelRectangle(field.top, field.bottom, left, right)
        if field == whole:
            break
    least = min(field.bottom - field.top, field.right - field.left)
    return field if least >= _LIMITS.least_px else whole


def _middle(first: int, end: int, share: float) -> slice:
    cut = round((end - first) * (1 - share) / 2)
    return slice(first + cut, end - cut)


def _inside(lines: NDArray[np.float32]) -> tuple[int, int]:
    """First line of the micrograph, and the one after its last."""
    count, length = lines.shape
    segments = min(_LIMITS.segments, length // _LIMITS.least_segment_px)
    if not segments or count < _LIMITS.least_px:
        return 0, count
    usual = _LineStatistics.of(lines, segments)
    return _frame_width(lines, usual), count - _frame_width(lines[::-1], usual)


def _frame_width(lines: NDArray[np.float32], usual: _LineStatistics) -> int:
    """Count the lines, from the first one on, that belong to the frame."""
    done, most = 0, int(_LIMITS.most * len(lines))
    while done < most:
        ahead = range(done, min(done + _LIMITS.depth_px, most))
        foreign = [i for i in ahead if usual.surrounds(lines[i], lines[i + 1])]
        if not foreign:
            ends = done > 0 and usual.is_lively(lines[done : done + _LIMITS.behind])
            return _without_smear(lines, done) if ends else 0
        done = foreign[-1] + 1
    # More than any frame covers: whatever these lines are, they are no frame.
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class _LineStatistics:
    """Statistics of the lines of a picture, against which single lines are tested.

    Attributes
    ----------
    segments : int
        Number of pieces that each line is cut into.
    step : float
        Median absolute difference of neighbouring pixels of a line, in gray values.
    jump : float
        Mean absolute difference of neighbouring lines, in gray values: the 95th
        percentile over sampled lines.
    values : ndarray of float32
        A sample of the gray values.
    """

    segments: int
    step: float
    jump: float
    values: NDArray[np.float32]

    @classmethod
    def of(cls, lines: NDArray[np.float32], segments: int) -> _LineStatistics:
        """Measure a sample of lines from all over the picture."""
        some = np.arange(0, len(lines) - 1, max(1, len(lines) // _LIMITS.sampled_lines))
        here = lines[some]
        along = np.abs(np.diff(here[len(here) // 4 : -len(here) // 4]))
        jumps = _all_along(np.abs(lines[some + 1] - here), segments)
        return cls(
            segments,
            float(medians(along.ravel())),
            float(np.percentile(jumps, 95)),
            here[:: _LIMITS.sampled_values],
        )

    def is_lively(self, lines: NDArray[np.float32]) -> bool:
        """Whether lines vary along their length as those of a micrograph do."""
        step = float(medians(np.abs(np.diff(lines)).ravel()))
        return step >= _LIMITS.lively * self.step

    def surrounds(self, line: NDArray[np.float32], inner: NDArray[np.float32]) -> bool:
        """Whether a line belongs to the frame; ``inner`` is the next one inwards."""
        return self._flat(line) or self._dashed(line) or self._is_edge(line, inner)

    def _flat(self, line: NDArray[np.float32]) -> bool:
        steps = medians(_pieces(np.abs(np.diff(line)), self.segments))
        flat = steps <= _LIMITS.flat * self.step
        return bool(flat.mean() >= _LIMITS.all_along)

    def _dashed(self, line: NDArray[np.float32]) -> bool:
        values, counts = np.unique(line, return_counts=True)
        if counts.max() < _LIMITS.dashes * _LIMITS.all_along * len(line):
            return False
        value = values[counts.argmax()]
        least = np.mean(self.values == value) + _LIMITS.dashes
        share = _pieces(line == value, self.segments).mean(axis=-1)
        return bool(np.mean(share > least) >= _LIMITS.all_along)

    def _is_edge(self, line: NDArray[np.float32], inner: NDArray[np.float32]) -> bool:
        jump = _all_along(np.abs(line - inner)[None], self.segments)[0]
        return bool(jump > _LIMITS.jump * self.jump)


def _without_smear(lines: NDArray[np.float32], done: int) -> int:
    """Add to the frame's lines those that smoothing or compression smeared it over."""
    means = lines.mean(axis=1)
    behind = np.convolve(means, np.ones(_LIMITS.behind) / _LIMITS.behind, "valid")[1:]
    shifts = np.abs(means[: len(behind)] - behind)
    limit = _LIMITS.shift * float(np.percentile(shifts, 95))
    near = shifts[done : done + _LIMITS.soft_px]
    smeared = np.flatnonzero(near > limit)
    return done + (int(smeared[-1]) + 1 if len(smeared) else 0)


def _pieces(line: NDArray[Any], segments: int) -> NDArray[Any]:
    """Cut lines into pieces of equal length, shape (..., segments, length)."""
    length = line.shape[-1] // segments
    whole = line[..., : segments * length]
    return whole.reshape(*line.shape[:-1], segments, length)


def _all_along(lines: NDArray[np.float32], segments: int) -> NDArray[np.float32]:
    """Level that the mean of a piece reaches in a share `all_along` of the pieces."""
    means = _pieces(lines, segments).mean(axis=-1)
    return np.asarray(np.quantile(means, 1 - _LIMITS.all_along, axis=-1))
