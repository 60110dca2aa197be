"""Frequencies, phases and their uncertainties, for families whose cells were set."""

from math import degrees, pi, sqrt

import numpy as np
import pytest

from napari_cdse.core.crystal.bragg_peaks import (
    BraggPeak,
    DemodulatedFamily,
    cell_places,
    measure,
    phase_step,
)
from napari_cdse.core.crystal.fault_line import FaultLine
from napari_cdse.core.crystal.particle_analysis import default_family
from napari_cdse.core.features.families import CELLS, Family

RADIUS_PX = 50.0
PER_CELL = 16.0
ROW, COL = cell_places().T
INSIDE = np.hypot(ROW, COL) < 1
SIZES = (PER_CELL * INSIDE).astype(np.float32)
WHOLE = np.ones(CELLS**2, bool)


def peak(k_row, k_col, covariance=((0, 0), (0, 0))):
    return BraggPeak(k_row, k_col, np.array(covariance, float), 50.0, 1.0)


def followed(amplitude, off=(0.0, 0.0), noise=2.0):
    """A family found at (0.03, 0.04) per px whose true frequency is off by so much."""
    turns = RADIUS_PX * (off[0] * ROW + off[1] * COL)
    cells = PER_CELL * INSIDE * amplitude * np.exp(2j * pi * turns)
    family = Family(0.03, 0.04, 50.0, 1.0, cells.reshape(CELLS, CELLS))
    return DemodulatedFamily(family, SIZES, noise, RADIUS_PX)


def test_numbers_of_a_peak_follow_from_frequency_and_covariance():
    along, across = 1e-4, 3e-4
    axis, normal = np.array([0.6, 0.8]), np.array([-0.8, 0.6])
    covariance = along**2 * np.outer(axis, axis) + across**2 * np.outer(normal, normal)
    told = peak(0.03, 0.04, covariance)
    assert told.k_per_px == pytest.approx(0.05)
    assert told.spacing_px == pytest.approx(20)
    assert told.relative_sigma == pytest.approx(along / 0.05)
    assert told.direction_sigma_deg == pytest.approx(degrees(across / 0.05))
    spacing, sigma = told.spacing_nm(0.04)
    assert (spacing, sigma) == (pytest.approx(0.8), pytest.approx(0.8 * along / 0.05))
    _, both = told.spacing_nm(0.04, 0.015)
    assert both == pytest.approx(0.8 * sqrt((along / 0.05) ** 2 + 0.015**2))


@pytest.mark.parametrize(
    ("other", "angle"),
    [((0.03, 0.04), 0), ((-0.06, -0.08), 0), ((0.04, -0.03), 90), ((0.0, 0.2), 36.87)],
)
def test_angles_are_those_of_the_normals_either_way(other, angle):
    assert peak(0.03, 0.04).angle_to(peak(*other)) == pytest.approx(angle, abs=1e-2)


@pytest.mark.parametrize("off", [(0, 0), (0.001, 0), (0, -0.002), (0.0015, 0.001)])
def test_the_frequency_of_one_wave_is_found(off):
    found = measure(followed(3 + 1j, off), [WHOLE])
    assert found.k_row == pytest.approx(0.03 + off[0], abs=1e-6)
    assert found.k_col == pytest.approx(0.04 + off[1], abs=1e-6)
    assert (found.strength, found.contrast) == (50, 1)
    # Cramer and Rao: noise / 2 over amplitude^2 sum(x^2), in radians per px.
    moment = float((SIZES * ROW**2).sum()) * RADIUS_PX**2
    sigma = sqrt(2.0 / 2 / (10 * moment)) / (2 * pi)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([sigma] * 2, rel=1e-3)
    assert found.covariance[0, 1] == pytest.approx(0, abs=1e-3 * sigma**2)


@pytest.mark.parametrize("off", [(0, 0), (0.003, -0.004), (-0.005, 0.005)])
def test_a_jump_does_not_draw_the_frequency_of_two_sides_aside(off):
    line = FaultLine(0.0, 0.0)
    jump = np.where(COL > 0, np.exp(2j * pi / 3), 1)
    found = measure(followed(2 * jump, off), line.sides)
    assert found.k_row == pytest.approx(0.03 + off[0], abs=2e-6)
    assert found.k_col == pytest.approx(0.04 + off[1], abs=2e-6)
    alone = measure(followed(2 * jump), [WHOLE])
    assert abs(alone.k_col - 0.04) > 5e-4


@pytest.mark.parametrize("step", [0.5, -1.0, 2 * pi / 3])
def test_the_phases_on_either_side_are_those_set(step):
    line = FaultLine(0.0, 0.0)
    before, behind = line.sides
    amplitude = np.where(COL > 0, np.exp(1j * (0.3 + step)), np.exp(0.3j))
    reference = peak(0.03, 0.04)
    phases, sigma = phase_step(followed(2 * amplitude), reference, (before, behind))
    assert phases == pytest.approx((0.3, 0.3 + step), abs=1e-5)
    # Each phase errs by sqrt(noise / 2 / size) / amplitude.
    sizes = [float(SIZES[side].sum()) for side in (before, behind)]
    wanted = sqrt(sum(2.0 / 2 / (4 * size) for size in sizes))
    assert sigma == pytest.approx(wanted, rel=1e-4)
    # The frequency's own error tilts one side against the other.
    doubtful = peak(0.03, 0.04, np.diag([0, 1e-8]))
    _, more = phase_step(followed(2 * amplitude), doubtful, (before, behind))
    middles = [np.average(COL[s], weights=SIZES[s]) for s in (before, behind)]
    lever = 2 * pi * RADIUS_PX * (middles[1] - middles[0])
    assert more == pytest.approx(sqrt(sigma**2 + 1e-8 * lever**2), rel=1e-4)


def test_the_reference_of_the_phase_is_the_peaks_frequency():
    line = FaultLine(0.0, 0.0)
    off = (0.0, 0.002)
    phases, _ = phase_step(followed(2, off), peak(0.03, 0.042), line.sides)
    assert phases == pytest.approx((0, 0), abs=1e-5)
    tilted, _ = phase_step(followed(2, off), peak(0.03, 0.04), line.sides)
    assert tilted[0] < -0.05 < 0.05 < tilted[1]
    assert tilted[0] == pytest.approx(-tilted[1], abs=1e-5)


def test_the_strongest_family_that_can_show_the_fault_is_shown():
    line = FaultLine(0.0, 0.0)
    parallel, inclined = peak(0.0, 0.1), peak(0.1, 0.05)
    assert default_family([parallel, inclined], line) == 1
    assert default_family([inclined, parallel], line) == 0
    assert default_family([parallel, inclined], None) == 0
    assert default_family([parallel], line) == 0
    assert default_family([], line) is None
