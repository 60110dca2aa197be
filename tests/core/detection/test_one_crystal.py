"""How much of a picture circles cover, and when that makes them one crystal."""

import numpy as np
import pytest

from napari_cdse.core.detection import one_crystal
from napari_cdse.core.detection.one_crystal import are_one_crystal, covered_share
from napari_cdse.core.features.families import Family
from napari_cdse.core.records import Circle, Micrograph

NOISE = Micrograph(
    np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32), "m", "0"
)


def test_pixels_under_circles_count_once():
    one = Circle(50.0, 50.0, 20.0)
    assert covered_share([one], (200, 300)) == pytest.approx(
        np.pi * 400 / 60_000, rel=0.01
    )
    assert covered_share([one, one], (200, 300)) == covered_share([one], (200, 300))
    half = covered_share([Circle(-0.5, 100.0, 20.0)], (200, 300))
    assert half == pytest.approx(np.pi * 200 / 60_000, rel=0.03)
    assert covered_share([Circle(5.0, 5.0, 1.0)], (10, 10)) == 0.05
    assert covered_share([], (10, 10)) == 0


def grid(n, radius):
    step = 300 / n
    return [
        Circle(step * (i + 0.5), step * (j + 0.5), radius)
        for i in range(n)
        for j in range(n)
    ]


@pytest.fixture
def asked(monkeypatch):
    """Whether the lattice had to be asked; it says yes."""
    calls = []

    def ask(*_):
        calls.append(1)
        return True

    monkeypatch.setattr(one_crystal, "_share_one_lattice", ask)
    return calls


@pytest.mark.parametrize(
    ("circles", "crystal", "n_asked"),
    [
        ([], False, 0),
        (grid(1, 140.0), False, 0),
        (grid(4, 25.0), False, 0),
        # Sixteen circles of 38 px cover four fifths, and need not be asked.
        (grid(4, 38.0), True, 0),
        (grid(3, 55.0), True, 1),
        # Twice as much area, but all in one place.
        ([Circle(150.0, 150.0, 100.0)] * 3, False, 0),
    ],
)
def test_circles_that_cover_half_the_view_may_be_one_crystal(
    asked, circles, crystal, n_asked
):
    assert are_one_crystal(NOISE, circles, 0.04) is crystal
    assert len(asked) == n_asked


def test_ten_circles_are_asked_for_their_lattice_and_eleven_are_not(asked):
    ten = [*grid(3, 55.0), Circle(150.0, 150.0, 5.0)]
    assert are_one_crystal(NOISE, ten, 0.04)
    assert are_one_crystal(NOISE, [*ten, Circle(10.0, 10.0, 5.0)], 0.04)
    assert len(asked) == 1


def family(k_row, k_col, strength=100.0):
    return Family(k_row, k_col, strength, 1.0, np.zeros((15, 15), np.complex64))


CIRCLES = [
    Circle(100.0, 100.0, 50.0),
    *(Circle(100.0, 100.0 * n, 40.0) for n in (2, 3, 4)),
]


@pytest.fixture
def shown(monkeypatch):
    """Each circle shows the families it is told."""

    def tell(*families):
        told = iter(families)
        monkeypatch.setattr(one_crystal, "cut", lambda around, circle: circle)
        monkeypatch.setattr(
            one_crystal, "find_families", lambda patch, number: next(told)
        )
        return one_crystal._share_one_lattice(NOISE, CIRCLES, 0.04)

    return tell


SAME, OTHER = family(0.1, 0.05), family(0.1, -0.05)


def test_parts_of_one_crystal_show_the_lattice_of_the_strongest(shown):
    mirrored = family(-0.1, -0.05)
    assert shown([SAME], [SAME], [mirrored], [SAME])
    # Two of three like areas are enough, one is not.
    assert shown([SAME], [SAME], [SAME], [OTHER])
    assert not shown([SAME], [SAME], [OTHER], [OTHER])
    assert not shown([], [SAME], [SAME], [SAME])
    assert not shown([SAME], [], [], [SAME])


def test_frequencies_are_one_within_three_quarters_over_the_smaller_radius(shown):
    near, far = family(0.1 + 0.74 / 40, 0.05), family(0.1 + 0.76 / 40, 0.05)
    assert shown([SAME], [near], [near], [near])
    assert not shown([SAME], [far], [far], [far])


def test_a_family_counts_from_a_quarter_of_the_strongest_on(shown):
    strong = [OTHER, family(0.1, 0.05, 25.0)]
    weak = [OTHER, family(0.1, 0.05, 24.0)]
    assert shown([SAME], strong, strong, strong)
    assert not shown([SAME], weak, weak, weak)


def test_the_smaller_of_either_circle_and_the_first_says_how_near(shown, monkeypatch):
    """Where the first is the smaller one, its radius counts."""
    small = [Circle(100.0, 100.0, 30.0), *CIRCLES[1:]]
    monkeypatch.setitem(globals(), "CIRCLES", small)
    near, far = family(0.1 + 0.74 / 30, 0.05), family(0.1 + 0.76 / 30, 0.05)
    assert shown([SAME], [near], [near], [near])
    assert not shown([SAME], [far], [far], [far])


def test_shares_are_those_of_areas_without_the_first(shown, monkeypatch):
    """A large circle of two outweighs a small one."""
    sizes = [CIRCLES[0], Circle(100.0, 250.0, 40.0), Circle(100.0, 350.0, 20.0)]
    monkeypatch.setitem(globals(), "CIRCLES", sizes)
    assert shown([SAME], [SAME], [OTHER])
    assert not shown([SAME], [OTHER], [SAME])


def test_three_families_are_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(one_crystal, "cut", lambda around, circle: circle)

    def note(patch, number):
        asked.append((patch, number))
        return [SAME]

    monkeypatch.setattr(one_crystal, "find_families", note)
    assert one_crystal._share_one_lattice(NOISE, CIRCLES, 0.04)
    assert asked == [(circle, 3) for circle in CIRCLES]


def test_half_the_view_is_enough_and_less_is_not(asked):
    """Side by side, without overlap: two circles of 69 px cover 0.332, three 0.5."""
    circles = [Circle(75.0, 75.0, 69.5), Circle(75.0, 225.0, 69.5)]
    assert not are_one_crystal(NOISE, circles, 0.04)
    assert are_one_crystal(NOISE, [*circles, Circle(225.0, 75.0, 69.5)], 0.04)
