"""Grid of the changed particles, each as classified by the old and the new forest.

Only what is visible costs anything, however many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from qtpy.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from qtpy.QtGui import QPainter, QPen
from qtpy.QtWidgets import QAbstractItemView

from napari_cdse.gui.retrain.changed_pairs import ChangedPairs
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.shortcuts.key_events import OWN_KEYS
from napari_cdse.gui.thumbnails.cell_painter import CellPainter
from napari_cdse.gui.thumbnails.grid_geometry import CellShape
from napari_cdse.gui.thumbnails.grid_view import GridView, SectionsModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QImage, QKeyEvent, QPaintEvent

    from napari_cdse.gui.retrain.changed_pairs import Pair
    from napari_cdse.gui.thumbnails.item import Item

    Picture = Callable[[Item], QImage | None]

_PAIR_PX = 200
"""Wanted width of a pair: two pictures as large as the gallery's, and an arrow."""
_ARROW_PX = 20
_LINES = 2.2
"""Lines of text below a pair: its micrograph, and what the person said."""
_MARGIN_PX = 4
_ENTER_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_Flag = QItemSelectionModel.SelectionFlag


class PairsModel(SectionsModel):
    """Rows are pairs, in sections by what they were and become."""

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
        """What each row stands for."""
        return self.shown.pairs

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Tell Qt the number of rows."""
        nested = parent is not None and parent.isValid()
        return 0 if nested else len(self.pairs)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give Qt what it asks for."""
        if not index.isValid() or index.row() >= len(self.pairs):
            return None
        words = self.pairs[index.row()].words
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain(words)
        return one_line(words) if role == Qt.ItemDataRole.DisplayRole else None

    def show(self, shown: ChangedPairs) -> None:
        """Show these, unless nothing is other than it was."""
        if shown == self.shown:
            return
        self.beginResetModel()
        self.shown = shown
        self._sections = tuple(
            (each.sentence, len(each.verdicts)) for each in shown.groups
        )
        self.endResetModel()


class PairsView(GridView):
    """Shows a `PairsModel`.

    Parameters
    ----------
    model : PairsModel
    picture : callable
        Gives an item's picture, or None while it is not there.
    missing : callable
        Whether there is none to wait for.

    Signals
    -------
    in_view_changed()
        Other pairs are visible, or may be.
    visited(str)
        The user wants to go to the particle of that id.
    """

    in_view_changed = Signal()
    visited = Signal(str)

    def __init__(
        self, model: PairsModel, picture: Picture, missing: Callable[[Item], bool]
    ) -> None:
        super().__init__(model, _PAIR_PX)
        self.setProperty(OWN_KEYS, True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setMouseTracking(True)
        self._picture, self._missing = picture, missing
        self.clicked.connect(self._visit)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def model(self) -> PairsModel:
        """Give the model that is shown."""
        return cast("PairsModel", super().model())

    def cell_shape(self) -> CellShape:
        """Two pictures beside each other, and words below."""
        # Half of the arrow's breadth is taken from either picture, and so from below.
        words = round(_LINES * self.fontMetrics().height())
        return CellShape(0.5, words - _ARROW_PX // 2)

    def cursor_at(self, row: int) -> None:
        """Put the keys' cursor on a row, and show it."""
        index = self.model().index(row, 0)
        self.selectionModel().setCurrentIndex(index, _Flag.ClearAndSelect)
        self.scrollTo(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by the arrows, go there by Enter; letters search for nothing here."""
        if event.key() in _ENTER_KEYS:
            self._visit(self.currentIndex())
        elif event.text().strip():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def reset(self) -> None:
        """Begin with other rows."""
        super().reset()
        self.in_view_changed.emit()

    def lay_out(self) -> None:
        """Find out anew where everything is."""
        super().lay_out()
        self.in_view_changed.emit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is drawn already; only what comes into view is drawn anew."""
        self.viewport().scroll(dx, dy)

    def _on_scrolled(self, _value: int) -> None:
        self.in_view_changed.emit()

    def _visit(self, index: QModelIndex) -> None:
        if index.isValid():
            self.visited.emit(self.model().pairs[index.row()].item.id)

    # --- drawing --------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is in the part that Qt asks for."""
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
        """Write the micrograph and the person's word, bold if it is contradicted."""
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
            (pair.you, pair.verdict.contradicts),
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
