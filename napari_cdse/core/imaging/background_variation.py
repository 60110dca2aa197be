"""How the speckle's power changes over the view.

A support that is tilted or bowed is out of focus by another amount at each place, so
the zeros of its contrast transfer lie elsewhere at each place. One background for the
whole view is too high in one corner there and too low in another, by a factor of two
on thin clean carbon; what is too low looks like fringes everywhere.

The power at each spatial frequency is therefore a quadratic polynomial of place. What
whitens it is a sum of few products, each of a pattern over frequency and one over
place (the principal components of its values), and so costs few Fourier transforms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TERMS = 6
"""One, row, column and their three products, in half views from the middle."""

_NODES = np.linspace(-1.0, 1.0, 5)
"""Rows and columns, in half views from the middle, at whose crossings the gain is
computed. A choice: 25 places for 6 terms; fewer than 3 each way cannot tell a bow from
a slope, more cost time."""

_LEVELS = np.geomspace(0.05, 8.0, 200)
"""Mean powers, in those averaged over the view, that clipped ones are tabulated for.

Choices: 2.6 % apart, with straight lines between. The ends limit the gain to 4.5 and
0.35 times that of the mean; wider ones would let a polynomial that falls below 0 in a
corner raise the noise there, narrower ones would leave strong slopes in.
"""

_MOST_PATTERNS = 2
"""Patterns that are used at most. A choice: each costs one Fourier transform of the
micrograph; a tilt and a bow are two."""

_LEAST_RMS = 0.04
"""Rms change of the gain from which a pattern is used, in gains. A choice: 0.04 are 8 %
of the power. A lower one spends transforms on the scatter of the fit, a higher one
leaves the false alarms of a slightly tilted support on one side."""


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
        """Evaluate on the grid ``rows x cols``, in half views from the middle."""
        one, row, col, row_row, row_col, col_col = self.polynomial
        down = one + row * rows + row_row * rows**2
        right = col * cols + col_col * cols**2
        # A product of matrices makes few passes over the plane.
        along = np.stack([down, np.ones_like(rows), row_col * rows], axis=1)
        across = np.stack([np.ones_like(cols), right, cols])
        return np.asarray(along.astype(np.float32) @ across.astype(np.float32))


def place_terms(
    rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Terms of the polynomial at places, shape (n, 6)."""
    one = np.ones_like(rows)
    terms = np.stack([one, rows, cols, rows**2, rows * cols, cols**2], axis=1)
    return terms.astype(np.float32)


def no_variation(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Speckle that is alike everywhere."""
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
        Share of the mean clipped power that belongs to each of `place_terms`.
    clip : float
        Where powers were clipped, in mean powers.
    counted : ndarray of bool, shape (k_row, k_col)
        Frequencies that decide which patterns matter.

    Returns
    -------
    gain : ndarray of float32, shape (k_row, k_col)
        Factor of the whitening gain, averaged over places.
    found : list of Pattern
        Strongest first; none where the speckle is alike everywhere.
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
    """Mean power where powers clipped at ``clip`` have a mean of so many shares.

    Speckle power is exponentially distributed, so that clipping takes a share of
    ``exp(-clip / level)`` of it away.
    """
    clipped = _LEVELS * (1 - np.exp(-clip / _LEVELS)) / (1 - np.exp(-clip))
    return np.interp(share, clipped, _LEVELS).astype(np.float32)
