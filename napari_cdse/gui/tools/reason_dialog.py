"""Dialog that asks why something is left out."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from napari_cdse.core.regions import REASONS
from napari_cdse.gui.widgets.layout import sentence


class ReasonDialog(QDialog):
    """Lets the user choose one of the usual reasons, or write another.

    Parameters
    ----------
    what : str
        What is left out, for the question.
    first : str
        The reason that is selected at first.
    """

    def __init__(self, what: str, first: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Leave out")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question = sentence(f"Why is {what} left out?")
        self.field = QComboBox()
        self.field.setEditable(True)
        # With a completer, the first Return would only end the completion.
        self.field.setCompleter(None)  # type: ignore[arg-type]  # Qt takes none
        self.field.addItems(list(REASONS))
        self.field.setCurrentText(first)
        self.field.setMinimumWidth(280)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.field.currentTextChanged.connect(self._enable)
        column = QVBoxLayout(self)
        for widget in (question, self.field, self.buttons):
            column.addWidget(widget)
        self.field.lineEdit().selectAll()
        self.field.setFocus()
        self._enable()

    @property
    def reason(self) -> str:
        """The reason chosen or written."""
        return self.field.currentText().strip()

    def _enable(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.reason))
