"""The card's pictures, enlarged and read with the mouse, by real clicks and wheels."""

from __future__ import annotations

import math

import pytest
from qtpy.QtCore import QPoint, QPointF, QRectF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_cdse.gui.pictures.overlays import Caption, Place, ScaleBar, Spot
from napari_cdse.gui.pictures.spectrum_pointer import reading
from tests.gui.conftest import SIGNAL_MS, particle_ids, settle
from tests.gui.particle.test_card import card, looked_at, marks, table

__all__ = ["card"]


@pytest.fixture
def pictures(workspace, card, qtbot):
    """The pictures of a particle with two families."""
    settle(workspace, qtbot)
    workspace.project.selection.select(particle_ids(workspace)[0])
    looked_at(card, qtbot)
    return card.pictures


def spot_of(view, number):
    """Where the peak of a row of the table lies in a view."""
    (spot,) = (s for s in marks(view, Spot) if s.number == str(number + 1))
    return view.place.at(spot.x, spot.y).toPoint()


def click(qtbot, view, point):
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=point)


def turn_wheel(view, point, notches):
    away = QPointF(view.mapToGlobal(point))
    event = QWheelEvent(
        QPointF(point), away, QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_a_peak_that_is_clicked_chooses_its_family_everywhere(card, pictures, qtbot):
    other = 1 - card._chosen
    click(qtbot, pictures.spectrum, spot_of(pictures.spectrum, other))
    assert card._chosen == other
    assert marks(pictures.phase, Caption)[0].text == f"phase of {other + 1}"
    # Beside all peaks nothing is chosen.
    click(qtbot, pictures.spectrum, pictures.spectrum.place.at(0.5, 0.5).toPoint())
    assert card._chosen == other


def test_the_pointer_tells_spacing_planes_and_angle(card, pictures):
    examination, chosen, scale = pictures.examined
    size, step = len(examination.spectrum), examination.spectrum_step_per_px
    for number, family in enumerate(examination.families):
        peak = family.peak
        x, y = (0.5 + k / (step * size) for k in (peak.k_col, peak.k_row))
        told = reading(x, y, examination, chosen, scale)
        spacing_nm = scale.pixel_size_nm / math.hypot(peak.k_row, peak.k_col)
        assert told.startswith(f"{spacing_nm:.3f} nm")
        assert ("{111}" in told) == ("{111}" in table(card)[number][3])
        angle = peak.angle_to(examination.families[chosen].peak)
        assert told.endswith(f"{angle:.0f}° to {chosen + 1}"), number
    assert reading(0.5, 0.5, examination, chosen, scale) == ""


def test_the_reading_comes_with_the_mouse_and_goes_with_it(pictures):
    view = pictures.spectrum
    view.pointed.emit(0.8, 0.5)
    assert [one.text for one in marks(view, Caption)] == [
        reading(0.8, 0.5, *pictures.examined)
    ]
    view.left.emit()
    assert not marks(view, Caption)
    assert marks(view, Spot)


def test_a_double_click_enlarges_one_and_it_follows_the_card(
    workspace, card, pictures, qtbot
):
    middle = pictures.crop.rect().center()
    qtbot.mouseDClick(pictures.crop, Qt.MouseButton.LeftButton, pos=middle)
    window = card.enlarged
    qtbot.waitUntil(window.isVisible, timeout=SIGNAL_MS)
    assert window.large.marks == pictures.crop.marks
    assert window.large.place.seen.width() > 2 * pictures.crop.place.seen.width()
    before = window.large.image.cacheKey()
    workspace.project.selection.select(particle_ids(workspace)[1])
    looked_at(card, qtbot)
    assert window.large.image.cacheKey() != before
    assert window.large.marks == pictures.crop.marks
    # A small one is clicked, and read there.
    click(qtbot, window.small[1], window.small[1].rect().center())
    assert window.large.marks == pictures.spectrum.marks
    number = len(pictures.examined[0].families) - 1
    click(qtbot, window.large, spot_of(window.large, number))
    assert card._chosen == number
    # Particles are judged from here.
    judged = workspace.project.selection.particle_id
    qtbot.keyClick(window, Qt.Key.Key_N)
    qtbot.waitUntil(
        lambda: workspace.project.particles.find(judged).label == "no",
        timeout=SIGNAL_MS,
    )
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_the_wheel_zooms_about_the_pointer_and_the_scale_bar_follows(
    card, pictures, qtbot
):
    card.enlarge(pictures.crop)
    view = card.enlarged.large
    qtbot.waitUntil(view.isVisible, timeout=SIGNAL_MS)
    point = view.place.at(0.3, 0.6).toPoint()
    held = view.place.share(QPointF(point))
    turn_wheel(view, point, 8)
    assert view.place.whole.width() == pytest.approx(1.25**8 * view.place.seen.width())
    assert view.place.share(QPointF(point)) == pytest.approx(held, abs=1e-6)
    (bar,) = marks(view, ScaleBar)
    shorter = bar.fitting(view.place)
    assert shorter.value < bar.value
    assert shorter.length / shorter.value == pytest.approx(bar.length / bar.value)
    assert shorter.length * view.place.whole.width() <= view.place.seen.width() / 2
    # Nothing beside the picture comes into sight, however far it is dragged.
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=point)
    qtbot.mouseMove(view, point + QPoint(3000, 3000))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton)
    assert view.place.whole.contains(view.place.seen.adjusted(1, 1, -1, -1))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=point)
    assert view.place == Place(view.place.seen, view.place.seen)
    # In the dock the wheel scrolls the card instead.
    turn_wheel(pictures.crop, QPoint(20, 20), 3)
    assert pictures.crop.place.whole == pictures.crop.place.seen


@pytest.mark.parametrize(
    ("zoom", "value"), [(1, 2), (2, 2), (2.1, 1), (5, 0.5), (16, 0.2)]
)
def test_scale_bars_are_round_numbers(zoom, value):
    place = Place(QRectF(0, 0, 100 * zoom, 100 * zoom), QRectF(0, 0, 100, 100))
    bar = ScaleBar(0.25, 2.0, "nm").fitting(place)
    assert bar.value == pytest.approx(value)
    assert bar.text == f"{value:g} nm"
