"""Drawn dots of known place and radius, and every kind of bad picture."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.errors import Cancelled, MicrographError
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Micrograph
from tests.core.drawn import Dot, draw, speckle

SURE = DetectionParams(false_alarms=0.01)


def _found(dots: tuple[Dot, ...], found: Detection, min_iou: float) -> bool:
    matches = match([dot.circle for dot in dots], found.circles, min_iou)
    return not matches.missed and not matches.false


@pytest.mark.parametrize("pixel_nm", [0.02, 0.04, 0.062])
def test_centre_and_radius_at_any_magnification(pixel_nm: float) -> None:
    shape = (round(18 / pixel_nm), round(24 / pixel_nm))
    dots = (
        Dot(Circle(5.2 / pixel_nm, 6.1 / pixel_nm, 2.0 / pixel_nm)),
        Dot(
            Circle(12.0 / pixel_nm, 17.5 / pixel_nm, 1.5 / pixel_nm),
            ((0.35, 100.0),),
        ),
    )
    drawn = draw(shape, dots, pixel_nm=pixel_nm, seed=1)
    found = detect(drawn, SURE)
    assert _found(dots, found, min_iou=0.8)
    assert found.pixel_size.source == "person"
    assert found.window_px == pytest.approx(2.0 / pixel_nm, abs=1)


def test_the_map_lies_over_the_micrograph() -> None:
    circle = Circle(110.0, 400.0, 40.0)
    drawn = draw((300, 500), (Dot(circle, amplitude=2.5),), seed=2)
    contrast = detect(drawn, SURE).maps[0]
    peak = np.unravel_index(contrast.values.argmax(), contrast.values.shape)
    row, col = contrast.place(*peak)
    assert np.hypot(row - circle.row_px, col - circle.col_px) < 15
    weight = np.where(contrast.values > 0.5 * contrast.values.max(), 1.0, 0.0)
    rows, cols = np.indices(weight.shape)
    centre = contrast.place(
        np.average(rows, weights=weight), np.average(cols, weights=weight)
    )
    assert np.hypot(centre[0] - circle.row_px, centre[1] - circle.col_px) < 6


def test_the_map_covers_the_whole_micrograph() -> None:
    contrast = detect(draw((210, 333), seed=3), SURE).maps[0]
    for length, axis in ((210, 0), (333, 1)):
        first = contrast.origin_px[axis]
        last = first + contrast.step_px[axis] * (contrast.values.shape[axis] - 1)
        assert first < contrast.step_px[axis]
        assert last > length - 1 - contrast.step_px[axis]


def test_touching_dots_are_two() -> None:
    dots = (
        Dot(Circle(150, 150, 48), ((0.35, 10.0), (0.35, 80.0))),
        Dot(Circle(150, 244, 44), ((0.35, 45.0),)),
    )
    assert _found(dots, detect(draw((300, 400), dots, seed=4), SURE), min_iou=0.7)


@pytest.mark.parametrize("place", [(8, 150), (291, 150), (150, 6), (150, 390)])
def test_a_dot_cut_by_a_border_is_found_where_it_is(place: tuple[int, int]) -> None:
    dots = (Dot(Circle(*place, 50), amplitude=2.0),)
    assert _found(dots, detect(draw((300, 400), dots, seed=5), SURE), min_iou=0.55)


def test_the_same_picture_gives_the_same_circles_to_the_bit() -> None:
    drawn = draw((300, 300), (Dot(Circle(100, 180, 45)),), seed=6)
    first, second = (detect(drawn, DetectionParams()) for _ in range(2))
    assert first.circles == second.circles
    assert first.strengths == second.strengths
    assert np.array_equal(first.maps[0].values, second.maps[0].values)


def test_strengths_fall_and_exceed_no_circle() -> None:
    dots = (Dot(Circle(80, 80, 45), amplitude=2.0), Dot(Circle(220, 240, 45)))
    found = detect(draw((300, 320), dots, seed=7), SURE)
    assert len(found.strengths) == len(found.circles) == 2
    assert found.strengths[0] > found.strengths[1]
    assert found.circles[0].row_px == pytest.approx(80, abs=5)


def test_false_alarms_are_as_many_as_asked_for() -> None:
    params = DetectionParams(false_alarms=4.0)
    counts = [
        len(detect(draw((512, 512), seed=seed), params).circles) for seed in range(8)
    ]
    # 32 are expected; a factor 2 either way.
    assert 16 <= sum(counts) <= 64


def test_progress_rises_to_one_and_can_stop_the_work() -> None:
    drawn = draw((256, 256), (Dot(Circle(100, 100, 40)),), seed=8)
    shares: list[float] = []
    detect(drawn, DetectionParams(), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 10

    def stop(share: float) -> None:
        if share > 0.3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        detect(drawn, DetectionParams(), stop)


def test_an_unknown_scale_is_estimated_and_said() -> None:
    dots = (
        Dot(Circle(90, 100, 48), amplitude=2.0),
        Dot(Circle(210, 300, 50), ((0.35, 75.0),), amplitude=2.0),
        Dot(Circle(330, 130, 46), ((0.35, 140.0),), amplitude=2.0),
    )
    drawn = draw((420, 420), dots, seed=9, known_scale=False)
    found = detect(drawn, SURE)
    assert found.pixel_size.source == "estimated"
    assert found.pixel_size_nm == pytest.approx(0.04, rel=0.05)
    assert "estimated" in found.notices[0]
    assert _found(dots, found, min_iou=0.7)


def test_nothing_found_at_an_assumed_scale_says_why_that_may_be() -> None:
    drawn = draw((420, 420), seed=9, known_scale=False)
    found = detect(drawn, SURE)
    assert found.pixel_size.source == "assumed"
    assert not found.circles
    assert "only assumed: set the true one" in found.notices[-1]
    assert not any("assumed" in one for one in detect(draw((420, 420)), SURE).notices)


@pytest.mark.parametrize("method", ["bragg", "nfindr"])
def test_a_constant_picture_is_refused(method: str) -> None:
    flat = Micrograph(np.full((256, 256), 7, np.float32), "flat", "0", 0.04, "file")
    with pytest.raises(MicrographError, match="same grey value"):
        detect(flat, DetectionParams(method=method))


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (20, 20), (300, 30)])
def test_a_picture_smaller_than_a_window_is_refused(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for scale in ((0.04, "file"), (None, None)):
        with pytest.raises(MicrographError):
            detect(Micrograph(pixels, "small", "0", *scale), DetectionParams())


def test_a_calibration_that_leaves_no_band_is_named() -> None:
    drawn = draw((300, 300), pixel_nm=0.5, seed=10)
    with pytest.raises(MicrographError, match="check the pixel size"):
        detect(drawn, DetectionParams())


def _changed(drawn: Micrograph, pixels: np.ndarray) -> Micrograph:
    return Micrograph(
        pixels.astype(np.float32),
        drawn.name,
        drawn.id,
        drawn.pixel_size_nm,
        drawn.pixel_size_source,
    )


DOTS = (Dot(Circle(110, 120, 48)), Dot(Circle(200, 300, 45)))


def test_a_scale_bar_makes_no_circle() -> None:
    drawn = draw((300, 420), DOTS, seed=11)
    pixels = drawn.pixels.copy()
    pixels[265:275, 20:200] = 255
    pixels[240:255, 60:64] = 255
    pixels[240:255, 70:74] = 255
    assert _found(DOTS, detect(_changed(drawn, pixels), SURE), min_iou=0.7)


def test_hot_pixels_make_no_circle() -> None:
    drawn = draw((300, 420), DOTS, seed=12)
    pixels = drawn.pixels.copy()
    rng = np.random.default_rng(0)
    pixels[rng.integers(300, size=60), rng.integers(420, size=60)] = 5000
    assert _found(DOTS, detect(_changed(drawn, pixels), SURE), min_iou=0.7)


def test_a_saturated_area_makes_no_circle() -> None:
    drawn = draw((300, 420), DOTS, seed=13)
    pixels = drawn.pixels.copy()
    pixels[:, 370:] = pixels.max()
    assert _found(DOTS, detect(_changed(drawn, pixels), SURE), min_iou=0.7)


def test_a_steep_gradient_changes_little() -> None:
    drawn = draw((300, 420), DOTS, seed=14)
    slope = 1 + 9 * np.linspace(0, 1, 420)
    assert _found(
        DOTS, detect(_changed(drawn, drawn.pixels * slope), SURE), min_iou=0.7
    )


def test_a_crystal_that_fills_the_view_is_said() -> None:
    dots = (Dot(Circle(150, 150, 4000), amplitude=3.0),)
    found = detect(draw((300, 300), dots, seed=15), SURE)
    assert any("cover most of the view" in notice for notice in found.notices)


def test_a_large_micrograph_mostly_black_does_not_break() -> None:
    pixels = np.zeros((400, 500), np.float32)
    pixels[:150, :200] = speckle((150, 200), 16)
    found = detect(Micrograph(pixels, "dark", "0", 0.04, "file"), SURE)
    assert found.circles == ()
