"""Phase, amplitude and filter of a particle's fringes, of plane waves without noise."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.crystal.bragg_peaks import BraggPeak
from napari_cdse.core.crystal.geometric_phase import (
    fourier_filtered,
    inside,
    local_fringes,
)
from napari_cdse.core.features.patch import cut
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.records import Circle, Micrograph
from tests.drawn_particles import PIXEL_NM, speckle

CIRCLE = Circle(150.0, 200.0, 46.0)
ROW, COL = np.mgrid[:300, :400].astype(float)
AROUND = Surroundings.of(
    Micrograph(speckle((300, 400), 0).astype(np.float32), "m", "0" * 64), PIXEL_NM
)


def wave(k_row, k_col, amplitude=20.0, phase=0.4):
    turns = k_row * (ROW - CIRCLE.row_px) + k_col * (COL - CIRCLE.col_px)
    return amplitude * np.cos(2 * np.pi * turns + phase)


def patch_of(*waves):
    pixels = sum(waves).astype(np.float32)
    return cut(replace(AROUND, pixels=pixels), CIRCLE)


def peak(k_row, k_col):
    return BraggPeak(k_row, k_col, np.zeros((2, 2)), 50.0, 1.0)


FIRST, SECOND = (0.06, 0.1), (-0.09, 0.07)


def inner(number):
    """Samples of which the smoothing sees the circle alone."""
    place = ((np.arange(number) + 0.5) / number * 2 - 1) * 1.125
    return np.hypot(place[:, None], place) < 0.4


def test_a_plane_wave_has_its_amplitude_and_phase_everywhere():
    patch = patch_of(wave(*FIRST))
    local = local_fringes(patch, peak(*FIRST))
    here = inner(len(patch.values))
    amplitude = 20 / AROUND.rms
    assert local.amplitude[here] == pytest.approx(
        np.full(here.sum(), amplitude), rel=0.02
    )
    assert local.phase_rad[here] == pytest.approx(np.full(here.sum(), 0.4), abs=0.02)
    assert local_fringes(patch, peak(*FIRST), 1.5).phase_rad[here] == pytest.approx(
        np.full(here.sum(), 0.4 - 1.5), abs=0.02
    )
    outside = ~inside(len(patch.values))
    assert np.isnan(local.phase_rad[outside]).all()
    assert np.isnan(local.amplitude[outside]).all()
    assert np.isfinite(local.phase_rad[~outside]).all()


def test_a_frequency_off_the_reference_is_a_ramp_of_phase():
    patch = patch_of(wave(0.06, 0.103))
    phase = local_fringes(patch, peak(*FIRST)).phase_rad
    number = len(phase)
    middle = number // 2
    slope = (phase[middle, middle + 8] - phase[middle, middle - 8]) / 16
    assert slope == pytest.approx(2 * np.pi * 0.003 * patch.step_px, rel=0.05)
    across = phase[middle + 8, middle] - phase[middle - 8, middle]
    assert across == pytest.approx(0, abs=0.03)


def test_a_family_elsewhere_is_smoothed_away():
    """A Gaussian of sigma passes exp(-2 (pi sigma dk)^2) of a wave dk beside it."""
    off = 0.03
    patch = patch_of(wave(0.06, 0.1 + off))
    local = local_fringes(patch, peak(*FIRST))
    sigma_px = min(0.4 / PIXEL_NM, 0.25 * CIRCLE.radius_px)
    wanted = np.exp(-2 * (np.pi * sigma_px * off) ** 2) * 20 / AROUND.rms
    here = inner(len(patch.values))
    assert np.median(local.amplitude[here]) == pytest.approx(wanted, rel=0.1)


def test_a_small_particle_is_smoothed_less():
    small = Circle(150.0, 200.0, 16.0)
    off = 0.05
    patch = cut(replace(AROUND, pixels=wave(0.06, 0.1 + off).astype(np.float32)), small)
    local = local_fringes(patch, peak(*FIRST))
    wanted = np.exp(-2 * (np.pi * 0.25 * 16 * off) ** 2) * 20 / AROUND.rms
    here = inner(len(patch.values))
    assert np.median(local.amplitude[here]) == pytest.approx(wanted, rel=0.15)


def test_the_filter_keeps_the_families_that_are_named_and_no_other():
    patch = patch_of(wave(*FIRST), wave(*SECOND, phase=-1.0))
    alone = patch_of(wave(*FIRST))
    here = inner(len(patch.values))
    kept = fourier_filtered(patch, [peak(*FIRST)])
    number = len(kept)
    place = (np.arange(number) - (number - 1) / 2) * patch.step_px
    turns = FIRST[0] * place[:, None] + FIRST[1] * place
    true = 20 / AROUND.rms * np.cos(2 * np.pi * turns + 0.4)
    assert np.abs(kept - true)[here].max() < 0.08 * 20 / AROUND.rms
    assert np.isnan(kept[~inside(number)]).all()
    both = fourier_filtered(patch, [peak(*FIRST), peak(*SECOND)])
    turns = SECOND[0] * place[:, None] + SECOND[1] * place
    true = true + 20 / AROUND.rms * np.cos(2 * np.pi * turns - 1.0)
    assert np.abs(both - true)[here].max() < 0.15 * 20 / AROUND.rms
    nothing = fourier_filtered(alone, [peak(*SECOND)])
    assert np.abs(nothing[here]).max() < 0.02 * 20 / AROUND.rms
    assert np.abs(fourier_filtered(alone, [])[here]).max() == 0
