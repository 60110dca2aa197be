"""Waves, lens and camera against closed formulas."""

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.simulate.exposure import mtf
from napari_cdse.simulate.microscope import optics
from napari_cdse.simulate.microscope.multislice import exit_spectrum

STEP = 0.03
SHAPE = (96, 96)
IDEAL = optics.Lens(300.0, 0.0, 35.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def grating(strength, cycles):
    x = np.arange(SHAPE[1]) / SHAPE[1]
    return np.broadcast_to(strength * np.cos(2 * np.pi * cycles * x), SHAPE).astype(
        np.float32
    )


def image_of(phase, lens, back=0.0):
    wave = exit_spectrum([(phase, 0.0)], SHAPE, STEP, lens.kV)
    k = optics.full_frequencies(SHAPE, STEP)
    return optics.intensity(wave, optics.transfer(lens, k, back))


def amplitude(image, cycles):
    return np.fft.fft2(image)[0, cycles].real * 2 / image.size


def test_wavelengths_are_those_of_the_tables():
    for kV, picometres in ((80, 4.1757), (200, 2.5079), (300, 1.9687)):
        assert optics.wavelength_nm(kV) * 1e3 == pytest.approx(picometres, rel=1e-4)
    assert optics.mass_ratio(300) == pytest.approx(1.5871, rel=1e-4)


@pytest.mark.parametrize("Cs_mm", [0.0, 0.9])
def test_a_weak_grating_shows_with_the_sine_of_the_aberration_phase(Cs_mm):
    lens = replace(IDEAL, Cs_mm=Cs_mm)
    for cycles in (4, 7, 9):
        k = cycles / (SHAPE[1] * STEP)
        wavelength = optics.wavelength_nm(300)
        chi = math.pi * wavelength * 35.0 * k**2
        chi -= math.pi / 2 * Cs_mm * 1e6 * wavelength**3 * k**4
        found = amplitude(image_of(grating(0.01, cycles), lens), cycles)
        assert found == pytest.approx(-0.02 * math.sin(chi), abs=2e-5)


def test_focal_spread_damps_as_the_formula_says():
    lens = replace(IDEAL, focal_spread=5.0)
    k = 9 / (SHAPE[1] * STEP)
    damping = math.exp(-((math.pi * optics.wavelength_nm(300) * 5.0 * k**2) ** 2) / 2)
    sharp = amplitude(image_of(grating(0.01, 9), IDEAL), 9)
    soft = amplitude(image_of(grating(0.01, 9), lens), 9)
    assert soft / sharp == pytest.approx(damping, rel=0.01)


def test_propagating_on_and_focusing_back_is_nothing():
    phase = grating(0.02, 6)
    empty = np.zeros(SHAPE, np.float32)
    wave = exit_spectrum([(phase, 3.0), (empty, 4.0)], SHAPE, STEP, 300.0)
    k = optics.full_frequencies(SHAPE, STEP)
    image = optics.intensity(wave, optics.transfer(IDEAL, k, 7.0))
    assert np.allclose(image, image_of(phase, IDEAL), atol=2e-5)


def test_a_pure_phase_object_in_focus_is_invisible():
    lens = replace(IDEAL, defocus=0.0)
    assert np.allclose(image_of(grating(0.05, 5), lens), 1, atol=1e-4)


def test_drift_blurs_along_its_direction_only():
    lens = replace(IDEAL, drift=0.3, drift_angle=0.0)
    k = optics.half_frequencies(SHAPE, STEP)
    damping = optics.blur(lens, k)
    assert np.allclose(damping[:, 0], 1)
    assert damping[0, 10] == pytest.approx(np.sinc(0.3 * 10 / (96 * STEP)), rel=1e-4)


def test_resampling_keeps_what_the_pixels_can_hold():
    fine = 1 + grating(0.2, 6)
    coarse = optics.sample(fine, (64, 64), np.ones((64, 33), np.float32))
    x = np.arange(64) / 64
    assert np.allclose(coarse[5], 1 + 0.2 * np.cos(2 * np.pi * 6 * x), atol=1e-5)
    assert mtf(0.2, (64, 64))[0, 0] == 1
