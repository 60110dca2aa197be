"""Lengths of a search, the template bank and its map, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j0

from napari_cdse.core.crystal.lattice import FringePrior
from napari_cdse.core.detection.bragg_contrast import (
    contrast_map,
    search_space,
    template_radii,
)
from napari_cdse.core.detection.template_bank import (
    Responses,
    dome_transform,
    respond,
)
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.whitening import Whitened
from napari_cdse.core.params import DetectionParams

PARAMS = DetectionParams(
    window_nm=2.0,
    spacing_min_nm=0.17,
    spacing_max_nm=0.45,
    diameter_min_nm=2.0,
    diameter_max_nm=8.0,
)


def test_lengths_in_nm_become_pixels():
    space = search_space(PARAMS, 0.04, trusted=True)
    assert space.window_px == 50
    assert space.band_per_px == pytest.approx((0.04 / 0.45, 0.04 / 0.17))
    assert space.radius_px == pytest.approx((25, 100))
    assert space.prior.band_nm == (0.17, 0.45)
    assert space.prior.pixel_nm == 0.04
    assert space.prior.lattice
    # Windows are even.
    assert search_space(PARAMS, 0.0393, trusted=True).window_px == 52


def test_a_guessed_scale_widens_the_band_and_prefers_no_spacing():
    space = search_space(PARAMS, 0.04, trusted=False)
    assert space.band_per_px == pytest.approx((0.04 / 0.63, 0.04 * 1.4 / 0.17))
    assert not space.prior.lattice
    assert space.radius_px == pytest.approx((25, 100))


def test_no_frequency_is_sought_beyond_the_cameras():
    assert search_space(PARAMS, 0.15, trusted=True).band_per_px[1] == 0.48
    search_space(PARAMS, 0.21, trusted=True)
    with pytest.raises(MicrographError, match=r"no spacing up to 0\.45 nm"):
        search_space(PARAMS, 0.217, trusted=True)
    few = replace(PARAMS, window_nm=0.8)
    search_space(few, 0.2, trusted=True)
    with pytest.raises(MicrographError, match="check the pixel size"):
        search_space(replace(few, spacing_max_nm=0.6), 0.23, trusted=True)


@pytest.mark.parametrize(
    ("radius", "radii"),
    [
        ((10.0, 20.0), [13.0]),
        ((10.0, 30.0), [13.0, 20.8]),
        ((10.0, 60.0), [13.0, 20.8, 33.28]),
        ((10.0, 12.0), [12.0]),
    ],
)
def test_templates_reach_from_the_smallest_to_the_largest(radius, radii):
    assert template_radii(radius) == pytest.approx(radii)


@pytest.mark.parametrize("radius", [1.0, 25.0])
@pytest.mark.parametrize("turns", [0.0, 0.01, 0.3, 0.7, 1.5])
def test_the_domes_transform_is_hankels_integral(radius, turns):
    """Of sqrt(1 - r^2) over the disk, whose integral is 2 pi / 3."""
    found = dome_transform(np.array([turns / radius]), radius)[0]
    wanted, _ = quad(
        lambda r: np.sqrt(1 - r**2) * j0(2 * np.pi * turns * r) * 2 * np.pi * r, 0, 1
    )
    assert found == pytest.approx(wanted / (2 * np.pi / 3), abs=2e-5)


SHAPE = (120, 160)
RADIUS = 20.0


def drawn(k=(0.11, 0.17), amplitude=3.0, at=(60, 80)):
    """Fringes under a dome, in samples two pixels apart."""
    row, col = np.mgrid[: SHAPE[0], : SHAPE[1]]
    apart = (row - at[0]) ** 2 + (col - at[1]) ** 2
    dome = np.sqrt(np.maximum(1 - apart / RADIUS**2, 0))
    turns = k[0] * (row - at[0]) + k[1] * (col - at[1])
    values = (amplitude * dome * np.cos(2 * np.pi * turns)).astype(np.float32)
    white = Whitened(values, (2.0, 2.0), (-30.0, -20.0), (180, 280), values == values)
    return white, float((dome**2).sum()) * (amplitude / 2) ** 2


def searched(white, prior, floor=(5.0, 0.0)):
    shares = []
    found = respond(white, 2 * RADIUS, (0.05, 0.2), prior, floor, shares.append)
    return found, shares


EVEN = FringePrior((0.2, 0.8), 0.04, lattice=False)


def test_the_bank_finds_the_place_and_frequency_of_a_disk_of_fringes():
    white, power = drawn()
    found, shares = searched(white, EVEN)
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert max(shares) < 1
    best = np.unravel_index(int(found.strongest.argmax()), found.strongest.shape)
    rows, cols = found.places()
    # Sample (60, 80) lies at pixel -30 + 2 * 60, -20 + 2 * 80.
    assert rows[best[0]] == pytest.approx(90, abs=RADIUS / 2)
    assert cols[best[1]] == pytest.approx(140, abs=RADIUS / 2)
    # What is lost between places and frequencies is told with the two steps.
    assert 0.72 * 0.81 * power < found.strongest.max() <= 1.001 * power
    off = np.hypot(*(found.places_px - (90, 140)).T)
    near = found.fringes_per_px[off < RADIUS]
    step = 1.6 / (2 * np.pi * 2 * RADIUS)
    k = np.array((0.11, 0.17)) / 2
    assert (np.abs(near - k).max(axis=1) < 0.6 * step).any()
    assert found.radius_px == 2 * RADIUS


def test_frequencies_are_half_a_plane_within_the_band():
    white = drawn()[0]
    found, _ = searched(white, EVEN, (-1.0, 0.0))
    k = found.fringes_per_px
    radius = np.hypot(*k.T)
    assert radius.min() > 0.05 - 0.005
    assert radius.max() < 0.2 + 0.005
    assert ((k[:, 1] > 0) | ((k[:, 1] == 0) & (k[:, 0] > 0))).all()


def test_the_penalty_is_taken_off_and_may_count_once_more():
    white, _ = drawn()
    prior = FringePrior((0.2, 0.8), 0.04, lattice=True)
    plain, _ = searched(white, EVEN)
    less, _ = searched(white, prior)
    k = np.hypot(0.11, 0.17) / 2
    penalty = float(prior.penalty(np.array([k]))[0])
    assert penalty > 1
    lost = plain.strongest.max() - less.strongest.max()
    assert lost == pytest.approx(penalty, abs=1.5)
    # The floor is that of the power: once for the penalty that was taken off.
    many = len(searched(white, EVEN, (20.0, 0.0))[0].places_px)
    same = len(searched(white, EVEN, (20.0, 5.0))[0].places_px)
    fewer = len(searched(white, prior, (20.0, 5.0))[0].places_px)
    assert many == same > fewer > 0


def test_the_map_is_cut_to_the_micrograph():
    values = np.arange(100, dtype=np.float32).reshape(10, 10)
    nothing = np.zeros((0, 2))
    found = Responses(20.0, values, (-5.0, -6.5), (4.0, 3.0), nothing, nothing)
    white = Whitened(values, (1.0, 1.0), (0.0, 0.0), (24, 13), values > -1)
    told = contrast_map(found, white)
    # Rows at 3, 7, ... 23 and columns at -0.5, 2.5, ... 11.5 lie on pixels.
    assert (told.name, told.step_px) == ("Bragg contrast", (4.0, 3.0))
    assert told.origin_px == (3.0, -0.5)
    np.testing.assert_array_equal(told.values, values[2:8, 2:7])
