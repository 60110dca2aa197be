"""One line on each method, beside the choice of them."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_cdse.core.detection import registry
from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.gui.micrographs.method_line import MethodLine


def test_the_line_follows_the_choice_and_each_item_has_its_own(qapp):
    box = QComboBox()
    box.addItems(list(METHODS))
    line = MethodLine(box)
    assert METHODS["both"].summary in line.label.text()
    box.setCurrentText("nfindr")
    assert METHODS["nfindr"].summary in line.label.text()
    tips = {box.itemData(i, Qt.ItemDataRole.ToolTipRole) for i in range(box.count())}
    assert len(tips) == len(METHODS)


def test_the_line_says_how_to_get_what_a_method_lacks(qapp, monkeypatch):
    lacking = DetectionMethod(
        "lacking", "finds all", "", (), needs_package="no_such_package", extra="more"
    )
    monkeypatch.setitem(registry.METHODS, "lacking", lacking)
    box = QComboBox()
    box.addItems(["lacking"])
    assert "pip install 'napari-cdse[more]'" in MethodLine(box).label.text()
