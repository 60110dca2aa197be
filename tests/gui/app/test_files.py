"""Files that are dropped on napari or saved from it, through the manifest."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from npe2 import PluginManager
from PIL import Image
from qtpy.QtWidgets import QDockWidget

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.gui.app import commands
from napari_cdse.gui.app.window import NAMES
from napari_cdse.gui.canvas.particles.geometry import circle_vertices
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.workspace import workspace as workspace_module
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.pipeline import predict
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    particle_ids,
    settle,
    wait_for_pixels,
)
from tests.io.images.microscope_writers import dm_file, dm_image, ser_file

PLUGIN = "napari-cdse"
TRUTH = (Circle(60, 60, 30), Circle(170, 220, 25))


@pytest.fixture
def label_file(tmp_path):
    path = tmp_path / "dots_0.txt"
    write_label_file(path, TRUTH, ("yes", "null"), (240, 320))
    return path


def test_a_label_file_becomes_circles_and_is_saved_again(viewer, label_file, tmp_path):
    (layer,) = viewer.open(label_file, plugin=PLUGIN)
    assert list(layer.features["class"]) == ["yes", "null"]
    assert list(layer.features["letter"]) == ["Y", "U"]
    np.testing.assert_allclose(layer.data[1].mean(axis=0), (170, 220))
    saved = tmp_path / "saved.txt"
    layer.save(str(saved), plugin=PLUGIN)
    again = read_label_file(saved)
    assert (again.circles, again.labels) == (TRUTH, ("yes", "null"))
    assert again.shape == (240, 320)


def test_a_label_file_lies_over_the_picture_of_its_size(viewer, label_file):
    pixels = np.zeros((240, 320), dtype=np.float32)
    viewer.add_image(pixels, scale=(0.04, 0.04), units=("nm", "nm"))
    (layer,) = viewer.open(label_file, plugin=PLUGIN)
    assert tuple(layer.scale) == (0.04, 0.04)
    assert str(layer.units[0]) == "nanometer"


def test_a_broken_label_file_says_where(viewer, label_file):
    broken = label_file.read_text().replace("[60.0, 60.0]", "[sixty, 60.0]")
    label_file.write_text(broken)
    with pytest.raises(LabelFileError, match=r"dots_0\.txt.*line 2"):
        viewer.open(label_file, plugin=PLUGIN)


def test_only_what_a_person_labelled_is_saved(workspace, tmp_path, qtbot):
    ids = particle_ids(workspace)
    workspace.project.edits.label([ids[0]], "no")
    settle(workspace, qtbot)
    path = tmp_path / "reviewed.txt"
    workspace.canvas.particles.layer.save(str(path), plugin=PLUGIN)
    saved = read_label_file(path)
    assert saved.labels == ("no",)
    assert saved.circles == (Circle(60, 60, 30),)


def test_a_tiff_comes_with_its_calibration(viewer, tmp_path):
    path = tmp_path / "calibrated.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (64, 80), dtype=np.uint8)
    tifffile.imwrite(
        path, pixels, imagej=True, resolution=(25, 25), metadata={"unit": "nm"}
    )
    (layer,) = viewer.open(path, plugin=PLUGIN)
    assert tuple(layer.scale) == pytest.approx((0.04, 0.04))
    assert str(layer.units[0]) == "nanometer"


@pytest.mark.parametrize("name", ["a.dm4", "a_1.ser"])
def test_a_microscopes_own_file_comes_with_its_calibration(viewer, tmp_path, name):
    pytest.importorskip("rsciio")
    pixels = np.random.default_rng(0).integers(0, 255, (64, 80), dtype=np.uint8)
    data = dm_file(dm_image(pixels, 0.04)) if name[-1] == "4" else None
    (tmp_path / name).write_bytes(data or ser_file([pixels], 0.04e-9))
    (layer,) = viewer.open(tmp_path / name, plugin=PLUGIN)
    np.testing.assert_array_equal(layer.data, pixels)
    assert tuple(layer.scale) == pytest.approx((0.04, 0.04))


def test_a_project_file_opens_its_project(workspace, viewer, qtbot):
    path = workspace.project.path
    workspace.project.edits.label(particle_ids(workspace)[:2], "yes")
    assert viewer.open(path, plugin=PLUGIN) == []
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.particles.counts()["yes"] == 2


def test_labels_beside_the_micrographs_are_imported(viewer, folder, label_file, qtbot):
    (folder / "dots_0.txt").write_bytes(label_file.read_bytes())
    workspace = workspace_for(viewer)
    workspace.open_project(folder)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.particles.counts() == {
        "yes": 1,
        "no": 0,
        "null": 1,
        "empty": 0,
    }
    # They are classified beside it, so that both words can be compared.
    qtbot.waitUntil(
        lambda: all(one.prediction for one in workspace.project.particles.current),
        timeout=SIGNAL_MS,
    )


def test_detect_all_asks_the_forest_about_imported_circles_too(
    viewer, folder, label_file, qtbot
):
    (folder / "dots_1.txt").write_bytes(label_file.read_bytes())
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    project = workspace.project
    imported = project.particles.of(1)
    assert [one.prediction for one in imported] == [None, None]
    workspace.detection.detect_all()
    settle(workspace, qtbot)
    assert project.selection.index == 0
    assert {one.id for one in imported} <= {one.id for one in project.particles.of(1)}
    found = [one for at in range(3) for one in project.particles.of(at)]
    assert all(one.prediction for one in found)
    # It is the word that the forest has on the same circles when they are in view.
    said = {one.id: one.prediction for one in found}
    pixels = read_micrograph(folder / "dots_1.png")
    ids, circles = [one.id for one in imported], [one.circle for one in imported]
    expected = predict(pixels, ids, circles, project.models.active)
    assert tuple(said[each] for each in ids) == expected


def test_the_menu_commands_open_their_things(viewer, qtbot, monkeypatch, folder):
    monkeypatch.setattr(workspace_module, "sample_project_folder", lambda: folder)
    monkeypatch.setattr(commands, "ask_folder", lambda _parent: folder)
    workspace, manager = workspace_for(viewer), PluginManager.instance()
    for name in ("open_sample_project", "open_folder"):
        manager.commands.execute(f"{PLUGIN}.{name}", args=(viewer,))
        wait_for_pixels(workspace, qtbot)
        assert workspace.canvas.layers.image.name == "dots_0"
    first = workspace.project
    monkeypatch.setattr(commands, "ask_project", lambda _parent: first.path)
    manager.commands.execute(f"{PLUGIN}.open_project", args=(viewer,))
    wait_for_pixels(workspace, qtbot)
    assert workspace.project is not first
    assert workspace.project.path == first.path
    # Who thinks better of it keeps what is open.
    opened = workspace.project
    for ask, name in (("ask_folder", "open_folder"), ("ask_project", "open_project")):
        monkeypatch.setattr(commands, ask, lambda _parent: None)
        manager.commands.execute(f"{PLUGIN}.{name}", args=(viewer,))
    assert workspace.project is opened


@pytest.mark.parametrize("name", ["Annotators", "Population", "Spectrum", "Retrain"])
def test_a_command_shows_its_dock(viewer, name):
    for each in main_window(viewer).findChildren(QDockWidget):
        each.close()
    command = f"{PLUGIN}.show_{name.lower()}"
    PluginManager.instance().commands.execute(command, args=(viewer,))
    docks = main_window(viewer).findChildren(QDockWidget)
    assert [one.windowTitle() for one in docks if one.isVisible()] == [name]


def test_circles_of_ones_own_are_saved_with_the_size_of_the_only_picture(
    viewer, tmp_path
):
    """Whoever drew them without a project names the classes in the layer's table."""
    saved = tmp_path / "saved.txt"
    viewer.add_image(np.zeros((4, 30, 40), np.float32))
    layer = viewer.add_shapes(
        [circle_vertices(one) for one in TRUTH],
        shape_type="ellipse",
        features={"class": ["yes", "null"]},
    )
    for pictures in (0, 2):
        if pictures:
            viewer.add_image(np.zeros((240, 320), np.float32))
            viewer.add_image(np.zeros((100, 200), np.float32))
        with pytest.raises(LabelFileError, match="leave only that image"):
            layer.save(str(saved), plugin=PLUGIN)
    viewer.layers.remove(viewer.layers[-1])
    layer.save(str(saved), plugin=PLUGIN)
    again = read_label_file(saved)
    assert (again.circles, again.labels) == (TRUTH, ("yes", "null"))
    assert again.shape == (240, 320)


