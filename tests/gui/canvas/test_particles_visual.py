"""The quick layer of particles looks exactly as napari's own would."""

import numpy as np
import pytest
from napari.layers import Shapes
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from vispy.gloo import glir
from vispy.visuals.text import text

from napari_cdse.core.records import Circle
from napari_cdse.gui.canvas.class_colours import (
    CLASS_NAMES,
    LEAST_CONTRAST,
    UNLABELLED,
    contrast_ratio,
    rgb,
)
from napari_cdse.gui.canvas.napari_private import letters, rings
from napari_cdse.gui.canvas.particles import shapes_style
from napari_cdse.gui.canvas.particles.particle_style import Plan, style_of
from napari_cdse.gui.canvas.particles.shapes_io import rebuild, update_in_place
from napari_cdse.gui.canvas.particles.shapes_style import feature_table, new_layer
from napari_cdse.gui.session.viewer_window import find_canvas
from tests.gui.paints import Count, all_drawn, is_still

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
def bare(monkeypatch):
    """Leave off what we add to napari's picture: dark lines, and the least width."""
    monkeypatch.setattr(rings, "add_casing", lambda node: None)
    monkeypatch.setattr(letters, "outline", lambda text: None)


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


def test_it_is_drawn_as_napari_draws_it(viewer, plain_layer, bare):
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


def test_a_letter_changes_with_its_circle(viewer, plain_layer, bare):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    before = styles()
    fill(ours, before)
    picture(viewer, ours)
    after = styles(("no", *LABELS[1:]), by_person=True)
    shown = {one.particle_id: one for one in before}
    update_in_place(ours, Plan((), (), tuple(enumerate(after)), ()), shown)
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
    letters.letters_class.cache_clear()
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


def test_other_circles_need_no_other_program_and_no_texture_again(viewer, monkeypatch):
    linked, handed_over = [], []
    link, hand_over = glir.GlirProgram.link_program, glir.GlirTexture2D.set_data
    monkeypatch.setattr(
        glir.GlirProgram,
        "link_program",
        lambda program: (linked.append(program), link(program)),
    )
    monkeypatch.setattr(
        glir.GlirTexture2D,
        "set_data",
        lambda of, *data: (handed_over.append(of), hand_over(of, *data)),
    )
    layer = new_layer((1.0, 1.0), ("pixel", "pixel"))
    wanted = styles()
    fill(layer, wanted)
    first = picture(viewer, layer)
    # What is counted below does happen where a layer is drawn for the first time.
    assert linked
    assert handed_over
    linked.clear()
    handed_over.clear()
    others = styles(("no", *LABELS[1:]), by_person=True)
    update_in_place(
        layer,
        Plan((), (), tuple(enumerate(others)), ()),
        {one.particle_id: one for one in wanted},
    )
    second = picture(viewer, layer, new=False)
    fewer = styles(LABELS[:4])
    rebuild(layer, Plan((4, 5), (), (), ()), fewer)
    third = picture(viewer, layer, new=False)
    assert not linked
    assert not handed_over
    # And yet all three were drawn.
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


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


def test_letters_stay_as_large_on_the_screen(viewer, plain_layer, bare):
    drawn = []
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    for layer in (ours, plain_layer(styles())):
        picture(viewer, layer)
        viewer.scene.camera.zoom = 4.0
        QApplication.processEvents()
        drawn.append(viewer.screenshot(canvas_only=True, flash=False))
    np.testing.assert_array_equal(drawn[1], drawn[0])


def test_a_zoom_is_drawn_once(viewer, qtbot):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, styles())
    picture(viewer, ours)
    paints = Count(find_canvas(viewer), QEvent.Type.Paint)
    qtbot.waitUntil(lambda: is_still(paints))
    before = paints.number
    viewer.scene.camera.zoom = 4.0
    all_drawn()
    assert paints.number == before + 1


PAPERS = (0.0, 0.35, 0.7, 1.0)
"""Brightness below the marks: speckle has all of it."""


