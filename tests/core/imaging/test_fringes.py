"""Which fringes of a place are needed to say what its lattice is."""

import numpy as np

from napari_cdse.core.imaging.fringes import Fringes

WINDOW_PX = 64
FIRST = np.array([6.0, 1.0])
SECOND = np.array([-1.0, 7.0])
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
        (place, FIRST + SECOND),
        (place, SECOND - FIRST),
        (place, -SECOND),
        (place, 3 * FIRST),
        (place, 2 * SECOND - FIRST),
    )
    left = found.generators()
    np.testing.assert_array_equal(left.k_per_px * WINDOW_PX, [FIRST, -SECOND])
    np.testing.assert_array_equal(left.strength, found.strength[[1, 4]])
    assert left.window_px == WINDOW_PX


def test_a_sum_of_fringes_of_another_particle_is_kept() -> None:
    found = fringes(
        ((100.0, 100.0), FIRST),
        ((100.0, 100.0), SECOND),
        ((100.0, 300.0), FIRST + SECOND),
    )
    assert len(found.generators().strength) == 3


def test_a_frequency_beside_all_sums_is_kept() -> None:
    place = (100.0, 100.0)
    beside = FIRST + SECOND + (3.0, 0.0)
    found = fringes((place, FIRST), (place, SECOND), (place, beside))
    assert len(found.generators().strength) == 3


def test_no_fringes_have_no_generators() -> None:
    none = Fringes(np.zeros((0, 2)), np.zeros(0), np.zeros((0, 2)), WINDOW_PX)
    assert len(none.generators().strength) == 0
