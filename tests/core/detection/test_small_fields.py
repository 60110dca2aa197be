"""Small fields: what is found in them is what the whole micrograph shows there."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.one_crystal import FEW, ONE_CRYSTAL, covered_share
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.resources import sample_data_dir
from tests.core.drawn import Dot, draw

PIXEL_NM = 0.0424


@pytest.fixture(scope="module")
def sample() -> Micrograph:
    path = sample_data_dir() / "images" / "standard_41_0010.png"
    return read_micrograph(path, pixel_size_nm=PIXEL_NM)


@pytest.fixture(scope="module")
def large(sample: Micrograph) -> tuple[Circle, ...]:
    """Circles of the whole micrograph, the clear ones."""
    found = detect(sample, DetectionParams())
    return tuple(
        circle
        for circle, strength in zip(found.circles, found.strengths, strict=True)
        if strength > 30
    )


def _cut(
    micrograph: Micrograph, circle: Circle, edge: int
) -> tuple[Micrograph, list[int]]:
    first = [
        int(np.clip(place - edge / 2, 0, length - edge))
        for place, length in zip(
            (circle.row_px, circle.col_px), micrograph.shape, strict=True
        )
    ]
    rows, cols = (slice(start, start + edge) for start in first)
    pixels = micrograph.pixels[rows, cols].copy()
    return replace(micrograph, pixels=pixels), first


@pytest.mark.parametrize("edge", [110, 150, 200, 300])
def test_nothing_is_lost_in_a_small_field(
    sample: Micrograph, large: tuple[Circle, ...], edge: int
) -> None:
    asked = found = 0
    for circle in large:
        field, (row, col) = _cut(sample, circle, edge)
        circles = detect(field, DetectionParams()).circles
        wanted = [
            each
            for each in (one.moved(-row, -col) for one in large)
            if all(
                0.6 * each.radius_px < place < edge - 1 - 0.6 * each.radius_px
                for place in (each.row_px, each.col_px)
            )
        ]
        asked += len(wanted)
        found += len(match(wanted, circles, 0.5).pairs)
    assert asked >= len(large) - 2
    assert found == asked


@pytest.mark.parametrize("edge", [100, 150, 200, 300])
def test_bare_support_shows_nothing_in_a_small_field(edge: int) -> None:
    circles = [
        circle
        for seed in range(8)
        for circle in detect(draw((edge, edge), seed=seed), DetectionParams()).circles
    ]
    # The share by area of 0.3 a micrograph is 0.09 to 0.8 in all eight.
    assert len(circles) <= 3


def test_a_particle_that_fills_a_small_field_is_no_crystal() -> None:
    dot = Dot(Circle(55, 52, 48), amplitude=2.5)
    found = detect(draw((110, 110), (dot,), seed=2), DetectionParams())
    assert len(match([dot.circle], found.circles, 0.6).pairs) == 1
    assert ONE_CRYSTAL not in found.notices


def test_two_particles_side_by_side_are_no_crystal() -> None:
    dots = (
        Dot(Circle(60, 58, 52), ((0.35, 20.0), (0.35, 90.0)), amplitude=2.5),
        Dot(Circle(64, 164, 52), ((0.35, 55.0), (0.35, 125.0)), amplitude=2.5),
    )
    drawn = draw((124, 224), dots, seed=3)
    found = detect(drawn, DetectionParams())
    assert covered_share(found.circles, drawn.shape) > 0.5
    assert ONE_CRYSTAL not in found.notices


def test_two_parts_of_one_lattice_are_one_crystal() -> None:
    dots = (Dot(Circle(75, 210, 4000), amplitude=3.0),)
    drawn = draw((150, 420), dots, seed=4)
    found = detect(drawn, DetectionParams())
    assert 2 <= len(found.circles) <= FEW
    assert ONE_CRYSTAL in found.notices
