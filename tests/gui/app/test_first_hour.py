"""A newcomer's first hour in short, by mouse and keys: from empty window to number.

Real drops, clicks, keys and detection on drawn micrographs, one step after the other;
what each step stands for is tried at length in the tests of its own part.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs.results_dialog import ResultsDialog
from napari_cdse.gui.particle.enlarged_pictures import EnlargedPictures
from napari_cdse.gui.session.viewer_window import find_canvas, main_window
from napari_cdse.gui.workspace import workspace_for
from tests.gui.app.test_small_screen import SCREEN, in_sight
from tests.gui.canvas_input import CanvasInput, K
from tests.gui.conftest import (
    SIGNAL_MS,
    press,
    settle,
    standing,
    wait_for_pixels,
)
from tests.gui.drawn import CIRCLES, PIXEL_NM, draw
from tests.gui.dropping import drop
from tests.gui.micrographs.test_export import beside_the_project
from tests.gui.showing import in_step

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
ALL_IN_ALL_MS = 6 * SIGNAL_MS
PLACES = ((20, 25), (20, 110), (20, 210), (120, 25), (120, 155))
"""Middles, row and column in px, between the drawn particles."""
SIZE_PX = 16
FEW_TREES = 20


class Newcomer:
    """Uses nothing but mouse, keyboard and what is dropped.

    Parameters
    ----------
    viewer : Viewer
    qtbot : QtBot
    """

    def __init__(self, viewer, qtbot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.workspace = workspace_for(viewer)
        self.views = {name: one.view for name, one in window.add_docks(viewer).items()}

    @property
    def project(self):
        return self.workspace.project

    def until(self, holds, ms: int = SIGNAL_MS) -> None:
        self.qtbot.waitUntil(holds, timeout=ms)

    def click(self, widget) -> None:
        """Click a button that can be clicked."""
        assert widget.isVisible()
        assert widget.isEnabled()
        self.qtbot.mouseClick(widget, LEFT)

    def click_beside(self, words: str) -> None:
        """Click the button of the one sentence that stands in the window."""
        bar = self.workspace.message_bar
        self.until(lambda: any(words in each for each in bar.sentences))
        (button,) = bar.findChildren(QPushButton)
        self.click(button)

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key, and wait until the picture that it leads to is there."""
        press(self.workspace, self.qtbot, key, modifier)
        wait_for_pixels(self.workspace, self.qtbot)

    @property
    def selected(self):
        return self.project.particles.find(self.project.selection.particle_id)


@pytest.fixture
def newcomer(viewer, qtbot):
    main_window(viewer).resize(*SCREEN)
    return Newcomer(viewer, qtbot)


@pytest.fixture
def opened(newcomer, folder):
    """The folder was dropped onto the empty canvas."""
    page = newcomer.workspace.empty_canvas
    assert page.isVisible()
    assert page.findChild(QLabel).text() == "Open a folder of micrographs"
    assert drop(find_canvas(newcomer.viewer), folder)
    newcomer.until(lambda: newcomer.workspace.session.is_open)
    # Which forest doubts what is known here; an audit draws anew each time.
    newcomer.project.audits.share = 0
    wait_for_pixels(newcomer.workspace, newcomer.qtbot)
    assert not page.isVisible()
    return newcomer


@pytest.fixture
def detected(opened):
    """The pixel size was typed with a comma, and circles found in all."""
    row = opened.views["Micrographs"].pixel_size
    row.field.setFocus()
    row.field.selectAll()
    opened.qtbot.keyClicks(row.field, "0,04")
    row.scope.setCurrentIndex(1)
    opened.click(row.button)
    settle(opened.workspace, opened.qtbot)
    size = opened.project.micrographs.pixel_size(0)
    assert size == PixelSize(PIXEL_NM, PixelSizeSource.PERSON)
    opened.click(opened.views["Micrographs"].detect_all)
    opened.until(lambda: not opened.workspace.session.runner.jobs, ALL_IN_ALL_MS)
    settle(opened.workspace, opened.qtbot)
    return opened


