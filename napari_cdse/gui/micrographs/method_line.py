"""Line about the chosen detection method, and a package that it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt

from napari_cdse.core.detection.registry import METHODS
from napari_cdse.gui.widgets.layout import sentence

if TYPE_CHECKING:
    from qtpy.QtWidgets import QComboBox, QLabel


class MethodLine:
    """Explains a list of methods: a label for the chosen one, a tooltip for each.

    Parameters
    ----------
    choice : QComboBox
        Its items are names of methods.
    """

    def __init__(self, choice: QComboBox) -> None:
        self.label: QLabel = sentence()
        self._choice = choice
        for row in range(choice.count()):
            text = method_text(choice.itemText(row))
            choice.setItemData(row, text, Qt.ItemDataRole.ToolTipRole)
        choice.currentTextChanged.connect(self.show)
        self.show(choice.currentText())

    def show(self, name: str) -> None:
        """Describe a method in the label."""
        self.label.setText(method_text(name))


def method_text(name: str) -> str:
    """Describe a method; if a package is missing, say how to install it."""
    method = METHODS.get(name)
    if method is None:
        return ""
    line = f"{name}: {method.summary}."
    missing = method.missing()
    return line if missing is None else f"{line} {missing}"
