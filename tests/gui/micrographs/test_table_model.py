"""The table of micrographs, cell by cell, from entries that are made up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QApplication

from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.gui.micrographs.table_model import (
    FIRST_QUALITY,
    HEADERS,
    SAMPLE,
    MicrographsModel,
    cell,
    sort_key,
    tip,
)

DASH = "\u2013"
QUALITY = MicrographQuality(
    0.04,
    information_limit_nm=0.1234,
    signal_to_noise=2.345,
    sharpness_per_px=0.2222,
    white_noise=0.0567,
    stretch=1.0049,
)
Role = Qt.ItemDataRole


def entry(**others):
    told = {
        "index": 3,
        "path": Path("/data/dots_3.tif"),
        "found": 12,
        "reviewed": 9,
        "defects": 2,
        "resolved": 8,
        "left_out": 0,
        "analysed": True,
        "sample": None,
        "quality": None,
        "excluded": "",
        "problem": "",
        "out_of_range": "",
        "regions": (),
    }
    return SimpleNamespace(**{**told, **others})


def cells(one):
    return [cell(one, column) for column in range(5)]


def test_a_row_tells_name_numbers_and_sample():
    assert HEADERS[:5] == ("Micrograph", "Found", "Reviewed", "Defects", "Sample")
    assert (SAMPLE, FIRST_QUALITY) == (4, 5)
    assert cells(entry()) == ["dots_3", "12", "9/12", "2/8", DASH]
    assert cells(entry(sample="A"))[4] == "A"
    none = entry(found=0, reviewed=0, defects=0, resolved=0)
    assert cells(none) == ["dots_3", "0", DASH, DASH, DASH]
    none.analysed = False
    assert cells(none)[1] == DASH
    assert cells(entry(left_out=3))[1] == "12, 3 out"


def test_what_is_left_out_says_so_and_counts_nowhere():
    out = entry(excluded="a test", sample="B")
    assert cells(out) == ["dots_3", "12", "left out", DASH, "B"]
    assert [sort_key(out, at) for at in (2, 3)] == [None, None]


def test_signs_warn_of_what_is_wrong_before_what_is_strange():
    assert cell(entry(out_of_range="odd"), 0) == "\u25c7 dots_3"
    assert cell(entry(problem="broken"), 0) == "\u26a0 dots_3"
    assert cell(entry(problem="broken", out_of_range="odd"), 0) == "\u26a0 dots_3"


def test_the_quality_has_its_digits_where_it_is_known():
    at = {header: column for column, header in enumerate(HEADERS)}
    one = entry(quality=QUALITY)
    told = {
        "Limit, nm": "0.123",
        "S/N": "2.3",
        "Sharpness": "0.222",
        "White noise": "0.057",
        "Stretch": "1.005",
        "Defocus, nm": DASH,
        "Drift, nm": DASH,
    }
    for header, words in told.items():
        assert cell(one, at[header]) == words
        assert cell(entry(), at[header]) == DASH
    assert sort_key(one, at["S/N"]) == (2.345, "")
    assert sort_key(entry(), at["S/N"]) is None


def test_columns_are_sorted_by_number_share_or_name():
    assert [sort_key(entry(), at) for at in range(5)] == [
        (3, ""), (12, ""), (0.75, ""), (0.25, ""), None,
    ]  # fmt: skip
    assert sort_key(entry(sample="A"), SAMPLE) == (0.0, "A")
    nothing = entry(found=0, resolved=0)
    assert [sort_key(nothing, at) for at in (1, 2, 3)] == [(0, ""), None, None]


def test_a_tip_tells_what_is_wrong_what_is_left_out_and_where_it_lies():
    assert tip(entry()) == "/data/dots_3.tif"
    regions = tuple(SimpleNamespace(reason=each) for each in ("dirt", "edge", "dirt"))
    told = tip(
        entry(
            problem="Broken.", out_of_range="Odd.", excluded="a test",
            regions=regions, left_out=2,
        )
    )  # fmt: skip
    assert told.split("\n") == [
        "Broken.",
        "Odd.",
        "Left out: a test. Its particles are in no count.",
        "2 circles in regions left out: dirt, edge.",
        "/data/dots_3.tif",
    ]
    assert tip(entry(regions=regions[:1], left_out=1)).startswith("1 circle in regions")


@pytest.fixture
def model(qtbot):
    model = MicrographsModel()
    model.show((entry(), entry(excluded="a test", path=Path("/data/a\nb.tif"))))
    return model


def test_qt_is_given_text_tip_look_and_place(model):
    def asked(row, column, role):
        return model.data(model.index(row, column), role)

    assert (model.rowCount(), model.columnCount()) == (2, len(HEADERS))
    assert model.rowCount(model.index(0, 0)) == 0
    assert asked(0, 2, Role.DisplayRole) == "9/12"
    assert "\n" not in asked(1, 0, Role.DisplayRole)
    assert asked(0, 1, Role.ToolTipRole) == "/data/dots_3.tif"
    greyed = QApplication.palette().brush(
        QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text
    )
    assert asked(0, 0, Role.ForegroundRole) is None
    assert asked(1, 0, Role.ForegroundRole) == greyed
    assert asked(0, 0, Role.FontRole) is None
    assert asked(1, 0, Role.FontRole).italic()
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    aligned = [asked(0, at, Role.TextAlignmentRole) for at in (0, 1, 3, SAMPLE, 5)]
    assert aligned == [None, right, right, None, right]
    assert asked(0, 0, Role.DecorationRole) is None
    assert model.data(QModelIndex(), Role.DisplayRole) is None
    assert model.key(model.index(0, 2)) == (0.75, "")
    across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    assert model.headerData(1, across) == "Found"
    assert "counted apart" in model.headerData(1, across, Role.ToolTipRole)
    assert model.headerData(1, across, Role.FontRole) is None
    assert model.headerData(1, down) is None


def test_as_many_rows_keep_the_selection_and_others_begin_anew(model, qtbot):
    with qtbot.waitSignal(model.dataChanged) as heard:
        model.show((entry(found=1), entry(found=2)))
    first, last, *_ = heard.args
    assert ((first.row(), first.column()), (last.row(), last.column())) == (
        (0, 0),
        (1, len(HEADERS) - 1),
    )
    assert model.data(model.index(1, 1), Role.DisplayRole) == "2"
    with qtbot.waitSignal(model.modelReset):
        model.show((entry(),))
    assert model.rowCount() == 1
    model.show(())
    with qtbot.assertNotEmitted(model.dataChanged):
        model.show(())


def test_only_rows_that_say_something_else_are_drawn_anew(model, qtbot):
    rows = tuple(entry(index=at) for at in range(5))
    model.show(rows)
    with qtbot.waitSignal(model.dataChanged) as heard:
        model.show((rows[0], entry(index=1, reviewed=10), *rows[2:]))
    first, last, *_ = heard.args
    assert (first.row(), last.row()) == (1, 1)
    with qtbot.assertNotEmitted(model.dataChanged):
        model.show((rows[0], entry(index=1, reviewed=10), *rows[2:]))
