"""Our own windows beside napari's: what each says at its top, and how it lies there."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QFontInfo
from qtpy.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QPlainTextEdit,
    QWidget,
)

from napari_cdse.gui.help.problem_dialog import ProblemDialog
from napari_cdse.gui.help.text_dialog import TextDialog
from napari_cdse.gui.micrographs.results_dialog import ResultsDialog
from napari_cdse.gui.population.figure_window import FigureWindow
from napari_cdse.gui.tools.line_tool import Line
from napari_cdse.gui.tools.reason_dialog import ReasonDialog
from napari_cdse.gui.tools.samples_dialog import SamplesDialog
from napari_cdse.gui.tools.scale_bar_dialog import ScaleBarDialog
from tests.gui.conftest import SIGNAL_MS
from tests.gui.showing import astray, over_each_other, rows

LINE = Line((0.0, 0.0), (0.0, 100.0), 1.0)
DIALOGS = {
    "Leave out": lambda above: ReasonDialog("m.png", "ice", above),
    "Scale bar": lambda above: ScaleBarDialog(LINE, (20.0, "nm"), above),
    "Samples": lambda above: SamplesDialog((), above),
    "Export": lambda above: ResultsDialog(above.place, (), above),
    "Report a problem": ProblemDialog,
    "How to cite": lambda above: TextDialog("How to cite", "Name it.", above),
    "Population": lambda above: FigureWindow([("By class", "How many")], above),
}
READS = {
    "Leave out": [["Why is m.png left out?"], ["ice"], ["OK", "Cancel"]],
    "Scale bar": [
        ["The scale bar is", "20", "nm", "for this one"],
        [
            "The line is 100.0 px long: 0.20000 nm/px, within 1.0% as it was drawn.",
        ],
        ["OK", "Cancel"],
    ],
    "Samples": [
        ["Of which sample is each micrograph?"],
        ["", "By folder"],
        ["", "Name the selected"],
        ["QTableView"],
        [""],
        ["OK", "Cancel"],
    ],
    "Export": [
        ["In which folder shall the results lie?"],
        [..., "Choose\u2026"],
        ["A new folder; it is made."],
        ["Export", "Cancel"],
    ],
    "Report a problem": [
        [
            "Copy this, paste it into a message to whoever gave you the program, and "
            "add what you did and what you expected. Nothing is sent by itself."
        ],
        ["QPlainTextEdit"],
        ["With the names of files and folders"],
        ["Copy", "Close"],
    ],
    "How to cite": [["Name it."], ["QPlainTextEdit"], ["Close"]],
    "Population": [["By class", "Copy picture", "Save\u2026"], ["FigureCanvasQTAgg"]],
}


@pytest.fixture
def above(qtbot, tmp_path):
    """Stands for napari's window."""
    above = QWidget()
    above.place = tmp_path / "results"
    qtbot.addWidget(above)
    above.show()
    return above


@pytest.fixture(params=DIALOGS)
def dialog(request, above, qtbot):
    dialog = DIALOGS[request.param](above)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def test_each_has_a_title_and_all_of_its_parts(dialog, above, request):
    title = request.node.callspec.params["dialog"]
    assert dialog.windowTitle() == title
    assert dialog.parentWidget() is above
    told = [
        [... if str(above.place) == words else words for words in row]
        for row in rows(dialog)
    ]
    assert told == READS[title]
    assert astray(dialog) == []
    assert over_each_other(dialog) == []


def test_each_but_the_figure_is_gone_when_it_is_closed(dialog, qtbot):
    """The figure is brought up again and again; others would pile up unseen."""
    stays = dialog.windowTitle() == "Population"
    gone = []
    dialog.destroyed.connect(lambda: gone.append(True))
    box = dialog.findChild(QDialogButtonBox)
    if box is None:
        dialog.close()
    else:
        kinds = QDialogButtonBox.StandardButton
        (box.button(kinds.Cancel) or box.button(kinds.Close)).click()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert bool(gone) != stays


ROOMY = (
    ("Scale bar", "field", "width"),
    ("Samples", "table", "height"),
    ("Export", "field", "width"),
    ("How to cite", "text", "height"),
    ("Population", "figure", "height"),
    ("Population", "figures", "width"),
)


@pytest.mark.parametrize(("dialog", "name", "side"), ROOMY, indirect=["dialog"])
def test_what_matters_takes_the_room_of_a_larger_window(dialog, name, side, qtbot):
    part = getattr(dialog, name)
    before, size = getattr(part, side)(), dialog.size()
    dialog.resize(size.width() + 200, size.height() + 200)
    qtbot.waitUntil(lambda: getattr(part, side)() >= before + 198, timeout=SIGNAL_MS)


def test_a_text_can_be_read_and_copied_and_not_changed(above, qtbot):
    dialog = TextDialog("How to cite", "Name it.", above)
    dialog.show_text("@software{one}")
    copy = dialog.add_copy_button("Copy", "For a list", lambda: "the line")
    with qtbot.waitExposed(dialog):
        dialog.show()
    (text,) = dialog.findChildren(QPlainTextEdit)
    assert text.toPlainText() == "@software{one}"
    assert text.isReadOnly()
    assert QFontInfo(text.font()).fixedPitch()
    assert (copy.text(), copy.toolTip()) == ("Copy", "For a list")
    assert "copied" in text.toolTip()
    assert (dialog.width(), dialog.height()) == (640, 420)
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "the line"