def apart(labels=LABELS):
    """Circles whose letters lie over no other one, also in a small view."""
    return [
        style_of(
            f"p{n}",
            Circle(70.0 + 150 * (n // 3), 60.0 + 150 * (n % 3), 30.0),
            label,
            by_person=n == 5,
            selected=n == 1,
            image_size_px=400,
        )
        for n, label in enumerate(labels)
    ]


def on_paper(viewer, layer, brightness, zoom) -> np.ndarray:
    """Draw the layer over one even gray."""
    viewer.layers.clear()
    viewer.add_image(np.full((300, 450), brightness), contrast_limits=(0, 1))
    viewer.add_layer(layer)
    viewer.scene.camera.center = (0, 145, 210)
    viewer.scene.camera.zoom = zoom
    QApplication.processEvents()
    return viewer.screenshot(canvas_only=True, flash=False)[..., :3]


def contrast(one, other) -> float:
    return contrast_ratio(*("#" + bytes(each).hex() for each in (one, other)))


def across(drawn, circle, zoom) -> np.ndarray:
    """Give the pixels of the screen along a line from inside a circle to outside."""
    rows, cols = drawn.shape[:2]
    row = round(rows / 2 + (circle.row_px - 145) * zoom)
    at = round(cols / 2 + (circle.col_px + circle.radius_px - 210) * zoom)
    return drawn[row, at - 7 : at + 8]


def is_lit(line, name) -> np.ndarray:
    """Tell which pixels have a class's colour, or that a little paler."""
    colour = np.round(255 * np.array(rgb(name))).astype(int)
    return np.abs(line.astype(int) - colour).max(axis=1) < 40


@pytest.mark.parametrize("zoom", [0.5, 1.0, 1.6])
def test_rings_stand_out_from_any_gray_at_any_zoom(viewer, zoom):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    wanted = apart()
    fill(ours, wanted)
    # The first picture gives the canvas its size.
    on_paper(viewer, ours, 0.0, zoom)
    for paper in PAPERS:
        drawn = on_paper(viewer, ours, paper, zoom)
        for one in wanted:
            line = across(drawn, one.circle, zoom)
            ring = 5 + int(is_lit(line[5:10], one.name).argmax())
            assert is_lit(line, one.name)[ring], (paper, one, line)
            best = max(contrast(line[ring], each) for each in line[ring - 4 : ring + 5])
            assert best >= LEAST_CONTRAST, (paper, one, best)


def test_the_chosen_ring_is_broader_at_any_zoom(viewer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    wanted = apart(("empty",) * 5)
    fill(ours, wanted)
    on_paper(viewer, ours, 0.0, 1.0)
    for zoom in (0.5, 1.0, 1.6):
        drawn = on_paper(viewer, ours, 0.0, zoom)
        lines = [across(drawn, one.circle, zoom) for one in wanted]
        found = [np.count_nonzero(is_lit(line, "empty")) for line in lines]
        assert min(found) >= 2, (zoom, found)
        assert found[1] > max(found[:1] + found[2:]), (zoom, found)


@pytest.mark.parametrize("given", [0.05, 2.0, 8.0])
def test_a_ring_is_neither_lost_nor_lies_over_its_particle(viewer, given):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, apart(("null",)))
    ours.edge_width = given
    circle = apart()[0].circle
    on_paper(viewer, ours, 0.0, 1.0)
    found = []
    for zoom in (0.5, 1.0, 2.0):
        drawn = on_paper(viewer, ours, 0.0, zoom)
        found.append(np.count_nonzero(is_lit(across(drawn, circle, zoom), "null")))
    assert min(found) >= 2
    assert max(found) <= 4


def test_letters_stand_out_from_any_gray(viewer):
    for name in CLASS_NAMES:
        ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
        label = None if name == UNLABELLED else name
        fill(ours, apart((label,)))
        # The letter alone is looked at.
        ours.edge_color = "transparent"
        on_paper(viewer, ours, 0.0, 1.0)
        on_black = on_paper(viewer, ours, 0.0, 1.0).astype(int)
        colour = np.round(255 * np.array(rgb(name))).astype(int)
        lit = np.argwhere(np.abs(on_black - colour).max(axis=2) < 12)
        assert len(lit)
        for paper in PAPERS:
            drawn = on_paper(viewer, ours, paper, 1.0)
            for row, col in lit:
                around = drawn[row - 4 : row + 5, col - 4 : col + 5].reshape(-1, 3)
                best = max(contrast(drawn[row, col], each) for each in around)
                assert best >= LEAST_CONTRAST, (name, paper, best)


def test_a_filled_circle_is_as_clear_as_napari_fills_it(viewer, plain_layer):
    drawn = []
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, apart())
    for layer in (ours, plain_layer(apart())):
        layer.face_color = [0.0, 0.0, 1.0, 0.3]
        on_paper(viewer, layer, 0.7, 1.0)
        seen = on_paper(viewer, layer, 0.7, 1.0)
        rows, cols = seen.shape[:2]
        middle = apart()[4].circle
        row, col = rows / 2 + middle.row_px - 145, cols / 2 + middle.col_px - 210
        drawn.append(seen[round(row) - 5 : round(row) + 5, round(col)])
    np.testing.assert_array_equal(*drawn)
    assert (drawn[0][:, 2] > drawn[0][:, 0] + 20).all()


def test_a_circle_drawn_by_hand_on_an_empty_layer_is_shown(viewer):
    """napari gives it a whole number as its width."""
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    ours.edge_color = "white"
    picture(viewer, ours)
    (one,) = apart(("null",))
    ours.add_ellipses(one.row().vertices, edge_width=1, edge_color="white")
    drawn = picture(viewer, ours, new=False)
    assert (drawn[..., :3].min(axis=2) > 200).sum() > 100


def test_what_is_faded_fades_with_its_dark_line(viewer):
    """Of the ring and of the line: one of full blackness would stand alone."""
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, apart(("null",)))
    on_paper(viewer, ours, 1.0, 1.0)
    darkest = []
    for opacity in (1.0, 0.2):
        ours.opacity = opacity
        drawn = on_paper(viewer, ours, 1.0, 1.0)
        darkest.append(int(across(drawn, apart()[0].circle, 1.0).max(axis=1).min()))
    assert darkest[0] < 30
    assert darkest[1] > 190
    for blending in ("additive", "translucent", "opaque", "minimum"):
        ours.blending = blending
        on_paper(viewer, ours, 1.0, 1.0)


