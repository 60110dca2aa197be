"""What the dock Spectrum says and offers, and what its pictures' colours mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from napari_cdse.core.crystal.local_lattice import local_wave, strain_of
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.gui.app import window
from napari_cdse.gui.pictures.overlays import Caption, Mask, Spot
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.widgets.dock_sight import dock_of
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import SIGNAL_MS, drag, point, settle
from tests.gui.showing import rows
from tests.gui.spectrum.conftest import FIRST, SECOND, looked, peak_of

NM = 0.05
CHOSEN, OTHERS = "#ffd166", "#f5f5f5"


def sized(view, viewer, qtbot, size: PixelSize | None) -> None:
    """Let the pixel size be this from now on."""
    session = workspace_for(viewer).session
    session.pixel_size = lambda: size
    before = view.panel.spectrum
    session.micrographs_changed.emit()
    qtbot.waitUntil(lambda: view.panel.spectrum is not before, timeout=SIGNAL_MS)
    looked(view, qtbot)


def lay(view, name: str):
    """Choose what is laid over the micrograph, as a person does."""
    row = view.overlay.kind.findText(name)
    assert row >= 0
    view.overlay.kind.setCurrentIndex(row)
    view.overlay.kind.activated.emit(row)
    return view.square._overlay


def marks(view, kind) -> list:
    return [one for one in view.panel.picture.marks if isinstance(one, kind)]


def click_peak(view, qtbot, row: int, off_px: float = 0.0) -> None:
    """Click a peak of the picture, or so many pixels to the left of its middle."""
    spot = marks(view, Spot)[2 * row]
    place = view.panel.picture.place.at(spot.x, spot.y).toPoint()
    pos = place - QPoint(round(off_px), 0)
    qtbot.mouseClick(view.panel.picture, Qt.MouseButton.LeftButton, pos=pos)


def test_it_reads_from_top_to_bottom(spectrum, viewer, qtbot):
    assert rows(spectrum) == [
        ["128 px", "At the particle", "Copy picture"],
        ["ImageView", "PeaksTable"],
        ["Over it", "nothing", "Detail", "0.4 nm"],
        ["mean over directions", "Line", "Across", "3 px"],
        ["ProfileView"],
    ]
    offered = [
        spectrum.overlay.kind.itemText(at)
        for at in range(spectrum.overlay.kind.count())
    ]
    assert offered == [
        "nothing", "filtered picture", "amplitude", "geometric phase",
        "strain along x", "strain along y", "shear", "rotation",
    ]  # fmt: skip
    detail, across = spectrum.overlay.detail, spectrum.profile.across
    assert (detail.minimum(), detail.maximum()) == (0.1, 5.0)
    assert (across.minimum(), across.maximum()) == (1, 200)
    qtbot.keyClick(detail, Qt.Key.Key_Up)
    assert detail.text() == "0.5 nm"
    # In a high dock the table goes below the picture.
    main = main_window(viewer)
    main.resize(1100, 1500)
    main.resizeDocks([dock_of(spectrum)], [1000], Qt.Orientation.Vertical)
    qtbot.waitUntil(
        lambda: spectrum.panel.peaks.y() > spectrum.panel.picture.y(), timeout=SIGNAL_MS
    )


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        ("strain along x", "xx", "Strain along x: blue -{0:.1f} %, white 0, red"),
        ("strain along y", "yy", "Strain along y: blue -{0:.1f} %, white 0, red"),
        ("shear", "xy", "Shear: blue -{0:.1f} %, white 0, red"),
        ("rotation", "rotation_rad", "Rotation: blue -{1:.1f}°, white 0, red"),
    ],
)
def test_each_strain_is_that_of_both_families(spectrum, qtbot, name, part, words):
    over = lay(spectrum, name)
    (first, second) = (
        spectrum.panel.spectrum.peaks[at] for at in spectrum.panel.selection.rows
    )
    waves = [
        local_wave(spectrum.square.pixels, peak, spectrum.panel._smoothing_px)
        for peak in (first, second)
    ]
    wanted = getattr(strain_of(*waves), part)
    wanted = wanted - np.nanmedian(wanted)
    np.testing.assert_allclose(over.data, wanted, atol=1e-6)
    low, high = over.contrast_limits
    known = np.abs(wanted[np.isfinite(wanted)])
    assert high == pytest.approx(max(np.percentile(known, 98), 0.01), rel=1e-3)
    assert low == pytest.approx(-high)
    assert (over.name, over.colormap.name) == (name, "bwr")
    assert spectrum.overlay.meaning.text().startswith(
        words.format(100 * high, math.degrees(high))
    )
    assert spectrum.overlay.meaning.isVisible()


def test_amplitude_phase_and_filtered_picture_are_of_what_is_chosen(spectrum, qtbot):
    view = spectrum
    second = peak_of(view, SECOND)
    click_peak(view, qtbot, peak_of(view, FIRST))
    assert view.panel.selection.rows == (second,)
    wave = local_wave(
        view.square.pixels, view.panel.spectrum.peaks[second], view.panel._smoothing_px
    )
    over = lay(view, "amplitude")
    assert over.data == pytest.approx(wave.amplitude)
    assert over.contrast_limits == pytest.approx([0, wave.amplitude.max()])
    assert (over.name, over.colormap.name) == ("amplitude", "viridis")
    assert "Yellow where the first family is strongest" in view.overlay.meaning.text()
    over = lay(view, "geometric phase")
    np.testing.assert_allclose(over.data, wave.phase_rad)
    assert over.contrast_limits == pytest.approx([-math.pi, math.pi])
    assert (over.name, over.colormap.name) == ("geometric phase", "twilight_shifted")
    assert "one distance of planes" in view.overlay.meaning.text()
    over = lay(view, "filtered picture")
    low, high = over.contrast_limits
    assert low == -high
    assert high == pytest.approx(np.percentile(np.abs(over.data), 99.5))
    assert (over.name, over.colormap.name) == ("filtered picture", "gray")
    # It needs no words.
    assert not view.overlay.meaning.isVisible()
    lay(view, "nothing")
    assert not over.visible
    # Strain takes two, anything else one.
    lay(view, "shear")
    assert "choose two peaks" in view.overlay.meaning.text()
    click_peak(view, qtbot, second)
    assert view.panel.selection.rows == ()
    assert "Choose a peak" in view.overlay.meaning.text()
    assert not over.visible


def test_the_detail_sizes_the_rings_of_the_masks(spectrum, viewer, qtbot):
    view = spectrum
    sized(view, viewer, qtbot, PixelSize(NM, PixelSizeSource.PERSON))
    over = lay(view, "filtered picture")
    spots, masks = marks(view, Spot), marks(view, Mask)
    edge = view.panel.spectrum.edge_per_px
    # A Gaussian of 0.4 nm, that is 8 px, among the frequencies.
    assert [one.radius * edge for one in masks] == pytest.approx([1 / (16 * np.pi)] * 4)
    assert len(spots) == 4
    assert [one.number for one in spots] == ["1", "", "2", ""]
    for peak, one, other in zip(
        view.panel.spectrum.peaks, spots[::2], spots[1::2], strict=True
    ):
        assert (one.x, one.y) == pytest.approx(
            (0.5 + peak.k_col / edge, 0.5 + peak.k_row / edge)
        )
        assert (one.x + other.x, one.y + other.y) == pytest.approx((1, 1))
    before = np.array(over.data)
    view.overlay.detail.setFocus()
    view.overlay.detail.selectAll()
    qtbot.keyClicks(view.overlay.detail, "1.6")
    qtbot.keyClick(view.overlay.detail, Qt.Key.Key_Return)
    assert marks(view, Mask)[0].radius * edge == pytest.approx(1 / (64 * np.pi))
    looked(view, qtbot)
    assert not np.allclose(over.data, before)
    # What is chosen is yellow and ringed, the rest is pale.
    click_peak(view, qtbot, 1)
    colours = [(one.number, one.colour) for one in marks(view, Spot)]
    assert colours == [("1", CHOSEN), ("", CHOSEN), ("2", OTHERS), ("", OTHERS)]
    assert len(marks(view, Mask)) == 2


def test_a_click_means_a_peak_as_far_as_half_a_ring_beside_it(spectrum, qtbot):
    view = spectrum
    row = peak_of(view, FIRST)
    radius = marks(view, Spot)[0].radius_px(view.panel.picture.place)
    click_peak(view, qtbot, row, 1.5 * radius + 2)
    assert len(view.panel.selection.rows) == 2
    click_peak(view, qtbot, row, 1.5 * radius - 2)
    assert row not in view.panel.selection.rows
    # It comes back as the last one chosen.
    click_peak(view, qtbot, row)
    assert view.panel.selection.rows[-1] == row
    # The table marks the first.
    assert {one.row() for one in view.panel.peaks.selectedIndexes()} == {
        view.panel.selection.rows[0]
    }


def test_what_a_hand_chose_stays_and_nothing_chosen_is_chosen_anew(spectrum, qtbot):
    view = spectrum
    click_peak(view, qtbot, peak_of(view, FIRST))
    view.square.show(Square(70, 120, 128))
    looked(view, qtbot)
    assert view.panel.selection.rows == (peak_of(view, SECOND),)
    click_peak(view, qtbot, view.panel.selection.rows[0])
    view.square.show(Square(64, 120, 128))
    looked(view, qtbot)
    assert len(view.panel.selection.rows) == 2


@pytest.mark.parametrize(
    ("source", "uncertainty", "about"),
    [
        (PixelSizeSource.PERSON, None, ""),
        (PixelSizeSource.ESTIMATED, 0.015, "about "),
    ],
)
def test_with_a_pixel_size_lengths_are_in_nm(
    spectrum, viewer, qtbot, source, uncertainty, about
):
    view, workspace = spectrum, workspace_for(viewer)
    assert view.edge.text() == "128 px"
    curve = view.profile.view.curve
    assert (curve.x_name, curve.y_name) == ("1/px", "log10 of the mean power")
    sized(view, viewer, qtbot, PixelSize(NM, source, uncertainty))
    assert view.edge.text() == f"128 px, {about}6.4 nm"
    curve = view.profile.view.curve
    assert curve.x_name == "1/nm"
    assert curve.x[0] > 0
    highest = curve.x[np.argmax(curve.y * (curve.x > 1))]
    assert highest == pytest.approx(np.hypot(*SECOND) / NM, abs=0.3)
    assert curve.reads.format(x=2.5, y=1.0, inverse=0.4) == "0.4 nm (2.5 /nm)"
    # The picture ends at the shortest spacing of the lattice.
    shortest = view._scale.shortest_nm
    assert view.panel.spectrum.size // 2 == math.ceil(
        NM / shortest * len(view.square.pixels)
    )
    assert curve.x[-1] <= 1 / shortest + view.panel.spectrum.step_per_px / NM
    point(view.panel.picture, view.panel.picture.rect().center() + QPoint(40, 0))
    (told,) = (one.text for one in marks(view, Caption))
    assert told.startswith(about)
    assert " nm" in told
    assert told.endswith(f"° to {view.panel.selection.rows[0] + 1}")
    # In the middle no spacing lies; beside the picture nothing is told.
    point(view.panel.picture, view.panel.picture.rect().center())
    assert not marks(view, Caption)
    view.profile.draw_line.click()
    drag(workspace, qtbot, (120, 20), (120, 100))
    curve = view.profile.view.curve
    assert (curve.x_name, curve.y_name) == ("nm", "grey value")
    assert curve.x[-1] == pytest.approx(80 * NM, abs=NM)
    assert curve.reads.format(x=1.0, y=99.0) == "1 nm: 99"
    told = workspace.active_tool.current.layer.features["text"].iloc[0]
    assert told == f"{about}{view.profile.line.length_px * NM:.2f} nm"
    assert view.profile.kind.currentText() == "line"
    workspace.active_tool.end()


def test_a_line_in_pixels_says_how_long_it_is(spectrum, viewer, qtbot):
    view, workspace = spectrum, workspace_for(viewer)
    view.profile.kind.setCurrentIndex(1)
    view.profile.kind.activated.emit(1)
    assert view.profile.view.curve is None
    assert 'Press "Line"' in view.profile.view._hint
    view.profile.draw_line.click()
    assert workspace.active_tool.current.layer.name == "line profile"
    drag(workspace, qtbot, (120, 20), (120, 100))
    layer = workspace.active_tool.current.layer
    assert layer.features["text"].iloc[0] == f"{view.profile.line.length_px:.1f} px"
    assert not layer.editable
    assert view.profile.view.curve.x_name == "px"
    # The same button puts it away again.
    view.profile.draw_line.click()
    assert workspace.active_tool.current is None


def test_the_square_goes_round_the_particle_that_is_selected(workspace, viewer, qtbot):
    view = window.add_dock(viewer, "Spectrum").view
    looked(view, qtbot)
    assert not view.at_particle.isEnabled()
    workspace.navigation.go_on()
    settle(workspace, qtbot)
    assert view.at_particle.isEnabled()
    circle = workspace.project.particles.get(
        workspace.project.selection.particle_id
    ).circle
    view.at_particle.click()
    looked(view, qtbot)
    square = view.square.square
    assert square.size_px == max(round(2.5 * circle.radius_px), 64)
    assert square.middle_px == pytest.approx((circle.row_px, circle.col_px), abs=1)


def test_the_picture_is_copied_with_its_marks(spectrum, viewer, qtbot):
    QApplication.clipboard().clear()
    spectrum.copy.click()
    copied = QApplication.clipboard().pixmap().toImage()
    assert copied == spectrum.panel.picture.grab().toImage()
    assert "The spectrum is copied." in viewer.status


def test_the_square_looks_as_it_should_and_goes_with_the_dock(spectrum, viewer, qtbot):
    square, layer = spectrum.square, spectrum.square.layer
    assert layer.name == "square of the spectrum"
    assert list(layer.shape_type) == ["rectangle", "line", "line"]
    wanted = np.array([0xB6, 0xFF, 0x3C, 0xFF]) / 255
    np.testing.assert_allclose(layer.edge_color, np.tile(wanted, (3, 1)), atol=1e-6)
    assert layer.face_color[:, 3].max() == 0
    # napari's own tools leave it alone, of whatever size it becomes.
    square.show(Square(64, 128, 100))
    assert (layer.opacity, layer.editable) == (1.0, False)
    over = lay(spectrum, "amplitude")
    assert over.metadata.keys() == layer.metadata.keys()
    before = len(viewer.mouse_move_callbacks), len(viewer.mouse_drag_callbacks)
    square.close()
    after = len(viewer.mouse_move_callbacks), len(viewer.mouse_drag_callbacks)
    assert (before[0] - after[0], before[1] - after[1]) == (1, 1)
    assert layer not in viewer.layers
    assert over not in viewer.layers
    assert (square.layer, square._overlay) == (None, None)
