"""Spectrum, phase and strain of a square against lattices that are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_cdse.core.crystal.local_lattice import (
    filtered,
    line_profile,
    local_wave,
    strain_of,
)
from napari_cdse.core.crystal.region_spectrum import (
    SMALLEST_PX,
    _beyond_side_lobes,
    region_spectrum,
    two_families,
)

N = 128


def wave(k, number=N, amplitude=1.0, phase=0.0):
    """A plane wave of frequency k (row, column), from the square's middle."""
    place = np.arange(number) - (number - 1) / 2
    turns = k[0] * place[:, None] + k[1] * place
    return amplitude * np.cos(2 * np.pi * turns + phase)


def at(spacing_px, degrees):
    """Frequency of planes whose normal is turned down from the columns' direction."""
    turn = math.radians(degrees)
    return math.sin(turn) / spacing_px, math.cos(turn) / spacing_px


def noisy(seed, *waves):
    noise = np.random.default_rng(seed).normal(size=waves[0].shape)
    return (sum(waves) + noise).astype(np.float32)


def test_a_drawn_lattice_has_its_spacing_and_angle_within_its_uncertainty():
    first, second = at(9.1, 20), at(7.3, 75)
    found = region_spectrum(noisy(0, wave(first), wave(second, amplitude=0.7))).peaks
    assert len(found) == 2
    for peak, spacing in zip(found, (9.1, 7.3), strict=True):
        sigma = peak.relative_sigma * peak.spacing_px
        assert peak.spacing_px == pytest.approx(spacing, abs=3 * sigma)
        assert sigma < 0.02 * spacing
    angle_sigma = math.hypot(*(each.direction_sigma_deg for each in found))
    assert found[0].angle_to(found[1]) == pytest.approx(55, abs=3 * angle_sigma)
    assert two_families(found) == found


def test_the_uncertainty_of_a_frequency_is_that_of_many_drawn_ones():
    rng = np.random.default_rng(1)
    off = []
    for seed in range(60):
        k = np.array([0.05, 0.11]) + rng.uniform(-0.02, 0.02, 2)
        square = noisy(seed, wave(k, 96, 0.6, rng.uniform(0, 6)))
        peak = region_spectrum(square).peaks[0]
        sigma = math.sqrt(peak.covariance[0, 0])
        off += [(peak.k_row - k[0]) / sigma, (peak.k_col - k[1]) / sigma]
    # 120 draws of a normal variable: 1 to within 0.065.
    assert np.std(off) == pytest.approx(1, abs=0.2)


def test_noise_shows_a_peak_no_oftener_than_is_said():
    empty = np.zeros((64, 64))
    shown = [bool(region_spectrum(noisy(i, empty)).peaks) for i in range(60)]
    # One in a hundred is said; more than 4 of 60 come by chance once in 2000 times.
    assert sum(shown) <= 4


def test_the_spectrum_is_that_of_the_definition():
    square = noisy(2, wave(at(8, 0), SMALLEST_PX + 1))
    found = region_spectrum(square)
    number = len(square)
    window = np.sin(np.pi * (np.arange(number) + 0.5) / number) ** 2
    both = np.outer(window, window)
    mean = (square * both).sum() / both.sum()
    whole = np.fft.fftshift(np.abs(np.fft.fft2((square - mean) * both)) ** 2)
    # Each ring has one background, so that ratios within one are those of the powers.
    middle = number // 2
    for row, col, other in ((3, 0, (0, 3)), (-4, 1, (1, 4)), (2, -5, (5, 2))):
        ratio = found.ratio[middle + row, middle + col]
        mirrored = found.ratio[middle + other[0], middle + other[1]]
        expected = whole[middle + row, middle + col]
        expected /= whole[middle + other[0], middle + other[1]]
        assert ratio / mirrored == pytest.approx(expected, rel=1e-3)
    assert found.ratio == pytest.approx(found.ratio[::-1, ::-1], rel=1e-3)


def test_the_radial_profile_is_highest_at_the_spacing():
    found = region_spectrum(noisy(3, wave(at(10, 33)), wave(at(10, 93))))
    frequency = found.ring_frequencies
    lattice = frequency > 0.05
    highest = frequency[lattice][np.argmax((found.radial / found.background)[lattice])]
    assert highest == pytest.approx(0.1, abs=1.5 / N)


