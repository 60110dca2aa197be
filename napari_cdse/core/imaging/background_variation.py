"""How the speckle's power changes over the view.

On a tilted or bowed support the defocus depends on the place, and with it the zeros of
the contrast transfer. One background for the whole view is then too high in one corner
and too low in another, by a factor of two on thin clean carbon; where it is too low,
speckle looks like fringes.

The power at each spatial frequency is therefore fitted by a quadratic polynomial of
place. The whitening gain is approximated by a sum of a few products of a pattern over
frequency and one over place (its principal components), so that whitening needs only
one Fourier transform for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TERMS = 6
"""Number of terms: 1, row, column and their three products; rows and columns are from
-1 to 1 over the view."""

_NODES = np.linspace(-1.0, 1.0, 5)
"""Rows and columns, from -1 to 1 over the view, of the grid on which the gain is
computed. A choice: 25 places for 6 terms; fewer than 3 per axis can't distinguish a bow
from a slope, more take time."""

_LEVELS = np.geomspace(0.05, 8.0, 200)
"""Mean powers, relative to the view's average, of the table from clipped to mean power.

Choices: 2.6 % apart, interpolated linearly. The ends limit the gain to 4.5 and 0.35
times the mean one. With wider limits, a polynomial that falls below 0 in a corner would
amplify the noise there; with narrower ones, strong slopes would remain.
"""

_MOST_PATTERNS = 2
"""Largest number of patterns. A choice: each needs one Fourier transform of the
micrograph; a tilt and a bow are two."""

_LEAST_RMS = 0.04
"""Least root mean square of a pattern that is used, relative to the gain. A choice:
0.04 are 8 % of the power. With a lower one, transforms are spent on the scatter of the
fit; with a higher one, the false alarms of a slightly tilted support are all on one
side."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A change of the whitening gain: ``over_frequency`` times ``over_place``.

    Attributes
    ----------
    over_frequency : ndarray of float32
        In the shape of the power that it belongs to.
    polynomial : ndarray of float64, shape (6,)
        Coefficients of `place_terms`.
    """

    over_frequency: NDArray[np.float32]
    polynomial: NDArray[np.float64]

    def over_place(
        self, rows: NDArray[np.float64], cols: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Evaluate on the grid ``rows x cols``; both are from -1 to 1 over the view."""
        one, row, col, row_row, row_col, col_col = self.polynomial
        down = one + row * rows + row_row * rows**2
        right = col * cols + col_col * cols**2
        # As a matrix product, it passes over the large plane only once.
        along = np.stack([down, np.ones_like(rows), row_col * rows], axis=1)
        across = np.stack([np.ones_like(cols), right, cols])
        return np.asarray(along.astype(np.float32) @ across.astype(np.float32))


def place_terms(
    rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the terms of the polynomial at each place, shape (n, 6)."""
    one = np.ones_like(rows)
    terms = np.stack([one, rows, cols, rows**2, rows * cols, cols**2], axis=1)
    return terms.astype(np.float32)


def no_variation(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the coefficients for speckle that is the same everywhere."""
    variation = np.zeros((TERMS, *shape), np.float32)
    variation[0] = 1
    return variation


def patterns(
    variation: NDArray[np.float32], clip: float, counted: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], list[Pattern]]:
    """Turn a polynomial of clipped powers into patterns of the whitening gain.

    Parameters
    ----------
    variation : ndarray of float32, shape (6, k_row, k_col)
        Coefficients of `place_terms`; see `AmorphousBackground.variation`.
    clip : float
        Value at which powers were clipped, in mean powers.
    counted : ndarray of bool, shape (k_row, k_col)
        Frequencies by which patterns are ranked and chosen.

    Returns
    -------
    gain : ndarray of float32, shape (k_row, k_col)
        Factor on the whitening gain, averaged over places.
    found : list of Pattern
        Strongest first; empty if the speckle is the same everywhere.
    """
    rows, cols = (each.ravel() for each in np.meshgrid(_NODES, _NODES, indexing="ij"))
    terms = place_terms(rows, cols)
    gains = _level(np.tensordot(terms, variation, 1), clip) ** -0.5
    middle = gains.mean(axis=0)
    change = (gains - middle) / middle
    matters = change[:, counted]
    squares, places = np.linalg.eigh(matters @ matters.T / matters.size)
    found = []
    for number in range(1, 1 + _MOST_PATTERNS):
        if squares[-number] < _LEAST_RMS**2:
            break
        place = places[:, -number]
        weights = np.linalg.lstsq(terms, place, rcond=None)[0]
        found.append(Pattern(np.tensordot(place, change, 1), weights))
    return middle, found


def _level(share: NDArray[np.float32], clip: float) -> NDArray[np.float32]:
    """Return the mean powers that give these mean clipped powers, both relative.

    Speckle power is exponentially distributed, so that clipping removes a share of
    ``exp(-clip / level)`` of it.
    """
    clipped = _LEVELS * (1 - np.exp(-clip / _LEVELS)) / (1 - np.exp(-clip))
    return np.interp(share, clipped, _LEVELS).astype(np.float32)
