"""Lines that split a particle, for families whose jump was set by hand."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest

from napari_cdse.core.features.domains import (
    Fringes,
    best_lines,
    explained_shares,
    line_geometry,
    split,
)
from napari_cdse.core.features.families import CELLS, cell_radii
from napari_cdse.core.features.faults import (
    FAULT_FEATURES,
    fault_features,
    fault_features_together,
)

ROW, COL = np.meshgrid(cell_radii(), cell_radii(), indexing="ij")
INSIDE = np.hypot(ROW, COL) < 1
PER_CELL = 16.0


def fringes(*families, noise=1.0):
    """Families of one amplitude on each side of a line: angle, offset, both."""
    fields = np.zeros((CELLS**2, len(families)), np.complex64)
    for number, (angle, offset, before, after) in enumerate(families):
        across = cos(angle) * COL + sin(angle) * ROW
        amplitude = np.where(across < offset, before, after) * INSIDE
        fields[:, number] = PER_CELL * amplitude.ravel()
    sizes = (PER_CELL * INSIDE).reshape(-1, 1).astype(np.float32)
    return Fringes(fields, sizes, np.full(len(families), noise))


# Oblique lines, so that no two of those tried part the cells alike.
@pytest.mark.parametrize(
    ("direction", "line"), [(3, 5), (3, 3), (7, 8), (13, 6), (17, 4)]
)
def test_a_jump_is_found_where_it_is(direction, line):
    angle, offset = line_geometry(direction, line)
    assert angle == pytest.approx(direction * pi / 20)
    assert offset == pytest.approx(0.12 * (line - 5))
    found = fringes((angle, offset, 1, np.exp(2j * pi / 3)))
    splits = split(found)
    shares = explained_shares(found, splits)
    assert best_lines(shares) == ([direction], [line])
    left, right = splits.amplitudes(direction, line)
    assert np.abs(left) == pytest.approx([1], rel=1e-5)
    assert np.angle(right / left) == pytest.approx([2 * pi / 3], abs=1e-5)
    # Two amplitudes explain all: the energy of each side, less that of their mean.
    across = cos(angle) * COL + sin(angle) * ROW
    part = float((INSIDE & (across < offset)).sum() / INSIDE.sum())
    mean = abs(part + (1 - part) * np.exp(2j * pi / 3)) ** 2
    assert shares.max() == pytest.approx((1 - mean) / mean, rel=1e-4)


ANGLE, MIDDLE = line_geometry(3, 5)
BEFORE = cos(ANGLE) * COL + sin(ANGLE) * ROW < MIDDLE
PART = float((INSIDE & BEFORE).sum() / INSIDE.sum())
COUNT = float(INSIDE.sum()) * PER_CELL


def middle(before, after):
    """A family with a jump across the line through the centre."""
    return ANGLE, MIDDLE, before, after


def test_features_of_a_fault_in_two_of_three_families():
    jump = np.exp(2j * pi / 3)
    found = fringes(middle(2, 2 * jump), middle(1, 1), middle(1, jump))
    told = fault_features(found)
    mean = abs(PART + (1 - PART) * jump) ** 2
    one = COUNT * np.array([4 * mean, 1, mean])
    gains = COUNT * np.array([4, 1, 1]) - one
    assert told["split_share"] == pytest.approx(gains.sum() / one.sum(), rel=1e-4)
    clean = np.maximum(gains - 4, 0).sum() / one.sum()
    assert told["split_share_clean"] == pytest.approx(clean, rel=1e-4)
    assert told["split_gain"] == pytest.approx(np.log1p(gains.sum()), rel=1e-4)
    assert told["split_one_family"] == pytest.approx((1 - mean) / mean, rel=1e-4)
    assert told["split_families"] == 2
    assert told["phase_jump"] == pytest.approx(2 * pi / 3, rel=1e-4)
    assert told["phase_jump_max"] == pytest.approx(2 * pi / 3, rel=1e-4)
    assert told["fault_likeness"] == pytest.approx(0, abs=1e-6)
    assert told["one_sided"] == pytest.approx(0, abs=1e-4)
    assert told["line_offset"] == pytest.approx(0, abs=1e-6)
    assert 0 <= told["split_across"] < told["split_share"]
    assert told["split_contrast"] >= 1


def test_a_twin_is_one_sided_and_a_perfect_particle_is_nothing():
    twin = fault_features(fringes(middle(1, 0.1)))
    assert twin["one_sided"] == pytest.approx(np.log(10), rel=1e-3)
    assert twin["phase_jump"] == pytest.approx(0, abs=1e-3)
    # The cap: an empty side holds nothing but background.
    empty = fault_features(fringes(middle(1, 0)))
    assert empty["one_sided"] == pytest.approx(5, rel=1e-3)
    aside = fault_features(fringes((*line_geometry(7, 9), 1, np.exp(2j * pi / 3))))
    assert aside["line_offset"] == pytest.approx(0.48)
    perfect = fault_features(fringes(middle(1, 1), middle(2, 2)))
    for name in (
        "split_share",
        "split_share_clean",
        "split_families",
        "phase_jump_max",
    ):
        assert perfect[name] == pytest.approx(0, abs=1e-5), name
    assert perfect["fault_likeness"] == pytest.approx(1.5)


NOTHING = Fringes(
    np.empty((CELLS**2, 0), np.complex64),
    np.ones((CELLS**2, 1), np.float32),
    np.empty(0),
)


def test_without_families_there_is_no_fault():
    assert fault_features(NOTHING) == dict.fromkeys(FAULT_FEATURES, 0.0)


def test_what_is_said_of_a_particle_does_not_depend_on_those_beside_it():
    jump = np.exp(2j * pi / 3)
    several = [
        fringes(middle(2, 2 * jump), middle(1, 1), middle(1, jump)),
        NOTHING,
        fringes((*line_geometry(13, 6), 1, 0.2), noise=3.0),
        fringes(middle(1, 1), (*line_geometry(7, 8), 1, jump)),
    ]
    alone = [fault_features(each) for each in several]
    assert fault_features_together(several) == alone


def test_a_family_counts_as_clear_above_six_powers_of_the_background():
    gain = COUNT * (1 - (2 * PART - 1) ** 2)
    for evidence, clear in ((5.9, 0), (6.1, 1)):
        told = fault_features(fringes(middle(1, -1), noise=gain / evidence))
        assert told["split_families"] == clear
        assert told["phase_jump"] == pytest.approx(pi, abs=1e-3)
        assert told["phase_jump_max"] == pytest.approx(pi * clear, abs=1e-3)
