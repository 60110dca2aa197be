"""Chances add up to what was asked for, and follow the doubt."""

import numpy as np
import pytest

from napari_cdse.core.review.draw_chances import FLOOR, doubt, draw_chances


def test_chances_add_up_and_follow_the_doubt():
    doubts = np.linspace(0, 0.5, 200)
    chances = draw_chances(doubts, 30)
    assert chances.sum() == pytest.approx(30)
    assert (np.diff(chances) > 0).all()
    # The floor: nobody's chance is below its share of even draws.
    assert chances.min() == pytest.approx(FLOOR * 30 / 200)


def test_without_doubt_chances_are_even():
    assert draw_chances(np.zeros(50), 5) == pytest.approx(np.full(50, 0.1))


def test_a_chance_never_exceeds_one_and_the_rest_makes_up_for_it():
    doubts = np.array([0.5] * 3 + [0.01] * 97)
    chances = draw_chances(doubts, 40)
    assert chances[:3] == pytest.approx([1, 1, 1])
    assert chances.sum() == pytest.approx(40)
    assert draw_chances(doubts, 1000) == pytest.approx(np.ones(100))


def test_so_many_are_drawn_as_were_expected():
    rng = np.random.default_rng(2)
    chances = draw_chances(rng.random(500) / 2, 60)
    drawn = [(rng.random(500) < chances).sum() for _ in range(400)]
    assert np.mean(drawn) == pytest.approx(60, abs=1.5)


def test_doubt_is_of_a_defect_among_resolved_particles():
    assert doubt((0.5, 0.5, 0.0, 0.0)) == pytest.approx(0.5)
    assert doubt((0.2, 0.2, 0.6, 0.0)) == pytest.approx(0.2)
    assert doubt((0.0, 1.0, 0.0, 0.0)) == doubt((0.0, 0.0, 0.5, 0.5)) == 0


def test_doubts_below_0_are_refused():
    with pytest.raises(ValueError, match="doubts"):
        draw_chances([0.1, -0.2], 1)


def test_without_particles_or_draws_there_are_no_chances():
    assert draw_chances([], 10).size == 0
    assert draw_chances([0.1, 0.2], 0).tolist() == [0, 0]


def test_a_lower_floor_leaves_less_to_those_without_doubt():
    doubts = np.array([0.0, 0.5])
    assert draw_chances(doubts, 1, floor=0.2) == pytest.approx([0.1, 0.9])
    assert draw_chances(doubts, 1, floor=1) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("floor", [0, 1.1, float("nan")])
def test_a_floor_out_of_its_range_is_refused(floor):
    with pytest.raises(ValueError, match="floor"):
        draw_chances([0.1, 0.2], 1, floor=floor)