def test_peaks_end_where_they_are_said_to_end():
    square = noisy(4, wave(at(4, 0)), wave(at(10, 60)))
    assert len(region_spectrum(square).peaks) == 2
    (one,) = region_spectrum(square, highest_per_px=0.2).peaks
    assert one.spacing_px == pytest.approx(10, abs=0.1)


def test_families_that_are_multiples_of_each_other_span_no_lattice():
    square = noisy(5, wave(at(12, 10)), wave(at(6, 10)))
    found = region_spectrum(square).peaks
    assert len(found) == 2
    assert two_families(found) is None
    assert two_families(()) is None


def test_the_filtered_picture_of_two_lattices_keeps_the_chosen_one():
    chosen, other = wave(at(9, 15)), wave(at(9, 75), amplitude=2)
    square = (chosen + other).astype(np.float32)
    peaks = region_spectrum(square).peaks[:2]
    (peak,) = (one for one in peaks if abs(one.k_row / one.k_col) < 1)
    kept = filtered([local_wave(square, peak, 12)])
    assert np.abs(kept - chosen)[16:-16, 16:-16].max() < 0.05
    # No darker at the edges.
    assert np.std(kept[:4]) == pytest.approx(np.std(chosen[:4]), rel=0.2)
    both = filtered([local_wave(square, each, 12) for each in peaks])
    assert np.abs(both - square)[16:-16, 16:-16].max() < 0.1


def stretched_lattice(xx, yy, xy, turn):
    """Two waves that are displaced where the column is right of the middle."""
    half = np.array([[1 + xx, xy], [xy, 1 + yy]])
    rotation = np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    )
    back = np.linalg.inv(rotation @ half)
    place = np.arange(N) - (N - 1) / 2
    x, y = np.meshgrid(place, -place)
    there = np.einsum("ij,jrc->irc", back, np.array([x, y]))
    before = np.where(x > 0, there, np.array([x, y]))
    square = np.zeros((N, N))
    for kx, ky in ((0.12, 0.02), (-0.04, 0.11)):
        square += np.cos(2 * np.pi * (kx * before[0] + ky * before[1]))
    return square.astype(np.float32)


@pytest.mark.parametrize(
    ("xx", "yy", "xy", "turn"),
    [(0.03, 0, 0, 0), (0, -0.02, 0, 0), (0, 0, 0.02, 0), (0, 0, 0, 0.03)],
)
def test_the_strain_of_a_drawn_stretched_lattice_is_what_was_drawn(xx, yy, xy, turn):
    square = stretched_lattice(xx, yy, xy, turn)
    reference = region_spectrum(stretched_lattice(0, 0, 0, 0)).peaks[:2]
    waves = [local_wave(square, peak, 5) for peak in reference]
    strain = strain_of(*waves)
    for found, drawn in (
        (strain.xx, xx),
        (strain.yy, yy),
        (strain.xy, xy),
        (strain.rotation_rad, turn),
    ):
        left, right = found[20:-20, 20:44], found[20:-20, -44:-20]
        assert np.nanmedian(left) == pytest.approx(0, abs=0.002)
        assert np.nanmedian(right) == pytest.approx(drawn, abs=0.002)


def test_where_a_family_is_missing_there_is_no_strain():
    place = np.arange(N) - (N - 1) / 2
    there = (place < 0).astype(float)
    square = (wave(at(8, 0)) + wave(at(8, 90)) * there).astype(np.float32)
    peaks = region_spectrum(square).peaks[:2]
    strain = strain_of(*(local_wave(square, each, 4) for each in peaks))
    assert np.isnan(strain.xx[40:-40, -20:]).all()
    assert np.isfinite(strain.xx[40:-40, 10:40]).all()


def test_a_line_reads_the_values_below_it_and_nothing_beside_the_picture():
    pixels = np.add.outer(2.0 * np.arange(30), 3.0 * np.arange(40)).astype(np.float32)
    place, values = line_profile(pixels, (5, 6), (9, 9))
    assert place == pytest.approx(np.arange(6))
    rows, cols = 5 + 0.8 * place, 6 + 0.6 * place
    assert values == pytest.approx(2 * rows + 3 * cols, rel=1e-5)
    assert np.isnan(line_profile(pixels, (5, 35), (5, 50))[1][-1])


