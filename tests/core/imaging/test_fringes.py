"""Fringes that gray values alone may have made tell nothing of a lattice."""

import numpy as np

from napari_cdse.core.imaging.fringes import Fringes

WINDOW_PX = 64
FIRST = np.array([6.0, 1.0])
SECOND = np.array([-1.0, 6.0])
"""Frequencies of two families of fringes along rows and columns, in bins."""


def fringes(*found: tuple[tuple[float, float], np.ndarray]) -> Fringes:
    """Fringes at places, in px, with frequencies in bins."""
    places, k_bins = zip(*found, strict=True)
    return Fringes(
        np.array(k_bins) / WINDOW_PX,
        np.linspace(1, 2, len(found)),
        np.array(places, float),
        WINDOW_PX,
    )


def test_sums_and_multiples_of_coarser_fringes_are_left_out() -> None:
    place = (100.0, 100.0)
    found = fringes(
        (place, 2 * FIRST),
        (place, FIRST),
        (place, 2 * FIRST + SECOND),
        (place, SECOND - 2 * FIRST),
        (place, -SECOND),
        (place, 3 * FIRST),
        (place, 2 * SECOND - FIRST),
    )
    left = found.without_overtones()
    np.testing.assert_array_equal(left.k_per_px * WINDOW_PX, [FIRST, -SECOND])
    np.testing.assert_array_equal(left.strength, found.strength[[1, 4]])
    assert left.window_px == WINDOW_PX


def test_a_multiple_of_a_fringe_of_another_particle_is_kept() -> None:
    found = fringes(
        ((100.0, 100.0), FIRST),
        ((100.0, 100.0), SECOND),
        ((100.0, 300.0), 2 * FIRST),
    )
    assert len(found.without_overtones().strength) == 3


def test_a_frequency_beside_all_sums_is_kept() -> None:
    place = (100.0, 100.0)
    beside = 2 * FIRST + (4.0, 0.0)
    found = fringes((place, FIRST), (place, SECOND), (place, beside))
    assert len(found.without_overtones().strength) == 3


def test_the_diagonal_of_a_pattern_is_kept() -> None:
    """It tells the angle between the sides."""
    place = (100.0, 100.0)
    found = fringes((place, FIRST), (place, SECOND), (place, FIRST + SECOND))
    assert len(found.without_overtones().strength) == 3


def test_no_fringes_have_no_overtones() -> None:
    none = Fringes(np.zeros((0, 2)), np.zeros(0), np.zeros((0, 2)), WINDOW_PX)
    assert len(none.without_overtones().strength) == 0
