"""The quick layer of particles looks exactly as napari's own would."""

import numpy as np
import pytest
from napari.layers import Shapes
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from vispy.visuals.text import text

from napari_cdse.core.records import Circle
from napari_cdse.gui.canvas import _napari_private, shapes_style
from napari_cdse.gui.canvas.particle_style import Plan, style_of
from napari_cdse.gui.canvas.shapes_io import rebuild, touch
from napari_cdse.gui.canvas.shapes_style import feature_table, new_layer
from napari_cdse.gui.session.viewer_window import find_canvas
from tests.gui.paints import Count, all_drawn

LABELS = ("yes", "no", "null", "empty", None, "yes")


def styles(labels=LABELS, by_person=False):
    return [
        style_of(
            f"p{n}",
            Circle(40.0 + 60 * (n // 3), 50.0 + 70 * (n % 3), 20.0 + 2 * n),
            label,
            by_person=by_person,
            selected=n == 1,
            image_size_px=300,
            deferred=n == 2,
        )
        for n, label in enumerate(labels)
    ]


def fill(layer, wanted):
    rebuild(layer, Plan((), (), (), tuple(wanted)), wanted)


def picture(viewer, layer, zoom=2.0, new=True) -> np.ndarray:
    """Draw one layer alone, always in the same view."""
    if new:
        viewer.layers.clear()
        viewer.add_layer(layer)
    viewer.scene.camera.center = (0, 80, 120)
    viewer.scene.camera.zoom = zoom
    QApplication.processEvents()
    return viewer.screenshot(canvas_only=True, flash=False)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def plain_layer(monkeypatch):
    """Make what napari draws by itself from the same shapes, rows and text."""

    def make(wanted) -> Shapes:
        monkeypatch.setattr(shapes_style, "particle_shapes", Shapes)
        layer = new_layer((1.0, 1.0), ("pixel", "pixel"))
        fill(layer, wanted)
        layer.refresh_text()
        return layer

    return make


def test_it_is_drawn_as_napari_draws_it(viewer, plain_layer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    assert type(ours) is not Shapes
    assert ours.as_layer_data_tuple()[2] == "shapes"
    plain = plain_layer(styles())
    drawn, wanted = picture(viewer, ours), picture(viewer, plain)
    assert len(np.unique(wanted.reshape(-1, 4), axis=0)) > 10
    np.testing.assert_array_equal(drawn, wanted)
    for layer in (ours, plain):
        layer.add_polygons(np.array([[10.0, 10], [10, 150], [140, 80]]), edge_width=3)
    drawn, wanted = picture(viewer, ours), picture(viewer, plain)
    np.testing.assert_array_equal(drawn, wanted)


def test_a_letter_changes_with_its_circle(viewer, plain_layer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    before = styles()
    fill(ours, before)
    picture(viewer, ours)
    after = styles(("no", *LABELS[1:]), by_person=True)
    shown = {one.particle_id: one for one in before}
    touch(ours, Plan((), (), tuple(enumerate(after)), ()), shown)
    QApplication.processEvents()
    drawn = viewer.screenshot(canvas_only=True, flash=False)
    np.testing.assert_array_equal(drawn, picture(viewer, plain_layer(after)))


def test_each_string_is_laid_out_once(viewer, monkeypatch):
    laid_out = []
    original = text._text_to_vbo

    def count(string, *rest):
        laid_out.append(string)
        return original(string, *rest)

    monkeypatch.setattr(text, "_text_to_vbo", count)
    _napari_private._letters_class.cache_clear()
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    wanted = [
        style_of(
            f"p{n}",
            Circle(20.0 + n, 20.0 + n, 9.0),
            "yes" if n % 2 else "no",
            by_person=True,
            selected=False,
            image_size_px=300,
        )
        for n in range(40)
    ]
    fill(ours, wanted)
    picture(viewer, ours)
    assert set(laid_out) >= {"Y", "N"}
    laid_out.clear()
    ours.events.edge_color()
    QApplication.processEvents()
    assert sorted(laid_out) == ["N", "Y"]


def test_classes_written_as_plain_words_keep_their_colours(viewer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    wanted = picture(viewer, ours)
    words = feature_table(styles())
    words["class"] = words["class"].astype(object)
    ours.features = words
    np.testing.assert_array_equal(picture(viewer, ours), wanted)


def test_feature_rows_out_of_order_are_left_to_napari(viewer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    picture(viewer, ours)
    ours.text = {"string": "{class}"}
    ours.features = feature_table(styles()).drop(columns="letter")
    QApplication.processEvents()
    assert list(ours._view_text)[:2] == ["yes", "no"]


def test_letters_stay_as_large_on_the_screen(viewer, plain_layer):
    drawn = []
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    for layer in (ours, plain_layer(styles())):
        picture(viewer, layer)
        viewer.scene.camera.zoom = 4.0
        QApplication.processEvents()
        drawn.append(viewer.screenshot(canvas_only=True, flash=False))
    np.testing.assert_array_equal(drawn[1], drawn[0])


def test_a_zoom_is_drawn_once(viewer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    picture(viewer, ours)
    all_drawn()
    paints = Count(find_canvas(viewer), QEvent.Type.Paint)
    viewer.scene.camera.zoom = 4.0
    all_drawn()
    assert paints.number == 1