def test_what_can_not_be_read_is_said_and_a_picture_joins(opened, tmp_path):
    odd = tmp_path / "spectrum.xyz"
    odd.write_bytes(b"\0nothing that anybody reads")
    canvas, bar = find_canvas(opened.viewer), opened.workspace.message_bar
    assert drop(canvas, odd)
    opened.until(lambda: bool(bar.sentences))
    assert bar.sentences[0].startswith("spectrum.xyz is of no format")
    assert opened.workspace.session.is_open
    Image.fromarray(draw(9)).save(tmp_path / "late.png")
    assert drop(canvas, tmp_path / "late.png")
    opened.until(lambda: len(opened.project.micrographs.entries) == 4)


def test_from_circles_to_the_number(detected, folder):
    """Step after step on what was detected."""
    told_at_the_end(detected)
    a_foreign_layer_is_brought_below(detected)
    all_is_in_sight_on_a_small_screen(detected)
    keys_stay_within_the_micrograph(detected)
    five_missing_ones_in_a_row(detected)
    undo_stays_where_it_is(detected)
    a_picture_enlarged(detected)
    one_left_out_by_one_return(detected)
    retrained_and_used(detected)
    the_number_stands_there(detected)
    results_beside_the_pictures(detected, folder)


def told_at_the_end(newcomer) -> None:
    """Progress was told in one place, and what came of it stays there."""
    told = newcomer.views["Micrographs"].progress.title.text()
    found = sum(len(newcomer.project.particles.of(at)) for at in range(3))
    assert found >= 6
    assert f"3 micrographs, {found} particles" in told
    assert newcomer.project.particles.current
    in_step(newcomer.workspace)


def a_foreign_layer_is_brought_below(newcomer) -> None:
    newcomer.viewer.add_image(draw(5), name="mean of 20 frames")
    newcomer.click_beside("mean of 20 frames lies over the micrograph")
    newcomer.until(lambda: not newcomer.workspace.message_bar.sentences)
    newcomer.viewer.layers.remove("mean of 20 frames")
    assert newcomer.workspace.canvas.layer_problem is None


def all_is_in_sight_on_a_small_screen(newcomer) -> None:
    card, micrographs = newcomer.views["Particle"].card, newcomer.views["Micrographs"]
    newcomer.key(K.Key_Period)
    pictures = card.pictures
    needed = (
        pictures.crop,
        pictures.spectrum,
        pictures.phase,
        card.bars,
        newcomer.views["Particle"].fraction.words,
        micrographs.detect_all,
        micrographs.export,
    )

    def all_in_sight() -> None:
        assert [str(each) for each in needed if not in_sight(each)] == []

    newcomer.until(all_in_sight)
    window_of_all = main_window(newcomer.viewer)
    assert (window_of_all.width(), window_of_all.height()) == SCREEN


def keys_stay_within_the_micrograph(newcomer) -> None:
    """All of one micrograph is judged by keys, and no other comes up."""
    here = newcomer.project.selection.index
    newcomer.click(newcomer.views["Particle"].queue.here)
    newcomer.key(K.Key_Period)
    judged = {}
    for key, label in ((K.Key_Y, "yes"), (K.Key_N, "no"), (K.Key_U, "null")):
        particle = newcomer.selected
        if particle is None or particle.annotation is not None:
            break
        newcomer.key(key)
        judged[particle.id] = label
        assert newcomer.project.selection.index == here
    assert len(judged) >= 2
    for particle_id, label in judged.items():
        assert newcomer.project.particles.get(particle_id).label == label


def five_missing_ones_in_a_row(newcomer) -> None:
    """G stays on from one circle to the next, and nothing jumps away."""
    here = newcomer.project.selection.index
    known = {one.id for one in newcomer.project.particles.current}
    user = CanvasInput(newcomer.workspace, newcomer.qtbot)
    user.key(K.Key_G)
    for row, col in PLACES:
        half = SIZE_PX / 2
        user.drag((row - half, col - half), (row + half, col + half))
        settle(newcomer.workspace, newcomer.qtbot)
    user.key(K.Key_G)
    drawn = [one for one in newcomer.project.particles.current if one.id not in known]
    assert len(drawn) == len(PLACES)
    middles = sorted((one.circle.row_px, one.circle.col_px) for one in drawn)
    for middle, wanted in zip(middles, sorted(PLACES), strict=True):
        assert middle == pytest.approx(wanted, abs=2)
    assert newcomer.project.selection.index == here


