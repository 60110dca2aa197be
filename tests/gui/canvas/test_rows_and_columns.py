"""Rows are down and columns to the right, wherever the window draws."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.crystal.particle_analysis import examine
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.core.regions import Region
from napari_cdse.gui.canvas.particles.shapes_style import regions_layer
from napari_cdse.gui.particle.image_panel import ImagePanel
from napari_cdse.gui.pictures.overlays import Spot
from napari_cdse.gui.pictures.scale import Scale
from napari_cdse.gui.thumbnails.maker import Pictures
from napari_cdse.io.thumbnail_image import thumbnail
from tests.gui.drawn import CIRCLES


def test_a_map_and_the_circles_lie_where_they_were_found(workspace):
    found = AccumulationMap(
        "m", np.zeros((3, 5), np.float32), (10.0, 4.0), (20.0, 30.0)
    )
    workspace.canvas.show_maps([found])
    layers = workspace.canvas.layers
    scale = layers.image.scale[-1]
    for sample in ((0, 0), (2, 1), (1, 4)):
        world = np.array(layers.maps[0].data_to_world(sample))[-2:]
        np.testing.assert_allclose(world / scale, found.place(*sample))
    middles = [one.mean(axis=0) for one in layers.particles.data]
    wanted = [(one.row_px, one.col_px) for one in CIRCLES]
    assert sorted(map(tuple, np.round(middles).tolist())) == sorted(wanted)
    assert layers.camera.pixel_at((0.0, 3 * scale, 8 * scale)) == pytest.approx((3, 8))


def test_a_region_lies_where_it_was_drawn():
    corners = ((5.0, 10.0), (5.0, 90.0), (25.0, 90.0), (25.0, 10.0))
    layer = regions_layer([Region("r", corners, "x")], (1.0, 1.0), ("nm", "nm"), 100)
    np.testing.assert_allclose(layer.data[0], corners)


def test_a_thumbnail_and_its_picture_stand_upright():
    pixels = np.zeros((200, 300), np.float32)
    pixels[:, 200:] = 1.0
    circle = Circle(100.0, 200.0, 40.0)
    gray = thumbnail(pixels, circle)
    assert gray[:, -10:].min() > gray[:, :10].max()
    kept = Pictures()
    kept.put("m", circle, gray)
    image = kept.get("m", circle)
    edge = image.width() - 1
    assert image.pixelColor(edge, 2).red() > image.pixelColor(0, 2).red()
    assert image.pixelColor(edge, edge).red() > image.pixelColor(0, edge).red()


def test_fringes_that_stand_upright_have_their_peaks_left_and_right(qtbot):
    rows, cols = np.mgrid[:256, :256].astype(np.float32)
    inside = np.hypot(rows - 128, cols - 128) < 60
    noise = np.random.default_rng(0).normal(0, 1, inside.shape)
    wave = 3 * inside * np.sin(2 * np.pi * cols / 8.75)
    micrograph = Micrograph((noise + wave).astype(np.float32), "m", "m", 0.04, "file")
    seen = examine(Surroundings.of(micrograph, 0.04), Circle(128.0, 128.0, 60.0))
    panel = ImagePanel()
    qtbot.addWidget(panel)
    panel.show_examination(seen, 0, Scale(0.04))
    first, second = [one for one in panel.spectrum.marks if isinstance(one, Spot)][:2]
    for spot in (first, second):
        assert spot.y == pytest.approx(0.5, abs=0.02)
        assert abs(spot.x - 0.5) > 0.1
    assert first.x + second.x == pytest.approx(1.0)
