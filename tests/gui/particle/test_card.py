"""The particle card: the right particle, its numbers, its note, by real keys."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_cdse.core.crystal.particle_analysis import examine
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.gui.canvas.class_colours import HEX, UNLABELLED
from napari_cdse.gui.particle.dock import ParticleDock
from napari_cdse.gui.particle.overlays import Caption, Ring, ScaleBar, Spot
from napari_cdse.gui.particle.peaks_table import Scale, spacing_words
from napari_cdse.gui.widgets.viewer_window import main_window
from napari_cdse.project import EditRequest
from tests.gui.conftest import (
    CIRCLES,
    PIXEL_NM,
    SIGNAL_MS,
    canvas,
    open_folder,
    particle_ids,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def card(session):
    """The card of the window that the session belongs to."""
    session.set_pixel_size(PIXEL_NM, whole_folder=True)
    window = main_window(session.viewer)
    (dock,) = window.findChildren(ParticleDock)
    return dock.card


def looked_at(card, qtbot) -> None:
    """Wait until everything that was asked for is shown."""
    qtbot.waitUntil(lambda: card.measured and card.examiner.idle, timeout=SIGNAL_MS)


def table(card) -> list[list[str]]:
    """What the table of peaks says."""
    return [
        [card.peaks.item(row, column).text() for column in range(4)]
        for row in range(card.peaks.rowCount())
    ]


def marks(picture, kind) -> list:
    return [mark for mark in picture.marks if isinstance(mark, kind)]


def test_the_card_measures_the_particle_it_shows(session, card, qtbot):
    settle(session, qtbot)
    session.project.selection.select(particle_ids(session)[0])
    looked_at(card, qtbot)
    around = Surroundings.of(session.micrograph, PIXEL_NM)
    truth = examine(around, CIRCLES[0])
    scale = Scale(PIXEL_NM)
    expected = [spacing_words(each.peak, scale) for each in truth.families]
    assert [row[1] for row in table(card)] == expected
    assert "{111}" in table(card)[0][3]
    assert "{002}" in table(card)[0][3]
    numbers = [spot.number for spot in marks(card.pictures.spectrum, Spot)]
    assert [n for n in numbers if n] == [str(n + 1) for n in range(len(expected))]
    assert marks(card.pictures.crop, ScaleBar)[0].text == "2 nm"


def test_quick_steps_never_show_another_particles_card(session, card, qtbot):
    settle(session, qtbot)
    around = Surroundings.of(session.micrograph, PIXEL_NM)
    seen = []
    card.examiner.answered.connect(lambda: seen.append(snapshot(session, card)))
    for _ in range(12):
        press(session, qtbot, Qt.Key.Key_Period)
        seen.append(snapshot(session, card))
        QApplication.processEvents()
    looked_at(card, qtbot)
    seen.append(snapshot(session, card))
    for circle, shown in seen:
        if shown:
            families = examine(around, circle).families
            scale = Scale(PIXEL_NM)
            assert shown == [spacing_words(each.peak, scale) for each in families]
    assert (
        seen[-1][0]
        == session.project.particles.find(session.project.selection.particle_id).circle
    )


def snapshot(session, card):
    """The selected circle, and the spacings on the card."""
    circle = session.project.particles.find(
        session.project.selection.particle_id
    ).circle
    return circle, [row[1] for row in table(card)]


def test_a_late_answer_on_another_particle_is_kept_but_not_shown(session, card, qtbot):
    settle(session, qtbot)
    first, second = particle_ids(session)[:2]
    session.project.selection.select(first)
    qtbot.waitUntil(lambda: card.examiner._job is not None, timeout=SIGNAL_MS)
    session.project.selection.select(second)
    question = card._question
    assert question.circle == CIRCLES[1]
    with qtbot.waitSignal(card.examiner.answered, timeout=SIGNAL_MS):
        assert not card.measured
    looked_at(card, qtbot)
    assert card.examiner.known(question) is not None
    session.project.selection.select(first)
    assert card.measured


def test_a_row_of_the_table_chooses_the_family(session, card, qtbot):
    settle(session, qtbot)
    session.project.selection.select(particle_ids(session)[0])
    looked_at(card, qtbot)
    other = 1 - card._chosen
    row = card.peaks.visualItemRect(card.peaks.item(other, 1)).center()
    qtbot.mouseClick(card.peaks.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert marks(card.pictures.phase, Caption)[0].text == f"phase of {other + 1}"
    assert table(card)[other][2] == ""
    assert table(card)[1 - other][2].endswith("°")
    filtered = card.pictures.switch.buttons()[1]
    qtbot.mouseClick(filtered, Qt.MouseButton.LeftButton)
    assert marks(card.pictures.other, Caption)[0].text == "filtered"


def test_an_estimated_pixel_size_is_called_so(session, card, qtbot):
    session.set_pixel_size(None, whole_folder=True)
    qtbot.waitUntil(lambda: session.view is not None, timeout=SIGNAL_MS)
    settle(session, qtbot)
    session.project.selection.select(particle_ids(session)[0])
    looked_at(card, qtbot)
    assert session.pixel_size() == (PIXEL_NM, "estimated")
    assert marks(card.pictures.crop, ScaleBar)[0].text == "about 2 nm"
    assert card.peaks.horizontalHeaderItem(1).text().startswith("≈")
    assert "can't prove" in card.peaks.item(0, 1).toolTip()
    session.set_pixel_size(PIXEL_NM, whole_folder=True)
    assert marks(card.pictures.crop, ScaleBar)[0].text == "2 nm"
    assert card.peaks.horizontalHeaderItem(1).text() == "spacing, nm"
    assert card.measured


def test_a_note_is_one_edit_and_outlives_label_undo_and_restart(
    session, card, qtbot, folder
):
    settle(session, qtbot)
    one = particle_ids(session)[0]
    session.project.selection.select(one)
    write(card, qtbot, "yes? no: twin")
    qtbot.keyClick(card.note, Qt.Key.Key_Return)
    assert session.project.particles.find(one).annotation.note == "yes? no: twin"
    assert not session.project.particles.find(one).by_person
    canvas(session).setFocus()
    press(session, qtbot, Qt.Key.Key_Y)
    assert session.project.particles.find(one).annotation.note == "yes? no: twin"
    assert card.note.text() == ""
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert session.project.selection.particle_id == one
    assert card.note.text() == "yes? no: twin"
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert card.note.text() == ""
    press(session, qtbot, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert card.note.text() == "yes? no: twin"
    open_folder(session, folder, qtbot)
    assert session.project.particles.find(one).annotation.note == "yes? no: twin"
    session.project.selection.select(one)
    assert card.note.text() == "yes? no: twin"


def test_a_note_that_was_left_is_stored_and_escape_takes_it_back(session, card, qtbot):
    settle(session, qtbot)
    one, two = particle_ids(session)[:2]
    session.project.selection.select(one)
    write(card, qtbot, "blurred")
    session.project.selection.select(two)
    assert session.project.particles.find(one).annotation.note == "blurred"
    assert session.project.particles.find(two).annotation is None
    write(card, qtbot, "nothing")
    qtbot.keyClick(card.note, Qt.Key.Key_Escape)
    session.project.selection.select(one)
    assert session.project.particles.find(two).annotation is None
    assert card.note.text() == "blurred"


def write(card, qtbot, text: str) -> None:
    card.note.setFocus()
    qtbot.keyClicks(card.note, text)


def test_the_card_tells_who_said_what(session, card, qtbot):
    settle(session, qtbot)
    project = session.project
    one = particle_ids(session)[0]
    project.selection.select(one)
    assert project.models.active.card.name in card.says.text()
    assert card.bars.numbers["yes"].text() == "0.90"
    project.annotators.current = "Ann"
    project.edits.label([one], "no")
    project.annotators.current = "Bob"
    project.edits.label([one], "yes")
    first = card.says.text().splitlines()[0]
    assert first.startswith("Bob: yes, today")
    assert "forest said yes (0.90) at the time" in first
    assert first.endswith("(and 1 before)")
    assert [line[:7] for line in card.says.toolTip().splitlines()] == [
        "Bob: ye",
        "Ann: no",
    ]
    project.annotators.hide_others = True
    assert "Ann" not in card.says.toolTip()


def test_what_an_audit_hides_is_hidden_here_too(session, card, qtbot, forest):
    settle(session, qtbot)
    project = session.project
    project.audits.share = 1.0
    session.open_micrograph(1)
    wait_for_pixels(session, qtbot)
    put_circles(session, forest)
    settle(session, qtbot)
    one = particle_ids(session)[0]
    project.edits.apply(EditRequest(noted={one: "odd"}))
    project.selection.select(one)
    looked_at(card, qtbot)
    assert project.audits.hides(one)
    (ring,) = marks(card.pictures.crop, Ring)
    assert ring.colour == HEX[UNLABELLED]
    assert card.bars.numbers["yes"].text() == ""
    assert "at random" in card.says.text()
    for words in (card.says.text(), card.says.toolTip()):
        assert "0.90" not in words
        assert "orest said" not in words
    project.edits.label([one], "yes")
    assert card.bars.numbers["yes"].text() == "0.90"
    assert "forest said yes (0.90) at the time, out of view" in card.says.text()


def test_without_a_particle_the_card_is_empty(session, card, qtbot):
    settle(session, qtbot)
    session.project.selection.select(particle_ids(session)[0])
    looked_at(card, qtbot)
    session.project.selection.select(None)
    pictures = card.pictures
    for picture in (pictures.crop, pictures.spectrum, pictures.phase, pictures.other):
        assert picture.empty
    assert table(card) == []
    assert not card.note.isEnabled()
    assert "next particle" in card.says.text()


def test_the_ring_on_the_crop_is_the_circle(session, card, qtbot):
    settle(session, qtbot)
    session.project.selection.select(particle_ids(session)[3])
    (ring,) = marks(card.pictures.crop, Ring)
    assert ring.diameter == pytest.approx(2 * 32 * PIXEL_NM / 8, rel=0.02)
