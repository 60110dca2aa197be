"""Speckle whose contrast transfer changes over the view is white all over it."""

import numpy as np
import pytest
from scipy import fft

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.imaging.background import estimate_background
from napari_cdse.core.imaging.background_variation import (
    Pattern,
    no_variation,
    patterns,
)
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.imaging.whitening import whiten
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from tests.core.drawn import speckle

PIXEL_NM = 0.035
WAVELENGTH_NM = 0.00197
TILT_NM = (26.0, 30.5)


def tilted_support(size: int, seed: int) -> np.ndarray:
    """Thin clean support, out of focus by more from the first column to the last."""
    rng = np.random.default_rng(seed)
    grains = fft.rfft2(rng.normal(size=(size, size)))
    k = _frequencies((size, size), PIXEL_NM)
    # Blended from several images, so that the zeros move and none is half filled.
    stops = np.linspace(*TILT_NM, 9)
    place = np.linspace(*TILT_NM, size)
    image = np.zeros((size, size))
    for stop in stops:
        transfer = np.sin(np.pi * WAVELENGTH_NM * stop * k**2) * np.exp(-((k / 5) ** 2))
        share = np.clip(1 - np.abs(place - stop) / (stops[1] - stops[0]), 0, 1)
        image += fft.irfft2(grains * transfer, s=(size, size)) * share
    return image / image.std() + 0.12 * rng.normal(size=(size, size))


def _frequencies(shape: tuple[int, int], step_nm: float) -> np.ndarray:
    rows, cols = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    return np.hypot(rows[:, None], cols) / step_nm


def _micrograph(image: np.ndarray, seed: int = 0) -> Micrograph:
    pixels = (120 + 20 * image).astype(np.float32)
    return Micrograph(pixels, "drawn", f"{seed:064x}", PIXEL_NM, "person")


def _power(values: np.ndarray, band: tuple[float, float], step_nm: float) -> float:
    """Mean power between two spatial frequencies in cycles per nm."""
    tapered = values * np.outer(np.hanning(len(values)), np.hanning(values.shape[1]))
    power = np.abs(fft.rfft2(tapered)) ** 2
    k = _frequencies(values.shape, step_nm)
    return float(power[(k > band[0]) & (k < band[1])].mean())


def test_speckle_that_changes_over_the_view_is_white_on_both_sides() -> None:
    """Coarse speckle fades to the right by a factor of nine, fine speckle grows."""
    noise = fft.rfft2(np.random.default_rng(1).normal(size=(700, 700)))
    k = _frequencies((700, 700), PIXEL_NM)
    coarse = fft.irfft2(noise * (k < 4), s=(700, 700))
    fine = fft.irfft2(noise * (k >= 4), s=(700, 700))
    slope = np.linspace(0.5, 1.5, 700)
    prepared = prepare(_micrograph(coarse * slope[::-1] + fine * slope).pixels)
    background = estimate_background(prepared.pixels, 96)
    white = whiten(prepared, background, (0.07, 0.21), 43)
    step_nm = PIXEL_NM * white.step_px[0]
    first = round(43 / white.step_px[0])
    inside = white.values[first:-first, first:-first]
    fifth = inside.shape[1] // 5
    for band in ((2.4, 3.6), (4.4, 5.8)):
        left, middle, right = (
            _power(inside[:, first : first + fifth], band, step_nm)
            for first in (0, 2 * fifth, 4 * fifth)
        )
        assert left == pytest.approx(middle, rel=0.25)
        assert right == pytest.approx(middle, rel=0.25)


def test_false_alarms_on_a_tilted_support_are_as_many_as_asked_for() -> None:
    params = DetectionParams(false_alarms=2.0)
    found = [
        len(detect(_micrograph(tilted_support(512, n), n), params).circles)
        for n in range(8)
    ]
    # 16 are expected; a factor 2 either way.
    assert 8 <= sum(found) <= 32


def test_speckle_that_is_alike_everywhere_has_no_pattern() -> None:
    image = (speckle((512, 512), 3)).astype(np.float32)
    assert estimate_background(image, 96).gain_patterns((0.07, 0.21))[1] == []
    counted = np.ones((96, 49), bool)
    gain, found = patterns(no_variation((96, 49)), 2.0, counted)
    assert found == []
    assert gain == pytest.approx(np.ones((96, 49)), abs=1e-3)


def test_a_pattern_undoes_a_slope_of_the_power() -> None:
    variation = no_variation((8, 5))
    variation[2] = 0.4
    gain, found = patterns(variation, 50.0, np.ones((8, 5), bool))
    rows, cols = np.array([0.0]), np.array([-1.0, 0.0, 1.0])
    total = 1 + sum(
        pattern.over_place(rows, cols) * pattern.over_frequency[0, 0]
        for pattern in found
    )
    assert gain[0, 0] * total[0] == pytest.approx((1 + 0.4 * cols) ** -0.5, rel=0.02)


def test_a_pattern_is_a_quadratic_polynomial_of_place() -> None:
    pattern = Pattern(np.ones((1, 1), np.float32), np.array([1.0, 2, 3, 4, 5, 6]))
    rows, cols = np.array([-1.0, 0.5]), np.array([0.0, 0.25, 1.0])
    r, c = rows[:, None], cols
    expected = 1 + 2 * r + 3 * c + 4 * r**2 + 5 * r * c + 6 * c**2
    assert pattern.over_place(rows, cols) == pytest.approx(expected)
