"""What surrounds a micrograph in its picture: frame lines, margins, information bars.

Plots that were exported and screenshots have lines around the micrograph, some with a
margin and tick labels outside. They are followed from each side of the picture inwards,
line by line (a line is a row or a column of pixels). A line is no part of the
micrograph if it is flat nearly all along, if one gray value recurs all along it as in
dashes, or if there is a step behind it all along that no two neighbouring lines of the
micrograph have, as behind a line with soft edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.arrays import medians

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _FrameLimits:
    """What counts as a line around the micrograph. All are choices.

    Attributes
    ----------
    looked_at : float
        Share of a line's length, from its middle, that is looked at in the first round,
        when the margins beside it are not known yet. More meets a wide margin or a
        colour bar, less tells less of each line.
    rounds : int
        How often rows and columns are followed in turn. After the first round margins
        are known, the second looks at whole lines; a third changes nothing.
    segments : int
        Pieces of a line that are looked at one by one. More are too short to tell
        speckle from dashes in small pictures, fewer take a scale bar for a line.
    least_segment_px : int
        Fewest pixels of such a piece.
    all_along : float
        Share of the pieces in which something must be seen to be a line around the
        picture. Bars and letters at a border reach over half of it at most; dashes
        longer than a piece miss some.
    flat : float
        Median step from pixel to pixel in a piece, over the usual one of the picture,
        up to which the piece is flat. Higher takes vacuum beside a support for a
        margin, lower leaves lines that compression roughened.
    lively : float
        The same for the lines behind a frame, which they must reach: light or lattice
        that fades towards a side has no such end. Near 1 refuses micrographs that are
        darker there, near `flat` takes slow fading for a frame.
    dashes : float
        Share of one gray value in a piece, beyond its share in the picture, from which
        the piece holds dashes. Speckle of eight bits has few per cent of any.
    jump : float
        Mean absolute step to the next line, over the usual one (the 95th percentile
        over lines), from which there is an edge. Lower trims what is only noisier,
        higher leaves lines that are faint or half covered.
    depth_px : int
        How many lines are looked at beyond the last one that belongs to the frame.
        Soft edges have a line or two on either side; more meets bars near the border.
    soft_px : int
        Lines that are left out beyond the last one at most, where smoothing or
        compression smeared it over them.
    shift : float
        Distance of such a line's mean from that of the lines behind it, over the usual
        one (the 95th percentile over lines), from which it is smeared. At 1 one clean
        line in twenty is left out, which costs a pixel.
    behind : int
        How many lines behind it are meant: about a fringe, so that their mean is level.
    thin_px : int
        Most lines at any side of a frame that is filled with what lies behind it, as it
        may have been drawn over the micrograph; with more it is a margin and cut off.
    most : float
        Share of a side up to which lines are followed from either end; a micrograph
        smaller than a fifth of its picture is not looked for.
    sampled_lines : int
        About how many lines tell what is usual: percentiles of 128 are fixed well
        enough, more take time.
    sampled_values : int
        Of how many of these lines one tells which gray values are usual.
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


@dataclass(frozen=True, slots=True)
class Field:
    """The part of a picture inside its frame; the end is not included.

    Attributes
    ----------
    top, bottom, left, right : int
        Rows ``top`` to ``bottom - 1``, columns ``left`` to ``right - 1``.
    """

    top: int
    bottom: int
    left: int
    right: int

    def of(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Cut it out of a picture, without a copy."""
        return pixels[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True, slots=True, eq=False)
class Unframed:
    """A micrograph without what surrounded it.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Thin lines are filled with the mirrored micrograph, margins are cut off.
    origin_px : tuple of int
        Row and column of the first pixel in the picture.
    field : Field
        Where in ``pixels`` the micrograph itself lies.
    """

    pixels: NDArray[np.float32]
    origin_px: tuple[int, int]
    field: Field


def without_frame(pixels: NDArray[np.float32]) -> Unframed:
    """Take a micrograph out of its frame.

    Lines drawn over its border leave its size, so that all that is laid over it in a
    grid lies where it would without them.

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
    within = Field(above, above + rows, before, before + cols)
    return Unframed(filled, (field.top - above, field.left - before), within)


def _thin(field: Field, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Lines to fill on each side; none where any side has a margin."""
    sides = (
        (field.top, shape[0] - field.bottom),
        (field.left, shape[1] - field.right),
    )
    return sides if np.max(sides) <= _LIMITS.thin_px else ((0, 0), (0, 0))


def field_of(pixels: NDArray[np.float32]) -> Field:
    """Find the micrograph inside its frame.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    Field
        The whole picture where nothing surrounds it.
    """
    rows, cols = pixels.shape
    whole = field = Field(0, rows, 0, cols)
    for number in range(_LIMITS.rounds):
        share = _LIMITS.looked_at if number == 0 else 1.0
        top, bottom = _inside(pixels[:, _middle(field.left, field.right, share)])
        field = Field(top, bottom, field.left, field.right)
        left, right = _inside(pixels[_middle(field.top, field.bottom, share)].T)
        field = Field(field.top, field.bottom, left, right)
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
    usual = _Usual.of(lines, segments)
    return _followed(lines, usual), count - _followed(lines[::-1], usual)


def _followed(lines: NDArray[np.float32], usual: _Usual) -> int:
    """How many lines from the first one surround the micrograph."""
    done, most = 0, int(_LIMITS.most * len(lines))
    while done < most:
        ahead = range(done, min(done + _LIMITS.depth_px, most))
        foreign = [i for i in ahead if usual.surrounds(lines[i], lines[i + 1])]
        if not foreign:
            ends = done > 0 and usual.is_lively(lines[done : done + _LIMITS.behind])
            return _soft_end(lines, done) if ends else 0
        done = foreign[-1] + 1
    # There is no end to it: whatever this is, it is no frame.
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class _Usual:
    """What the lines of a picture are like.

    Attributes
    ----------
    segments : int
        Pieces of each line.
    step : float
        Median absolute step from pixel to pixel along a line.
    jump : float
        Mean absolute step to the next line.
    values : ndarray of float32
        A sample of gray values.
    """

    segments: int
    step: float
    jump: float
    values: NDArray[np.float32]

    @classmethod
    def of(cls, lines: NDArray[np.float32], segments: int) -> _Usual:
        """Learn it from lines all over the picture."""
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
        """Whether lines behind a frame are those of a micrograph."""
        step = float(medians(np.abs(np.diff(lines)).ravel()))
        return step >= _LIMITS.lively * self.step

    def surrounds(self, line: NDArray[np.float32], inner: NDArray[np.float32]) -> bool:
        """Whether a line is no part of the micrograph; ``inner`` is the next one."""
        return self._flat(line) or self._dashed(line) or self._ends(line, inner)

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

    def _ends(self, line: NDArray[np.float32], inner: NDArray[np.float32]) -> bool:
        jump = _all_along(np.abs(line - inner)[None], self.segments)[0]
        return bool(jump > _LIMITS.jump * self.jump)


def _soft_end(lines: NDArray[np.float32], done: int) -> int:
    """Go on to the first line that nothing was smeared over."""
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
    """Level that the mean reaches in enough pieces of each line."""
    means = _pieces(lines, segments).mean(axis=-1)
    return np.asarray(np.quantile(means, 1 - _LIMITS.all_along, axis=-1))
