"""From maps to seeds to disks, for maps, waves and fits made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.disk_fit import Disk
from napari_cdse.core.detection.map_seeds import fringes_at, maxima, window_samples
from napari_cdse.core.detection.peeling import are_same, peel
from napari_cdse.core.detection.seed_refinement import refine_seeds
from napari_cdse.core.imaging.whitening import Whitened


def test_a_map_says_where_its_samples_lie():
    one = AccumulationMap("m", np.zeros((3, 4)), (2.5, -1.0), (4.0, 2.0))
    assert one.place(0, 0) == (2.5, -1.0)
    assert one.place(1.5, 3) == (8.5, 5.0)
    moved = one.moved(10, 20)
    assert moved.place(1.5, 3) == (18.5, 25.0)
    assert (moved.name, moved.step_px) == ("m", (4.0, 2.0))


def bells(*places, height=10.0, shape=(60, 80)):
    """Noise of unit deviation with bells on it."""
    row, col = np.mgrid[: shape[0], : shape[1]].astype(float)
    values = np.random.default_rng(0).normal(size=shape)
    for r, c in places:
        values += height * np.exp(-((row - r) ** 2 + (col - c) ** 2) / 18)
    return values.astype(np.float32)


def test_maxima_are_where_bells_were_put_in_pixels_of_the_micrograph():
    values = bells((20, 30), (40, 60))
    chosen = AccumulationMap("m", values, (5.0, 7.0), (2.0, 3.0))
    found = maxima(chosen, 10.0, 8.0)
    assert len(found) == 2
    for (row, col), (r, c) in zip(sorted(found), ((20, 30), (40, 60)), strict=True):
        assert row == pytest.approx(5 + 2 * r, abs=4)
        assert col == pytest.approx(7 + 3 * c, abs=6)
    assert maxima(chosen, 10.0, 1000.0) == []
    assert len(maxima(chosen, 10.0, 0.0)) > 2


def test_a_maximum_is_measured_in_the_maps_robust_spread():
    """Half 1 and half -1: a median of 0, from which all are 1 away."""
    values = np.ones((40, 40), np.float32)
    values[:, ::2] = -1
    values[20, 20], values[20, 21] = 30, -1
    chosen = AccumulationMap("m", values, (0.0, 0.0), (1.0, 1.0))
    tiny = 1e-3
    assert maxima(chosen, tiny, 30 / 1.4826 - 0.1) == [(20.0, 20.0)]
    assert maxima(chosen, tiny, 30 / 1.4826 + 0.1) == []


def whitened(values, step=(1.0, 1.0), origin=(0.0, 0.0)):
    values = np.asarray(values, np.float32)
    valid = np.ones(values.shape, bool)
    return Whitened(values, step, origin, values.shape, valid)


def waves(*ks, shape=(120, 160)):
    row, col = np.mgrid[: shape[0], : shape[1]]
    return sum(
        a * np.cos(2 * np.pi * (k_row * row + k_col * col)) for a, k_row, k_col in ks
    )


@pytest.mark.parametrize(
    ("window_px", "step", "samples"),
    [(64, 1.0, 64), (64, 2.0, 32), (65, 1.0, 64), (67, 1.0, 68), (3, 1.0, 4)],
)
def test_a_window_has_an_even_number_of_samples(window_px, step, samples):
    white = whitened(np.zeros((9, 9)), (step, step))
    where = SimpleNamespace(window_px=window_px)
    assert window_samples(white, where) == samples


def test_fringes_are_told_strongest_first_in_cycles_per_pixel_of_the_micrograph():
    step = (2.0, 2.0)
    ks = [(3.0, 0.1, 0.2), (2.0, -0.15, 0.12), (1.0, 0.25, 0.05), (0.5, 0.0, 0.3)]
    white = whitened(waves(*ks), step, (-10.0, 6.0))
    where = SimpleNamespace(window_px=128, band_per_px=(0.05, 0.2))
    places = [(100.0, 150.0), (60.0, 200.0)]
    told, fringes = fringes_at(white, where, places)
    assert told.tolist() == [[100, 150]] * 3 + [[60, 200]] * 3
    for number in (0, 3):
        for (_, k_row, k_col), (row, col) in zip(
            ks[:3], fringes[number : number + 3], strict=True
        ):
            assert (row, col) == (
                pytest.approx(k_row / 2, abs=1.5e-3),
                pytest.approx(k_col / 2, abs=1.5e-3),
            )
    empty = fringes_at(white, where, [])
    assert [each.shape for each in empty] == [(0, 2), (0, 2)]
    narrow = SimpleNamespace(window_px=128, band_per_px=(0.08, 0.105))
    _, fringes = fringes_at(white, narrow, places[:1])
    assert np.hypot(*fringes[0]) == pytest.approx(np.hypot(0.15, 0.12) / 2, abs=2e-3)


def disk_of_fringes(radius, k, amplitude=2.0, at=(60, 80), shape=(120, 160)):
    """Fringes under the dome of a sphere's thickness."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    apart = (row - at[0]) ** 2 + (col - at[1]) ** 2
    dome = np.sqrt(np.maximum(1 - apart / radius**2, 0))
    turns = k[0] * (row - at[0]) + k[1] * (col - at[1])
    return (amplitude * dome * np.cos(2 * np.pi * turns)).astype(np.float32), dome