def undo_stays_where_it_is(newcomer) -> None:
    """The last circle goes and comes back at the zoom that was there."""
    camera = newcomer.viewer.scene.camera
    number, zoom = len(newcomer.project.particles.current), camera.zoom
    newcomer.key(K.Key_Z, CTRL)
    assert len(newcomer.project.particles.current) == number - 1
    newcomer.key(K.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert len(newcomer.project.particles.current) == number
    assert camera.zoom == pytest.approx(zoom)


def a_picture_enlarged(newcomer) -> None:
    """A double click enlarges it; keys judge on, Escape closes."""
    card = newcomer.views["Particle"].card
    newcomer.qtbot.mouseDClick(card.pictures.spectrum, LEFT)
    (large,) = main_window(newcomer.viewer).findChildren(EnlargedPictures)
    newcomer.until(large.isVisible)
    newcomer.qtbot.keyClick(large, K.Key_Escape)
    newcomer.until(lambda: not large.isVisible())


def one_left_out_by_one_return(newcomer) -> None:
    exclusions, here = newcomer.workspace.exclusions, newcomer.project.selection.index
    other = next(at for at in range(3) if at != here)
    menu = exclusions.menu(other, main_window(newcomer.viewer))
    another = menu.actions()[0].menu().actions()[-1]
    another.trigger()
    newcomer.qtbot.keyClick(exclusions.dialog.field, K.Key_Return)
    newcomer.until(lambda: bool(newcomer.project.micrographs.entries[other].excluded))
    settle(newcomer.workspace, newcomer.qtbot)


def the_number_stands_there(newcomer) -> None:
    """It is told with its doubt: of so few draws it has no interval."""
    line = newcomer.views["Particle"].fraction
    newcomer.until(lambda: not line.waiting)
    found = newcomer.project.statistics.visible_defects()
    assert f"Visible defects {found.fraction:.2f}" in line.words.text()
    assert found.interval_95 is None
    assert "no interval" in line.words.text()


def retrained_and_used(newcomer) -> None:
    """Old and new stand beside each other before the new forest takes over."""
    window.add_dock(newcomer.viewer, "Retrain")
    view, models = newcomer.views["Retrain"], newcomer.project.models
    # What all the trees would tell is not the newcomer's question here.
    view.form.set_value(replace(view.form.value(), trees=FEW_TREES))
    before, labels = models.active_id, newcomer.project.particles.counts()
    newcomer.click(view.retrain)
    newcomer.until(lambda: view.decision.isVisible(), ALL_IN_ALL_MS)
    assert models.active_id == before
    newcomer.click(view.decision.compare)
    newcomer.until(view.comparison_window.isVisible)
    assert view.comparison_window.headline.text()
    newcomer.click(view.comparison_window.use)
    newcomer.until(lambda: models.active_id != before, ALL_IN_ALL_MS)
    settle(newcomer.workspace, newcomer.qtbot)
    assert not view.comparison_window.isVisible()
    # What a person said stands, whichever forest is asked.
    assert newcomer.project.particles.counts() == labels
    window.add_dock(newcomer.viewer, "Particle")


def results_beside_the_pictures(newcomer, folder) -> None:
    """Two clicks and one Return; the summary stays, with the same number."""
    lay_there = beside_the_project(folder)
    export = newcomer.views["Micrographs"].export
    export.menu().actions()[0].trigger()
    (dialog,) = export.findChildren(ResultsDialog)
    newcomer.qtbot.keyClick(dialog.field, K.Key_Return)
    newcomer.until(lambda: bool(standing(newcomer.workspace)))
    results = folder.parent / f"{folder.name} results"
    summary = json.loads((results / "summary.json").read_text("utf-8"))
    (told,) = standing(newcomer.workspace)
    assert summary["visible_defects"]["sentence"] in told
    assert beside_the_project(folder) == lay_there


def test_the_next_day_begins_where_this_one_ended(detected, make_napari_viewer, qtbot):
    detected.key(K.Key_Period)
    judged = detected.selected
    detected.key(K.Key_Y)
    path = detected.project.path
    detected.viewer.close()
    viewer = make_napari_viewer(show=True)
    morning = Newcomer(viewer, qtbot)
    buttons = morning.workspace.empty_canvas.findChildren(QPushButton)
    (recent,) = (one for one in buttons if one.toolTip() == f"<qt>{path}</qt>")
    morning.click(recent)
    wait_for_pixels(morning.workspace, qtbot)
    assert morning.project.path == path
    assert morning.project.particles.get(judged.id).label == "yes"
    assert len(morning.project.particles.current) >= len(CIRCLES) - 3
