"""The particles whose class would flip, as a table; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QTableView, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import HEX, LETTERS, readable
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.widgets.layout import paper_of
from napari_cdse.gui.widgets.tables import RowsModel, show_rows, stretch_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cdse.core.evaluation.model_comparison import Verdict

HEADERS = ("Micrograph", "Old", "New", "You")
_TIPS = (
    "Where the particle lies; a click goes there",
    "What the forest in use says, and its probability",
    "What the new forest says, and its probability; the surest come first",
    "What you said when the retraining began",
)
_ROW_LINES = 1.4
_SHOWN = 8
_DASH = "\u2013"


class FlipsModel(RowsModel):
    """Rows are verdicts, each with the name of its micrograph.

    Parameters
    ----------
    paper : callable
        Gives the colour that the table is drawn on.
    """

    def __init__(self, paper: Callable[[], str], parent: Any = None) -> None:
        super().__init__(HEADERS, _TIPS, parent)
        self._paper = paper
        self._names: tuple[str, ...] = ()

    def show(self, verdicts: Sequence[Verdict], names: Sequence[str]) -> None:
        """Show these, with one name for each."""
        self.beginResetModel()
        self.rows, self._names = tuple(verdicts), tuple(names)
        self.endResetModel()

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give Qt what it asks for."""
        if not index.isValid():
            return None
        name = self._names[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(self.rows[index.row()], one_line(name), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(name)
        if role == Qt.ItemDataRole.DecorationRole and index.column():
            told = _class_in(self.rows[index.row()], index.column())
            return None if told is None else QColor(readable(HEX[told], self._paper()))
        return None


class ChangedParticlesView(QTableView):
    """The table; `chosen` carries the id of the particle that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.flips = FlipsModel(lambda: paper_of(self.viewport()), self)
        self.setModel(self.flips)
        show_rows(self, round(_ROW_LINES * self.fontMetrics().height()))
        stretch_names(self)
        self.clicked.connect(self._on_clicked)

    def show_flips(self, verdicts: Sequence[Verdict], names: Sequence[str]) -> None:
        """Show these, with the name of each one's micrograph."""
        self.flips.show(verdicts, names)
        self.setVisible(bool(verdicts))
        lines = min(len(verdicts), _SHOWN) + 1.5
        self.setFixedHeight(round(lines * self.verticalHeader().defaultSectionSize()))

    def _on_clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(self.flips.rows[index.row()].particle_id)


def _cell(verdict: Verdict, name: str, column: int) -> str:
    if column == 0:
        return name
    if column == 3:
        return verdict.judged or _DASH
    said = verdict.old if column == 1 else verdict.new
    if said is None:
        return _DASH
    share = said.probabilities[CLASSES.index(said.label)]
    return f"{LETTERS[said.label]} {share:.2f}"


def _class_in(verdict: Verdict, column: int) -> str | None:
    """Class that a cell tells of, which the square before it shows."""
    if column == 3:
        return verdict.judged
    said = verdict.old if column == 1 else verdict.new
    return None if said is None else said.label
