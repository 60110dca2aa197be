"""Half planes of spectra smoothed along arcs, against closed forms and SciPy's own."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, map_coordinates

from napari_cdse.core.imaging.rfft_spectrum import along_arcs
from napari_cdse.core.imaging.sliding_fft import frequencies


@pytest.mark.parametrize("per_bin", [1, 2])
@pytest.mark.parametrize("size", [20, 33, 96])
def test_arcs_are_interpolated_up_to_the_corners(size, per_bin):
    half = np.random.default_rng(size).random((size, size // 2 + 1)).astype(np.float32)
    rows, cols = np.fft.fftfreq(size)[:, None] * size, np.arange(size // 2 + 1)
    at = [-np.arange(size) % size, slice(1, (size + 1) // 2)]
    whole = np.fft.fftshift(np.concatenate([half, half[at[0]][:, at[1]][:, ::-1]], 1))
    radii, turns = (
        np.arange(per_bin * size * 0.72) / per_bin,
        np.arange(73) * np.pi / 36,
    )
    places = radii[:, None] * np.stack([np.sin(turns), np.cos(turns)])[:, None]
    polar = map_coordinates(whole, places + size // 2, order=1, mode="nearest")
    polar[:, :-1] = gaussian_filter1d(polar[:, :-1], 3.0, axis=1, mode="wrap")
    polar[:, -1] = polar[:, 0]
    turn = np.arctan2(rows, cols) % (2 * np.pi) * 36 / np.pi
    back = [per_bin * np.hypot(rows, cols), turn]
    wanted = map_coordinates(polar, back, order=1, mode="nearest")
    np.testing.assert_allclose(along_arcs(half, per_bin), wanted, rtol=1e-5)


@pytest.mark.parametrize(("folds", "kept"), [(0, 1.0), (2, 0.872), (16, 0.0)])
def test_what_changes_slowly_along_arcs_stays(folds, kept):
    size = 96
    rows, cols = np.fft.fftfreq(size)[:, None] * size, np.arange(size // 2 + 1)
    ring = np.abs(frequencies(size) * size - 30) < 5
    change = np.cos(folds * np.arctan2(rows, cols)).astype(np.float32)
    smooth = along_arcs(change)
    np.testing.assert_allclose(smooth[ring], kept * change[ring], atol=0.015)


def test_several_are_smoothed_like_each():
    several = np.random.default_rng(0).random((3, 20, 11)).astype(np.float32)
    together = along_arcs(several, 1)
    each = np.stack([along_arcs(one, 1) for one in several])
    np.testing.assert_allclose(together, each, rtol=1e-5)
