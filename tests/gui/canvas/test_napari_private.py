"""Without napari's private parts all still works, and one notice says it is slower."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Shapes
from qtpy.QtCore import Qt

from napari_cdse.gui.canvas.napari_private import (
    letters,
    particles_visual,
    parts,
    rings,
    window,
)
from napari_cdse.gui.canvas.napari_private.shapes import changed_at_once
from napari_cdse.gui.canvas.napari_private.shapes_layer import ParticleShapes
from napari_cdse.gui.canvas.particles.particle_style import Plan
from napari_cdse.gui.canvas.particles.shapes_io import update_in_place
from napari_cdse.gui.canvas.particles.shapes_style import new_layer
from tests.gui.canvas.test_particles_visual import fill, picture, styles
from tests.gui.conftest import drag, open_folder, particle_ids, press, put_circles
from tests.gui.conftest import settle as settled
from tests.gui.showing import in_step

PARTS = (
    "_data_view.batched_updates",
    "_data_view.edit",
    "_data_view.update_edge_width",
    "_data_view.update_edge_color",
    *ParticleShapes.READS,
    "node.text",
    "_update_text",
    "_get_scaled_size",
)
TOGETHER = ("_block_refresh", "_on_layers_change")
MODULES = (
    "napari._vispy.layers.shapes",
    "napari._vispy.utils.visual",
    "napari._vispy.visuals.text",
    "vispy.visuals.text.text",
    "napari._app_model",
)


@pytest.fixture
def told(monkeypatch):
    """Notices of what is missing, none of them given so far."""
    sentences: list[str] = []
    show_info = parts.notifications.inform

    def inform(sentence):
        (sentences.append if "is newer than" in sentence else show_info)(sentence)

    monkeypatch.setattr(parts.notifications, "inform", inform)
    monkeypatch.setattr(parts, "missing_parts", set())
    forget()
    yield sentences
    forget()


def forget():
    """Let the classes that draw be made anew, as in another process."""
    for make in (particles_visual.visual_class, letters.letters_class):
        getattr(make, "cache_clear", bool)()


def take_away(patch, *names):
    """Hide parts from us alone, as if napari had given them other names."""

    def get(part):
        if part in names:
            raise AttributeError(part)
        return attrgetter(part)

    def import_module(module):
        if module in names:
            raise ImportError(module)
        return original(module)

    original = parts.import_module
    forget()
    patch.setattr(parts, "attrgetter", get)
    patch.setattr(parts, "import_module", import_module)


def draw_barely(patch):
    """Leave off what only we draw: dark lines around rings and letters."""
    patch.setattr(rings, "add_casing", lambda node: None)
    patch.setattr(letters, "outline", lambda text: None)


def pictures(viewer):
    """Draw circles, then one moved and all relabelled, then a larger view of them."""
    layer = new_layer((1.0, 1.0), ("pixel", "pixel"))
    before = styles()
    fill(layer, before)
    # The first layer gives the canvas its size.
    picture(viewer, layer)
    drawn = [picture(viewer, layer)]
    after = styles(("no", "null", "yes", None, "yes", "empty"), by_person=True)
    reshaped = [(2, after[4]), (4, after[2])]
    after[2], after[4] = after[4], after[2]
    shown = {one.particle_id: one for one in before}
    update_in_place(
        layer, Plan((), tuple(reshaped), tuple(enumerate(after)), ()), shown
    )
    drawn.append(picture(viewer, layer, zoom=2.0, new=False))
    drawn.append(picture(viewer, layer, zoom=4.0, new=False))
    return drawn


def test_without_each_of_them_circles_look_the_same(
    make_napari_viewer, monkeypatch, told
):
    draw_barely(monkeypatch)
    viewer = make_napari_viewer(show=True)
    wanted = pictures(viewer)
    assert told == []
    assert all((one != two).any() for one, two in pairwise(wanted))
    for name in (*PARTS, *MODULES[:-1]):
        parts.missing_parts.clear()
        told.clear()
        with monkeypatch.context() as patch:
            take_away(patch, name)
            drawn = pictures(viewer)
        for one, as_ever in zip(drawn, wanted, strict=True):
            np.testing.assert_array_equal(one, as_ever, err_msg=name)
        assert len(told) == 1, name
        assert name.split(".")[-1] in told[0]


def test_without_what_dark_lines_need_rings_are_as_napari_draws_them(
    make_napari_viewer, monkeypatch, told
):
    viewer = make_napari_viewer(show=True)
    with monkeypatch.context() as patch:
        draw_barely(patch)
        bare = pictures(viewer)
    with_lines = pictures(viewer)
    assert told == []
    assert all((one != two).any() for one, two in zip(bare, with_lines, strict=True))
    monkeypatch.setattr(letters, "outline", lambda text: None)
    for name in (
        "_subvisuals",
        "_prepare_draw",
        "_data_view._mesh",
        *rings.MESH_PARTS,
    ):
        parts.missing_parts.clear()
        told.clear()
        with monkeypatch.context() as patch:
            take_away(patch, name)
            drawn = pictures(viewer)
        for one, as_ever in zip(drawn, bare, strict=True):
            np.testing.assert_array_equal(one, as_ever, err_msg=name)
        assert len(told) == 1, name
        assert "more faintly" in told[0]


def test_without_the_letters_shader_they_have_no_outline(
    make_napari_viewer, monkeypatch, told
):
    viewer = make_napari_viewer(show=True)
    monkeypatch.setattr(rings, "add_casing", lambda node: None)
    outlined = pictures(viewer)
    with monkeypatch.context() as patch:
        patch.setattr(letters, "outline", lambda text: None)
        bare = pictures(viewer)
    assert all((one != two).any() for one, two in zip(bare, outlined, strict=True))
    monkeypatch.setattr(letters, "SHADER_END", "as in no version")
    for one, as_ever in zip(pictures(viewer), bare, strict=True):
        np.testing.assert_array_equal(one, as_ever)
    assert len(told) == 1


def test_a_layout_that_vispy_does_otherwise_is_left_to_it(
    make_napari_viewer, monkeypatch, told
):
    viewer = make_napari_viewer(show=True)
    wanted = pictures(viewer)
    found = letters.private_import

    def changed(module, name):
        return (lambda: None) if name == "_text_to_vbo" else found(module, name)

    monkeypatch.setattr(letters, "private_import", changed)
    forget()
    for one, as_ever in zip(pictures(viewer), wanted, strict=True):
        np.testing.assert_array_equal(one, as_ever)
    assert len(told) == 1


def test_without_any_of_them_keys_and_mouse_do_what_they_did(
    viewer, folder, forest, qtbot, monkeypatch, told, workspace
):
    take_away(monkeypatch, *PARTS, *MODULES)
    workspace.canvas.layers.clear()
    open_folder(workspace, folder, qtbot)
    put_circles(workspace, forest)
    settled(workspace, qtbot)
    layer = workspace.canvas.particles.layer
    assert type(layer) is Shapes
    first, second, *_ = particle_ids(workspace)
    workspace.project.selection.select(first)
    press(workspace, qtbot, Qt.Key.Key_Y)
    settled(workspace, qtbot)
    at = list(layer.features["particle_id"]).index(first)
    assert layer.text.values[at] == "Y"
    np.testing.assert_allclose(layer.edge_color[at], colour_of(workspace, first))
    press(workspace, qtbot, Qt.Key.Key_M)
    centre = workspace.project.particles.find(second).circle
    drag(workspace, qtbot, (centre.row_px, centre.col_px), (centre.row_px, 200))
    settled(workspace, qtbot)
    assert workspace.project.particles.find(second).circle.col_px == pytest.approx(
        200, abs=3
    )
    in_step(workspace)
    press(workspace, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(workspace, qtbot)
    assert workspace.project.particles.find(second).circle == centre
    in_step(workspace)
    assert len(told) == 1


def colour_of(workspace, particle_id):
    return workspace.canvas._project_particles.styles([particle_id])[particle_id].rgba


def test_the_keys_of_the_menus_are_the_same_as_qt_knows_them(
    make_napari_viewer, monkeypatch, told
):
    viewer = make_napari_viewer()
    known = dict(window.menu_keys(viewer))
    take_away(monkeypatch, *MODULES)
    from_qt = dict(window.menu_keys(viewer))
    assert "Ctrl+O" in from_qt
    assert from_qt.keys() <= known.keys()
    # The themes have keys and stand in no menu.
    assert {key.split("+")[-1] for key in known.keys() - from_qt.keys()} <= {"T"}
    assert len(told) == 1


@pytest.mark.parametrize("missing", [None, *TOGETHER])
def test_a_layer_that_is_changed_at_once_is_as_one_changed_bit_by_bit(
    make_napari_viewer, monkeypatch, told, missing
):
    viewer = make_napari_viewer(show=True)
    ground, values = np.zeros((40, 60)), np.random.default_rng(1).random((9, 14))
    viewer.add_image(ground)
    layer = viewer.add_image(np.zeros((2, 2)), contrast_limits=(0, 1))
    wanted = viewer.add_image(values, scale=(7, 6), translate=(5, 3))
    reach = viewer.dims.range
    wanted.contrast_limits = (0, 1)
    layer.visible = False
    drawn = viewer.screenshot(canvas_only=True, flash=False)
    viewer.layers.remove(wanted)
    assert viewer.dims.range != reach
    layer.visible = True
    shown = []
    layer.events.set_data.connect(lambda: shown.append(1))
    with monkeypatch.context() as patch:
        if missing is not None:
            take_away(patch, missing)
        with changed_at_once(viewer, layer):
            layer.data = values
            layer.scale = (7, 6)
            layer.translate = (5, 3)
    assert viewer.dims.range == reach
    again = viewer.screenshot(canvas_only=True, flash=False)
    np.testing.assert_array_equal(again, drawn)
    assert (len(shown) == 1) == (missing is None)
    assert len(told) == (missing is not None)


REMOVES_LAYERS = """
import gc, sys
import napari, numpy as np
from qtpy.QtWidgets import QApplication
from napari_cdse.gui.canvas.napari_private.window import outlive_removed_layers
viewer = napari.Viewer(show=True)
if sys.argv[1] == "ours":
    outlive_removed_layers(viewer)
    outlive_removed_layers(viewer)
