"""Qt model of the table of micrographs: one row per micrograph of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QFont, QPalette
from qtpy.QtWidgets import QApplication

from napari_cdse.gui.micrographs.quality_columns import QUALITY_COLUMNS
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.widgets.tables import RowsModel

if TYPE_CHECKING:
    from napari_cdse.project import MicrographEntry

_FIRST = ("Micrograph", "Found", "Reviewed", "Defects", "Sample")
HEADERS = (*_FIRST, *(each.header for each in QUALITY_COLUMNS))
SAMPLE = 4
"""Column of the sample's name."""
_TIPS = (
    "File name; \u26a0 marks what could not be read, \u25c7 what is unlike what the "
    "forest learnt from",
    "Circles in it; those in regions that were left out are counted apart",
    "Circles that a person judged, of all",
    "Resolved particles with a visible defect, of all resolved, as judged",
    "Which sample it is a picture of; the menu of a row names samples",
    *(each.tip for each in QUALITY_COLUMNS),
)
FIRST_QUALITY = len(_FIRST)
"""First of the columns with figures of quality."""
_WARNING = "\u26a0 "
_STRANGE = "\u25c7 "
_NOTHING = "\u2013"
_LEFT_OUT = "left out"
_GREYED = QPalette.ColorGroup.Disabled


def cell(entry: MicrographEntry, column: int) -> str:
    """Return the text of one cell."""
    if column == 0:
        return f"{_sign(entry)}{entry.path.stem}"
    if column == 1:
        return _found(entry)
    if column == SAMPLE:
        return entry.sample or _NOTHING
    if column >= FIRST_QUALITY:
        return QUALITY_COLUMNS[column - FIRST_QUALITY].text(entry) or _NOTHING
    if entry.excluded:
        return _LEFT_OUT if column == 2 else _NOTHING
    if column == 2:
        return f"{entry.reviewed}/{entry.found}" if entry.found else _NOTHING
    return f"{entry.defects}/{entry.resolved}" if entry.resolved else _NOTHING


def sort_key(entry: MicrographEntry, column: int) -> tuple[float, str] | None:
    """Return the value by which a column is sorted; None if it is not known."""
    if column == SAMPLE:
        return None if entry.sample is None else (0.0, entry.sample)
    number = _number(entry, column)
    return None if number is None else (number, "")


def _number(entry: MicrographEntry, column: int) -> float | None:
    if column == 0:
        return entry.index
    if column == 1:
        return entry.found
    if column >= FIRST_QUALITY:
        return QUALITY_COLUMNS[column - FIRST_QUALITY].value(entry)
    part, whole = (
        (entry.reviewed, entry.found)
        if column == 2
        else (entry.defects, entry.resolved)
    )
    return part / whole if whole and not entry.excluded else None


def _found(entry: MicrographEntry) -> str:
    if entry.left_out:
        return f"{entry.found}, {entry.left_out} out"
    return str(entry.found) if entry.found or entry.analysed else _NOTHING


def tip(entry: MicrographEntry) -> str:
    """Describe a micrograph: problems, what was left out and why, its path."""
    parts = [words for words in (entry.problem, entry.out_of_range) if words]
    if entry.excluded:
        parts.append(f"Left out: {entry.excluded}. Its particles are in no count.")
    if entry.regions:
        reasons = ", ".join(dict.fromkeys(one.reason for one in entry.regions))
        circles = "1 circle" if entry.left_out == 1 else f"{entry.left_out} circles"
        parts.append(f"{circles} in regions left out: {reasons}.")
    return "\n".join([*parts, str(entry.path)])


def _sign(entry: MicrographEntry) -> str:
    if entry.problem:
        return _WARNING
    return _STRANGE if entry.out_of_range else ""


class MicrographsModel(RowsModel):
    """The rows of the table are the micrographs of the project, in their order."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(HEADERS, _TIPS, parent)

    def show(self, entries: tuple[MicrographEntry, ...]) -> None:
        """Show these entries; the selection is kept if their number is the same."""
        if len(entries) != len(self.rows):
            self.beginResetModel()
            self.rows = entries
            self.endResetModel()
            return
        before, self.rows = self.rows, entries
        # A label changes one row; drawing and sorting all would slow each key.
        changed = [
            row
            for row, each in enumerate(entries)
            if each is not before[row] and each != before[row]
        ]
        if changed:
            first, last = changed[0], changed[-1]
            self.dataChanged.emit(
                self.index(first, 0), self.index(last, len(HEADERS) - 1)
            )

    def key(self, index: QModelIndex) -> tuple[float, str] | None:
        """Return the value by which a cell is sorted; None if it is not known."""
        return sort_key(self.rows[index.row()], index.column())

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the data of a cell for a role of Qt."""
        if not index.isValid():
            return None
        entry: MicrographEntry = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(cell(entry, index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(tip(entry) or "")
        if role == Qt.ItemDataRole.ForegroundRole and entry.excluded:
            return QApplication.palette().brush(_GREYED, QPalette.ColorRole.Text)
        if role == Qt.ItemDataRole.FontRole and entry.excluded:
            font = QFont()
            font.setItalic(True)
            return font
        number = index.column() not in (0, SAMPLE)
        if role == Qt.ItemDataRole.TextAlignmentRole and number:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None
