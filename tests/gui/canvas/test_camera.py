"""What the camera looks at when micrographs come and pixel sizes are set."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.gui.canvas.layers import MicrographLayers

CIRCLE = Circle(60.0, 60.0, 30.0)


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.canvas.size = (600, 270)
    return viewer


def micrograph(size_nm: float | None = None, name: str = "a") -> Micrograph:
    pixels = np.random.default_rng(0).normal(size=(240, 320)).astype(np.float32)
    source = None if size_nm is None else PixelSizeSource.PERSON
    return Micrograph(
        pixels=pixels,
        name=name,
        id=name,
        pixel_size_nm=size_nm,
        pixel_size_source=source,
    )


def look(viewer, layers, row: float, col: float, zoom: float) -> None:
    scale = layers.image.scale[0]
    viewer.scene.camera.center = (0, row * scale, col * scale)
    viewer.scene.camera.zoom = zoom / scale


def seen(viewer, layers) -> tuple[float, float, float]:
    camera, scale = viewer.scene.camera, layers.image.scale[0]
    row, col = camera.center[-2:]
    return row / scale, col / scale, camera.zoom * scale


def test_a_pixel_size_moves_and_zooms_nothing(viewer):
    layers = MicrographLayers(viewer)
    layers.show(micrograph())
    look(viewer, layers, 120, 90, 3.0)
    for size_nm in (0.05, 0.04, None):
        layers.show(micrograph(size_nm))
        assert seen(viewer, layers) == pytest.approx((120, 90, 3.0))


def test_another_micrograph_is_seen_whole_unless_the_zoom_is_to_stay(viewer):
    layers = MicrographLayers(viewer)
    layers.show(micrograph())
    look(viewer, layers, 60, 60, 2.0)
    layers.show(micrograph(0.05, "b"), whole=False)
    assert seen(viewer, layers) == pytest.approx((60, 60, 2.0))
    layers.show(micrograph(0.05, "c"))
    middle = seen(viewer, layers)
    assert middle[:2] == pytest.approx((119.5, 159.5))
    assert middle[2] == pytest.approx(0.95 * 270 / 320)


def test_a_particle_out_of_sight_comes_to_the_middle_and_one_in_sight_stays(viewer):
    layers = MicrographLayers(viewer)
    layers.show(micrograph(0.05))
    look(viewer, layers, 63, 62, 2.0)
    layers.camera.bring_into_sight(CIRCLE)
    assert seen(viewer, layers) == pytest.approx((63, 62, 2.0))
    look(viewer, layers, 563, 62, 4.0)
    layers.camera.bring_into_sight(CIRCLE)
    assert seen(viewer, layers) == pytest.approx((60, 60, 4.0))


@pytest.mark.parametrize("size_nm", [None, 0.05])
def test_a_particle_that_is_gone_to_fills_a_third_of_the_view(viewer, size_nm):
    layers = MicrographLayers(viewer)
    layers.show(micrograph(size_nm))
    layers.camera.see(Circle(80.0, 200.0, 30.0))
    row, col, zoom = seen(viewer, layers)
    assert (row, col) == pytest.approx((80, 200))
    assert 2 * 30.0 * zoom == pytest.approx(270 / 3)
