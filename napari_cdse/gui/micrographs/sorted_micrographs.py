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
    """Filter: micrographs with a figure of quality above or below a limit."""

    column: QualityColumn
    above: bool
    value: float

    def holds(self, entry: MicrographEntry) -> bool:
        """Whether a micrograph passes; one whose figure is not known does not."""
        value = self.column.value(entry)
        if value is None:
            return False
        return value > self.value if self.above else value < self.value


class SortedMicrographs(QSortFilterProxyModel):
    """Rows of a `MicrographsModel`, sorted by a column and filtered by a limit.

    Sorting by the first column gives the order of the project.

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
        """Show only the micrographs that pass a limit; None: all."""
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
        """Return the row that shows a micrograph; None if it is filtered out."""
        index = self.mapFromSource(self._model.index(micrograph, 0))
        return index.row() if index.isValid() else None

    def filterAcceptsRow(self, row: int, _parent: QModelIndex) -> bool:
        """Whether Qt is to show a row."""
        return self._limit is None or self._limit.holds(self._model.rows[row])

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Whether a row sorts before another; unknown values come last either way."""
        one, other = (self._model.key(each) for each in (left, right))
        if one is None or other is None:
            if self.sortOrder() == Qt.SortOrder.AscendingOrder:
                return one is not None and other is None
            return one is None and other is not None
        return one < other
