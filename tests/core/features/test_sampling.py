from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from napari_cdse.core.features.sampling import (
    REACH,
    radii,
    sample_axis,
    samples_across,
    soft_disk,
    transfer,
)


def fringes(k_per_px, length):
    return np.cos(2 * np.pi * k_per_px * np.arange(length)).astype(np.float32)[:, None]


@pytest.mark.parametrize("step", [0.95, 1.0, 1.7, 3.1])
@pytest.mark.parametrize("k_per_sample", [0.05, 0.2, 0.35])
def test_what_resampling_takes_from_a_fringe_is_known(step, k_per_sample):
    k_per_px = k_per_sample / step
    axis = sample_axis(200.3, step, 60, 400)
    told = axis.apply(fringes(k_per_px, 400)[axis.span])[:, 0]
    places = 200.3 + step * (np.arange(60) - 29.5)
    true = np.cos(2 * np.pi * k_per_px * places)
    # What is left beside it is the kernel's own ripple and alias.
    assert told @ true / (true @ true) == pytest.approx(
        float(transfer(np.array(k_per_px), step)), abs=0.05
    )


@pytest.mark.parametrize("step", [0.7, 1.0, 2.5])
def test_the_transfer_is_the_fourier_transform_of_lanczos_kernel(step):
    def kernel(x):
        return np.sinc(x) * np.sinc(x / 3)

    whole = quad(kernel, 0, 3)[0]
    k_per_unit = np.array([0, 0.1, 0.2503, 0.4, 0.4507, 0.5])
    wanted = [
        quad(kernel, 0, 3, weight="cos", wvar=2 * np.pi * k)[0] for k in k_per_unit
    ]
    found = transfer(-k_per_unit / max(step, 1), step)
    assert found == pytest.approx(np.array(wanted) / whole, abs=3e-5)
    # Beyond the camera's limit at most 20 times is restored.
    assert transfer(np.array([0.9, 1.0, 3.0]), 1.0) == pytest.approx([0.05] * 3)


def test_frequencies_beyond_the_grid_do_not_come_back_as_fringes():
    axis = sample_axis(500.0, 3.0, 60, 1000)
    told = axis.apply(fringes(0.9 / 3.0, 1000)[axis.span])
    assert np.abs(told).max() < 0.03


@pytest.mark.parametrize("centre", [-500.0, -3.0, 0.0, 12.7, 39.0, 41.0, 9e3])
def test_border_neither_rings_nor_fails(centre):
    axis = sample_axis(centre, 1.4, 40, 40)
    told = axis.apply(np.full((40, 1), 7, np.float32)[axis.span])[axis.valid]
    assert told == pytest.approx(np.full(told.shape, 7.0), rel=1e-5)
    places = centre + 1.4 * (np.arange(40) - 19.5)
    assert axis.valid.sum() == ((places > -0.5) & (places < 39.5)).sum()


@pytest.mark.parametrize("radius_px", [6.0, 20.5, 70.0, 200.0])
@pytest.mark.parametrize("pixel_nm", [0.018, 0.04, 0.065])
def test_grid_reaches_every_lattice_fringe(radius_px, pixel_nm):
    number = samples_across(radius_px, pixel_nm)
    spacing_nm = 2 * REACH * radius_px * pixel_nm / number
    assert 0.5 / spacing_nm > 6.6


def test_soft_disk_is_whole_inside_and_gone_at_the_edge():
    disk, place = soft_disk(60), radii(60)
    distance = np.hypot(place[:, None], place)
    assert (disk[distance < 0.87] == 1).all()
    assert (disk[distance > REACH] == 0).all()
    assert disk[0, 30] < 0.02
