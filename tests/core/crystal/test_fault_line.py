"""Where a fault is sought and found, of fringes that break at a known line."""

from math import pi

import numpy as np
import pytest

from napari_cdse.core.crystal.bragg_peaks import BraggPeak, cell_places
from napari_cdse.core.crystal.fault_line import FaultLine, best_split, chance_of
from napari_cdse.core.features.domains import Fringes

ROW, COL = cell_places().T
SIZES = (16.0 * (np.hypot(ROW, COL) < 1)).astype(np.float32)[:, None]


def peak(k_row, k_col):
    return BraggPeak(k_row, k_col, np.zeros((2, 2)), 50, 1)


def broken_fringes(normal_deg, offset, strength, seed):
    """Two families that step by a third of a turn at a line, and one that doesn't.

    Each is as strong, over the background's power, and left at the frequency that
    explains most of it as a whole, which the jump draws aside.
    """
    rng = np.random.default_rng(seed)
    line = FaultLine(np.radians(normal_deg), offset)
    jump = np.where(line.behind > 0, np.exp(2j * pi / 3), 1)
    sizes = SIZES[:, 0]
    axis = np.linspace(-2, 2, 41)
    turns = np.array([(row, col) for row in axis for col in axis])
    fields = []
    for step in (np.ones_like(jump), jump, np.conj(jump)):
        wave = np.sqrt(strength / sizes.sum()) * step * np.exp(1j * rng.uniform(0, 6))
        noise = rng.normal(size=(2, len(sizes))) * np.sqrt(sizes / 2)
        cells = wave * sizes + noise[0] + 1j * noise[1]
        power = np.abs(np.exp(-1j * turns @ cell_places().T) @ cells)
        fields.append(cells * np.exp(-1j * cell_places() @ turns[power.argmax()]))
    return Fringes(np.array(fields, np.complex64).T, SIZES, np.ones(3))


def test_cells_on_the_line_belong_to_no_side():
    before, behind = FaultLine(pi / 2, 0.3).sides
    np.testing.assert_array_equal(before, ROW < 0.3 - 0.12)
    np.testing.assert_array_equal(behind, ROW > 0.3 + 0.12)
    before, behind = FaultLine(0.0, -0.3).sides
    np.testing.assert_array_equal(before, COL < -0.3 - 0.12)
    np.testing.assert_array_equal(behind, COL > -0.3 + 0.12)


@pytest.mark.parametrize(
    ("angle_deg", "parallel"),
    [(0, True), (19, True), (21, False), (90, False), (161, True), (199, True)],
)
def test_planes_within_20_degrees_of_the_line_are_parallel_to_it(angle_deg, parallel):
    line = FaultLine(np.radians(30), 0.0)
    angle = np.radians(30 + angle_deg)
    one = peak(0.1 * np.sin(angle), 0.1 * np.cos(angle))
    assert bool(line.is_parallel(one)) is parallel


def test_the_chance_of_a_split_is_that_of_summed_exponential_powers():
    """Of one family exp(-g), of two (1 + g) exp(-g), each for 300 lines."""
    assert chance_of(np.array([9.0])) == pytest.approx(300 * np.exp(-9))
    both = chance_of(np.array([4.0, 8.0]))
    assert both == pytest.approx(300 * 13 * np.exp(-12))
    assert chance_of(np.array([1.0])) == 1


@pytest.mark.parametrize("offset", [-0.45, -0.3, 0.0, 0.2, 0.4])
def test_the_line_is_found_where_the_fringes_break(offset):
    off = []
    for seed in range(20):
        normal_deg = 9.0 * seed + 2
        found = best_split(broken_fringes(normal_deg, offset, 200, seed))
        assert found.suspected
        # A line from the other side: the normal turned round.
        turned = np.radians(normal_deg) - found.line.normal_rad
        sign = np.sign(np.cos(turned))
        off.append(abs(sign * found.line.offset_radii - offset))
        assert abs(np.sin(turned)) < np.sin(np.radians(19))
    assert max(off) < 0.2


def test_what_breaks_and_what_does_not_is_told_by_family():
    found = best_split(broken_fringes(40, 0.1, 200, 5))
    assert found.broken.tolist() == [False, True, True]


def test_a_perfect_particle_is_not_said_to_break():
    found = best_split(broken_fringes(40, 2.0, 200, 5))
    assert not found.suspected
    assert not found.possible


def test_a_small_part_that_chance_does_not_explain_is_possible_not_suspected():
    """A thickness that varies does as much, and a fault near the edge."""
    fringes = broken_fringes(40, 2.0, 2000, 5)
    behind = FaultLine(np.radians(40), 0.3).behind > 0
    fringes.fields[behind] *= 0.6
    found = best_split(fringes)
    assert (found.suspected, found.possible) == (False, True)


def test_without_fringes_there_is_no_line():
    none = Fringes(np.empty((len(ROW), 0), np.complex64), SIZES, np.empty(0))
    found = best_split(none)
    assert (found.line, found.possible) == (None, False)
    assert not found.broken.size
