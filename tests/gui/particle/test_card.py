"""The particle card: the right particle, its numbers, its note, by real keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_cdse.core.crystal.particle_analysis import examine
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.material import Material
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.gui.canvas.class_colours import HEX, UNLABELLED
from napari_cdse.gui.particle.analysis_worker import ExaminationRequest
from napari_cdse.gui.particle.dock import ParticleDock
from napari_cdse.gui.pictures.overlays import Caption, Ring, ScaleBar, Spot
from napari_cdse.gui.pictures.peak_words import spacing_words
from napari_cdse.gui.pictures.peaks_table import PeaksTable
from napari_cdse.gui.pictures.scale import Scale
from napari_cdse.gui.session.viewer_window import main_window
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
from tests.gui.paints import all_drawn
from tests.gui.showing import in_sight, make_roomy, rows

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def card(workspace):
    """The card of the window that the workspace belongs to."""
    workspace.session.set_pixel_size(PIXEL_NM, whole_folder=True)
    window = main_window(workspace.viewer)
    (dock,) = window.findChildren(ParticleDock)
    return dock.view.card


def looked_at(card, qtbot) -> None:
    """Wait until everything that was asked for is shown."""
    qtbot.waitUntil(lambda: card.measured and card.analysis.idle, timeout=SIGNAL_MS)


def test_the_dock_reads_from_top_to_bottom(card, workspace, qtbot):
    first, *_ = particle_ids(workspace)
    workspace.navigation.go_to(first)
    press(workspace, qtbot, Qt.Key.Key_Y)
    workspace.navigation.go_to(first)
    looked_at(card, qtbot)
    (dock,) = main_window(workspace.viewer).findChildren(ParticleDock)
    make_roomy(dock, workspace.viewer)
    qtbot.waitUntil(lambda: in_sight(card.region), timeout=SIGNAL_MS)
    told = rows(dock.view)
    pictures = [one for row in told for one in row if one == "ImageView"]
    assert len(pictures) == 4
    below = told[[row[0] for row in told].index("PeaksTable") - 1 :]
    assert below[0] == [card.pictures.step.text(), "amplitude", "filtered"]
    assert "phase step" in below[0][0] or "fault line" in below[0][0]
    assert below[1:] == [
        ["PeaksTable"],
        ["", "Any region\u2026"],
        [card.words.text()],
        ["Y  yes", "Bar", "0.90", "N  no", "Bar", "0.05"],
        ["U  null", "Bar", "0.03", "O  empty", "Bar", "0.02"],
        ["[Y]es", "[N]o", "N[U]ll", "[O] empty"],
        ["<", ">", "doubtful first", "not judged", "this one", "1/5"],
        [dock.view.fraction.words.text(), "\u00b1 0.05"],
    ]


def table(card) -> list[list[str]]:
    """What the table of peaks says."""
    return [
        [card.peaks.item(row, column).text() for column in range(4)]
        for row in range(card.peaks.rowCount())
    ]


def marks(picture, kind) -> list:
    return [mark for mark in picture.marks if isinstance(mark, kind)]


def test_the_card_measures_the_particle_it_shows(workspace, card, qtbot):
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
    looked_at(card, qtbot)
    around = Surroundings.of(workspace.session.micrograph, PIXEL_NM)
    truth = examine(around, CIRCLES[0])
    scale = Scale(PIXEL_NM)
    expected = [spacing_words(each.peak, scale) for each in truth.families]
    assert [row[1] for row in table(card)] == expected
    assert "{111}" in table(card)[0][3]
    assert "{002}" in table(card)[0][3]
    numbers = [spot.number for spot in marks(card.pictures.spectrum, Spot)]
    assert [n for n in numbers if n] == [str(n + 1) for n in range(len(expected))]
    assert marks(card.pictures.crop, ScaleBar)[0].text == "2 nm"


def test_quick_steps_never_show_another_particles_card(workspace, card, qtbot):
    settle(workspace, qtbot)
    around = Surroundings.of(workspace.session.micrograph, PIXEL_NM)
    seen = []
    card.analysis.examined.connect(lambda: seen.append(snapshot(workspace, card)))
    for _ in range(12):
        press(workspace, qtbot, Qt.Key.Key_Period)
        seen.append(snapshot(workspace, card))
        QApplication.processEvents()
    looked_at(card, qtbot)
    seen.append(snapshot(workspace, card))
    for circle, shown in seen:
        if shown:
            families = examine(around, circle).families
            scale = Scale(PIXEL_NM)
            assert shown == [spacing_words(each.peak, scale) for each in families]
    assert (
        seen[-1][0]
        == workspace.project.particles.find(
            workspace.project.selection.particle_id
        ).circle
    )


def snapshot(workspace, card):
    """The selected circle, and the spacings on the card."""
    circle = workspace.project.particles.find(
        workspace.project.selection.particle_id
    ).circle
    return circle, [row[1] for row in table(card)]


def test_a_late_result_on_another_particle_is_kept_but_not_shown(
    workspace, card, qtbot
):
    settle(workspace, qtbot)
    first, second = particle_ids(workspace)[:2]
    workspace.project.selection.select(first)
    qtbot.waitUntil(lambda: card.analysis._job is not None, timeout=SIGNAL_MS)
    workspace.project.selection.select(second)
    request = card._request
    assert request.circle == CIRCLES[1]
    with qtbot.waitSignal(card.analysis.examined, timeout=SIGNAL_MS):
        assert not card.measured
    looked_at(card, qtbot)
    assert card.analysis.result(request) is not None
    workspace.project.selection.select(first)
    assert card.measured


def test_a_row_of_the_table_chooses_the_family(workspace, card, qtbot):
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
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


def test_an_estimated_pixel_size_is_called_so(workspace, card, qtbot):
    workspace.session.set_pixel_size(None, whole_folder=True)
    qtbot.waitUntil(lambda: workspace.canvas.particles is not None, timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
    looked_at(card, qtbot)
    assert workspace.session.pixel_size().source is PixelSizeSource.ESTIMATED
    assert marks(card.pictures.crop, ScaleBar)[0].text == "about 2 nm"
    assert card.peaks.horizontalHeaderItem(1).text().startswith("≈")
    assert "can't prove" in card.peaks.item(0, 1).toolTip()
    workspace.session.set_pixel_size(PIXEL_NM, whole_folder=True)
    assert marks(card.pictures.crop, ScaleBar)[0].text == "2 nm"
    assert card.peaks.horizontalHeaderItem(1).text() == "spacing, nm"
    assert card.measured


def test_another_lattice_has_the_particle_measured_anew_in_its_band(
    workspace, card, qtbot
):
    gold = Material("Au", "fcc", "Au", "", 0.2884, 0.2355)
    (first, *_) = particle_ids(workspace)
    workspace.navigation.go_to(first)
    looked_at(card, qtbot)
    before = card.analysis.result(card._request)
    settings = workspace.project.settings
    settings.detection = replace(settings.detection, material=gold)
    card.show_particle(workspace.project.particles.find(first))
    looked_at(card, qtbot)
    after = card.analysis.result(card._request)
    reach = [len(each.spectrum) * each.spectrum_step_per_px for each in (before, after)]
    # 6.2 per nm for CdSe, 9.6 for gold; nothing is known beyond the camera's limit.
    assert reach[1] > 1.2 * reach[0]
    assert "planes of Au" in card.peaks._headers[3].text()


def test_a_note_is_one_edit_and_outlives_label_undo_and_restart(
    workspace, card, qtbot, folder
):
    settle(workspace, qtbot)
    one = particle_ids(workspace)[0]
    workspace.project.selection.select(one)
    write(card, qtbot, "yes? no: twin")
    qtbot.keyClick(card.note, Qt.Key.Key_Return)
    assert workspace.project.particles.find(one).annotation.note == "yes? no: twin"
    assert not workspace.project.particles.find(one).by_person
    canvas(workspace).setFocus()
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert workspace.project.particles.find(one).annotation.note == "yes? no: twin"
    assert card.note.text() == ""
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert workspace.project.selection.particle_id == one
    assert card.note.text() == "yes? no: twin"
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert card.note.text() == ""
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert card.note.text() == "yes? no: twin"
    open_folder(workspace, folder, qtbot)
    assert workspace.project.particles.find(one).annotation.note == "yes? no: twin"
    workspace.project.selection.select(one)
    assert card.note.text() == "yes? no: twin"


def test_a_note_that_was_left_is_stored_and_escape_takes_it_back(
    workspace, card, qtbot
):
    settle(workspace, qtbot)
    one, two = particle_ids(workspace)[:2]
    workspace.project.selection.select(one)
    write(card, qtbot, "blurred")
    workspace.project.selection.select(two)
    assert workspace.project.particles.find(one).annotation.note == "blurred"
    assert workspace.project.particles.find(two).annotation is None
    write(card, qtbot, "nothing")
    qtbot.keyClick(card.note, Qt.Key.Key_Escape)
    workspace.project.selection.select(one)
    assert workspace.project.particles.find(two).annotation is None
    assert card.note.text() == "blurred"


def write(card, qtbot, text: str) -> None:
    card.note.setFocus()
    qtbot.keyClicks(card.note, text)


def test_the_card_tells_who_said_what(workspace, card, qtbot):
    settle(workspace, qtbot)
    project = workspace.project
    one = particle_ids(workspace)[0]
    project.selection.select(one)
    assert project.models.active.card.name in card.words.text()
    assert card.bars.numbers["yes"].text() == "0.90"
    project.annotators.current = "Ann"
    project.edits.label([one], "no")
    project.annotators.current = "Bob"
    project.edits.label([one], "yes")
    first = card.words.text().splitlines()[0]
    assert first.startswith("Bob: yes, today")
    assert "forest said yes (0.90) at the time" in first
    assert first.endswith("(and 1 before)")
    assert [line[:7] for line in card.words.toolTip().splitlines()] == [
        "Bob: ye",
        "Ann: no",
    ]
    project.annotators.hide_others = True
    assert "Ann" not in card.words.toolTip()


def test_what_an_audit_hides_is_hidden_here_too(workspace, card, qtbot, forest):
    settle(workspace, qtbot)
    project = workspace.project
    project.audits.share = 1.0
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    put_circles(workspace, forest)
    settle(workspace, qtbot)
    one = particle_ids(workspace)[0]
    project.edits.apply(EditRequest(noted={one: "odd"}))
    project.selection.select(one)
    looked_at(card, qtbot)
    assert project.audits.hides(one)
    (ring,) = marks(card.pictures.crop, Ring)
    assert ring.colour == HEX[UNLABELLED]
    assert card.bars.numbers["yes"].text() == ""
    assert "Blind audit" in card.words.text()
    for words in (card.words.text(), card.words.toolTip()):
        assert "0.90" not in words
        assert "orest said" not in words
    project.edits.label([one], "yes")
    assert card.bars.numbers["yes"].text() == "0.90"
    assert "forest said yes (0.90) at the time, out of view" in card.words.text()


def test_without_a_particle_the_card_is_empty(workspace, card, qtbot):
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
    looked_at(card, qtbot)
    workspace.project.selection.select(None)
    pictures = card.pictures
    for picture in (pictures.crop, pictures.spectrum, pictures.phase, pictures.other):
        assert picture.empty
    assert table(card) == []
    assert not card.note.isEnabled()
    assert "next particle" in card.words.text()


def test_the_ring_on_the_crop_is_the_circle(workspace, card, qtbot):
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[3])
    (ring,) = marks(card.pictures.crop, Ring)
    assert ring.diameter == pytest.approx(2 * 32 * PIXEL_NM / 8, rel=0.02)


def test_columns_of_peaks_grow_and_stay(workspace, card, qtbot):
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
    looked_at(card, qtbot)
    examined, chosen, scale = card.pictures.examined
    peaks = [family.peak for family in examined.families]
    alone = PeaksTable()
    qtbot.addWidget(alone)
    alone.show()
    header = alone.horizontalHeader()
    # They begin as broad as their names, so that the planes have the rest.
    begun = [alone.columnWidth(column) for column in range(3)]
    assert begun == [header.sectionSizeHint(column) for column in range(3)]
    resized = []
    header.sectionResized.connect(lambda column, *_: resized.append(column))
    alone.show_families(peaks, chosen, scale)
    all_drawn()
    for column in range(3):
        needed = max(alone.sizeHintForColumn(column), header.sectionSizeHint(column))
        assert alone.columnWidth(column) >= needed
    assert 1 in resized
    resized.clear()
    # A spacing that is hardly known has fewer digits.
    alone.show_families(peaks, chosen, replace(scale, sigma=0.1))
    all_drawn()
    assert resized == []


@pytest.mark.parametrize("seen_here", [1, 5])
def test_the_next_particle_is_measured_before_it_is_shown(
    workspace, card, qtbot, forest, seen_here
):
    """It is in the same micrograph, or in another one."""
    for index in (1, 0):
        workspace.navigation.open_micrograph(index)
        wait_for_pixels(workspace, qtbot)
        if index:
            put_circles(workspace, forest)
    workspace.navigation.set_order("micrograph", "all")
    workspace.project.selection.select(particle_ids(workspace)[seen_here - 1])
    looked_at(card, qtbot)
    ahead = workspace.navigation.next_particle
    index = workspace.project.particles.micrograph_of(ahead)
    assert (index != workspace.project.selection.index) == (seen_here == 5)
    qtbot.waitUntil(lambda: workspace.idle and card.analysis.idle, timeout=SIGNAL_MS)
    shown_before = snapshot(workspace, card)
    assert shown_before[0] == CIRCLES[seen_here - 1]
    workspace.navigation.go_on()
    assert workspace.project.selection.particle_id == ahead
    assert card.measured
    truth = examine(
        Surroundings.of(workspace.session.micrograph, PIXEL_NM),
        workspace.project.particles.get(ahead).circle,
    )
    expected = [spacing_words(each.peak, Scale(PIXEL_NM)) for each in truth.families]
    assert [row[1] for row in table(card)] == expected


def test_what_is_measured_ahead_is_not_shown_yet(workspace, card, qtbot):
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
    looked_at(card, qtbot)
    told = []
    card.analysis.examined.connect(lambda: told.append(1))
    micrograph = workspace.session.micrograph
    other = ExaminationRequest(micrograph.id, 2 * PIXEL_NM, CIRCLES[3])
    card.analysis.look_ahead(micrograph, other)
    assert not card.analysis.idle
    qtbot.waitUntil(lambda: card.analysis.idle, timeout=SIGNAL_MS)
    assert card.analysis.result(other) is not None
    assert told == []


def test_at_its_least_height_a_long_sentence_is_whole(card):
    card.words.setText("The spectrum of this particle could not be told. " * 12)
    card.words.show()
    for width_px in (400, 240):
        # Its least height is that for the width it has.
        card.resize(width_px, 2000)
        card.resize(width_px, card.minimumSizeHint().height())
        card.layout().activate()
        assert card.height() < 2000
        says = card.words
        assert says.height() >= says.heightForWidth(says.width()) > 100
