"""The pixel size in words and colour, and a scale bar that was found."""

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox, QPushButton

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource, ScaleBar
from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.canvas.class_colours import LEAST_CONTRAST, contrast_ratio
from napari_cdse.gui.micrographs.pixel_size_row import (
    PixelSizeRow,
    describe_pixel_size,
)
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    settle,
    standing,
    wait_for_pixels,
)


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


def test_for_the_folder_keeps_what_was_set_for_single_ones_until_told_otherwise(
    workspace, qtbot
):
    row = add_docks(workspace.viewer)["Micrographs"].view.pixel_size
    project, bar = workspace.project, workspace.message_bar

    def set_size(text, scope):
        row.field.setFocus()
        row.field.selectAll()
        qtbot.keyClicks(row.field, text)
        row.scope.setCurrentIndex(scope)
        qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
        settle(workspace, qtbot)

    def sizes():
        return [project.micrographs.person_pixel_size(at) for at in range(3)]

    for at, text in ((1, "0.05"), (2, "0.06")):
        workspace.navigation.open_micrograph(at)
        wait_for_pixels(workspace, qtbot)
        set_size(text, 0)
    assert standing(workspace) == []
    set_size("0.04", 1)
    # The open one is before the eyes of who set it; the other is not.
    assert sizes() == [0.04, 0.05, 0.04]
    (told,) = standing(workspace)
    assert told == "dots_1.png keeps the pixel size set for it alone."
    (button,) = bar.findChildren(QPushButton)
    assert button.text() == "Set there, too"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    assert sizes() == [0.04] * 3
    assert standing(workspace) == []
    project.history.undo()
    assert sizes() == [0.04, 0.05, 0.04]
    project.history.undo()
    assert sizes() == [None, 0.05, 0.06]
    # What the folder was told is no number of a single one's own.
    project.history.redo()
    workspace.navigation.open_micrograph(0)
    wait_for_pixels(workspace, qtbot)
    set_size("0.03", 1)
    assert sizes() == [0.03, 0.05, 0.03]


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
    assert "set by a person" in row.label.text()


@pytest.fixture
def row(qtbot):
    """A row, and what it was told to take."""
    taken = []
    row = PixelSizeRow(lambda size, whole: taken.append((size, whole)))
    row.taken = taken
    qtbot.addWidget(row)
    row.show()
    return row


def typed(row, qtbot, text):
    row.field.selectAll()
    qtbot.keyClicks(row.field, text)
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_return_takes_what_is_typed_and_nothing_that_is_refused(row, qtbot, key):
    row.show_size(PixelSize(0.037, PixelSizeSource.FILE))
    qtbot.keyClick(row.field, key)
    assert row.taken == []
    row.field.selectAll()
    qtbot.keyClicks(row.field, "0,0x")
    qtbot.keyClick(row.field, key)
    assert row.taken == []
    row.field.selectAll()
    qtbot.keyClicks(row.field, "0,0413")
    assert row.taken == []
    qtbot.keyClick(row.field, key)
    assert row.taken == [(0.0413, False)]
    # What stood there before is another number again: here none.
    row.taken.clear()
    row.show_size(None)
    for text in ("0,04", "0"):
        row.field.selectAll()
        qtbot.keyClicks(row.field, text)
        qtbot.keyClick(row.field, key)
    assert row.taken == [(0.04, False), (None, False)]


def test_what_is_typed_is_taken_for_this_one_or_for_the_folder(row, qtbot):
    typed(row, qtbot, "0.0372")
    assert row.taken == [(pytest.approx(0.0372), False)]
    row.scope.setCurrentIndex(1)
    typed(row, qtbot, "0,041")
    assert row.taken[1] == (pytest.approx(0.041), True)
    # Nothing takes the number back.
    typed(row, qtbot, "0")
    assert row.taken[2] == (None, True)
    assert row.field.text() == "not set"


def test_up_to_ten_nanometres_are_a_pixel_and_more_are_refused(row, qtbot):
    typed(row, qtbot, "10")
    assert row.taken == [(10.0, False)]
    assert row.refusal.isHidden()
    typed(row, qtbot, "10.1")
    assert len(row.taken) == 1
    assert row.refusal.text()
    assert not row.button.isEnabled()
    typed(row, qtbot, "9.9")
    assert row.taken[-1] == (9.9, False)
    assert row.refusal.isHidden()


def test_an_arrow_is_a_thousandth(row, qtbot):
    row.show_size(PixelSize(0.037, PixelSizeSource.FILE))
    assert row.field.text() == "0.037 nm/px"
    row.field.setFocus()
    qtbot.keyClick(row.field, Qt.Key.Key_Up)
    assert row.field.value() == pytest.approx(0.038)


def test_a_bar_is_offered_in_its_own_words_or_none(row):
    bar = ScaleBar((1.0, 2.0), (1.0, 202.0), 200, 4)
    row.show_bar(bar)
    assert (row.bar.text(), row.bar.isVisible()) == (bar.question, True)
    row.show_bar(None)
    assert (row.bar.text(), row.bar.isVisible()) == ("", False)
    words = [row.scope.itemText(at) for at in range(2)]
    assert words == ["for this one", "for the folder"]
