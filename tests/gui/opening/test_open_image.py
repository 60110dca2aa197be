"""An image that is open in napari becomes the project, with or without a file."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel

from napari_cdse.gui.app import window
from napari_cdse.gui.opening import opening
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from tests.gui.conftest import SIGNAL_MS, settle, wait_for_pixels
from tests.gui.drawn import draw


def offered(viewer, name="Particle"):
    """What the start view of a dock offers of the open image."""
    button = window.add_dock(viewer, name).start_page.use_image
    return button.text() if not button.isHidden() else None


def test_every_dock_says_how_to_begin(viewer):
    for name in (*window.NAMES, "Annotators", "Population", "Spectrum"):
        page = window.add_dock(viewer, name).start_page
        assert any("Open a folder" in one.text() for one in page.findChildren(QLabel))


def test_the_image_of_a_file_becomes_its_project(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    assert offered(viewer) is None
    workspace.opening.use_image()
    (told,) = workspace.message_bar.sentences
    assert "no image" in told.lower()
    (layer,) = viewer.open(folder / "dots_1.png", plugin="napari")
    qtbot.waitUntil(lambda: offered(viewer) is not None, timeout=SIGNAL_MS)
    assert offered(viewer) == "Use the image that is open: dots_1"
    window.add_dock(viewer, "Particle").start_page.use_image.click()
    wait_for_pixels(workspace, qtbot)
    entries = workspace.project.micrographs.entries
    assert [one.path for one in entries] == [folder / "dots_1.png"]
    assert layer not in viewer.layers
    settle(workspace, qtbot)
    assert workspace.opening.image_name is None


def test_an_image_without_a_file_is_kept_as_tiff(viewer, tmp_path, qtbot, monkeypatch):
    workspace = workspace_for(viewer)
    pixels = draw(3).astype(np.float64) / 7
    viewer.add_image(pixels, name="mean: 1/2", scale=(0.4, 0.4), units="angstrom")
    asked = []

    def answer(_parent, name):
        asked.append(name)
        return tmp_path / "kept" / name

    (tmp_path / "kept").mkdir()
    monkeypatch.setattr(opening, "ask_picture", answer)
    workspace.opening.use_image()
    wait_for_pixels(workspace, qtbot)
    assert asked == ["mean_ 1_2.tif"]
    (entry,) = workspace.project.micrographs.entries
    kept = read_micrograph(entry.path)
    np.testing.assert_allclose(kept.pixels, pixels, rtol=1e-6)
    assert kept.pixel_size_nm == pytest.approx(0.04)
    settle(workspace, qtbot)
    # Another one joins, beside the project, without a question; nothing is replaced.
    viewer.add_image(pixels[::-1], name="mean: 1/2")
    workspace.opening.use_image()
    qtbot.waitUntil(
        lambda: len(workspace.project.micrographs.entries) == 2, timeout=SIGNAL_MS
    )
    assert len(asked) == 1
    names = {one.path.name for one in workspace.project.micrographs.entries}
    assert names == {"mean_ 1_2.tif", "mean_ 1_2 2.tif"}
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)


def test_what_is_no_micrograph_is_not_offered(viewer):
    viewer.add_image(np.zeros((3, 20, 30)), name="stack")
    viewer.add_labels(np.zeros((20, 30), int))
    assert workspace_for(viewer).opening.image_name is None
    viewer.add_image(np.zeros((40, 60, 3), np.uint8), name="colours")
    assert workspace_for(viewer).opening.image_name == "colours"
