"""The pipeline of 2018, each step against what it was."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.unmixing.pipeline_2018 import (
    blobs,
    segmented,
    window_amplitudes,
)
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw

PARAMS = DetectionParams(method="origin")


def test_distances_of_spectra_are_those_of_whole_shifted_ones():
    pixels = np.random.default_rng(0).random((112, 128)).astype(np.float32)
    found, grid = window_amplitudes(pixels)
    # (112 - 64) / 16 and (128 - 64) / 16: the last of each is left out.
    assert grid == (3, 4)
    taper = np.sqrt(np.hamming(64))
    whole = [
        np.abs(
            np.fft.fftshift(
                np.fft.fft2(
                    pixels[16 * row : 16 * row + 64, 16 * col : 16 * col + 64]
                    * np.outer(taper, taper)
                )
            )
        ).ravel()
        for row in range(3)
        for col in range(4)
    ]
    ours = found @ found.T
    assert ours == pytest.approx(np.array(whole) @ np.array(whole).T, rel=1e-4)


def test_the_map_of_the_lower_otsu_threshold_is_segmented():
    first, second, third = (np.full((30, 40), 0.5, np.float32) for _ in range(3))
    first[:10] = 0.0  # never chosen
    second[8:16, 10:20] = 0.95
    third[20:26, 25:33] = 0.05
    found = segmented(np.stack([first, second, third]))
    # Otsu's threshold is 0.5 of the second and 0.05 of the third map.
    assert found[23, 29]
    assert not found[12, 15]
    assert not found[:10, :5].any()


def test_what_touches_the_border_is_cleared():
    plain = np.full((30, 40), 0.5, np.float32)
    mask = plain.copy()
    mask[20:, 10:20] = 0.05
    assert not segmented(np.stack([plain, plain + 0.2, mask])).any()


def test_blobs_have_one_radius_and_lie_on_the_disk():
    rows, cols = np.mgrid[:500, :600]
    disk = ((rows - 240) ** 2 + (cols - 310) ** 2 <= 70**2).astype(float)
    (circle,), (strength,) = blobs(disk)
    assert circle == Circle(240.0, 310.0, pytest.approx(50 * np.sqrt(2)))
    assert strength > 0.5


def test_a_method_kept_as_it_was_runs_from_pixels_to_maps():
    drawn = draw((320, 400), (Dot(Circle(150, 200, 60), amplitude=3.0),), seed=2)
    found = detect(drawn, PARAMS)
    assert found.found_by == "origin"
    assert [each.name for each in found.maps] == [f"endmember {n}" for n in (1, 2, 3)]
    assert found.maps[0].values.shape == (16, 21)
    assert found.maps[0].place(0, 0) == (31.5, 31.5)
    again = detect(drawn, PARAMS)
    assert again.circles == found.circles
    np.testing.assert_array_equal(again.maps[1].values, found.maps[1].values)


def test_too_small_a_picture_is_a_sentence():
    with pytest.raises(MicrographError, match="64 px"):
        detect(draw((100, 90), (), seed=1), PARAMS)