@pytest.mark.parametrize("strong", [(20.0, 20.0), (-20.0, -20.0)])
def test_what_a_window_lets_leak_of_a_strong_peak_is_no_peak(strong):
    """Six samples off one axis a Hann window leaks 1 / (pi 6 (6^2 - 1)) of it.

    That of the peak's mirror image counts as well, and a peak is three times as high.
    """
    leak = 3 * 1000 / (np.pi * 6 * 35)
    places = np.array([strong, (20.0, 26.0), (-20.0, 40.0)])
    for factor, kept in ((0.98, False), (1.02, True)):
        power = np.array([1000.0, factor * leak, 50.0]) ** 2
        assert _beyond_side_lobes(places, power).tolist() == [True, kept, True]
    # Off both axes it is the product of both.
    both = 3 * 1000 / (np.pi * 6 * 35) / (np.pi * 4 * 15)
    places[1] = 26.0, 24.0
    for factor, kept in ((0.98, False), (1.02, True)):
        power = np.array([1000.0, factor * both, 50.0]) ** 2
        assert _beyond_side_lobes(places, power).tolist() == [True, kept, True]
    # Of two peaks as high as each other none is the other's.
    assert _beyond_side_lobes(places[:2], np.array([9.0, 9.0])).all()


def test_a_profile_is_averaged_across_the_line():
    pixels = np.add.outer(2.0 * np.arange(30) ** 2, np.zeros(40)).astype(np.float32)
    for width, off in ((1, [0]), (3, [-1, 0, 1]), (5, [-2, -1, 0, 1, 2])):
        place, values = line_profile(pixels, (10, 5), (10, 9), width)
        assert place.tolist() == [0, 1, 2, 3, 4]
        wanted = np.mean([2.0 * (10 + each) ** 2 for each in off])
        assert values == pytest.approx(np.full(5, wanted))
    place, _ = line_profile(pixels, (10, 5), (10, 5))
    assert place.tolist() == [0, 0]
    _, beside = line_profile(pixels, (0, 5), (0, 9), 3)
    assert np.isnan(beside).all()


def test_a_local_wave_has_the_amplitude_and_phase_drawn():
    square = wave(at(8, 30), amplitude=3.0, phase=0.7).astype(np.float32) + 50
    peak = region_spectrum(square).peaks[0]
    found = local_wave(square, peak, 6)
    inner = (slice(24, -24), slice(24, -24))
    assert found.amplitude[inner] == pytest.approx(np.full((80, 80), 3.0), rel=0.02)
    assert found.phase_rad[inner] == pytest.approx(np.full((80, 80), 0.7), abs=0.03)
    assert np.abs(found.gradient[:, 24:-24, 24:-24]).max() < 1e-3


def test_the_gradient_of_the_phase_is_the_frequencys_difference():
    square = wave((0.05, 0.1)).astype(np.float32)
    peak = region_spectrum(square).peaks[0]
    other = wave((0.054, 0.097), amplitude=3.0).astype(np.float32)
    gradient = local_wave(other, peak, 6).gradient[:, 30:-30, 30:-30]
    assert gradient[0] == pytest.approx(np.full((68, 68), 0.004), abs=4e-4)
    assert gradient[1] == pytest.approx(np.full((68, 68), -0.003), abs=4e-4)


def test_the_background_of_noise_is_its_power_and_the_strength_is_over_it():
    """White noise of deviation 2 has 4 sum(w^2) in each sample of a window w."""
    rng = np.random.default_rng(7)
    square = rng.normal(scale=2, size=(256, 256)).astype(np.float32)
    found = region_spectrum(square)
    window = np.sin(np.pi * (np.arange(256) + 0.5) / 256) ** 2
    power = 4 * (window**2).sum() ** 2
    assert np.median(found.background[5:]) == pytest.approx(power, rel=0.05)
    assert np.mean(found.radial[5:]) == pytest.approx(power, rel=0.05)
    assert found.step_per_px == 1 / 256
    assert found.ring_frequencies[0] == pytest.approx(0.75 / 256)
    assert np.diff(found.ring_frequencies) == pytest.approx(1.5 / 256)
    fringes = square + wave((0.08, 0.11), 256).astype(np.float32)
    (peak,) = region_spectrum(fringes).peaks
    strength = (window.sum() ** 2 / 2) ** 2 / power
    assert peak.strength == pytest.approx(strength, rel=0.15)
    # Rms of the fringes over that of the noise, in what the window weighs.
    assert peak.contrast == pytest.approx(0.5**0.5 / 2, rel=0.1)
