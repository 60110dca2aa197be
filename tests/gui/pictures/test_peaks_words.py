"""Spacings, angles and planes of drawn peaks in words, in table and at the pointer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_cdse.core.crystal.bragg_peaks import BraggPeak
from napari_cdse.core.crystal.fault_line import FaultLine
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.gui.pictures.peak_words import planes_of, planes_words, spacing_words
from napari_cdse.gui.pictures.peaks_table import PeaksTable
from napari_cdse.gui.pictures.scale import Scale, scale_of
from napari_cdse.gui.pictures.spectrum_pointer import reading_of

NM = 0.04


def peak(spacing_nm, angle_deg, sigma=1e-5, strength=50.0):
    """A peak of a spacing whose normal lies at an angle, with equal uncertainties."""
    k = NM / spacing_nm
    turn = math.radians(angle_deg)
    return BraggPeak(
        k * math.sin(turn), k * math.cos(turn), sigma**2 * np.eye(2), strength, 1.0
    )


PEAKS = (peak(0.351, 20), peak(0.2149, 75), peak(0.351, -50, strength=9.6))


@pytest.mark.parametrize(
    ("sigma", "words"),
    [
        # Two digits of an uncertainty that begins with a 1, else one.
        (0.012, "0.351 ± 0.012"),
        (0.019, "0.351 ± 0.019"),
        (0.021, "0.35 ± 0.02"),
        (0.0031, "0.351 ± 0.003"),
        (0.0015, "0.3510 ± 0.0015"),
        (0.00004, "0.3510 ± 0.0000"),
        (3.0, "0 ± 3"),
    ],
)
def test_a_spacing_has_the_digits_that_its_uncertainty_leaves(sigma, words):
    k = NM / 0.351
    assert spacing_words(peak(0.351, 30, sigma * k / 0.351), Scale(NM)) == words


def test_an_estimated_pixel_size_adds_to_the_uncertainty():
    assert spacing_words(PEAKS[0], Scale(NM)) == "0.3510 ± 0.0000"
    assert spacing_words(PEAKS[0], Scale(NM, 0.03)) == "0.351 ± 0.011"
    assert spacing_words(PEAKS[0], Scale(None)) == f"{0.351 / NM:.4f} ± {0.0008:.4f}"


def test_a_scale_says_how_it_is_known():
    sure = PixelSize(NM, PixelSizeSource.FILE)
    estimated = PixelSize(NM, PixelSizeSource.ESTIMATED, 0.015)
    assert scale_of(sure, None) == Scale(NM, 0.0)
    assert scale_of(estimated, None) == Scale(NM, 0.015)
    assert scale_of(PixelSize(NM, PixelSizeSource.ASSUMED, 0.4), None) == Scale(None)
    assert scale_of(None, None) == Scale(None)
    told = [(s.unit, s.about, s.lattice) for s in (Scale(NM), Scale(None, 0.1))]
    assert told == [("nm", "", "CdSe"), ("px", "about ", "CdSe")]


def test_planes_are_named_by_structure_the_nearest_first():
    planes = planes_of(PEAKS[0], Scale(NM))
    assert planes_words(planes) == "wz {002}, zb {111}"
    assert planes_of(PEAKS[0], Scale(None)) == ()
    assert planes_words(()) == ""


@pytest.fixture
def table(qtbot):
    table = PeaksTable()
    qtbot.addWidget(table)
    return table


def texts(table):
    return [
        [table.item(row, column).text() for column in range(4)]
        for row in range(table.rowCount())
    ]


def test_a_row_tells_number_spacing_angle_and_planes(table):
    table.show_families(PEAKS, 1, Scale(NM))
    angles = [PEAKS[1].angle_to(PEAKS[0]), PEAKS[1].angle_to(PEAKS[2])]
    assert angles == pytest.approx([55, 55])
    assert texts(table) == [
        ["1", "0.3510 ± 0.0000", "55.0°", "wz {002}, zb {111}"],
        ["2", "0.2149 ± 0.0000", "", "wz {110}, zb {220}"],
        ["3", "0.3510 ± 0.0000", "55.0°", "wz {002}, zb {111}"],
    ]
    assert table.horizontalHeaderItem(1).text() == "spacing, nm"
    assert table.horizontalHeaderItem(3).text() == "planes of CdSe"
    assert [one.row() for one in table.selectionModel().selectedRows()] == [1]
    # Without a pixel size there are no planes, and no word that none fits.
    table.show_families(PEAKS[:1], None, Scale(None))
    assert texts(table)[0][2:] == ["", ""]
    assert table.horizontalHeaderItem(1).text() == "spacing, px"
    assert not table.selectionModel().selectedRows()
    table.show_families([peak(0.43, 0)], None, Scale(NM, 0.001))
    assert texts(table)[0][2:] == ["", "none fits"]
    assert table.horizontalHeaderItem(1).text() == "≈ spacing, nm"
    table.show_peaks(None, None, Scale(NM))
    assert table.rowCount() == 0


def test_a_tip_tells_all_that_is_known_of_a_peak(table):
    line = FaultLine(math.radians(20), 0.1)
    table.show_families(PEAKS, 1, Scale(NM), line)
    tips = [table.item(row, 3).toolTip().split("\n") for row in range(3)]
    assert table.item(0, 0).toolTip() == table.item(0, 3).toolTip()
    assert tips[0][0] == "Peak 1: 0.3510 ± 0.0000 nm, 50 times the background's power"
    assert tips[2][0].endswith("10 times the background's power")
    assert any(one.startswith("zinc blende {111} 0.3494 nm") for one in tips[0])
    sigma = math.hypot(*[PEAKS[at].direction_sigma_deg for at in (0, 1)])
    assert f"55.0 ± {sigma:.1f}° to peak 2" in tips[0]
    assert sum("to peak" in one for one in tips[0]) == 2
    assert not any("to peak 1" in one for one in tips[0])
    # The first family's normal is the line's own.
    assert "parallel to the suspected fault, which it can't show" in tips[0]
    assert not any("parallel" in one for one in (*tips[1], *tips[2]))
    assert not any("estimate" in one for one in tips[0])
    table.show_families(PEAKS, 1, Scale(NM, 0.02))
    tip = table.item(0, 0).toolTip()
    assert tip.startswith("Peak 1: about 0.351 ± 0.007 nm")
    assert tip.endswith(
        "The pixel size is an estimate that takes CdSe for granted:\n"
        "these spacings can't prove that it is CdSe."
    )


def test_the_table_takes_the_room_of_four_to_eight_rows(table):
    row = table.fontMetrics().height() + 3
    around = table.horizontalHeader().sizeHint().height() + 4
    assert table.minimumHeight() == around + 4 * row
    assert table.maximumHeight() == around + 8 * row
    assert table.sizeHint().height() == table.minimumHeight()


def test_columns_are_as_broad_as_their_names_and_the_last_takes_the_rest(table):
    header = table.horizontalHeader()
    last = table.columnCount() - 1
    for column in range(last):
        assert table.columnWidth(column) == header.sectionSizeHint(column)
    table.resize(900, table.minimumHeight())
    table.show()
    assert header.length() == table.viewport().width()
    assert table.columnWidth(last) > 400


def test_columns_become_broader_for_what_is_in_them_and_stay_so(table):
    table.show_families(PEAKS, 1, Scale(NM))
    widths = [table.columnWidth(column) for column in range(3)]
    for column in range(3):
        assert widths[column] >= table.sizeHintForColumn(column)
    table.show_families((), None, Scale(NM))
    assert [table.columnWidth(column) for column in range(3)] == widths


def test_a_click_on_a_row_chooses_it(table, qtbot):
    table.show_families(PEAKS, 0, Scale(NM))
    table.show()
    with qtbot.waitSignal(table.chosen) as heard:
        table.cellClicked.emit(2, 1)
    assert heard.args == [2]


# The pointer in a spectrum


def at(spacing_nm, angle_deg, size=101, step=0.002):
    """Place of a spacing in a picture of the spectrum."""
    k, turn = NM / spacing_nm, math.radians(angle_deg)
    return tuple(
        0.5 + each / (step * size) for each in (k * math.cos(turn), k * math.sin(turn))
    )


def test_the_pointer_reads_spacing_planes_and_angle_of_its_place():
    x, y = at(0.351, 20)
    read = (101, 0.002, PEAKS)
    assert reading_of(x, y, *read, 1, Scale(NM)) == (
        "0.351 nm (wz {002}, zb {111}), 55° to 2"
    )
    assert reading_of(1 - x, 1 - y, *read, 1, Scale(NM)).endswith("55° to 2")
    assert reading_of(x, y, *read, 0, Scale(NM)).endswith("0° to 1")
    assert reading_of(x, y, *read, None, Scale(NM)).endswith("zb {111})")
    assert reading_of(x, y, *read, 1, Scale(NM, 0.01)).startswith("about 0.351 nm (")
    assert reading_of(x, y, *read, 1, Scale(None)) == f"{0.351 / NM:.1f} px, 55° to 2"


@pytest.mark.parametrize("turned_deg", [0, 180])
def test_right_on_a_peak_or_its_opposite_the_angle_is_0(turned_deg):
    """In some directions the cosine of it is above 1 in its last digit."""
    for angle_deg in range(180):
        x, y = at(0.351, angle_deg + turned_deg)
        read = reading_of(x, y, 101, 0.002, [peak(0.351, angle_deg)], 0, Scale(None))
        assert read == f"{0.351 / NM:.1f} px, 0° to 1"


def test_the_uncertainty_at_the_pointer_is_half_a_sample():
    """At 0.4 nm, k of 0.1: half a sample of 0.002 is 1 %, of 0.03 it is 15 %."""
    x, y = at(0.4, 0)
    assert reading_of(x, y, 101, 0.002, (), None, Scale(NM)) == "0.400 nm"
    x, y = at(0.4, 0, step=0.03)
    assert "zb {111}" in reading_of(x, y, 101, 0.03, (), None, Scale(NM))
    x, y = at(0.4, 0)
    assert "zb {111}" in reading_of(x, y, 101, 0.002, (), None, Scale(NM, 0.15))


def test_the_very_middle_is_no_spacing():
    """Two samples around it."""
    for samples, is_read in ((1.9, False), (2.1, True)):
        share = 0.5 + samples / 101
        assert bool(reading_of(share, 0.5, 101, 0.002, (), None, Scale(NM))) == is_read
        assert bool(reading_of(0.5, share, 101, 0.002, (), None, Scale(NM))) == is_read