def test_a_second_look_finds_radius_and_frequency_with_the_matched_power():
    k = (0.11, 0.17)
    values, dome = disk_of_fringes(20, k)
    radii = [14.0, 20.0, 28.0]
    step = 1.2 / (2 * np.pi * 28)
    off = np.array([[k[0] + step, k[1] - step]])
    (found,) = refine_seeds(
        values, np.array([[60.3, 79.8]]), off, radii, np.zeros_like, 5
    )
    assert (found.row, found.col, found.radius) == (60, 80, 20)
    assert found.families[0] == (pytest.approx(k[0]), pytest.approx(k[1]))
    # A template of unit power gives (amplitude / 2)^2 sum(dome^2).
    assert found.strength == pytest.approx((dome**2).sum(), rel=0.01)


def test_a_second_look_takes_the_penalty_off_and_keeps_what_is_above_the_floor():
    k = (0.11, 0.17)
    values, dome = disk_of_fringes(20, k)
    power = float((dome**2).sum())

    def off(frequency):
        return np.full_like(frequency, 100.0)

    place, fringe = np.array([[60.0, 80.0]]), np.array([k])
    (found,) = refine_seeds(values, place, fringe, [20.0], off, power - 110)
    assert found.strength == pytest.approx(power - 100, rel=0.01)
    assert refine_seeds(values, place, fringe, [20.0], off, power - 90) == []
    # The penalty is that of the length of the frequency.
    seen = []

    def note(frequency):
        seen.append(frequency)
        return np.zeros_like(frequency)

    refine_seeds(values, place, fringe, [20.0], note, 5)
    step = 1.2 / (2 * np.pi * 20)
    assert seen[0].shape == (1, 3, 3)
    assert seen[0][0, 1, 1] == pytest.approx(np.hypot(*k))
    assert seen[0][0, 0, 2] == pytest.approx(np.hypot(k[0] - step, k[1] + step))


def test_many_places_are_looked_at_in_their_order_also_at_the_border():
    values, _ = disk_of_fringes(20, (0.11, 0.17))
    places = np.array([[60.0, 80.0 + n % 5] for n in range(150)])
    places[70] = (-7.0, 900.0)
    found = refine_seeds(
        values, places, np.tile((0.11, 0.17), (150, 1)), [20.0], np.zeros_like, -1.0
    )
    assert len(found) == 150
    assert [each.col for each in found[:5]] == [80, 81, 82, 83, 84]
    assert (found[70].row, found[70].col) == (0, 159)
    assert (found[149].row, found[149].col) == (60, 84)


# Peeling


@pytest.mark.parametrize(
    ("distance", "same"), [(0.0, True), (22.4, True), (22.6, False), (60.0, False)]
)
def test_disks_nearer_than_three_quarters_of_their_radii_are_one(distance, same):
    one, other = Disk(0, 0, 10.0, 5.0), Disk(0, distance, 20.0, 5.0)
    assert are_same(one, other) is same
    assert are_same(other, one) is same


class Fitter:
    """Fits what it is told to for each seed; remembers what was left of the image."""

    def __init__(self, fits, strengths=None):
        self.fits, self.strengths, self.seen = fits, strengths or {}, []

    def strength_at(self, left, counts, seed):
        return self.strengths.get((seed.row, seed.col), seed.strength)

    def fit(self, left, counts, seed):
        self.seen.append(
            ((seed.row, seed.col), seed.strength, left.copy(), counts.copy())
        )
        return self.fits.get((seed.row, seed.col))


def peeled(seeds, fits, strengths=None, radii=(5.0, 30.0), threshold=17.0):
    white = whitened(np.ones((100, 200)))
    white.valid[:, :3] = False
    fitter, shares = Fitter(fits, strengths), []
    found = peel(white, seeds, fitter, threshold, radii, shares.append)
    return found, fitter, shares


def seed(row, col, strength, radius=10.0):
    return Disk(row, col, radius, strength, ((0.1, 0.1),))


def test_the_strongest_is_fitted_first_and_taken_out_with_a_margin():
    seeds = [seed(50, 150, 20.0), seed(50, 50, 40.0)]
    fits = {(50, 50): Disk(52, 49, 10.0, 60.0), (50, 150): Disk(50, 150, 8.0, 30.0)}
    found, fitter, shares = peeled(seeds, fits)
    assert found == [fits[50, 50], fits[50, 150]]
    assert shares == [0, 0.5]
    (first, told, before, counts), (second, _, after, left) = fitter.seen
    assert (first, second) == ((50, 50), (50, 150))
    # What a seed must reach is the threshold.
    assert told == 17
    assert (before[:, 3:] == 1).all()
    assert (before[:, :3] == 0).all()
    assert (counts[:, :3] == 0).all()
    row, col = np.mgrid[:100, :200]
    gone = (row - 52) ** 2 + (col - 49) ** 2 <= 11.0**2
    assert (after[gone] == 0).all()
    assert (left[gone] == 0).all()
    assert (after[~gone & (col >= 3)] == 1).all()


