"""Pixels made fit for Fourier transforms: no spikes, burned-in marks or insets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import medians
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.burned_in import (
    LEAST_SIGMA,
    MEDIAN_OF_ABS_NORMAL,
    filled,
    flat_areas,
    letters,
    steep_edges,
    straight_strokes,
    take_out_lines,
)
from napari_cdse.core.imaging.drawn_marks import drawn_marks
from napari_cdse.core.imaging.illumination import dead_areas, levelled
from napari_cdse.core.imaging.insets import find_insets
from napari_cdse.core.picture.clipped_contrast import clipped_share
from napari_cdse.core.picture.frame_lines import without_frame
from napari_cdse.core.picture.repeated_pixels import as_recorded
from napari_cdse.core.picture.tied_neighbours import ties

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.arrays import PixelRectangle
    from napari_cdse.core.imaging.amorphous_background import AmorphousBackground


@dataclass(frozen=True, slots=True)
class _SpikeLimits:
    """What counts as a hot or dead pixel. All are choices.

    Attributes
    ----------
    sigma : float
        Distance from the eight neighbours, in standard deviations of such distances. A
        lower one takes the crests of coarsely sampled strong fringes for spikes, a
        higher one leaves faint spikes, each of which whitening spreads.
    pixels_each : int
        Fewest pixels of the picture for each spike; if there are more spikes, none is
        replaced, as they are the picture itself. More pixels leave a bad camera's
        spikes, fewer would let the lattice be replaced.
    sampled_rows : int
        About how many rows tell the standard deviation: with 1024 px half a million
        pixels; more take time.
    """

    sigma: float = 9.0
    pixels_each: int = 100
    sampled_rows: int = 512


_SPIKES = _SpikeLimits()
_STRIP_ROWS = 64
"""Rows treated at a time. A choice: 0.25 MB of a micrograph 1024 px wide stay in the
cache; more cost memory, fewer cost calls."""

_INSET_MARGIN_PX = 3
"""Pixels around an inset that are left out with it, for what resizing or compression
smeared over them. A choice: an interpolation of third order reaches over two."""

LEAST_SIDE_PX = 16
"""Fewest rows or columns in which anything is looked for. A choice: the finest pixels
that we know (0.015 nm) put less than one lattice fringe of CdSe into them."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Pixels fit for Fourier transforms.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Mean 0, standard deviation 1 or a little less.
    usable : ndarray of bool, shape (rows, columns)
        False in flat areas, at steep edges and in insets, which were filled smoothly.
    origin_px : tuple of int
        Row and column of the first of these pixels in the picture: not 0 where a margin
        around the micrograph was cut off.
    framed : bool
        Whether lines or margins surround it in the picture.
    insets : tuple of PixelRectangle
        Pictures inside it, in these pixels.
    clipped : float
        Share, 0 to 1, of the usable pixels that were clipped to black or white.
    ties : float or None
        Share of neighbouring pixels of equal value beyond chance; None if not known.
    repeated : int
        Rows, and columns, in which each pixel stood; interpolated here.
    backgrounds : dict
        What was measured of it so far: the amorphous background by edge of window.
    """

    pixels: NDArray[np.float32]
    usable: NDArray[np.bool_]
    origin_px: tuple[int, int] = (0, 0)
    framed: bool = False
    insets: tuple[PixelRectangle, ...] = ()
    clipped: float = 0.0
    ties: float | None = None
    repeated: int = 1
    backgrounds: dict[int, AmorphousBackground] = field(default_factory=dict)


def prepare(pixels: NDArray[np.float32]) -> Prepared:
    """Cut off frames; take out insets, hot pixels, flat areas, letters, edges.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    Prepared

    Raises
    ------
    MicrographError
        If it is too small for any fringe, or all pixels are alike.
    """
    if min(pixels.shape) < LEAST_SIDE_PX:
        raise MicrographError(
            f"The picture has {pixels.shape[0]} x {pixels.shape[1]} pixels (rows x "
            f"columns), and a micrograph at least {LEAST_SIDE_PX} each way; it may be "
            "a line profile or a legend."
        )
    low, high = float(pixels.min()), float(pixels.max())
    if not high > low:
        raise MicrographError(
            "All pixels have the same grey value; open a micrograph with contrast."
        )
    pixels, repeated = as_recorded(pixels)
    inner = without_frame(pixels)
    image = inner.pixels.astype(np.float32)
    low, high = float(image.min()), float(image.max())
    image /= np.float32(max(abs(low), abs(high)) or 1.0)
    image -= image.mean()
    foreign = drawn_marks(image)
    insets = find_insets(image, filled(image, foreign) if foreign.any() else None)
    for each in insets:
        each.of(foreign, _INSET_MARGIN_PX)[...] = True
    if foreign.any():
        # Before the other searches, whose thresholds follow from the gray values.
        image = filled(image, foreign)
    marks = flat_areas(image)
    if marks.all():
        raise _only_flat()
    marks |= foreign
    marks |= straight_strokes(image)
    marks |= dead_areas(image)
    image = _without_spikes(image)
    marks |= letters(image)
    if marks.any():
        image = filled(image, marks)
    edges = steep_edges(image)
    if edges.any():
        marks |= edges
        image = filled(image, marks)
    take_out_lines(image)
    image = levelled(image, marks)
    spread = float(image.std())
    if not spread > 0:
        raise _only_flat()
    image /= np.float32(spread)
    usable = np.zeros(image.shape, bool)
    inner.field.of(usable)[...] = ~inner.field.of(marks)
    framed = inner.field.of(pixels).shape != pixels.shape
    clipped = clipped_share(inner.pixels, usable)
    return Prepared(
        image,
        usable,
        inner.origin_px,
        framed,
        tuple(insets),
        clipped,
        ties(inner.pixels, usable),
        repeated,
    )


def _only_flat() -> MicrographError:
    return MicrographError(
        "This picture has flat areas only; open a micrograph with contrast."
    )


def _without_spikes(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace what stands far out of its eight neighbours by their median."""
    if min(image.shape) < 3:
        return image
    down, right = (
        np.pad(np.arange(length), 1, mode="reflect") for length in image.shape
    )
    excess = _excess(image, down, right)
    sample = excess[:: max(1, len(excess) // _SPIKES.sampled_rows)]
    sigma = float(medians(sample.flatten())) / MEDIAN_OF_ABS_NORMAL
    limit = _SPIKES.sigma * max(sigma, LEAST_SIGMA)
    rows, cols = np.divmod(np.flatnonzero(excess > limit), excess.shape[1])
    if not 0 < len(rows) < image.size // _SPIKES.pixels_each:
        return image
    ring = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    near = np.stack([image[down[rows + r], right[cols + c]] for r, c in ring])
    middle = np.median(near, axis=0)
    # The neighbours of a spike exceed the limit too, but not beside their own median.
    spike = np.abs(image[rows, cols] - middle) > limit
    image[rows[spike], cols[spike]] = middle[spike]
    return image


def _excess(
    image: NDArray[np.float32], down: NDArray[np.intp], right: NDArray[np.intp]
) -> NDArray[np.float32]:
    """How far each pixel is from the mean of its eight neighbours.

    ``down`` and ``right`` are the rows and columns with one mirrored at each end. In
    strips, which stay in the cache and keep the memory bounded.
    """
    excess = np.empty(image.shape, np.float32)
    for first in range(0, len(excess), _STRIP_ROWS):
        strip = np.take(image[down[first : first + _STRIP_ROWS + 2]], right, axis=1)
        three = strip[:-2] + strip[1:-1] + strip[2:]
        around = three[:, :-2] + three[:, 1:-1] + three[:, 2:]
        around -= 9 * strip[1:-1, 1:-1]
        np.abs(around, out=excess[first : first + _STRIP_ROWS])
    excess /= 8
    return excess
