"""A dialog with text that can be selected and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QFontDatabase
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.session.viewer_window import application
from napari_cdse.gui.widgets.layout import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

_GOOD_SIZE = QSize(640, 420)


class TextDialog(QDialog):
    """Shows a text, with buttons to copy it; does not block other windows.

    Parameters
    ----------
    title : str
    introduction : str
        A sentence above the text that says what it is for.
    parent : QWidget or None
    """

    def __init__(self, title: str, introduction: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setToolTip("Can be chosen with the mouse, and copied")
        fixed = QFontDatabase.SystemFont.FixedFont
        self.text.setFont(QFontDatabase.systemFont(fixed))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.close)
        self.column = QVBoxLayout(self)
        for widget in (sentence(introduction), self.text, self.buttons):
            self.column.addWidget(widget)
        self.resize(_GOOD_SIZE)

    def show_text(self, text: str) -> None:
        """Show another text."""
        self.text.setPlainText(plain(text))

    def add_copy_button(
        self, caption: str, tip: str, text: Callable[[], str]
    ) -> QPushButton:
        """Add a button that copies a text to the clipboard.

        Parameters
        ----------
        caption, tip : str
            Text and tooltip of the button.
        text : callable
            Returns the text to copy.
        """
        button = QPushButton(caption)
        button.setToolTip(plain(tip))
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.buttons.addButton(button, role)
        button.clicked.connect(lambda: _copy(text()))
        return button


def _copy(text: str) -> None:
    clipboard = application().clipboard()
    assert clipboard is not None
    clipboard.setText(text)
