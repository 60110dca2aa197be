"""Assign micrographs to samples: by folder, file name, or hand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, QObject, Qt
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
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.layout import row_of, sentence
from napari_cdse.gui.widgets.tables import RowsModel, show_rows, stretch_names
from napari_cdse.project.sample_names import PLACE, by_folder, by_pattern, names_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtWidgets import QWidget

    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import MicrographEntry

_BLIND = (
    "Names of samples are hidden together with the labels of others: who knows which "
    "is which does not judge blind. The Annotators dock shows both again."
)
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


class Samples(QObject):
    """Asks of which sample micrographs are, and keeps it as one step.

    Parameters
    ----------
    session : Session
        Of the window.

    Attributes
    ----------
    dialog : SamplesDialog or None
        While it asks.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.dialog: SamplesDialog | None = None

    @property
    def hidden(self) -> bool:
        """Whether who annotates now is not to know which sample is which."""
        session = self._session
        return session.is_open and session.project.annotators.hide_others

    def ask(self) -> None:
        """Show all micrographs with their samples, to be named."""
        if self.dialog is not None or not self._session.is_open:
            return
        if self.hidden:
            self._session.warn(_BLIND)
            return
        window = main_window(self._session.viewer)
        project = self._session.project
        dialog = self.dialog = SamplesDialog(self._session.entries, window)
        dialog.accepted.connect(lambda: self._keep(project, dialog.changed))
        dialog.finished.connect(self._on_answered)
        dialog.open()

    def _keep(self, project: object, names: Mapping[int, str | None]) -> None:
        # Indices are those of the project that was open when it asked.
        if self._session.is_open and self._session.project is project:
            with self._session.reporting_errors():
                self._session.project.micrographs.set_samples(names)

    def _on_answered(self, _result: int) -> None:
        self.dialog = None


class SamplesDialog(QDialog):
    """A table of micrographs, and three ways to name samples, shown as they are typed.

    A name that was given by hand stands over those by folder or by file name.

    Parameters
    ----------
    entries : sequence of MicrographEntry
        Of the open project.
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
        self.says = sentence()
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
        column.addWidget(self.says)
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
        """Let Return act in a field alone; the box of buttons would take it for OK."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    @property
    def changed(self) -> dict[int, str | None]:
        """The names that are others than the project holds, by index."""
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
        told = ", ".join(f"{name} ({number})" for name, number in counts.items())
        left = after.count(None)
        if left:
            told = f"{told}; of no sample: {left}" if told else "No sample is named."
        self.says.setText(problem or told)
        self._enable()

    def _enable(self, *_selected: object) -> None:
        self.give.setEnabled(self.table.selectionModel().hasSelection())


class _NamesModel(RowsModel):
    """Rows are micrographs with the sample that they would be of."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(_HEADERS, _TIPS, parent)
        self._after: Sequence[str | None] = ()

    def show(
        self, entries: Sequence[MicrographEntry], after: Sequence[str | None]
    ) -> None:
        """Show other names; the selection stays."""
        self._after = after
        if len(entries) != len(self.rows):
            self.beginResetModel()
            self.rows = entries
            self.endResetModel()
        elif entries:
            last = self.index(len(entries) - 1, _SAMPLE)
            self.dataChanged.emit(self.index(0, 0), last)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give Qt what it asks for."""
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