def test_a_ring_without_a_width_is_not_drawn(viewer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, apart(("null", "no")))
    ours.edge_width = [0.0, 3.0]
    on_paper(viewer, ours, 0.7, 1.0)
    drawn = on_paper(viewer, ours, 0.7, 1.0)
    first, second = (across(drawn, one.circle, 1.0) for one in apart()[:2])
    assert (first == first[0]).all()
    assert is_lit(second, "no").any()
    ours.edge_width = 0
    drawn = on_paper(viewer, ours, 0.7, 1.0)
    assert (across(drawn, apart()[1].circle, 1.0) == first[0]).all()


def test_in_three_dimensions_rings_are_as_napari_draws_them(viewer, plain_layer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    fill(ours, apart())
    picture(viewer, ours)
    viewer.dims.ndisplay = 3
    QApplication.processEvents()
    faces = viewer.window._qt_viewer.canvas.layer_to_visual[ours].node.shape_faces
    drawn = faces.mesh_data.get_vertices()
    viewer.dims.ndisplay = 2
    plain = plain_layer(apart())
    viewer.add_layer(plain)
    viewer.dims.ndisplay = 3
    QApplication.processEvents()
    faces = viewer.window._qt_viewer.canvas.layer_to_visual[plain].node.shape_faces
    np.testing.assert_array_equal(drawn, faces.mesh_data.get_vertices())


def test_what_the_layer_holds_is_as_thin_as_it_was_given(viewer):
    ours = new_layer((1.0, 1.0), ("pixel", "pixel"))
    wanted = styles()
    fill(ours, wanted)
    before = ours._data_view._mesh.vertices.copy()
    picture(viewer, ours, 0.25)
    assert ours.edge_width == [one.width for one in wanted]
    np.testing.assert_array_equal(ours._data_view._mesh.vertices, before)
