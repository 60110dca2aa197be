"""Dots of one kind: how they lie, and that a fault does not change it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_cdse.simulate.structure.dots import close_packed_rows, dot_of_kind

# [1-10], [11-2] and [111] of the cubic lattice are the axes of the crystal's frame.
FRAME = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])


def test_cubic_rows_are_all_of_110():
    rows = close_packed_rows(hexagonal=False)
    wanted = [
        FRAME @ np.array(each) / np.sqrt(2)
        for each in product((-1, 0, 1), repeat=3)
        if np.abs(each).sum() == 2
    ]
    nearest = np.abs(np.array(wanted) @ rows.T).max(axis=1)
    assert len(wanted) == 2 * len(rows)
    assert nearest == pytest.approx(1.0)


def test_rows_of_wurtzite_lie_in_the_layers():
    rows = close_packed_rows(hexagonal=True)
    assert np.abs(rows[:, 2]).max() == 0
    assert sorted(np.abs(rows[0] @ rows.T).round(6)) == [0.5, 0.5, 1.0]


@pytest.mark.parametrize("hexagonal", [False, True])
def test_the_beam_meets_aligned_dots_along_a_row_and_no_others(small, hexagonal):
    rng = np.random.default_rng(3)
    rows = close_packed_rows(hexagonal)
    for aligned in (True, False):
        for defect in ("perfect", "mixed"):
            dot = dot_of_kind(rng, small, (50.0, 60.0), defect, hexagonal, aligned)
            nearest = np.abs(rows @ dot.rotation[2]).max()
            along = nearest >= np.cos(np.radians(small.dots.tilt_deg))
            assert along == aligned
            low, high = small.dots.diameter_nm
            assert low <= dot.diameter_nm <= high
