"""Grid of the changed particles, each as classified by the old and the new forest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from qtpy.QtCore import QModelIndex, QPoint, QRect, QRectF, Qt, Signal
from qtpy.QtGui import QPainter, QPen
from qtpy.QtWidgets import QAbstractItemView

from napari_cdse.gui.retrain.changed_pairs import ChangedPairs
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.shortcuts.key_events import OWN_KEYS
from napari_cdse.gui.thumbnails.cell_painter import CellPainter
from napari_cdse.gui.thumbnails.grid_geometry import CellShape
from napari_cdse.gui.thumbnails.grid_view import SectionsModel
from napari_cdse.gui.thumbnails.picture_grid import PictureGrid

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent, QPaintEvent

    from napari_cdse.gui.retrain.changed_pairs import Pair
    from napari_cdse.gui.thumbnails.picture_grid import Missing, Picture

_PAIR_PX = 200
"""Wanted width of a pair in screen pixels: two pictures as large as the gallery's, and
an arrow."""
_ARROW_PX = 20
_LINES = 2.2
"""Lines of text below a pair: its micrograph, and the person's label."""
_MARGIN_PX = 4
_ENTER_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class PairsModel(SectionsModel):
    """Rows are pairs, in sections by old and new class."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.shown = ChangedPairs()
        self._sections: tuple[tuple[str, int], ...] = ()

    @property
    def sections(self) -> tuple[tuple[str, int], ...]:
        """Name and number of rows of each section."""
        return self._sections

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pair in each row."""
        return self.shown.pairs

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of rows."""
        nested = parent is not None and parent.isValid()
        return 0 if nested else len(self.pairs)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return tooltip and text of a cell."""
        if not index.isValid() or index.row() >= len(self.pairs):
            return None
        words = self.pairs[index.row()].words
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain(words)
        return one_line(words) if role == Qt.ItemDataRole.DisplayRole else None

    def show(self, shown: ChangedPairs) -> None:
        """Show other pairs, if they differ from those shown."""
        if shown == self.shown:
            return
        self.beginResetModel()
        self.shown = shown
        self._sections = tuple(
            (each.sentence, len(each.verdicts)) for each in shown.groups
        )
        self.endResetModel()


class PairsView(PictureGrid):
    """Shows a `PairsModel`.

    Parameters
    ----------
    model : PairsModel
    picture, missing : callable
        See `PictureGrid`.

    Signals
    -------
    visited(str)
        The user wants to go to the particle of that id.
    """

    visited = Signal(str)

    def __init__(self, model: PairsModel, picture: Picture, missing: Missing) -> None:
        super().__init__(model, picture, missing, _PAIR_PX)
        self.setProperty(OWN_KEYS, True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setMouseTracking(True)
        self.clicked.connect(self._visit)

    def model(self) -> PairsModel:
        """Return the model that is shown."""
        return cast("PairsModel", super().model())

    def cell_shape(self) -> CellShape:
        """Return the shape of two pictures beside each other, with text below."""
        # The arrow makes each picture narrower, and so lower, by half of its width.
        words = round(_LINES * self.fontMetrics().height())
        return CellShape(0.5, words - _ARROW_PX // 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by the arrow keys, go to a particle by Enter; ignore letters."""
        if event.key() in _ENTER_KEYS:
            self._visit(self.currentIndex())
        elif event.text().strip():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _visit(self, index: QModelIndex) -> None:
        if index.isValid():
            self.visited.emit(self.model().pairs[index.row()].item.id)

    # --- drawing --------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the part that Qt asks for."""
        painter = QPainter(self.viewport())
        part = event.rect()
        top = part.top() + self.verticalOffset()
        self._draw_headers(painter, top, top + part.height())
        for rows in self.grid.rows(top, top + part.height()):
            for row in rows:
                self._draw_pair(painter, row)
        painter.end()

    def _draw_headers(self, painter: QPainter, top: int, bottom: int) -> None:
        painter.setPen(self.palette().windowText().color())
        for number, box in self.grid.headers(top, bottom):
            place = self.on_screen(box).adjusted(_MARGIN_PX, 0, -_MARGIN_PX, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(place, int(flags), self.model().sections[number][0])

    def _draw_pair(self, painter: QPainter, row: int) -> None:
        pair, place = self.model().pairs[row], self.on_screen(self.grid.box(row))
        edge = (place.width() - _ARROW_PX) / 2
        left = QRectF(place.x(), place.y(), edge, edge)
        right = left.translated(edge + _ARROW_PX, 0)
        cells = CellPainter(painter, self.palette(), self.font())
        for at, item in ((left, pair.before), (right, pair.after)):
            picture, missing = self._picture(item), self._missing(item)
            cells.draw(at, item, picture, missing=missing)
        painter.setFont(self.font())
        painter.setPen(self.palette().windowText().color())
        between = QRectF(left.right(), left.y(), _ARROW_PX, edge)
        painter.drawText(between, int(Qt.AlignmentFlag.AlignCenter), "\u2192")
        self._draw_words(painter, pair, place, round(edge))
        if row == self.currentIndex().row():
            self._draw_cursor(painter, place)

    def _draw_words(
        self, painter: QPainter, pair: Pair, place: QRect, down_px: int
    ) -> None:
        """Write the micrograph and the person's label, bold if it is contradicted."""
        font = painter.font()
        line = QRect(
            place.topLeft() + QPoint(0, down_px),
            place.bottomRight() - QPoint(0, self.fontMetrics().height()),
        )
        line.setHeight(self.fontMetrics().height())
        middle = Qt.TextElideMode.ElideMiddle
        flags = int(Qt.AlignmentFlag.AlignCenter)
        for text, bold in (
            (one_line(pair.name), False),
            (pair.label_words, pair.verdict.contradicts),
        ):
            font.setBold(bold)
            painter.setFont(font)
            fitting = painter.fontMetrics().elidedText(text, middle, line.width())
            painter.drawText(line, flags, fitting)
            line.translate(0, line.height())

    def _draw_cursor(self, painter: QPainter, place: QRect) -> None:
        style = Qt.PenStyle.SolidLine if self.hasFocus() else Qt.PenStyle.DotLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().windowText().color(), 2, style))
        painter.drawRect(place.adjusted(-1, -1, 1, 1))
