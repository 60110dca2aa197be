"""The spectrum of a square that is dragged over a real window's micrograph."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from scipy.ndimage import map_coordinates

from napari_cdse.gui.app import window
from napari_cdse.gui.pictures.overlays import Caption, Mask, Spot
from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.workspace import workspace_for
from tests.gui.canvas_input import CanvasInput, K
from tests.gui.conftest import (
    SIGNAL_MS,
    at,
    canvas,
    drag,
    point,
    press,
    settle,
)
from tests.gui.spectrum.conftest import FIRST, SECOND, looked, peak_of


def spacings(view):
    return sorted(peak.spacing_px for peak in view.panel.spectrum.peaks)


def drawn_spacings(*frequencies):
    found = sorted(1 / float(np.hypot(*k)) for k in frequencies)
    return pytest.approx(found, abs=0.1)


def lies(view):
    square = view.square.square
    return square.row_px, square.col_px, square.size_px


def test_the_spectrum_follows_the_square_as_it_is_dragged(spectrum, viewer, qtbot):
    view, workspace = spectrum, workspace_for(viewer)
    assert spacings(view) == drawn_spacings(FIRST, SECOND)
    # A row of the table for each.
    assert view.panel.peaks.rowCount() == 2
    camera, active = viewer.scene.camera.center, viewer.layers.selection.active
    # By its left edge, to where only the first lattice is.
    drag(workspace, qtbot, (100, 127.5), (100, 1.5))
    looked(view, qtbot)
    # As exactly as the screen shows it.
    assert lies(view) == pytest.approx((64, 2, 128), abs=1)
    assert spacings(view) == drawn_spacings(FIRST)
    # Neither the picture nor the active layer went with it.
    assert viewer.scene.camera.center == pytest.approx(camera)
    assert viewer.layers.selection.active is active is workspace.canvas.particles.layer
    # By a corner, to a smaller one.
    drag(workspace, qtbot, (191.5, 129.5), (131.5, 69.5))
    looked(view, qtbot)
    assert lies(view) == pytest.approx((64, 2, 68), abs=2)
    assert f"{view.square.square.size_px} px" in view.edge.text()


def test_where_a_drag_would_move_the_square_the_mouse_holds_the_picture(
    spectrum, viewer, qtbot
):
    workspace, camera = workspace_for(viewer), viewer.scene.camera

    def holds(row, col) -> tuple[bool, str]:
        widget = canvas(workspace)
        # vispy drops a move that follows another within 10 ms.
        widget._last_time = 0.0
        point(widget, at(workspace, row, col))
        scale = workspace.canvas.layers.image.scale[0]

        def seen() -> None:
            there = np.array(viewer.cursor.position)[-2:]
            assert there == pytest.approx(np.array([row, col]) * scale, abs=2 * scale)

        qtbot.waitUntil(seen, timeout=SIGNAL_MS)
        return not camera.mouse_pan, str(viewer.cursor.style)

    assert holds(20, 20) == (False, "standard")
    assert holds(100, 127.5) == (True, "pointing")
    assert holds(20, 20) == (False, "standard")
    assert holds(191.5, 160) == (True, "pointing")
    # An outline that is not seen holds nothing.
    spectrum.square.layer.visible = False
    assert not spectrum.square.is_visible
    assert holds(100, 127.5) == (False, "standard")
    spectrum.square.layer.visible = True
    assert holds(191.5, 160) == (True, "pointing")
    # Whoever leaves the dock has the picture back.
    spectrum.square.hide()
    assert (camera.mouse_pan, str(viewer.cursor.style)) == (True, "standard")
    # Beside the square, a tool keeps the pointer and the hold that it has.
    spectrum.square.show()
    press(workspace, qtbot, Qt.Key.Key_Q)
    assert holds(20, 20) == (True, "cross")


def test_its_lines_are_as_thin_at_any_zoom(spectrum, viewer):
    layer, workspace = spectrum.square.layer, workspace_for(viewer)
    thin = np.array(layer.edge_width)
    viewer.scene.camera.zoom *= 4
    assert np.array(layer.edge_width) == pytest.approx(thin / 4)
    assert len(set(thin.round(6))) == 1
    # Two pixels of the screen.
    assert thin[0] / 4 == pytest.approx(2 * workspace.canvas.layers.camera.screen_px)


def test_no_layer_comes_while_qt_lays_out_the_docks(workspace, viewer, qtbot):
    layers = list(viewer.layers)
    view = window.add_dock(viewer, "Spectrum").view
    # Seen by now, and nothing but what comes with the next turn of the event loop.
    assert view.sight.here
    assert list(viewer.layers) == layers
    assert view.square.layer is None
    looked(view, qtbot)
    assert view.square.layer in viewer.layers
    assert view.square.layer.visible


def test_it_is_in_nobody_s_way(spectrum, viewer, qtbot):
    view, workspace = spectrum, workspace_for(viewer)
    # A circle is drawn across the square's edge, and labelled.
    CanvasInput(workspace, qtbot).key(K.Key_G)
    drag(workspace, qtbot, (100, 100), (150, 150))
    settle(workspace, qtbot)
    (particle,) = workspace.project.particles.current
    assert view.square.square == Square(64, 128, 128)
    CanvasInput(workspace, qtbot).key(K.Key_G)
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert workspace.project.particles.get(particle.id).label == "yes"
    layers = workspace.canvas.layers
    ours = (layers.image, view.square.layer, layers.particles)
    # It is no layer that somebody else laid over ours, and none that is a micrograph.
    view.overlay.kind.setCurrentIndex(1)
    view.show_overlay()
    assert workspace.canvas.layer_problem is None
    assert workspace.opening.image_name is None
    assert [one for one in viewer.layers if one in (*ours, view.square._overlay)] == [
        workspace.canvas.layers.image,
        view.square._overlay,
        view.square.layer,
        workspace.canvas.particles.layer,
    ]
    assert viewer.layers[-1] is workspace.canvas.particles.layer
    # The square comes to the particle, and goes with the dock.
    view.at_particle.click()
    looked(view, qtbot)
    row, col = view.square.square.middle_px
    assert (row, col) == pytest.approx(
        (particle.circle.row_px, particle.circle.col_px), abs=1
    )
    window.add_dock(viewer, "Micrographs")
    qtbot.waitUntil(lambda: not view.square.layer.visible, timeout=SIGNAL_MS)
    assert not view.square._overlay.visible
    # The card's button brings both back.
    window.add_dock(viewer, "Particle").view.card.region.click()
    qtbot.waitUntil(lambda: view.square.layer.visible, timeout=SIGNAL_MS)


def test_chosen_peaks_are_masked_and_filtered_over_the_micrograph(
    spectrum, viewer, qtbot
):
    view = spectrum
    assert len(view.panel.selection.rows) == 2
    first, second = peak_of(view, FIRST), peak_of(view, SECOND)
    (spot,) = (
        mark
        for mark in view.panel.picture.marks
        if isinstance(mark, Spot) and mark.number == str(second + 1)
    )
    place_of = view.panel.picture.place.at(spot.x, spot.y).toPoint()
    qtbot.mouseClick(view.panel.picture, Qt.MouseButton.LeftButton, pos=place_of)
    assert view.panel.selection.rows == (first,)
    assert sum(isinstance(mark, Mask) for mark in view.panel.picture.marks) == 2
    point(view.panel.picture, place_of)
    told = [mark.text for mark in view.panel.picture.marks if isinstance(mark, Caption)]
    assert told[0].startswith(
        f"{view.panel.spectrum.peaks[second].spacing_px:.1f} px"[:2]
    )
    view.overlay.kind.setCurrentIndex(1)
    view.show_overlay()
    over = view.square._overlay
    place = np.arange(128) + np.array([[64], [128]])
    wanted = np.cos(2 * np.pi * (FIRST[0] * place[0][:, None] + FIRST[1] * place[1]))
    inside = slice(24, -24)
    kept = np.corrcoef(
        over.data[inside, inside].ravel(), wanted[inside, inside].ravel()
    )
    assert kept[0, 1] > 0.97
    assert tuple(over.translate) == (64, 128)
    # Strain takes two.
    view.overlay.kind.setCurrentIndex(4)
    view.show_overlay()
    assert "two families" in view.overlay.meaning.text()
    assert not over.visible
    view.panel.peaks.cellClicked.emit(second, 0)
    assert over.visible
    assert "Strain along x" in view.overlay.meaning.text()
    assert np.nanmedian(np.abs(over.data[inside, inside])) < 0.02


def test_a_line_gives_its_profile_and_the_picture_can_be_copied(
    spectrum, viewer, qtbot
):
    view, workspace = spectrum, workspace_for(viewer)
    radial = view.profile.view.curve
    highest = radial.x[np.argmax(radial.y * (radial.x > 0.05))]
    assert highest == pytest.approx(0.11, abs=0.012)
    view.profile.draw_line.click()
    drag(workspace, qtbot, (120, 20), (120, 100))
    curve = view.profile.view.curve
    assert curve.x[-1] == pytest.approx(80, abs=1)
    spectrum_of_line = np.abs(np.fft.rfft(curve.y - curve.y.mean()))
    waves = np.argmax(spectrum_of_line) / len(curve.y)
    assert waves == pytest.approx(FIRST[1], abs=0.02)
    workspace.active_tool.end()
    view.copy.click()
    copied = QApplication.clipboard().pixmap()
    assert copied.width() == view.panel.picture.width()


def test_a_broad_line_has_the_means_across_it(spectrum, viewer, qtbot):
    view, workspace = spectrum, workspace_for(viewer)
    view.profile.draw_line.click()
    drag(workspace, qtbot, (120, 20), (120, 100))
    pixels = workspace.session.micrograph.pixels
    line = view.profile.line
    assert line.start_px[0] == pytest.approx(line.end_px[0])  # along a row
    row, steps = line.start_px[0], np.arange(len(view.profile.view.curve.y))

    def means(width):
        off = np.arange(width) - (width - 1) / 2
        rows, cols = np.meshgrid(row + off, line.start_px[1] + steps, indexing="ij")
        scale = (line.end_px[1] - line.start_px[1]) / steps[-1]
        cols = line.start_px[1] + (cols - line.start_px[1]) * scale
        return map_coordinates(pixels, [rows, cols], order=1).mean(axis=0)

    assert view.profile.across.value() == 3
    assert view.profile.view.curve.y == pytest.approx(means(3), rel=1e-4)
    view.profile.across.setFocus()
    view.profile.across.selectAll()
    qtbot.keyClicks(view.profile.across, "16")
    qtbot.keyClick(view.profile.across, Qt.Key.Key_Return)
    assert view.profile.view.curve.y == pytest.approx(means(16), rel=1e-4)
    workspace.active_tool.end()


def test_another_micrograph_keeps_the_square_and_its_choice(spectrum, viewer, qtbot):
    view, workspace = spectrum, workspace_for(viewer)
    view.panel.toggle(peak_of(view, SECOND))
    before = view.panel.spectrum
    press(workspace, qtbot, Qt.Key.Key_PageDown)
    qtbot.waitUntil(
        lambda: view.panel.spectrum is not before and view.idle, timeout=SIGNAL_MS
    )
    assert workspace.session.micrograph.name == "two_1"
    assert view.square.square == Square(64, 128, 128)
    assert view.panel.selection.rows == (peak_of(view, FIRST),)
    assert canvas(workspace).isVisible()
