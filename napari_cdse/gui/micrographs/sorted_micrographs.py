"""Sort and filter the table of micrographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, QSortFilterProxyModel, Qt

if TYPE_CHECKING:
    from napari_cdse.gui.micrographs.quality_columns import QualityColumn
    from napari_cdse.gui.micrographs.table_model import MicrographsModel
    from napari_cdse.project import MicrographEntry


@dataclass(frozen=True, slots=True)
class QualityLimit:
    """What is to be shown: micrographs with a figure above or below a limit."""

    column: QualityColumn
    above: bool
    value: float

    def holds(self, entry: MicrographEntry) -> bool:
        """Whether a micrograph is meant; one whose figure is not known never is."""
        value = self.column.value(entry)
        if value is None:
            return False
        return value > self.value if self.above else value < self.value


class SortedMicrographs(QSortFilterProxyModel):
    """Rows of a `MicrographsModel`, sorted by a column and filtered by a limit.

    The project's own order is that of the first column.

    Parameters
    ----------
    model : MicrographsModel
    """

    def __init__(self, model: MicrographsModel, parent: Any = None) -> None:
        super().__init__(parent)
        self._model = model
        self._limit: QualityLimit | None = None
        self.setSourceModel(model)

    def show_limit(self, limit: QualityLimit | None) -> None:
        """Show only what a limit means; all without one."""
        if limit != self._limit:
            self._limit = limit
            self.invalidateFilter()

    def indices(self) -> list[int]:
        """Return the micrographs that are shown, from the top."""
        return [self.micrograph(self.index(row, 0)) for row in range(self.rowCount())]

    def micrograph(self, index: QModelIndex) -> int:
        """Return the index in the project of the micrograph in a row."""
        return self.mapToSource(index).row()

    def row(self, micrograph: int) -> int | None:
        """Return the row that shows a micrograph; None where none does."""
        found = self.mapFromSource(self._model.index(micrograph, 0))
        return found.row() if found.isValid() else None

    def filterAcceptsRow(self, row: int, _parent: QModelIndex) -> bool:
        """Tell Qt whether to show a row."""
        return self._limit is None or self._limit.holds(self._model.rows[row])

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Tell Qt which row comes first; what is not known comes last either way."""
        one, other = (self._model.key(each) for each in (left, right))
        if one is None or other is None:
            if self.sortOrder() == Qt.SortOrder.AscendingOrder:
                return one is not None and other is None
            return one is None and other is not None
        return one < other
