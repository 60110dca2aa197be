"""Circles where there is nothing: in squares of bare micrographs, and in gaps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.classifier import empty_examples
from napari_cdse.core.classifier.empty_examples import empty_gaps, empty_squares
from napari_cdse.core.records import Circle, Micrograph
from tests.drawn_particles import speckle


@pytest.fixture
def put(monkeypatch):
    """The circles of which examples were made, micrograph by micrograph."""
    circles: list[list[Circle]] = []

    def watched(micrograph, chosen, labels, *rest, **options):
        circles.append(list(chosen))
        assert labels == ["empty"] * len(chosen)
        return rest, options

    monkeypatch.setattr(empty_examples, "examples", watched)
    return circles


def bare(shape, name="a"):
    return Micrograph(np.zeros(shape, np.float32), "m", name)


def places(circles):
    return [(circle.row_px, circle.col_px) for circle in circles]


def test_squares_of_8_nm_hold_a_circle_in_their_middle(put):
    """16 nm by 36 nm: two rows of four squares, each a little wider than high."""
    empty_squares(bare((400, 900)), "bragg", 0.04)
    wanted = [(r, c) for r in (99.5, 299.5) for c in (112, 337, 562, 787)]
    assert places(put[0]) == [pytest.approx(each) for each in wanted]
    # At twice the magnification there is half of it along each axis.
    empty_squares(bare((400, 900)), "bragg", 0.02)
    assert places(put[1]) == [pytest.approx((199.5, each)) for each in (224.5, 674.5)]


def test_sixteen_squares_are_spread_evenly_from_the_first_to_the_last(put):
    """Forty nm by forty: five squares along each axis."""
    empty_squares(bare((1000, 1000)), "bragg", 0.04)
    numbers = [
        round((r - 99.5) / 200) * 5 + round((c - 99.5) / 200) for r, c in places(put[0])
    ]
    assert numbers == np.linspace(0, 24, 16).round().astype(int).tolist()


def test_circles_are_as_large_as_dots_and_fit_where_there_is_little_room(put):
    """From 1.2 to 3 nm, all sizes alike."""
    for number in range(40):
        empty_squares(bare((1000, 1000), str(number)), "bragg", 0.04)
    radii = [0.04 * circle.radius_px for each in put for circle in each]
    assert len(radii) == 640
    assert stats.kstest(radii, stats.uniform(1.2, 1.8).cdf).pvalue > 0.01
    empty_squares(bare((20, 30)), "bragg", 0.04)
    assert [circle.radius_px for circle in put[-1]] == [9.0]


def test_gaps_touch_neither_a_particle_nor_each_other_nor_the_border(put):
    taken = [Circle(150, 150, 60), Circle(420, 300, 80), Circle(80, 480, 30)]
    for number in range(20):
        empty_gaps(bare((600, 700), str(number)), taken, "bragg", 0.04)
    for circles in put:
        every = [*taken, *circles]
        for at, one in enumerate(every):
            for other in every[:at]:
                apart = np.hypot(one.row_px - other.row_px, one.col_px - other.col_px)
                assert apart >= one.radius_px + other.radius_px
        for one in circles:
            assert one.radius_px <= one.row_px <= 599 - one.radius_px
            assert one.radius_px <= one.col_px <= 699 - one.radius_px
    # A third of it is particles; there is room for nearly all that are wanted.
    assert 7 < np.mean([len(each) for each in put]) <= 8
    assert max(len(each) for each in put) == 8
    # Gaps lie anywhere, up to the border.
    rows = [(c.row_px - c.radius_px) / (599 - 2 * c.radius_px) for e in put for c in e]
    assert min(rows) < 0.05
    assert max(rows) > 0.95


def test_a_crowded_micrograph_gives_fewer_or_none(put):
    empty_gaps(bare((300, 300)), [Circle(150, 150, 400)], "bragg", 0.04)
    empty_gaps(bare((300, 300)), [], "bragg", 0.04, number=3)
    assert [len(each) for each in put] == [0, 3]


def test_places_follow_from_seed_and_micrograph(put):
    for name, seed in (("a", 0), ("a", 0), ("b", 0), ("a", 1)):
        empty_gaps(bare((300, 300), name), [], "bragg", 0.04, seed=seed)
    assert put[0] == put[1]
    assert len({places(each)[0] for each in put}) == 3


def test_examples_bear_the_class_weight_and_copies_that_are_asked_for():
    pixels = speckle((400, 900), 0).astype(np.float32)
    micrograph = Micrograph(pixels, "m", "a")
    options = {"copies": 1, "weight": 3.0}
    for told, number in (
        (empty_squares(micrograph, "bragg", 0.04, **options), 8),
        (empty_gaps(micrograph, [], "bragg", 0.04, number=2, **options), 2),
    ):
        assert set(told.labels) == {"empty"}
        assert told.originals.sum() == number
        assert told.weights.tolist() == [1.5] * 2 * number
        assert set(told.pixel_sizes_nm) == {0.04}


def test_without_being_told_it_is_eight_gaps_without_copies_of_weight_one(put):
    micrograph = bare((2000, 2000))
    for seed in ({}, {"seed": 0}):
        plain = empty_gaps(micrograph, [], "bragg", 0.04, **seed)[1]
        assert plain == {"copies": 0, "weight": 1.0, "seed": 0, "known": None}
        assert empty_squares(micrograph, "bragg", 0.04, **seed)[1] == plain
    assert put[:2] == put[2:]
    assert [len(each) for each in put[:2]] == [8, 16]


def test_places_stay_those_that_forests_were_taught_with(put):
    """Written down once: others would make another forest of the same labels."""
    empty_gaps(bare((600, 700)), [], "bragg", 0.04, number=1)
    empty_squares(bare((400, 400)), "bragg", 0.04)
    (gap,), squares = put
    assert (gap.row_px, gap.col_px, gap.radius_px) == pytest.approx(
        (100.18522935857447, 227.34184857968802, 72.97455850904903), rel=1e-9
    )
    radii = [square.radius_px for square in squares]
    assert radii == pytest.approx(
        [72.97455850904903, 32.70274318895336, 42.56037783670996, 44.41121451325029],
        rel=1e-9,
    )


def test_forty_places_are_tried_for_each_gap_that_is_wanted(put, monkeypatch):
    tried = []

    def counted(*arguments):
        tried.append(arguments)
        return Circle(150, 150, 30)

    monkeypatch.setattr(empty_examples, "_random_circle", counted)
    empty_gaps(bare((300, 300)), [Circle(150, 150, 30)], "bragg", 0.04, number=3)
    assert (put, len(tried)) == ([[]], 120)
