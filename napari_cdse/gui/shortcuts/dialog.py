"""Window with the list of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.gui.shortcuts.registry import NAPARI_KEYS
from napari_cdse.gui.shortcuts.resolution import key_words
from napari_cdse.gui.widgets.layout import PlainLabel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.gui.shortcuts.registry import Shortcut
    from napari_cdse.gui.shortcuts.settings import KeySettings

    Line = tuple[str, str]

_CHANGE = (
    "Keys can be changed under File, Preferences, CdSe quantum dots; a change holds as "
    "soon as it is written."
)


_LETTERS = (
    "A letter with a question mark, as in Y?, is the forest's prediction; without one "
    "it is the class that an annotator gave."
)
_BETWEEN_COLUMNS_PX = 28


def lines(shortcuts: Iterable[Shortcut]) -> list[Line]:
    """List keys and what they do, ours before napari's."""
    ours = [(key_words(one.keys), one.description) for one in shortcuts]
    return [*ours, *NAPARI_KEYS]


class KeyList(QDialog):
    """List of keys; not modal, so it can stay open during work.

    Parameters
    ----------
    keys : KeySettings
        The list follows their changes.
    """

    def __init__(self, keys: KeySettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._keys = keys
        self._table = QWidget()
        letters, change = PlainLabel(_LETTERS), PlainLabel(_CHANGE)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        self._column = QVBoxLayout(self)
        self._column.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        for widget in (self._table, letters, change, buttons):
            self._column.addWidget(widget)
        self.refresh()
        keys.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show the keys in force."""
        table = _table(lines(self._keys.shortcuts))
        self._column.replaceWidget(self._table, table)
        self._table.deleteLater()
        self._table = table

    @classmethod
    def show_for(cls, window: QWidget, keys: KeySettings) -> KeyList:
        """Show the list of a window: the open one, or else a new one."""
        key_list = window.findChild(cls) or cls(keys, window)
        key_list.show()
        key_list.raise_()
        return key_list


def _table(all_lines: list[Line]) -> QWidget:
    """Lay out two columns, since a screen is wider than high."""
    table = QWidget()
    row = QHBoxLayout(table)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(_BETWEEN_COLUMNS_PX)
    half = (len(all_lines) + 1) // 2
    for column in (all_lines[:half], all_lines[half:]):
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(6)
        for row_index, (keys, description) in enumerate(column):
            name = PlainLabel(keys)
            font = name.font()
            font.setBold(True)
            name.setFont(font)
            grid.addWidget(name, row_index, 0)
            grid.addWidget(PlainLabel(description), row_index, 1)
        grid.setRowStretch(len(column), 1)
        row.addLayout(grid)
    return table
