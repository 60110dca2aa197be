"""The list of keys, for the person at the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.gui.keys import NAPARI_KEYS, SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Iterator


def lines() -> Iterator[tuple[str, str]]:
    """Keys and what they do, ours first."""
    for shortcut in SHORTCUTS:
        names = " or ".join(key.replace("Control-", "Ctrl+") for key in shortcut.keys)
        yield names.replace("Shift-", "Shift+"), shortcut.description
    yield from NAPARI_KEYS


class KeySheet(QDialog):
    """A window that stays open beside the work until it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        for row, (keys, description) in enumerate(lines()):
            name = QLabel(keys)
            font = name.font()
            font.setBold(True)
            name.setFont(font)
            grid.addWidget(name, row, 0)
            grid.addWidget(QLabel(description), row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addLayout(grid)
        column.addWidget(buttons)

    @classmethod
    def show_for(cls, window: QWidget) -> KeySheet:
        """Show the sheet of a window, the one that is open if there is one."""
        sheet = window.findChild(cls) or cls(window)
        sheet.show()
        sheet.raise_()
        return sheet