def test_weaker_seeds_inside_a_particle_are_given_up():
    seeds = [seed(50, 50, 40.0), seed(50, 59, 30.0), seed(50, 61, 20.0)]
    fits = {(50, 50): Disk(50, 50, 10.0, 60.0), (50, 61): Disk(50, 75, 10.0, 30.0)}
    _, fitter, _ = peeled(seeds, fits)
    assert [place for place, *_ in fitter.seen] == [(50, 50), (50, 61)]


def test_seeds_beside_one_that_led_nowhere_are_given_up_too():
    seeds = [seed(50, 50, 40.0), seed(50, 53, 30.0), seed(50, 54, 20.0)]
    _, fitter, _ = peeled(seeds, {})
    # 0.35 of its radius of 10.
    assert [place for place, *_ in fitter.seen] == [(50, 50), (50, 54)]


def test_what_has_not_the_power_of_the_weakest_seed_any_more_is_not_fitted():
    seeds = [seed(50, 50, 40.0), seed(50, 150, 20.0)]
    _, fitter, _ = peeled(seeds, {}, {(50, 50): 19.9})
    assert [place for place, *_ in fitter.seen] == [(50, 150)]
    _, fitter, _ = peeled(seeds, {}, {(50, 50): 20.0})
    assert [place for place, *_ in fitter.seen] == [(50, 50), (50, 150)]


@pytest.mark.parametrize(
    ("radius", "kept"), [(4.9, False), (5.0, True), (30.0, True), (30.1, False)]
)
def test_a_disk_outside_the_radii_is_no_particle(radius, kept):
    fit = Disk(50, 50, radius, 60.0)
    found, _, _ = peeled([seed(50, 50, 40.0)], {(50, 50): fit})
    assert found == ([fit] if kept else [])


def test_a_disk_that_was_found_already_is_none():
    first = Disk(50, 50, 10.0, 60.0)
    again = Disk(50, 64, 10.0, 50.0)
    seeds = [seed(50, 50, 40.0), seed(50, 70, 30.0)]
    found, _, _ = peeled(seeds, {(50, 50): first, (50, 70): again})
    assert found == [first]
    beside = Disk(50, 66, 10.0, 50.0)
    found, _, _ = peeled(seeds, {(50, 50): first, (50, 70): beside})
    assert found == [first, beside]


def test_without_seeds_nothing_is_found():
    assert peeled([], {})[0] == []


def test_a_particle_at_the_border_is_taken_out_as_far_as_it_goes():
    """Up to the first row and column of the picture, and to the last."""
    for row, col in ((4, 6), (97, 194)):
        fits = {(50, 50): Disk(row, col, 10.0, 60.0), (50, 150): None}
        seeds = [seed(50, 50, 40.0), seed(50, 150, 20.0)]
        _, fitter, _ = peeled(seeds, fits)
        _, (_, _, left, counts) = fitter.seen
        down, right = np.mgrid[:100, :200]
        gone = (down - row) ** 2 + (right - col) ** 2 <= 11.0**2
        assert gone[0].any() or gone[-1].any()
        assert not left[gone].any()
        assert not counts[gone].any()
        assert (left[~gone & (right >= 3)] == 1).all()


def test_the_frequency_of_a_seed_is_that_of_the_peak_of_its_power():
    """Between two samples the parabola through powers decides, not through others."""
    window, k = 32, 5.3 / 32
    white = whitened(waves((3.0, 0.0, k), shape=(64, 64)))
    where = SimpleNamespace(window_px=window, band_per_px=(0.05, 0.4))
    _, fringes = fringes_at(white, where, [(31.5, 31.5)])
    cut = waves((3.0, 0.0, k), shape=(64, 64))[16:48, 16:48]
    hann = np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2
    power = np.abs(np.fft.fft2(cut * np.outer(hann, hann)))[0] ** 2
    at = int(power[: window // 2].argmax())
    low, mid, high = power[at - 1 : at + 2]
    vertex = at + (low - high) / (2 * (low - 2 * mid + high))
    assert fringes[0, 1] == pytest.approx(vertex / window, abs=2e-5)
    assert fringes[0, 0] == pytest.approx(0, abs=2e-4)


@pytest.mark.parametrize(("apart", "number"), [(8, 1), (10, 2)])
def test_a_map_is_smoothed_by_four_tenths_of_the_smallest_radius(apart, number):
    """Bells of 2 become bells of 4.5, which part at twice that, 8.9."""
    values = np.zeros((60, 80))
    row, col = np.mgrid[:60, :80].astype(float)
    for middle in (36, 36 + apart):
        values += np.exp(-((row - 30) ** 2 + (col - middle) ** 2) / 8)
    chosen = AccumulationMap("m", values.astype(np.float32), (0.0, 0.0), (3.0, 3.0))
    assert len(maxima(chosen, 30.0, 1.0)) == number
