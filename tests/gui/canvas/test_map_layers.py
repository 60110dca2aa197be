"""How micrograph and maps lie in the viewer: place, colours, contrast, order."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.gui.canvas.map_layers import map_colormap, map_limits
from tests.gui.conftest import PIXEL_NM, settle


def a_map(name: str, rows: int = 6) -> AccumulationMap:
    values = np.arange(rows * 8, dtype=np.float32).reshape(rows, 8)
    return AccumulationMap(name, values, (5.0, 15.0), (10.0, 20.0))


def test_maps_are_pale_lights_over_the_micrograph_and_below_the_circles(
    workspace, viewer, qtbot
):
    workspace.session.set_pixel_size(PIXEL_NM, whole_folder=True)
    settle(workspace, qtbot)
    layers = workspace.canvas.layers
    workspace.canvas.show_maps([a_map("first"), a_map("second")])
    first, second = layers.maps
    assert [one.name for one in layers.maps] == ["first", "second"]
    for number, layer in enumerate(layers.maps):
        assert layer.blending == "additive"
        assert layer.opacity == 0.35
        assert layer.interpolation2d == "linear"
        assert [str(unit) for unit in layer.units] == ["nanometer"] * 2
        assert tuple(layer.scale) == pytest.approx((10 * PIXEL_NM, 20 * PIXEL_NM))
        assert tuple(layer.translate) == pytest.approx((5 * PIXEL_NM, 15 * PIXEL_NM))
        # Its median is black, so that half of it is clear.
        assert layer.contrast_limits == pytest.approx([23.5, 46.906], abs=0.01)
        assert layer.colormap.name == map_colormap(number).name
    order = [one for one in viewer.layers if one in layers.present]
    assert order == [layers.image, first, second, layers.particles]
    assert viewer.layers.selection.active is layers.particles
    # As many again take the same layers; another number takes others.
    workspace.canvas.show_maps([a_map("third", 4), a_map("fourth", 4)])
    assert layers.maps == (first, second)
    assert (first.name, first.data.shape) == ("third", (4, 8))
    workspace.canvas.show_maps([a_map("alone")])
    assert first not in viewer.layers
    assert [one.name for one in layers.maps] == ["alone"]
    assert viewer.layers.selection.active is layers.particles


def test_each_map_has_a_light_of_its_own_that_begins_with_black():
    ends = []
    for number in range(7):
        colours = map_colormap(number).colors
        assert colours[0, :3].max() == 0
        ends.append(tuple(np.round(colours[-1, :3] * 255).astype(int)))
    assert ends[0] == (0xFF, 0xD1, 0x66)
    assert len(set(ends[:6])) == 6
    assert ends[6] == ends[0]
    # Names tell them apart, as napari knows colours by name.
    assert map_colormap(6).name == "cdse map 7"


def test_a_map_of_one_value_still_has_a_contrast():
    assert map_limits(np.full((4, 4), 3.0)) == (3.0, 4.0)
    values = np.append(np.arange(101.0), np.nan)
    assert map_limits(values) == pytest.approx((50, 99.8))


def test_the_micrograph_lies_on_black_with_its_name_and_unit(workspace, viewer, qtbot):
    image = workspace.canvas.layers.image
    assert image.name == "dots_0"
    assert image.interpolation2d == "linear"
    assert [str(unit) for unit in image.units] == ["pixel"] * 2
    assert viewer.canvas.background_color_override == pytest.approx([0, 0, 0, 1])
    assert not viewer.canvas.overlays.scale_bar.visible
    assert viewer.layers.selection.active is workspace.canvas.particles.layer
    # As large as the view lets it be, its middle in the middle.
    rows, cols = image.data.shape
    camera = viewer.scene.camera
    assert camera.center[-2:] == pytest.approx(((rows - 1) / 2, (cols - 1) / 2))
    height, width = viewer.canvas.size
    assert camera.zoom == pytest.approx(0.95 * min(height / rows, width / cols))
