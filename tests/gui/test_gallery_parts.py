"""Geometry, order and pictures of the gallery, without a window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cdse.core.records import Annotation, Circle, Prediction
from napari_cdse.gui.gallery_arrangement import Arrangement
from napari_cdse.gui.gallery_grid import GAP_PX, Box, Grid
from napari_cdse.gui.gallery_items import Choice, Item
from napari_cdse.gui.gallery_work import (
    EDGE_PX,
    Request,
    Wishes,
    thumbnail,
    thumbnailing,
)
from napari_cdse.gui.work import Source
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.project import Particle

# --- geometry -----------------------------------------------------------------

GRIDS = [
    Grid((7, 1, 12), 330, 60, 20),
    Grid((40,), 50, 48, 0),
    Grid((3, 3), 1900, 100, 30),
]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_every_cell_is_found_where_it_lies_and_none_overlap(grid):
    covered = np.zeros((grid.height_px, grid.width_px), dtype=int)
    for row in range(sum(grid.lengths)):
        left, top, width, height = grid.box(row)
        covered[top : top + height, left : left + width] += 1
        for x in (left, left + width - 1):
            for y in (top, top + height - 1):
                assert grid.at(x, y) == row
        assert grid.at(left - 1, top) is None
        assert grid.at(left, top - 1) is None
    for _, box in grid.headers(0, grid.height_px):
        covered[box.top : box.top + box.height] += 1
    assert covered.max() == 1


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_rows_between_two_heights_are_those_whose_cells_reach_there(grid):
    for top in range(0, grid.height_px, 13):
        found = {row for rows in grid.rows(top, top + 25) for row in rows}
        reach = {
            row
            for row in range(sum(grid.lengths))
            if grid.box(row).top < top + 25 and grid.box(row).top + grid.pitch_px > top
        }
        assert found == reach


def test_a_rectangle_touches_what_it_covers():
    grid = GRIDS[0]
    first, other = grid.box(1), grid.box(6)
    corner = Box(first.left + 3, first.top + 3, 2, other.top - first.top + 2)
    assert grid.touched(corner) == [1, 6]
    assert grid.touched(Box(0, 0, GAP_PX, 10)) == []
    assert len(grid.touched(Box(0, 0, 400, grid.height_px))) == 20


def test_up_and_down_keep_the_column_across_sections():
    grid = GRIDS[0]
    assert grid.columns == 5
    # Section 0 holds 0-4 and 5-6; section 1 row 7; section 2 8-12, 13-17, 18-19.
    assert grid.above(1, -1) == 6
    assert grid.above(3, -1) == 6
    assert grid.above(6, -1) == 7
    assert grid.above(7, -1) == 8
    assert grid.above(9, 1) == 7
    assert grid.above(12, -1) == 17
    assert grid.above(17, -1) == 19
    assert grid.above(2, 1) == 2
    assert grid.above(0, -100) == 18


# --- order --------------------------------------------------------------------


def item(name: str, label: str | None = None, share: float = 0.7, **values) -> Item:
    """A particle that the forest calls yes with some probability."""
    rest = (1 - share) / 3
    said = Prediction(name, "model", (share, rest, rest, rest))
    circle = Circle(10.0, 10.0, values.pop("radius", 5.0))
    annotation = None if label is None else judged(name, circle, label)
    return Item(Particle(name, circle, annotation, said), 0, **values)


def judged(name: str, circle: Circle, label: str | None) -> Annotation:
    return Annotation(
        name, name, "content", circle, label, "corrected", "someone", "2026-01-01"
    )


def arranged(*items: Item, **choice) -> Arrangement:
    arrangement = Arrangement()
    arrangement.take_in({one.id: one for one in items})
    arrangement.choose(Choice(**choice))
    return arrangement


def ids(arrangement: Arrangement) -> list[str]:
    return [one.id for one in arrangement.rows]


ITEMS = (item("a", share=0.4), item("b", share=0.9), item("c", share=0.6))


def test_sections_follow_the_class_shown_and_the_surest_come_first():
    arrangement = arranged(*ITEMS, item("d", "null"), item("e", hidden=True))
    assert ids(arrangement) == ["b", "c", "a", "d", "e"]
    assert arrangement.sections == (("yes", 3), ("null", 1), ("unlabelled", 1))
    assert arrangement.counts()["yes"] == 3


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"sorting": "doubt"}, "acb"),
        ({"sorting": "size"}, "cba"),
        ({"sorting": "micrograph"}, "abc"),
        ({"who": "person"}, ""),
        ({"who": "forest"}, "bca"),
        ({"names": frozenset({"no"})}, ""),
        ({"micrograph": 1}, ""),
        ({"grouped": False}, "bca"),
    ],
)
def test_choices(choice, expected):
    sized = [
        replace(one, pixel_size_nm=size)
        for one, size in zip(ITEMS, (0.01, 0.02, 0.03), strict=True)
    ]
    assert "".join(ids(arranged(*sized, **choice))) == expected


def test_disputed_are_those_where_person_and_forest_disagree():
    arrangement = arranged(item("a", "no"), item("b", "yes"), item("c"), who="differ")
    assert ids(arrangement) == ["a"]


def test_what_is_judged_stays_until_sorted_anew():
    arrangement = arranged(*ITEMS, who="forest")
    assert ids(arrangement) == ["b", "c", "a"]
    news = {"c": item("c", "empty", 0.6)}
    assert arrangement.keeps_rows(news, ())
    assert arrangement.take_in(news) == {1}
    assert ids(arrangement) == ["b", "c", "a"]
    assert arrangement.at(1).label == "empty"
    assert arrangement.astray == 1
    arrangement.sort()
    assert ids(arrangement) == ["b", "a"]
    assert arrangement.astray == 0


def test_taking_a_label_back_leaves_nothing_astray():
    arrangement = arranged(*ITEMS)
    arrangement.take_in({"b": item("b", "no", 0.9)})
    assert arrangement.astray == 1
    arrangement.take_in({"b": ITEMS[1]})
    assert arrangement.astray == 0


def test_a_new_one_comes_in_where_it_belongs_and_moves_nothing_else():
    arrangement = arranged(*ITEMS)
    arrangement.take_in({"b": item("b", "null", 0.9)})
    news = {"d": item("d", share=0.5)}
    assert not arrangement.keeps_rows(news, ())
    arrangement.take_in(news)
    assert ids(arrangement) == ["b", "c", "d", "a"]
    arrangement.take_in({}, ["c"])
    assert ids(arrangement) == ["b", "d", "a"]
    arrangement.take_in({"c": ITEMS[2]})
    assert ids(arrangement) == ["b", "c", "d", "a"]


def test_another_prediction_is_placed_anew():
    arrangement = arranged(*ITEMS)
    arrangement.take_in({"a": item("a", share=0.95)})
    assert ids(arrangement) == ["a", "b", "c"]


def test_a_hidden_prediction_shows_in_no_way():
    hidden = item("a", share=0.99, hidden=True)
    assert (hidden.label, hidden.confidence, hidden.prediction) == (None, None, None)
    assert not hidden.differs
    for sorting in ("surest", "doubt"):
        others = (item("b", share=0.3), item("c", share=0.97))
        same = (replace(hidden, particle=item("a", share=0.3).particle), *others)
        one = arranged(hidden, *others, sorting=sorting, grouped=False)
        assert ids(one) == ids(arranged(*same, sorting=sorting, grouped=False))


def test_a_judged_one_that_was_hidden_stays_where_it_was():
    hidden = item("e", hidden=True)
    arrangement = arranged(*ITEMS, hidden)
    news = {"e": item("e", "no")}
    assert arrangement.keeps_rows(news, ())
    arrangement.take_in(news)
    assert ids(arrangement)[-1] == "e"


# --- pictures -----------------------------------------------------------------


@pytest.fixture
def picture(tmp_path) -> Path:
    """A dark picture with one bright square of 8 pixels at (30, 50)."""
    pixels = np.zeros((60, 90), dtype=np.uint8)
    pixels[26:34, 46:54] = 255
    path = tmp_path / "square.png"
    Image.fromarray(pixels).save(path)
    return path


def request(path: Path, *circles: Circle, others=(), known=None) -> Request:
    return Request(Source(0, path, 0, None), known, circles, others)


def answers(kept: Path | None, *requests: Request) -> list:
    wishes = Wishes()
    wishes.want(requests)
    found = list(thumbnailing(wishes, kept, lambda _share: None))
    assert not wishes.waiting
    return found


def test_a_thumbnail_shows_the_particle_in_its_middle(picture):
    pixels = read_micrograph(picture).pixels
    square = thumbnail(pixels, Circle(30.0, 50.0, 8.0))
    assert square.shape == (EDGE_PX, EDGE_PX)
    rows, cols = np.nonzero(square > 127)
    assert rows.mean() == pytest.approx(EDGE_PX / 2, abs=4)
    assert cols.mean() == pytest.approx(EDGE_PX / 2, abs=4)
    assert np.ptp(rows) + 1 == pytest.approx(8 / 21 * EDGE_PX, abs=3)


def test_one_reading_gives_all_and_the_next_session_reads_nothing(picture, tmp_path):
    kept = tmp_path / "kept.sqlite"
    here, there, other = (Circle(30.0, col, 8.0) for col in (50.0, 40.0, 20.0))
    known = read_micrograph(picture).id
    (found,) = answers(
        kept, request(picture, here, there, others=(other,), known=known)
    )
    assert set(found.pictures) == {here, there}
    assert found.micrograph is None
    picture.unlink()
    (again,) = answers(kept, request(picture, here, there, other, known=known))
    assert set(again.pictures) == {here, there, other}
    np.testing.assert_array_equal(again.pictures[here], found.pictures[here])


def test_pictures_of_an_earlier_content_are_not_taken(picture, tmp_path):
    kept = tmp_path / "kept.sqlite"
    circle = Circle(30.0, 50.0, 8.0)
    old = read_micrograph(picture).id
    answers(kept, request(picture, circle, known=old))
    Image.fromarray(np.arange(5400, dtype=np.uint16).reshape(60, 90)).save(
        picture.with_suffix(".tif")
    )
    changed = picture.with_suffix(".tif")
    new = read_micrograph(changed).id
    (found,) = answers(kept, request(changed, circle, known=new))
    np.testing.assert_array_equal(
        found.pictures[circle], thumbnail(read_micrograph(changed).pixels, circle)
    )


def test_an_unknown_content_is_told(picture):
    (found,) = answers(None, request(picture, Circle(30.0, 50.0, 8.0)))
    assert found.micrograph.id == found.micrograph_id == read_micrograph(picture).id


def test_a_file_that_cannot_be_read_stops_no_other(picture, tmp_path):
    circle = Circle(30.0, 50.0, 8.0)
    lost = request(tmp_path / "lost.png", circle)
    bad, good = answers(None, lost, request(picture, circle))
    assert bad.micrograph_id is None
    assert not bad.pictures
    assert set(good.pictures) == {circle}


def test_only_what_is_wanted_now_is_made(picture):
    wishes = Wishes()
    one, other = Circle(30.0, 50.0, 8.0), Circle(30.0, 20.0, 8.0)
    wishes.want([request(picture, one)])
    work = thumbnailing(wishes, None, lambda _share: None)
    wishes.want([request(picture, other)])
    assert [set(found.pictures) for found in work] == [{other}]


def test_what_is_at_work_is_not_wished_for_twice(picture):
    wishes = Wishes()
    one, other = Circle(30.0, 50.0, 8.0), Circle(30.0, 20.0, 8.0)
    wishes.want([request(picture, one)])
    assert wishes.next() == (request(picture, one), False)
    wishes.want([request(picture, one, other)])
    assert wishes.next() == (request(picture, other), False)
