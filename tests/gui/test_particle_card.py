"""The particle card: the right particle, its numbers, its note, by real keys."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_cdse.core.bragg_peaks import BraggPeak
from napari_cdse.core.examination import examine
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.records import Annotation, Circle, Prediction
from napari_cdse.gui.crops import crop, field_px, phase_colours, stretched
from napari_cdse.gui.marks import Caption, Ring, ScaleBar, Spot
from napari_cdse.gui.palette import HEX, UNLABELLED
from napari_cdse.gui.particle_dock import ParticleDock
from napari_cdse.gui.peaks_table import Scale, planes_of, planes_words, spacing_words
from napari_cdse.gui.statements import history, person_says, when
from napari_cdse.project import Gesture
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
    window = session.viewer.window._qt_window
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
    session.project.select(particle_ids(session)[0])
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
    assert seen[-1][0] == session.project.find(session.project.selected).circle


def snapshot(session, card):
    """The selected circle, and the spacings on the card."""
    circle = session.project.find(session.project.selected).circle
    return circle, [row[1] for row in table(card)]


def test_a_late_answer_on_another_particle_is_kept_but_not_shown(session, card, qtbot):
    settle(session, qtbot)
    first, second = particle_ids(session)[:2]
    session.project.select(first)
    qtbot.waitUntil(lambda: card.examiner._job is not None, timeout=SIGNAL_MS)
    session.project.select(second)
    question = card._question
    assert question.circle == CIRCLES[1]
    with qtbot.waitSignal(card.examiner.answered, timeout=SIGNAL_MS):
        assert not card.measured
    looked_at(card, qtbot)
    assert card.examiner.known(question) is not None
    session.project.select(first)
    assert card.measured


def test_a_row_of_the_table_chooses_the_family(session, card, qtbot):
    settle(session, qtbot)
    session.project.select(particle_ids(session)[0])
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
    session.project.select(particle_ids(session)[0])
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
    session.project.select(one)
    write(card, qtbot, "yes? no: twin")
    qtbot.keyClick(card.note, Qt.Key.Key_Return)
    assert session.project.find(one).annotation.note == "yes? no: twin"
    assert not session.project.find(one).by_person
    canvas(session).setFocus()
    press(session, qtbot, Qt.Key.Key_Y)
    assert session.project.find(one).annotation.note == "yes? no: twin"
    assert card.note.text() == ""
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert session.project.selected == one
    assert card.note.text() == "yes? no: twin"
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert card.note.text() == ""
    press(session, qtbot, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert card.note.text() == "yes? no: twin"
    open_folder(session, folder, qtbot)
    assert session.project.find(one).annotation.note == "yes? no: twin"
    session.project.select(one)
    assert card.note.text() == "yes? no: twin"


def test_a_note_that_was_left_is_stored_and_escape_takes_it_back(session, card, qtbot):
    settle(session, qtbot)
    one, two = particle_ids(session)[:2]
    session.project.select(one)
    write(card, qtbot, "blurred")
    session.project.select(two)
    assert session.project.find(one).annotation.note == "blurred"
    assert session.project.find(two).annotation is None
    write(card, qtbot, "nothing")
    qtbot.keyClick(card.note, Qt.Key.Key_Escape)
    session.project.select(one)
    assert session.project.find(two).annotation is None
    assert card.note.text() == "blurred"


def write(card, qtbot, text: str) -> None:
    card.note.setFocus()
    qtbot.keyClicks(card.note, text)


def test_the_card_tells_who_said_what(session, card, qtbot):
    settle(session, qtbot)
    project = session.project
    one = particle_ids(session)[0]
    project.select(one)
    assert project.active_model.card.name in card.says.text()
    assert card.bars.numbers["yes"].text() == "0.90"
    project.annotator = "Ann"
    project.label([one], "no")
    project.annotator = "Bob"
    project.label([one], "yes")
    first = card.says.text().splitlines()[0]
    assert first.startswith("Bob: yes, today")
    assert "forest said yes (0.90) at the time" in first
    assert first.endswith("(and 1 before)")
    assert [line[:7] for line in card.says.toolTip().splitlines()] == [
        "Bob: ye",
        "Ann: no",
    ]
    project.hide_others = True
    assert "Ann" not in card.says.toolTip()


def test_what_an_audit_hides_is_hidden_here_too(session, card, qtbot, forest):
    settle(session, qtbot)
    project = session.project
    project.audit_share = 1.0
    session.open_micrograph(1)
    wait_for_pixels(session, qtbot)
    put_circles(session, forest)
    settle(session, qtbot)
    one = particle_ids(session)[0]
    project.apply(Gesture(noted={one: "odd"}))
    project.select(one)
    looked_at(card, qtbot)
    assert project.hides(one)
    (ring,) = marks(card.pictures.crop, Ring)
    assert ring.colour == HEX[UNLABELLED]
    assert card.bars.numbers["yes"].text() == ""
    assert "at random" in card.says.text()
    for words in (card.says.text(), card.says.toolTip()):
        assert "0.90" not in words
        assert "orest said" not in words
    project.label([one], "yes")
    assert card.bars.numbers["yes"].text() == "0.90"
    assert "forest said yes (0.90) at the time, out of view" in card.says.text()


def test_without_a_particle_the_card_is_empty(session, card, qtbot):
    settle(session, qtbot)
    session.project.select(particle_ids(session)[0])
    looked_at(card, qtbot)
    session.project.select(None)
    pictures = card.pictures
    for picture in (pictures.crop, pictures.spectrum, pictures.phase, pictures.other):
        assert picture.empty
    assert table(card) == []
    assert not card.note.isEnabled()
    assert "next particle" in card.says.text()


NOW = datetime(2026, 11, 24, 16, 0).astimezone()


def annotation(**values) -> Annotation:
    shown = Prediction("p", "m", (0.81, 0.1, 0.05, 0.04))
    return Annotation(
        **{
            "id": "a",
            "particle_id": "p",
            "micrograph_id": "",
            "circle": Circle(1, 1, 1),
            "label": "no",
            "origin": "corrected",
            "annotator": "Ann",
            "time": (NOW - timedelta(hours=2)).isoformat(),
            "shown": shown,
            "prediction_seen": True,
            **values,
        }
    )


def test_a_statement_says_who_what_when_and_what_the_forest_said():
    def name(_id):
        return "first forest"

    words = "Ann: no, today 14:00, corrected; forest said yes (0.81) at the time"
    assert person_says(annotation(), now=NOW) == words
    assert person_says(annotation(), name, NOW) == f"{words}, by first forest"
    hidden = person_says(annotation(prediction_seen=False), name, NOW)
    assert "at the time, out of view, by first forest" in hidden
    file = annotation(annotator="m1.txt", origin="imported", shown=None)
    assert person_says(file, name, NOW) == "m1.txt: no, today 14:00, imported"
    # Before a label is given the forest's word may have to stay hidden.
    for unjudged in ({"label": None}, {"label": None, "deferred": True}):
        assert "forest" not in person_says(annotation(**unjudged), name, NOW)
    note = annotation(label=None, origin="confirmed", note="odd")
    assert person_says(note, now=NOW) == "Ann: wrote a note, today 14:00"
    lines = history([annotation(), annotation(annotator="Bob")], name, NOW)
    assert [line[:3] for line in lines.splitlines()] == ["Bob", "Ann"]


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=5), "today 15:55"),
        (timedelta(hours=20), "yesterday 20:00"),
        (timedelta(days=21), f"3 {NOW - timedelta(days=21):%b} 2026 16:00"),
    ],
)
def test_times_are_told_in_words(ago, words):
    assert when((NOW - ago).isoformat(), NOW) == words


def test_what_is_no_time_is_told_as_it_is():
    assert when("long ago", NOW) == "long ago"


@pytest.mark.parametrize(
    ("radius_px", "edge_nm"), [(20, 8), (79, 8), (81, 12), (200, 20)]
)
def test_crops_show_the_same_field_unless_the_particle_is_larger(radius_px, edge_nm):
    pixels = np.zeros((64, 64), np.float32)
    circle = Circle(5, 60, radius_px)
    edge_px, told = field_px(circle, PIXEL_NM)
    assert told == edge_nm
    square = crop(pixels, circle, edge_px)
    assert len(square) * PIXEL_NM == pytest.approx(edge_nm, abs=2 * PIXEL_NM)
    assert np.isnan(square[0, 0])
    assert square[len(square) // 2, len(square) // 2] == 0


def test_without_a_pixel_size_a_crop_shows_the_particle_alone():
    assert field_px(Circle(5, 5, 20), None) == (50, None)


def test_gray_values_saturate_outliers_only():
    rng = np.random.default_rng(0)
    square = rng.normal(size=(101, 101)).astype(np.float32)
    square[3, 3] = 1e6
    values = stretched(square)
    assert values.min() == 0
    assert values.max() == 1
    assert 0.4 < np.median(values) < 0.6


def test_phase_colours_go_round():
    colours = phase_colours(np.array([[-np.pi, np.pi, 0.0, np.nan]], np.float32))[0]
    assert np.abs(colours[0, :3].astype(int) - colours[1, :3]).max() < 8
    assert np.abs(colours[0, :3].astype(int) - colours[2, :3]).max() > 100
    assert list(colours[:, 3]) == [255, 255, 255, 0]


def peak(spacing_nm: float, relative: float) -> BraggPeak:
    k = PIXEL_NM / spacing_nm
    return BraggPeak(0.0, k, np.eye(2) * (relative * k) ** 2, 50.0, 0.5)


@pytest.mark.parametrize(
    ("relative", "sigma", "words"),
    [
        (0.02, 0.0, "0.350 ± 0.007"),
        (0.004, 0.0, "0.3500 ± 0.0014"),
        (0.0002, 0.0, "0.3500 ± 0.0001"),
        (0.004, 0.015, "0.350 ± 0.005"),
        (0.08, 0.0, "0.35 ± 0.03"),
    ],
)
def test_a_spacing_has_as_many_digits_as_its_uncertainty_leaves(relative, sigma, words):
    assert spacing_words(peak(0.35, relative), Scale(PIXEL_NM, sigma)) == words


def test_without_a_pixel_size_spacings_are_in_pixels_and_no_planes_are_named():
    one = peak(0.35, 0.01)
    assert spacing_words(one, Scale(None)) == "8.75 ± 0.09"
    assert planes_of(one, Scale(None)) == ()


def test_planes_that_cannot_be_told_apart_are_all_named():
    words = planes_words(planes_of(peak(0.35, 0.003), Scale(PIXEL_NM)))
    assert words == "wz {002}, zb {111}"


def test_the_ring_on_the_crop_is_the_circle(session, card, qtbot):
    settle(session, qtbot)
    session.project.select(particle_ids(session)[3])
    (ring,) = marks(card.pictures.crop, Ring)
    assert ring.diameter == pytest.approx(2 * 32 * PIXEL_NM / 8, rel=0.02)
