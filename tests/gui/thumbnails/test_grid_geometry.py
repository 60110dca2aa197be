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
    assert grid.above(9, 1) == 7
    assert grid.above(12, -1) == 17
    assert grid.above(17, -1) == 19
    assert grid.above(2, 1) == 2
    assert grid.above(0, -100) == 18