viewer.add_image(np.random.default_rng(0).random((300, 300)))
canvas = viewer.window._qt_viewer.canvas.native
ring = np.array([[50, 50], [50, 90], [90, 90], [90, 50]])
for _ in range(10):
    layers = [
        viewer.add_shapes([ring], text={"string": "a"}, shape_type="ellipse")
        for _ in range(2)
    ]
    canvas.repaint()
    QApplication.processEvents()
    viewer.layers.remove(layers.pop())
    gc.collect()
    for visible in (False, True):
        layers[0].visible = visible
        canvas.repaint()
    viewer.layers.remove(layers.pop())
    canvas.repaint()
print("alive")
"""


def test_only_the_first_picture_after_something_was_deleted_is_flushed(monkeypatch):
    done = []

    class Parser:
        def _parse(self, command):
            done.append(command[0])

    monkeypatch.setattr(window.gl, "glFlush", lambda: done.append("flush"))
    parser = Parser()
    viewer = viewer_of(parser)
    window.outlive_removed_layers(viewer)
    window.outlive_removed_layers(viewer)
    for command in ("DRAW", "DELETE", "DELETE", "SIZE", "DRAW", "SIZE", "DRAW"):
        parser._parse((command, 1))
    flushed = ["DRAW", "DELETE", "DELETE", "SIZE", "DRAW", "flush", "SIZE", "DRAW"]
    assert done == flushed


def viewer_of(parser):
    """Stand in for a viewer, down to what draws it."""
    found = parser
    path = "window._qt_viewer.canvas._scene_canvas.context.shared.parser"
    for name in reversed(path.split(".")):
        found = SimpleNamespace(**{name: found})
    return found


def test_the_window_outlives_layers_that_are_removed():
    """Mesa dies in the second draw after one, in napari alone too; see the function."""
    command = [sys.executable, "-c", REMOVES_LAYERS, "ours"]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.endswith("alive\n")
