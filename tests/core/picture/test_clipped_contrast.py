from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.picture.clipped_contrast import clipped_share


@pytest.fixture(scope="module")
def speckle():
    rng = np.random.default_rng(5)
    return gaussian_filter(rng.normal(size=(400, 420)), 1.2).astype(np.float32)


def saved(pixels, low, high):
    """Save as a program does that ends the gray scale at these two gray values."""
    gray = (pixels - low) / (high - low) * 255
    return np.clip(np.rint(gray), 0, 255).astype(np.float32)


@pytest.mark.parametrize("share", [(0.0, 0.0), (0.01, 0.0), (0.0, 0.05), (0.12, 0.2)])
def test_it_is_the_share_beyond_the_ends_of_the_gray_scale(speckle, share):
    low, high = np.quantile(speckle, (share[0], 1 - share[1]))
    gray = saved(speckle, low, high)
    everywhere = np.ones(gray.shape, bool)
    assert clipped_share(gray, everywhere) == pytest.approx(sum(share), abs=0.012)
    assert prepare(gray).clipped == clipped_share(gray, prepare(gray).usable)


@pytest.mark.parametrize("levels", [16, 24, 100, 256, 4096])
def test_few_gray_levels_are_not_clipped(speckle, levels):
    low, high = float(speckle.min()), float(speckle.max())
    gray = np.floor((speckle - low) / (high - low) * (levels - 0.01))
    gray = gray.astype(np.float32)
    assert clipped_share(gray, np.ones(gray.shape, bool)) < 0.001


@pytest.mark.parametrize("electrons", [0.1, 0.5, 1.0, 3.0, 40.0])
def test_counted_electrons_are_not_clipped_though_many_pixels_have_none(electrons):
    counts = np.random.default_rng(1).poisson(electrons, (300, 300))
    counts = counts.astype(np.float32)
    assert clipped_share(counts, np.ones(counts.shape, bool)) < 0.001


def test_an_equalised_histogram_is_not_clipped(speckle):
    ranks = np.argsort(np.argsort(speckle, axis=None)).reshape(speckle.shape)
    gray = np.floor(ranks / ranks.size * 256).astype(np.float32)
    assert clipped_share(gray, np.ones(gray.shape, bool)) < 0.003


def test_white_letters_and_a_black_bar_are_not_clipped_speckle(speckle):
    gray = saved(speckle, float(speckle.min()), float(speckle.max()))
    gray[:40] = 0
    gray[200:216, 100:300] = 255
    assert prepare(gray).clipped < 0.001


def test_nothing_usable_tells_nothing(speckle):
    assert clipped_share(speckle, np.zeros(speckle.shape, bool)) == 0
    alike = np.full((40, 40), 3, np.float32)
    assert clipped_share(alike, np.ones(alike.shape, bool)) == 0