def test_the_sample_micrograph_has_its_labels(viewer):
    layers = viewer.open_sample(PLUGIN, "micrograph")
    image, labels = layers
    assert image.data.ndim == 2
    assert len(labels.data) > 0
    assert set(labels.features["class"]) <= {"yes", "no", "null", "empty"}


def test_a_picture_that_is_none_is_refused_in_a_sentence(viewer, tmp_path, qtbot):
    Image.new("L", (4, 4)).save(tmp_path / "tiny.png")
    (tmp_path / "tiny.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    workspace = workspace_for(viewer)
    workspace.open_project(tmp_path)
    qtbot.waitUntil(
        lambda: bool(workspace.session.entries[0].problem), timeout=SIGNAL_MS
    )
    assert workspace.canvas.particles is None


@pytest.mark.parametrize("name", ["open_window", "open_sample_project"])
def test_a_command_brings_the_docks_that_were_closed(
    viewer, qtbot, monkeypatch, folder, name
):
    monkeypatch.setattr(workspace_module, "sample_project_folder", lambda: folder)
    docks = main_window(viewer).findChildren(QDockWidget)
    ours = [each for each in docks if each.windowTitle() in NAMES]
    assert len(ours) == len(NAMES)
    for each in ours:
        each.close()
    assert all(each.isHidden() for each in ours)
    PluginManager.instance().commands.execute(f"{PLUGIN}.{name}", args=(viewer,))
    assert not any(each.isHidden() for each in ours)
    if name == "open_sample_project":
        wait_for_pixels(workspace_for(viewer), qtbot)
