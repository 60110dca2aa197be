"""Whatever is dropped, anywhere on the window, becomes the project or joins it.

The events are sent to what lies below the mouse, and Qt passes them on as it does with
those of a hand.
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from qtpy.QtWidgets import QDockWidget, QLabel, QListView, QPushButton

from napari_cdse.core.records import Circle
from napari_cdse.gui.app import window
from napari_cdse.gui.session.viewer_window import find_canvas, main_window
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.labels.label_file import write_label_file
from tests.gui.conftest import SIGNAL_MS, open_folder, settle, wait_for_pixels
from tests.gui.drawn import draw
from tests.gui.dropping import drop


def layer_list(viewer):
    """The view of napari's list of layers."""
    views = main_window(viewer).findChildren(QListView)
    return next(one for one in views if one.metaObject().className() == "QtLayerList")


def places(viewer):
    dock = window.add_dock(viewer, "Particle")
    return {
        "canvas": find_canvas(viewer),
        "layer list": layer_list(viewer).viewport(),
        "dock": dock.findChild(QLabel),
        "button": window.add_dock(viewer, "Micrographs").findChild(QPushButton),
        "title of a dock": main_window(viewer).findChild(QDockWidget),
    }


@pytest.mark.parametrize(
    "place", ["canvas", "layer list", "dock", "button", "title of a dock"]
)
def test_a_folder_dropped_anywhere_becomes_the_project(viewer, folder, qtbot, place):
    assert drop(places(viewer)[place], folder)
    workspace = workspace_for(viewer)
    qtbot.waitUntil(lambda: workspace.session.is_open, timeout=SIGNAL_MS)
    wait_for_pixels(workspace, qtbot)
    assert len(workspace.project.micrographs.entries) == 3
    # No layer of napari's own lies above ours.
    assert set(viewer.layers) == set(workspace.canvas.layers.present)


def test_a_file_that_nobody_reads_says_which_formats_can_be_read(
    viewer, folder, tmp_path, qtbot
):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    odd = tmp_path / "dots.xyz"
    odd.write_bytes(b"\0not a picture")
    assert drop(find_canvas(viewer), odd)
    qtbot.waitUntil(lambda: bool(workspace.message_bar.sentences), timeout=SIGNAL_MS)
    (told,) = workspace.message_bar.sentences
    assert told.startswith("dots.xyz is of no format")
    assert all(one in told for one in ("TIFF", "DM4", "save it as"))
    # A table of numbers is something that napari opens itself.
    (tmp_path / "table.csv").write_text("a,b")
    assert not workspace.drops._takes((tmp_path / "table.csv",))


def test_a_picture_joins_the_open_project_and_is_shown(viewer, folder, tmp_path, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    Image.fromarray(draw(7)).save(tmp_path / "another.png")
    assert drop(find_canvas(viewer), tmp_path / "another.png")
    # What would become of it is said while it is held over the window.
    assert viewer.status.startswith("Let go to make it part of the project")
    qtbot.waitUntil(
        lambda: len(workspace.project.micrographs.entries) == 4, timeout=SIGNAL_MS
    )
    assert "Let go" not in viewer.status
    qtbot.waitUntil(
        lambda: (
            workspace.session.micrograph is not None
            and workspace.session.micrograph.name == "another"
        ),
        timeout=SIGNAL_MS,
    )
    assert workspace.project.path.parent == folder
    # The same once more is opened, and does not join a second time.
    assert drop(find_canvas(viewer), folder / "dots_1.png")
    qtbot.waitUntil(
        lambda: (
            workspace.session.micrograph is not None
            and workspace.session.micrograph.name == "dots_1"
        ),
        timeout=SIGNAL_MS,
    )
    assert len(workspace.project.micrographs.entries) == 4
    settle(workspace, qtbot)


def test_a_label_file_without_its_micrograph_says_what_to_do(viewer, tmp_path, qtbot):
    labels = tmp_path / "alone.txt"
    write_label_file(labels, (Circle(60, 60, 30),), ("yes",), (240, 320))
    workspace = workspace_for(viewer)
    assert drop(find_canvas(viewer), labels)
    qtbot.waitUntil(lambda: bool(workspace.message_bar.sentences), timeout=SIGNAL_MS)
    (told,) = workspace.message_bar.sentences
    assert told.startswith("No micrograph lies beside alone.txt")
    assert not workspace.session.is_open


def test_a_label_file_joins_its_micrograph_or_leads_to_it(
    viewer, folder, tmp_path, qtbot
):
    labels = folder / "dots_2.txt"
    write_label_file(labels, (Circle(60, 60, 30),), ("yes",), (240, 320))
    workspace = workspace_for(viewer)
    assert drop(find_canvas(viewer), labels)
    qtbot.waitUntil(lambda: workspace.session.is_open, timeout=SIGNAL_MS)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.particles.counts()["yes"] == 1
    other = tmp_path / "dots_1.txt"
    write_label_file(other, (Circle(60, 60, 30),), ("no",), (240, 320))
    assert drop(find_canvas(viewer), other)
    qtbot.waitUntil(
        lambda: workspace.project.particles.counts()["no"] == 1, timeout=SIGNAL_MS
    )
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)


def test_what_is_nothing_of_ours_is_napari_s(viewer, tmp_path, qtbot):
    np.save(tmp_path / "numbers.npy", np.eye(5))
    assert drop(find_canvas(viewer), tmp_path / "numbers.npy")
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=SIGNAL_MS)
    assert not workspace_for(viewer).session.is_open
    assert not drop(window.add_dock(viewer, "Particle"), tmp_path / "numbers.npy")


def test_a_folder_opened_by_napari_s_own_ways_becomes_the_project(
    viewer, folder, tmp_path, qtbot
):
    assert viewer.open(folder, plugin="napari-cdse") == []
    workspace = workspace_for(viewer)
    wait_for_pixels(workspace, qtbot)
    assert len(workspace.project.micrographs.entries) == 3
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Exception, match="nothing"):
        viewer.open(tmp_path / "nothing", plugin="napari-cdse")
