"""Layers of other programs in the viewer, and what becomes of ours among them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import wait_for_pixels
from tests.gui.drawn import PIXEL_NM


def test_a_folder_opens_beside_a_stack_and_is_fitted_into_the_view(
    viewer, folder, qtbot
):
    viewer.add_image(np.zeros((5, 64, 64), np.float32), name="stack")
    viewer.add_labels(np.zeros((64, 64), int), name="labels")
    workspace = workspace_for(viewer)
    assert workspace.open_project(folder)
    wait_for_pixels(workspace, qtbot)
    image = workspace.canvas.layers.image
    rows, cols = image.data.shape
    camera = viewer.scene.camera
    assert camera.center[-2:] == pytest.approx(((rows - 1) / 2, (cols - 1) / 2))
    fits = np.array(viewer.canvas.size) / (rows, cols)
    assert 0.9 * fits.min() < camera.zoom < fits.min()
    workspace.session.set_pixel_size(PIXEL_NM, whole_folder=False)
    wait_for_pixels(workspace, qtbot)
    assert camera.center[-1] == pytest.approx((cols - 1) / 2 * PIXEL_NM)
