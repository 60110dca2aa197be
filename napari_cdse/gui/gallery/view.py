"""The gallery's view: draws the visible pictures and holds the selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QRect, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QPainter

from napari_cdse.gui.canvas.class_colours import HEX, LETTERS, UNLABELLED, readable
from napari_cdse.gui.gallery.rubber_band import Band
from napari_cdse.gui.shortcuts.key_events import OWN_KEYS
from napari_cdse.gui.thumbnails.cell_painter import CellPainter
from napari_cdse.gui.thumbnails.grid_view import GridView
from napari_cdse.gui.widgets.layout import paper_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtpy.QtCore import QItemSelection
    from qtpy.QtGui import QImage, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

    from napari_cdse.gui.gallery.model import GalleryModel
    from napari_cdse.gui.thumbnails.item import Item

    Picture = Callable[[Item], QImage | None]

_WHEEL_STEP_PX = 8
_SWATCH_PX = 4
_BAND_ALPHA = 60
_MOVING_KEYS = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
}
_ENTER_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_Flag = QItemSelectionModel.SelectionFlag


def title(name: str, number: int) -> str:
    """Line above a section."""
    if name == UNLABELLED:
        return f"no class yet   {number}"
    return f"{LETTERS[name]}  {name}   {number}"


class GalleryView(GridView):
    """Shows a `GalleryModel`, keeps what is chosen when rows move.

    Parameters
    ----------
    model : GalleryModel
    picture : callable
        Gives an item's picture, or None while it is not there.
    missing : callable
        Whether there is none to wait for.

    Signals
    -------
    in_view_changed()
        Other items are visible, or may be.
    visited(row)
        The user wants to go to that particle.
    pressed_key(event)
        A key that neither moves nor chooses; whoever acts on it accepts it.
    selection_changed()
    """

    in_view_changed = Signal()
    visited = Signal(int)
    pressed_key = Signal(object)
    selection_changed = Signal()

    def __init__(
        self, model: GalleryModel, picture: Picture, missing: Callable[[Item], bool]
    ) -> None:
        super().__init__(model)
        self.setProperty(OWN_KEYS, True)
        self._picture, self._missing = picture, missing
        self._band = Band(self)
        self._kept: tuple[tuple[str, ...], str | None, str | None] = ((), None, None)
        self.by_keys = False
        self.marked: str | None = None
        model.rearranging.connect(self._keep)
        model.rearranged.connect(self._restore)
        self.clicked.connect(self._on_clicked)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def model(self) -> GalleryModel:
        """Give the model that is shown."""
        return cast("GalleryModel", super().model())

    # --- what is chosen -------------------------------------------------------

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the selected particles, in the order shown."""
        arrangement = self.model().arrangement
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return tuple(arrangement.rows[row].id for row in rows)

    @property
    def cursor_id(self) -> str | None:
        """Id of the particle that the keys' cursor is on."""
        index = self.currentIndex()
        return (
            self.model().arrangement.rows[index.row()].id if index.isValid() else None
        )

    def choose(self, row: int) -> None:
        """Choose one row and nothing else, and show it."""
        index = self.model().index(row, 0)
        self.selectionModel().setCurrentIndex(index, _Flag.ClearAndSelect)
        self.scrollTo(index)

    def mark(self, particle_id: str | None) -> None:
        """Mark the particle that is the current one in the window."""
        before, self.marked = self.marked, particle_id
        for one in (before, particle_id):
            row = None if one is None else self.model().arrangement.row_of(one)
            if row is not None:
                self.viewport().update(self.around(row))

    def selectionChanged(self, now: QItemSelection, before: QItemSelection) -> None:
        """Tell that other items are chosen."""
        super().selectionChanged(now, before)
        self.selection_changed.emit()

    def _keep(self) -> None:
        """Remember by name what a reset forgets."""
        row = self.top_row()
        top = None if row is None else self.model().arrangement.rows[row].id
        self._kept = (self.chosen, self.cursor_id, top)

    def _restore(self) -> None:
        chosen, cursor, top = self._kept
        row_of = self.model().arrangement.row_of
        selection = self.selection_of(sorted(_there(map(row_of, chosen))))
        self.selectionModel().select(selection, _Flag.ClearAndSelect)
        row = None if cursor is None else row_of(cursor)
        if row is not None:
            index = self.model().index(row, 0)
            self.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)
        first = None if top is None else row_of(top)
        self.bring_to_top(first)
        self.in_view_changed.emit()

    # --- mouse and keys -------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose, or begin to drag a band."""
        self.by_keys = False
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._band.begin(event.pos(), bool(event.modifiers()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the band; Qt tells of the mouse only while a button is held."""
        if self._band.pull(event.pos()):
            event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the band, or the click."""
        if not self._band.end():
            super().mouseReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, make the cells larger or smaller."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            up = event.angleDelta().y() > 0
            self.set_edge(self.edge_px + (_WHEEL_STEP_PX if up else -_WHEEL_STEP_PX))
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move and choose; leave letters to those who know what they mean."""
        key = event.key()
        # The type of flags does not compare with that of one flag; they do.
        held, ctrl = event.modifiers(), Qt.KeyboardModifier.ControlModifier
        control = held == ctrl  # type: ignore[comparison-overlap]
        if key in _MOVING_KEYS or (control and key == Qt.Key.Key_A):
            self.by_keys = True
            super().keyPressEvent(event)
            event.accept()
        elif key in _ENTER_KEYS:
            if self.currentIndex().isValid():
                self.visited.emit(self.currentIndex().row())
        elif key == Qt.Key.Key_Escape:
            self.clearSelection()
        else:
            # Qt would search for an item that begins with the letter.
            event.ignore()
            self.pressed_key.emit(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        if len(self.selectionModel().selectedIndexes()) == 1:
            self.visited.emit(index.row())

    # --- drawing --------------------------------------------------------------

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
        if self._band.drawn:
            self.viewport().update()
        else:
            self.viewport().scroll(dx, dy)

    def _on_scrolled(self, _value: int) -> None:
        self.in_view_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is in the part that Qt asks for."""
        painter = QPainter(self.viewport())
        self._draw_headers(painter, event.rect())
        self._draw_cells(painter, event.rect())
        if self._band.drawn:
            self._draw_band(painter)
        painter.end()

    def _draw_cells(self, painter: QPainter, part: QRect) -> None:
        arrangement, model = self.model().arrangement, self.selectionModel()
        cells = CellPainter(painter, self.palette(), self.font())
        cursor = self.currentIndex().row() if self.hasFocus() else -1
        top = part.top() + self.verticalOffset()
        for rows in self.grid.rows(top, top + part.height()):
            for row in rows:
                item = arrangement.at(row)
                cells.draw(
                    QRectF(self.on_screen(self.grid.box(row))),
                    item,
                    self._picture(item),
                    missing=self._missing(item),
                    selected=model.isSelected(self.model().index(row, 0)),
                    cursor=row == cursor,
                    marked=item.id == self.marked,
                )

    def _draw_headers(self, painter: QPainter, part: QRect) -> None:
        top = part.top() + self.verticalOffset()
        sections = self.model().arrangement.sections
        painter.setPen(self.palette().windowText().color())
        paper = paper_of(self.viewport())
        for number, box in self.grid.headers(top, top + part.height()):
            place = self.on_screen(box).adjusted(_SWATCH_PX, 0, -_SWATCH_PX, 0)
            name, length = sections[number]
            swatch = QRect(
                place.left(), place.top() + 3, _SWATCH_PX, place.height() - 6
            )
            painter.fillRect(swatch, QColor(readable(HEX[name], paper)))
            text = place.adjusted(3 * _SWATCH_PX, 0, 0, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(text, int(flags), title(name, length))

    def _draw_band(self, painter: QPainter) -> None:
        colour = self.palette().highlight().color()
        painter.setPen(colour)
        colour.setAlpha(_BAND_ALPHA)
        painter.setBrush(colour)
        painter.drawRect(self._band.rect)


def _there(rows: Iterable[int | None]) -> Iterable[int]:
    return (row for row in rows if row is not None)
