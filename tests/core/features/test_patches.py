"""Circles at borders and in frames, and the background, where the answer is known."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.features import compute_features
from napari_cdse.core.features.patch import cut
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.records import Circle, Micrograph
from tests.drawn_particles import PIXEL_NM, micrograph_of, speckle


def picture(pixels):
    name = hashlib.sha256(pixels.tobytes()).hexdigest()
    return Micrograph(np.ascontiguousarray(pixels, np.float32), "drawn", name)


def told(micrograph, circles):
    table = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    return dict(zip(table.names, table.values.T, strict=True))


def test_the_share_of_a_disk_inside_is_that_of_its_halves_and_quarters():
    micrograph = picture(speckle((300, 400), 0))
    circles = [
        Circle(150, 200, 40),
        Circle(-0.5, 200, 40),
        Circle(299.5, 200, 40),
        Circle(150, 399.5, 40),
        Circle(-0.5, -0.5, 40),
        Circle(-60, 200, 40),
    ]
    shares = told(micrograph, circles)["inside"]
    assert shares == pytest.approx([1, 0.5, 0.5, 0.5, 0.25, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("row_px", "col_px", "rows", "cols"),
    [
        (-0.5, 200, "low", ""),
        (299.5, 200, "high", ""),
        (150, -0.5, "", "low"),
        (150, 399.5, "", "high"),
        (299.5, -0.5, "high", "low"),
    ],
)
def test_what_lies_off_the_micrograph_counts_nothing(row_px, col_px, rows, cols):
    around = Surroundings.of(picture(speckle((300, 400), 0)), PIXEL_NM)
    patch = cut(around, Circle(row_px, col_px, 40))
    whole = cut(around, Circle(150, 200, 40)).window
    half = len(whole) // 2
    kept = {"": slice(None), "low": slice(half, None), "high": slice(half)}
    seen = np.zeros_like(whole)
    seen[kept[rows], kept[cols]] = 1
    np.testing.assert_array_equal(patch.window, whole * seen)
    assert (patch.values[patch.window == 0] == 0).all()
    # The weighted mean is taken away, of what is seen alone.
    assert patch.values.sum() == pytest.approx(0, abs=1e-3)


def test_a_patch_holds_the_pixels_in_units_of_the_backgrounds_deviation():
    row, col = np.mgrid[:300, :400]
    ramp = 0.02 * (row - 150) + 0.03 * (col - 200)
    around = Surroundings.of(picture(speckle((300, 400), 0)), PIXEL_NM)
    patch = cut(
        replace(around, pixels=(5 + ramp).astype(np.float32)), Circle(150, 200, 40)
    )
    across = (
        np.arange(len(patch.window)) - (len(patch.window) - 1) / 2
    ) * patch.step_px
    wanted = (0.02 * across[:, None] + 0.03 * across) * patch.window / around.rms
    np.testing.assert_allclose(patch.values, wanted, atol=2e-4)
    assert len(patch.window) * patch.step_px == pytest.approx(2 * 1.125 * 40)
    assert (patch.radius_px, patch.radius_nm) == (40, pytest.approx(1.6))


def test_small_circles_are_widened_to_six_pixels():
    micrograph = picture(speckle((300, 400), 0))
    circles = [Circle(150, 200, radius) for radius in (0.5, 5.9, 6.0, 7.0)]
    radii_nm = told(micrograph, circles)["radius_nm"]
    assert radii_nm / PIXEL_NM == pytest.approx([6, 6, 6, 7])


def test_a_frame_moves_nothing():
    micrograph, circles = micrograph_of(["yes", "no"], 2)
    framed = np.pad(micrograph.pixels, ((31, 12), (17, 40)), constant_values=255)
    moved = [circle.moved(31, 17) for circle in circles]
    inner = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    outer = compute_features(picture(framed), moved, "bragg", PIXEL_NM)
    np.testing.assert_allclose(outer.values, inner.values, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(512, 512), (300, 700), (120, 900)])
def test_white_noise_has_its_deviation_and_the_same_power_everywhere(shape):
    noise = np.random.default_rng(3).normal(50, 8, shape)
    around = Surroundings.of(picture(noise), PIXEL_NM)
    assert around.rms == pytest.approx(8, rel=0.04)
    # The window takes the mean away, and with it the power nearest to frequency 0.
    k = np.linspace(0.03, 0.5, 40)
    assert around.power_at(k) == pytest.approx(np.ones(40), abs=0.25)
    assert around.power_at(k).mean() == pytest.approx(1, abs=0.03)


def test_filtered_noise_has_the_power_of_its_filter():
    def power(k_per_px):
        return 1 / (1 + (k_per_px / 0.1) ** 2) ** 2

    rng = np.random.default_rng(4)
    k = np.hypot(np.fft.fftfreq(700)[:, None], np.fft.rfftfreq(700))
    white = np.fft.rfft2(rng.normal(size=(700, 700)))
    around = Surroundings.of(
        picture(np.fft.irfft2(white * np.sqrt(power(k)))), PIXEL_NM
    )
    # Mean over the disk of frequencies below 0.5, of the integral's closed form.
    disk = 0.1**2 / (0.5**2 + 0.1**2)
    assert around.rms**2 == pytest.approx(disk, rel=0.05)
    at = np.array([0.05, 0.1, 0.15, 0.2, 0.3])
    found = around.power_at(at) * around.rms**2
    assert found == pytest.approx(power(at), rel=0.12)
