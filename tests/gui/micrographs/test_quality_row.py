"""Sorting, filtering and leaving out micrographs by their quality, in the window."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs.quality_columns import QUALITY_COLUMNS
from napari_cdse.gui.micrographs.table_model import FIRST_QUALITY
from tests.gui.conftest import SIGNAL_MS, settle
from tests.gui.showing import in_sight, make_roomy, rows

PIXEL_NM = 0.04
STRETCH = FIRST_QUALITY + [each.name for each in QUALITY_COLUMNS].index("stretch")


@pytest.fixture
def view(workspace, qtbot):
    """Three micrographs, of which the middle one does not tell."""
    workspace.project.micrographs.set_pixel_size(PIXEL_NM)
    settle(workspace, qtbot)
    table = workspace.project._state.micrographs
    for index, stretch in ((0, 1.2), (2, 1.0)):
        quality = MicrographQuality(PIXEL_NM, stretch=stretch)
        table.update(table.rows[index].key, quality=quality)
    view = window.add_dock(workspace.viewer, "Micrographs").view
    view.refresh()
    view.qualities.setChecked(True)
    return view


def test_the_dock_reads_from_top_to_bottom(workspace, view, qtbot):
    make_roomy(view, workspace.viewer)
    view.parameters.expand(animate=False)
    last = view.form.native
    qtbot.waitUntil(lambda: in_sight(last), timeout=SIGNAL_MS)
    size, due = view.pixel_size.label.text(), view.pixel_size.due.text()
    method = view.method_line.label.text()
    assert "0.04 nm/px, set by a person" in size
    assert rows(view) == [
        ["QTableView"],
        ["all", "above", "0"],
        [size],
        ["0.04 nm/px", "for this one", "Set"],
        [due],
        ["Detect in this one", "Detect in all", "Leave out", "Export", "Quality"],
        ["How circles are found"],
        ["Lattice: CdSe", "Other lattice\u2026"],
        [method],
        ["Method", "both"],
        ["FFT window (nm)", "2"],
        ["Step", "0.25"],
        ["Smallest spacing (nm)", "0.17"],
        ["Largest spacing (nm)", "0.45"],
        ["False alarms", "0.3"],
        ["Smallest particle (nm)", "2"],
        ["Largest particle (nm)", "8"],
        ["Endmembers", "0"],
        ["Abundances", "nnls"],
        ["Seed", "0"],
    ]


def test_each_figure_is_shown_with_the_digits_that_mean_something(workspace, view):
    table = workspace.project._state.micrographs
    quality = MicrographQuality(
        PIXEL_NM,
        information_limit_nm=0.1234,
        signal_to_noise=0.345,
        sharpness_per_px=0.2222,
        white_noise=0.0456,
        defocus_nm=51.7,
        delocalisation_nm=1.256,
        astigmatism_nm=2.34,
        drift_nm=0.0214,
        stretch=1.0177,
        clipped=0.0344,
        flatness=0.0567,
        patchiness=1.234,
        ties=0.1234,
    )
    table.update(table.rows[0].key, quality=quality)
    view.refresh()
    shown = [
        view.sorted.index(0, FIRST_QUALITY + number).data()
        for number in range(len(QUALITY_COLUMNS))
    ]
    digits = ["0.123", "0.34", "0.222", "0.046", "52", "1.26", "2.3", "0.021", "1.018"]
    digits += ["0.034", "0.06", "1.23", "0.123"]
    assert shown == digits


def test_a_header_sorts_and_what_is_not_known_comes_last(workspace, view, qtbot):
    assert view.sorted.indices() == [0, 1, 2]
    assert not view.table.isColumnHidden(STRETCH)
    header = view.table.horizontalHeader()
    for order, indices in (
        (Qt.SortOrder.AscendingOrder, [2, 0, 1]),
        (Qt.SortOrder.DescendingOrder, [0, 2, 1]),
    ):
        header.setSortIndicator(STRETCH, order)
        assert view.sorted.indices() == indices
    # A click means the micrograph that is in the row, wherever it lies.
    view.table.clicked.emit(view.sorted.index(1, 0))
    settle(workspace, qtbot)
    assert workspace.project.selection.index == 2
    assert view.table.currentIndex().row() == 1
    header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
    assert view.sorted.indices() == [0, 1, 2]
    assert view.table.currentIndex().row() == 2


def test_those_beyond_a_limit_are_shown_and_left_out_in_one_step(
    workspace, view, qtbot
):
    row = view.quality
    assert not row.button.isEnabled()
    # No figure, no limit.
    assert not row.side.isEnabled()
    assert not row.limit.isEnabled()
    row.figure.setCurrentText("Stretch")
    assert row.side.isEnabled()
    assert row.limit.isEnabled()
    row.limit.setValue(1.1)
    assert view.sorted.indices() == [0]
    assert row.label.text() == "1 of 3 micrographs are shown."
    row.side.setCurrentText("below")
    assert view.sorted.indices() == [2]
    row.side.setCurrentText("above")
    row.limit.setValue(0.5)
    assert view.sorted.indices() == [0, 2]
    row.button.click()
    dialog = workspace.exclusions.dialog
    dialog.field.setCurrentText("stretched")
    dialog.accept()
    left_out = [each.excluded for each in workspace.project.micrographs.entries]
    assert left_out == ["stretched", None, "stretched"]
    workspace.project.history.undo()
    settle(workspace, qtbot)
    assert not any(each.excluded for each in workspace.project.micrographs.entries)
    view.qualities.setChecked(False)
    assert view.sorted.indices() == [0, 1, 2]
    assert view.table.isColumnHidden(STRETCH)
