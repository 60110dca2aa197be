"""The pipeline of 2018, each step against what it was."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.unmixing import pipeline_2018
from napari_cdse.core.detection.unmixing.pipeline_2018 import (
    _covered,
    _two_components,
    blobs,
    segmented,
    window_amplitudes,
)
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.matching import circle_iou
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


@pytest.mark.parametrize("apart", [0.0, 0.3, 1.0, 1.7, 2.0, 3.0])
def test_the_share_that_another_blob_covers_is_that_of_the_circles(apart):
    """From the overlap of two equal circles over their union, worked out elsewhere."""
    one, other = Circle(0.0, 0.0, 50.0), Circle(30 * apart, 40 * apart, 50.0)
    iou = float(circle_iou([one], [other])[0, 0])
    assert _covered(one, other) == pytest.approx(2 * iou / (1 + iou), abs=1e-6)


def peaks_at(*places, shape=(400, 700)):
    """Single maxima of known height on a plane of nothing."""
    image = np.zeros(shape)
    for row, col, height in places:
        image[row, col] = height
    return image


@pytest.mark.parametrize(("gap", "number"), [(55, 1), (60, 2)])
def test_of_two_blobs_the_weaker_goes_where_the_other_covers_half_of_it(
    gap, number, monkeypatch
):
    """Radii are 71 px; at 0.404 of two of them, 57 px, a half is covered."""
    image = peaks_at((200, 250, 2.0), (200, 250 + gap, 1.5), (200, 600, 0.02))
    # Filters that leave single maxima as they are, and nothing of the wide one.
    monkeypatch.setattr(
        pipeline_2018,
        "gaussian_filter",
        lambda values, sigma: values if sigma == 50.0 else 0.2 * values,
    )
    circles, strengths = blobs(image)
    # 0.8 of the height times sigma; above a half, the third blob too.
    wanted = [(250, 80.0), (250 + gap, 60.0), (600, 0.8)]
    if number == 1:
        del wanted[1]
    assert [(c.col_px, s) for c, s in zip(circles, strengths, strict=True)] == [
        (col, pytest.approx(height)) for col, height in wanted
    ]
    assert blobs(peaks_at((200, 250, 0.0124)))[0] == []


def test_two_components_hold_as_much_variance_as_any_two():
    """By the singular values of the centred spectra."""
    rng = np.random.default_rng(2)
    spectra = rng.normal(size=(60, 40)) @ np.diag(np.linspace(3, 0.2, 40)) + 7
    found = _two_components(spectra.astype(np.float32))
    centred = spectra - spectra.mean(axis=0)
    wanted = np.linalg.svd(centred, compute_uv=False)[:2]
    lengths = np.sort(np.linalg.norm(found, axis=0))[::-1]
    assert lengths == pytest.approx(wanted, rel=1e-3)
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-4)


@pytest.mark.parametrize(("size", "is_told"), [((80, 112), False), ((96, 96), True)])
def test_more_windows_than_endmembers_are_needed(size, is_told):
    pixels = np.random.default_rng(0).random(size).astype(np.float32)
    if is_told:
        assert window_amplitudes(pixels)[1] == (2, 2)
    else:
        with pytest.raises(MicrographError, match="more than 3 of them"):
            window_amplitudes(pixels)


def test_abundances_at_the_old_limits_are_no_particle():
    """Above 0.87 and below 0.1, each in a square that is large enough to stay."""
    for value, is_particle in (
        (0.88, True),
        (0.86, False),
        (0.09, True),
        (0.11, False),
    ):
        plain = np.full((30, 40), 0.5, np.float32)
        other = plain.copy()
        other[8:16, 10:20] = value
        # The map that is never chosen and the one whose threshold is higher.
        high = np.where(np.arange(40) < 20, 0.9, 0.99).astype(np.float32)
        maps = np.stack([plain, other, np.broadcast_to(high, (30, 40))])
        found = segmented(maps)
        assert found[12, 15] == is_particle
