"""Dialog that names the samples of micrographs: by folder, file name, or hand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QFont, QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
)

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.widgets.layout import row_of, sentence
from napari_cdse.gui.widgets.tables import RowsModel, show_rows, stretch_names
from napari_cdse.project.sample_names import PLACE, by_folder, by_pattern, names_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_cdse.project import MicrographEntry

_PATTERN_TIP = (
    f"A part of the file name: {PLACE}_* takes what stands before the first "
    "underscore, * is any text, ? one character; a regular expression does too"
)
_HEADERS = ("Micrograph", "Folder", "Sample")
_TIPS = (
    "File name",
    "Folder that it lies in",
    "What OK keeps; in bold what is another than before",
)
_SAMPLE = 2
_ROW_LINES = 1.4
_SIZE_PX = (560, 460)
_NOTHING = "\u2013"


class SamplesDialog(QDialog):
    """A table of micrographs, and three ways to name their samples.

    A name given by hand has priority over names by folder or by file name.

    Parameters
    ----------
    entries : sequence of MicrographEntry
        Micrographs of the open project.
    """

    def __init__(
        self, entries: Sequence[MicrographEntry], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Samples")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE_PX)
        self._entries = entries
        self._by_rule: dict[int, str | None] = {}
        self._by_hand: dict[int, str | None] = {}
        self.pattern = QLineEdit()
        self.pattern.setPlaceholderText(f"{PLACE}_*")
        self.pattern.setToolTip(_PATTERN_TIP)
        self.folders = _button("By folder", "Each folder is a sample")
        self.name = QLineEdit()
        self.name.setPlaceholderText("name; blank for none")
        self.name.setToolTip("Of the sample of the micrographs selected below")
        self.give = _button("Name the selected", "Shift and Ctrl select several rows")
        self.model = _NamesModel(self)
        self.table = QTableView()
        self.summary = sentence()
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        table = self.table
        table.setModel(self.model)
        show_rows(table, round(_ROW_LINES * self.fontMetrics().height()))
        stretch_names(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        column = QVBoxLayout(self)
        column.addWidget(sentence("Of which sample is each micrograph?"))
        column.addLayout(row_of((self.pattern, self.folders)))
        column.addLayout(row_of((self.name, self.give)))
        column.addWidget(table, 1)
        column.addWidget(self.summary)
        column.addWidget(self.buttons)

    def _connect(self) -> None:
        self.pattern.textChanged.connect(self._on_pattern)
        self.folders.clicked.connect(self._on_folders)
        self.give.clicked.connect(self._on_give)
        self.name.returnPressed.connect(self._on_give)
        self.table.selectionModel().selectionChanged.connect(self._enable)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ignore Return outside of fields, where Qt would take it for OK."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    @property
    def changed(self) -> dict[int, str | None]:
        """The names that differ from those in the project, by index."""
        return {
            each.index: name
            for each in self._entries
            if (name := self._after(each)) != each.sample
        }

    def _after(self, entry: MicrographEntry) -> str | None:
        rule = self._by_rule.get(entry.index, entry.sample)
        return self._by_hand.get(entry.index, rule)

    def _on_pattern(self, pattern: str) -> None:
        self._by_rule = {}
        problem = ""
        if pattern.strip():
            try:
                self._by_rule = names_by(by_pattern(pattern.strip()), self._entries)
            except CdseError as error:
                problem = str(error)
        self._show(problem)

    def _on_folders(self) -> None:
        self.pattern.clear()
        self._by_rule = names_by(by_folder, self._entries)
        self._show()

    def _on_give(self) -> None:
        name = " ".join(self.name.text().split()) or None
        for index in self.table.selectionModel().selectedRows():
            self._by_hand[self._entries[index.row()].index] = name
        self._show()

    def _show(self, problem: str = "") -> None:
        after = [self._after(each) for each in self._entries]
        self.model.show(self._entries, after)
        counts = Counter(name for name in after if name is not None)
        words = ", ".join(f"{name} ({number})" for name, number in counts.items())
        without = after.count(None)
        if without and words:
            words = f"{words}; of no sample: {without}"
        elif without:
            words = "No sample is named."
        self.summary.setText(problem or words)
        self._enable()

    def _enable(self, *_selected: object) -> None:
        self.give.setEnabled(self.table.selectionModel().hasSelection())


class _NamesModel(RowsModel):
    """Rows are micrographs with the sample that OK would give them."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(_HEADERS, _TIPS, parent)
        self._after: Sequence[str | None] = ()

    def show(
        self, entries: Sequence[MicrographEntry], after: Sequence[str | None]
    ) -> None:
        """Show other names, without changing the selection."""
        self._after = after
        if len(entries) != len(self.rows):
            self.beginResetModel()
            self.rows = entries
            self.endResetModel()
        elif entries:
            last = self.index(len(entries) - 1, _SAMPLE)
            self.dataChanged.emit(self.index(0, _SAMPLE), last)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text and font of a cell."""
        if not index.isValid():
            return None
        entry: MicrographEntry = self.rows[index.row()]
        after = self._after[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            cells = (entry.path.stem, entry.path.parent.name, after or _NOTHING)
            return one_line(cells[index.column()])
        if role == Qt.ItemDataRole.FontRole and index.column() == _SAMPLE:
            return _bold() if after != entry.sample else None
        return None


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(plain(tip))
    button.setAutoDefault(False)
    return button
