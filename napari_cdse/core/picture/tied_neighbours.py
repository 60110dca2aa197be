"""Measure whether neighbouring pixels hold one and the same value, as medians do.

A median filter gives each pixel a value that another one had, and neighbours share most
of the pixels that it chooses from; so one in six or so has the very value of the next
(Bovik, IEEE Trans. Acoust. Speech Signal Process. 35, 493, 1987; used to detect such
filters by Kirchner and Fridrich, Proc. SPIE 7541, 754110, 2010). Whatever else is done
to a picture, differences of neighbours are spread evenly around zero: as many of them
are 0 as a few that are nearly so let expect.

Differences are counted in ranks of the values, so that a stretched contrast or an
equalised histogram, which spread gray levels unevenly, don't matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.arrays import central_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RANKS = 256
"""Classes of equal number into which values are sorted, as many as eight bits have."""
_MOST_SIDE_PX = 256
"""Rows and columns in the middle of the picture with which it is measured, at most.
Chosen: its 130 000 pairs tell a share of 0.1 to 0.001; more take more time."""
_FEWEST_PAIRS = 10_000
"""Pairs of neighbours below which nothing is told. Chosen: they tell a share of 0.1 to
0.003."""
_MOST_UNEVEN = 1.5
"""Largest ratio of differences by one rank to those by two. Chosen: above, pictures
have so few gray levels, or are so blurred, that many neighbours are equal anyway;
below, what to expect at 0 is at most 1.15 times what is found at 1."""


def ties(pixels: NDArray[Any], usable: NDArray[np.bool_]) -> float | None:
    """Return the share of neighbouring pixels of equal value, beyond that by chance.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns)
        Gray values as they are in the picture, without its frame. Levelled ones won't
        do: what was one gray level is several there.
    usable : ndarray of bool, shape (rows, columns)
        False where insets, bars, letters and the like were filled.

    Returns
    -------
    float or None
        0 to 1: at most 0.02 as recorded, 0.1 and more after a median filter. None if
        too little is usable, or neighbours hardly differ.
    """
    pixels = central_part(pixels, _MOST_SIDE_PX)
    usable = central_part(usable, _MOST_SIDE_PX)
    ranks, inner = _ranked(pixels, usable)
    if ranks is None:
        return None
    steps = np.concatenate(
        [np.abs(np.diff(ranks, axis=at))[_both(inner, at)] for at in (0, 1)]
    )
    if len(steps) < _FEWEST_PAIRS:
        return None
    equal, by_one, by_two = np.bincount(steps, minlength=3)[:3] / len(steps)
    # The second and third differ to either side.
    by_one, by_two = by_one / 2, by_two / 2
    if not 0 < by_one <= _MOST_UNEVEN * by_two:
        return None
    # On a Gaussian's logarithm 0 lies above 1 by a third of what 1 lies above 2.
    expected = by_one * max(by_one / by_two, 1.0) ** (1 / 3)
    return float(max(equal - expected, 0.0))


def _ranked(
    pixels: NDArray[Any], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.int64] | None, NDArray[np.bool_]]:
    """Sort values into classes, and tell which count.

    Those of the first and the last class don't: where a picture was clipped, neighbours
    are equal there.
    """
    values = pixels[usable]
    if not values.size:
        return None, usable
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _RANKS + 1)[1:-1]))
    ranks = np.searchsorted(edges, pixels, side="right")
    return ranks, usable & (pixels > edges[0]) & (pixels < edges[-1])


def _both(inner: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Tell of which pairs of neighbours along an axis both count."""
    if axis == 0:
        return np.asarray(inner[1:] & inner[:-1])
    return np.asarray(inner[:, 1:] & inner[:, :-1])
