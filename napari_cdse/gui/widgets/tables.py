"""Tables: base of models with headers, and views that select whole rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView

from napari_cdse.gui.widgets.layout import keyless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QTableView


_NAME_CHARS = 18
"""Width of the column of names, in characters, in a table that scrolls sideways.
Chosen: a name like ``standard_42_0007`` fits."""


class RowsModel(QAbstractTableModel):
    """A model with one object for each row; subclasses implement `data`.

    Parameters
    ----------
    headers, tips : sequence of str
        Text and tooltip of each column's header.

    Attributes
    ----------
    rows : sequence
        The objects; set between `beginResetModel` and `endResetModel` if their number
        changes.
    """

    def __init__(
        self, headers: Sequence[str], tips: Sequence[str], parent: Any = None
    ) -> None:
        super().__init__(parent)
        self._headers, self._tips = headers, tips
        self.rows: Sequence[Any] = ()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self._headers)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return text or tooltip of a header."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        return self._tips[section] if role == Qt.ItemDataRole.ToolTipRole else None


def show_rows(table: QTableView, row_px: int) -> None:
    """Let a table show rows of which one can be selected, without editing."""
    keyless(table)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    rows = table.verticalHeader()
    rows.hide()
    rows.setDefaultSectionSize(row_px)
    columns = table.horizontalHeader()
    columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    columns.setHighlightSections(False)


def stretch_names(table: QTableView) -> None:
    """Give the first column, with names, the width that the others leave."""
    # Elided in the middle, since names of one series differ at their end.
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


def hold_names(table: QTableView) -> None:
    """Give the first column a width of its own: the others need more than there is."""
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    width = _NAME_CHARS * table.fontMetrics().averageCharWidth()
    header.resizeSection(0, width)
