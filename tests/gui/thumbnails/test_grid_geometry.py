"""Geometry of pictures in sections: where each cell lies, and which is at a place."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.gui.thumbnails.grid_geometry import GAP_PX, Box, CellShape, Grid

GRIDS = [
    Grid((7, 1, 12), 330, 60, 20),
    Grid((40,), 50, 48, 0),
    Grid((3, 3), 1900, 100, 30),
    Grid((5, 4), 700, 200, 20, CellShape(0.5, 34)),
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
    assert grid.above(7, 1) == 5
    assert grid.above(7, 2) == 0
    assert grid.above(9, 1) == 7
    assert grid.above(12, -1) == 17
    assert grid.above(17, -1) == 19
    assert grid.above(2, 1) == 2
    assert grid.above(0, -100) == 18


@pytest.mark.parametrize(
    ("width", "edge", "columns", "cell"),
    [
        # Cells of 60 and gaps of 4: five take 324.
        (330, 60, 5, 61), (323, 60, 4, 75), (324, 60, 5, 60),
        (30, 60, 1, 22), (10, 60, 1, 16),
    ],
)  # fmt: skip
def test_cells_grow_until_the_line_is_full(width, edge, columns, cell):
    grid = Grid((7,), width, edge, 20)
    assert (grid.columns, grid.cell_px) == (columns, cell)
    assert (grid.cell_height_px, grid.pitch_px) == (cell, cell + 4)


def test_sections_lie_below_each_other_with_their_headers():
    """Lines of 65 px: two for seven cells, one for one, three for twelve."""
    grid = GRIDS[0]
    assert grid.height_px == 4 + 3 * 20 + 6 * 65
    assert grid.box(0) == Box(4, 24, 61, 61)
    assert grid.box(6) == Box(4 + 65, 24 + 65, 61, 61)
    assert grid.box(7) == Box(4, 24 + 130 + 20, 61, 61)
    assert grid.box(19) == Box(4 + 65, 24 + 195 + 40 + 130, 61, 61)
    heads = [(4, 0), (4 + 150, 1), (4 + 235, 2)]
    wanted = [(at, Box(0, top, 330, 20)) for top, at in heads]
    assert list(grid.headers(0, grid.height_px)) == wanted
    # Those that are seen in part.
    assert [at for at, _ in grid.headers(23, 155)] == [0, 1]
    assert [at for at, _ in grid.headers(24, 154)] == []
    assert list(GRIDS[1].headers(0, 999)) == []


def test_a_low_cell_has_room_for_words():
    grid = GRIDS[3]
    assert (grid.columns, grid.cell_px) == (3, 228)
    assert grid.cell_height_px == 114 + 34
    assert grid.box(4) == Box(4 + 232, 4 + 20 + 152, 228, 148)


def test_beside_above_and_below_all_cells_there_is_none():
    grid = GRIDS[0]
    right = grid.box(4).left + 61
    assert grid.at(right - 1, 24) == 4
    assert grid.at(right, 24) is None
    assert grid.at(right + 65, 24) is None
    # A place in a line that is not full, in a header, before and after everything.
    assert grid.at(4 + 2 * 65, 24 + 65) is None
    assert grid.at(10, 10) is None
    assert grid.at(10, -5) is None
    assert grid.at(10, grid.height_px + 5) is None


def test_rectangles_that_only_meet_do_not_touch():
    grid = GRIDS[0]
    left, top, width, height = grid.box(1)
    assert grid.touched(Box(left - 4, top, 4, height)) == []
    assert grid.touched(Box(left - 3, top, 4, height)) == [1]
    assert grid.touched(Box(left + width, top, 4, height)) == []
    assert grid.touched(Box(left, top + height, width, 4)) == []
    assert grid.touched(Box(left, top + height - 1, width, 4)) == [1]
