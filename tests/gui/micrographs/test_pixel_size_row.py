"""The pixel size in words and colour, and a scale bar that was found."""

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.canvas.class_colours import LEAST_CONTRAST, contrast_ratio
from napari_cdse.gui.micrographs.pixel_size_row import (
    PixelSizeRow,
    describe_pixel_size,
)
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import SIGNAL_MS, open_folder, wait_for_pixels


@pytest.mark.parametrize("paper", ["#ebe7e6", "#23242b"])
def test_every_state_has_its_words_and_a_colour_of_its_kind(paper):
    sizes = [PixelSize(0.037, source, 0.01) for source in PixelSizeSource]
    told = [describe_pixel_size(size, paper) for size in sizes]
    assert all(str(size) in words for size, words in zip(sizes, told, strict=True))
    colours = [words.split("color: ")[1][:7] for words in told]
    assert colours[0] == colours[1]
    assert len(set(colours)) == 4
    assert min(contrast_ratio(one, paper) for one in colours) >= LEAST_CONTRAST


@pytest.mark.parametrize("source", list(PixelSizeSource))
def test_the_field_offers_no_number_that_nobody_vouches_for(source, qtbot):
    row = PixelSizeRow(lambda size, whole: None)
    qtbot.addWidget(row)
    row.show_size(PixelSize(0.037, source))
    assert row.field.value() == (0.037 if source.is_trusted else 0.0)


def test_a_bar_in_the_picture_is_asked_for_and_sets_the_pixel_size(
    viewer, tmp_path, qtbot
):
    pixels = np.random.default_rng(0).integers(40, 200, (300, 400), dtype=np.uint8)
    pixels[270:275, 30:217] = 255
    Image.fromarray(pixels).save(tmp_path / "bar.png")
    row = add_docks(viewer)["Micrographs"].view.pixel_size
    workspace = workspace_for(viewer)
    open_folder(workspace, tmp_path, qtbot)
    assert row.bar.text() == "Bar of 187 px found: how long is it?"
    row.bar.click()
    dialog = workspace.measurement.dialog
    qtbot.waitUntil(dialog.isVisible, timeout=SIGNAL_MS)
    dialog.field.setValue(10)
    dialog.units.setCurrentText("nm")
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
    wait_for_pixels(workspace, qtbot)
    size = workspace.project.micrographs.pixel_size(0)
    assert size == PixelSize(pytest.approx(10 / 187), PixelSizeSource.PERSON)
    assert row.bar.isHidden()
    assert "set by hand" in row.says.text()
