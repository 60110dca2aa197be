"""The gallery as a Qt model: one row for each particle shown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, QObject, Qt, Signal

from napari_cdse.gui.canvas.class_colours import MEANINGS
from napari_cdse.gui.gallery.arrangement import Arrangement
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.thumbnails.grid_view import SectionsModel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from napari_cdse.gui.gallery.items import Choice
    from napari_cdse.gui.thumbnails.item import Item


def words(item: Item) -> str:
    """Describe a particle: its class, who gave it, and how sure the forest is."""
    if item.label is None:
        return "hidden for the audit" if item.hidden else "not classified yet"
    lines = [f"{item.name}: {MEANINGS[item.name]}"]
    prediction = item.prediction
    annotation = item.particle.annotation
    if item.by_person and annotation is not None:
        who = annotation.annotator
        lines.append(f"judged by {who}" if who else "judged")
    if prediction is not None:
        lines.append(f"forest: {prediction.label} {max(prediction.probabilities):.2f}")
    if item.deferred:
        lines.append("left for later")
    return "\n".join(lines)


class GalleryModel(SectionsModel):
    """Rows are the items of an arrangement.

    Attributes
    ----------
    arrangement : Arrangement
    name_of : callable
        Returns the name of a micrograph by its index.

    Signals
    -------
    rearranging(), rearranged()
        Before and after rows are added, removed or moved.
    """

    rearranging = Signal()
    rearranged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.arrangement = Arrangement()
        self.name_of: Callable[[int], str] = str

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of rows."""
        nested = parent is not None and parent.isValid()
        return 0 if nested else len(self.arrangement)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return tooltip and text of a cell."""
        if not index.isValid() or index.row() >= len(self.arrangement):
            return None
        item = self.arrangement.at(index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(f"{words(item)}\n{self.name_of(item.micrograph)}")
        return item.name if role == Qt.ItemDataRole.DisplayRole else None

    @property
    def sections(self) -> tuple[tuple[str, int], ...]:
        """Class and number of rows of each section, in order."""
        return self.arrangement.sections

    def choose(self, choice: Choice) -> None:
        """Change which items are shown, and sort them."""
        with self._rearranging():
            self.arrangement.choose(choice)

    def sort(self, _column: int = 0, _order: object = None) -> None:
        """Sort all items by what they are now."""
        with self._rearranging():
            self.arrangement.sort()

    def update(self, items: Mapping[str, Item], gone: Collection[str] = ()) -> None:
        """Update some particles, and remove those that are gone."""
        arrangement = self.arrangement
        changed = arrangement.changed(items)
        if arrangement.keeps_rows(changed, gone):
            self._emit_changed(arrangement.update(changed))
            return
        with self._rearranging():
            arrangement.update(changed, gone)

    @contextmanager
    def _rearranging(self) -> Iterator[None]:
        self.rearranging.emit()
        self.beginResetModel()
        try:
            yield
        finally:
            self.endResetModel()
        self.rearranged.emit()

    def _emit_changed(self, rows: Iterable[int]) -> None:
        for row in sorted(rows):
            self.dataChanged.emit(self.index(row), self.index(row))
