"""The table of micrographs as a Qt model; it holds no state of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

if TYPE_CHECKING:
    from napari_cdse.project import MicrographEntry

HEADERS = ("Micrograph", "Found", "Reviewed", "Defects")
_TIPS = (
    "File name; a warning sign marks what could not be read",
    "Circles in it",
    "Circles that a person judged, of all",
    "Resolved particles with a visible defect, of all resolved, as judged",
)
_WARNING = "\u26a0 "
_NOTHING = "\u2013"


def cell(entry: MicrographEntry, column: int) -> str:
    """Text of one cell."""
    if column == 0:
        return f"{_WARNING if entry.problem else ''}{entry.path.stem}"
    if column == 1:
        return str(entry.found) if entry.found or entry.analysed else _NOTHING
    if column == 2:
        return f"{entry.reviewed}/{entry.found}" if entry.found else _NOTHING
    return f"{entry.defects}/{entry.resolved}" if entry.resolved else _NOTHING


class MicrographsModel(QAbstractTableModel):
    """Rows are the project's entries."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.entries: tuple[MicrographEntry, ...] = ()
        self._current: int | None = None

    def show(self, entries: tuple[MicrographEntry, ...], current: int | None) -> None:
        """Show these entries; the selection stays when their number does."""
        if len(entries) != len(self.entries):
            self.beginResetModel()
            self.entries, self._current = entries, current
            self.endResetModel()
            return
        self.entries, self._current = entries, current
        if entries:
            last = self.index(len(entries) - 1, len(HEADERS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Tell Qt the number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Tell Qt the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give Qt what it asks for."""
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(entry, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.problem or str(entry.path)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Give Qt the headers."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return _TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None
