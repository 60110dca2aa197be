"""Numbers typed with real keys, on an English and on a German desktop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QEvent, QLocale, Qt
from qtpy.QtGui import QFocusEvent
from qtpy.QtWidgets import QApplication, QDialogButtonBox

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.numbers import read_number
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.gui.micrographs.pixel_size_row import PixelSizeRow
from napari_cdse.gui.tools.line_tool import Line
from napari_cdse.gui.tools.scale_bar_dialog import ScaleBarDialog
from napari_cdse.gui.widgets.decimal_field import DecimalField, WholeField
from napari_cdse.gui.widgets.layout import wrapped
from napari_cdse.gui.widgets.params_form import ParamsForm
from tests.gui.painted import pixels
from tests.gui.paints import Count, all_drawn, is_still

LANGUAGES = ["en_US", "de_DE", "ar_EG"]


@pytest.fixture(params=LANGUAGES, autouse=True)
def _desktop(request):
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


def typed(qtbot, field, text):
    """Type over what is there, and say that it is done."""
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def field(qtbot):
    field = DecimalField()
    field.setRange(0, 100)
    qtbot.addWidget(field)
    with qtbot.waitExposed(field):
        field.show()
    return field


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.018", 0.018),
        ("0,018", 0.018),
        ("2.5", 2.5),
        (",5", 0.5),
        ("7", 7),
        ("1e-2", 0.01),
    ],
)
def test_what_is_typed_is_what_is_meant(qtbot, field, text, value):
    typed(qtbot, field, text)
    assert field.value() == pytest.approx(value)
    assert field.sentence == ""


@pytest.mark.parametrize(
    "text", ["1.000,5", "1,000.5", "0..1", "abc", "0.1 nm?", "101", "-1", "0.00000001"]
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(qtbot, field, text):
    field.setValue(3.25)
    said = []
    field.refused.connect(said.append)
    typed(qtbot, field, text)
    assert field.value() == 3.25
    assert field.text() == text
    QApplication.sendEvent(field, QFocusEvent(QEvent.Type.FocusOut))
    assert field.value() == 3.25
    assert field.text() == "3.25"
    assert said[-1]
    assert said[-1] == field.sentence
    assert field.toolTip() == wrapped(field.sentence)
    typed(qtbot, field, "4")
    assert field.sentence == ""
    assert field.value() == 4


def framed_in_red(field) -> bool:
    top = pixels(field.grab().toImage())[0, 4:-4, :3].astype(int)
    return bool((np.abs(top - (0xE0, 0x54, 0x3E)).max(axis=-1) < 12).all())


def test_what_is_refused_has_a_red_frame_until_it_is_put_right(qtbot, field):
    assert not framed_in_red(field)
    typed(qtbot, field, "abc")
    assert framed_in_red(field)
    typed(qtbot, field, "4")
    assert not framed_in_red(field)


def test_a_whole_number_drops_no_mark(qtbot):
    field = WholeField()
    qtbot.addWidget(field)
    typed(qtbot, field, "12")
    typed(qtbot, field, "2,5")
    assert field.value() == 12
    assert "whole" in field.sentence


def test_forms_made_by_magicgui_read_the_same(qtbot):
    form = ParamsForm(DetectionParams())
    qtbot.addWidget(form.native)
    window = form.widget("window_nm").native
    for text in ("1.5", "1,5"):
        typed(qtbot, window, "2")
        typed(qtbot, window, text)
        assert form.value().window_nm == 1.5
    trees = ParamsForm(ForestParams())
    qtbot.addWidget(trees.native)
    typed(qtbot, trees.widget("trees").native, "30")
    assert trees.value().trees == 30
    assert isinstance(trees.value().trees, int)


def test_the_pixel_size_is_set_as_typed_or_not_at_all(qtbot):
    calls = []
    row = PixelSizeRow(lambda *call: calls.append(call))
    qtbot.addWidget(row)
    row.show()
    typed(qtbot, row.field, "0,0421")
    typed(qtbot, row.field, "0.0.5")
    assert row.refusal.isVisible()
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert calls == [(0.0421, False)]


def test_a_number_counts_whose_field_still_has_the_focus(qtbot):
    """On a Mac no button takes the focus, so nothing tells that typing is over."""
    calls = []
    row = PixelSizeRow(lambda *call: calls.append(call))
    qtbot.addWidget(row)
    row.show()
    row.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    row.field.setFocus()
    row.field.selectAll()
    qtbot.keyClicks(row.field, "0,018")
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert calls == [(0.018, False)]
    row.field.selectAll()
    qtbot.keyClicks(row.field, "0,01x")
    assert row.field.value() == 0.018


def test_a_scale_bar_that_cannot_be_read_is_not_accepted(qtbot):
    line = Line((0.0, 0.0), (0.0, 100.0), 1.0)
    dialog = ScaleBarDialog(line, (10.0, "nm"))
    qtbot.addWidget(dialog)
    dialog.show()
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    dialog.field.lineEdit().selectAll()
    qtbot.keyClicks(dialog.field, "2,5")
    assert dialog.pixel_size_nm == pytest.approx(0.025)
    assert ok.isEnabled()
    dialog.field.lineEdit().selectAll()
    qtbot.keyClicks(dialog.field, "2.5.1")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert not ok.isEnabled()


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_a_number_is_read_with_either_mark(value):
    text = f"{value:.6f}"
    assert read_number(text) == read_number(text.replace(".", ",")) == float(text)


@given(st.text(max_size=8))
def test_any_text_is_a_number_or_refused(text):
    try:
        value = read_number(text)
    except ParameterError:
        value = None
    plain = text.strip().replace(",", ".").replace("\u2212", "-")
    assert value is None or value == float(plain)


def test_the_number_that_stands_there_is_not_drawn_anew(field, qtbot):
    field.show_value(2.5)
    paints = Count(field, QEvent.Type.Paint)
    qtbot.waitUntil(lambda: is_still(paints))
    before = paints.number
    field.show_value(2.5)
    all_drawn()
    assert paints.number == before
    field.show_value(3.0)
    qtbot.waitUntil(lambda: paints.number > before)
    assert paints.number == before + 1
    assert field.lineEdit().text() == "3"


@pytest.mark.parametrize("text", ["7", "seven"])
def test_a_number_that_is_shown_takes_the_place_of_what_is_typed(qtbot, field, text):
    field.show_value(2.5)
    field.lineEdit().selectAll()
    qtbot.keyClicks(field, text)
    field.show_value(2.5)
    assert field.lineEdit().text() == "2.5"
    assert field.value() == 2.5
