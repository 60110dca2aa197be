"""The gallery's view: draws the visible pictures, and keeps the selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QRect, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QPainter

from napari_cdse.gui.canvas.class_colours import HEX, LETTERS, UNLABELLED, readable
from napari_cdse.gui.gallery.rubber_band import RubberBand
from napari_cdse.gui.shortcuts.key_events import OWN_KEYS
from napari_cdse.gui.thumbnails.cell_painter import CellPainter
from napari_cdse.gui.thumbnails.picture_grid import PictureGrid
from napari_cdse.gui.widgets.layout import paper_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtCore import QItemSelection
    from qtpy.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

    from napari_cdse.gui.gallery.model import GalleryModel
    from napari_cdse.gui.thumbnails.picture_grid import Missing, Picture

_WHEEL_STEP_PX = 8
"""Change of the pictures' size for one step of the wheel, in screen pixels. A
choice."""
_SWATCH_PX = 4
_BAND_ALPHA = 60
"""Opacity of the rubber band, of 255. A choice: pictures stay visible below it."""
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
    """Return the heading of a section."""
    if name == UNLABELLED:
        return f"no class yet   {number}"
    return f"{LETTERS[name]}  {name}   {number}"


class _State(NamedTuple):
    """What is restored by id after rows were moved.

    Attributes
    ----------
    selected : tuple of str
    cursor : str or None
        Item with the keyboard's cursor.
    top : str or None
        First visible item.
    """

    selected: tuple[str, ...] = ()
    cursor: str | None = None
    top: str | None = None


class GalleryView(PictureGrid):
    """Shows a `GalleryModel`; the selection stays when rows are moved.

    Parameters
    ----------
    model : GalleryModel
    picture, missing : callable
        See `PictureGrid`.

    Attributes
    ----------
    by_keys : bool
        Whether the user moved to the selected particle by keys.
    marked : str or None
        Id of the window's current particle.

    Signals
    -------
    visited(row)
        The user wants to go to that particle.
    pressed_key(event)
        A key that neither moves nor selects; a receiver that uses it accepts the event.
    selection_changed()
    """

    visited = Signal(int)
    pressed_key = Signal(object)
    selection_changed = Signal()

    def __init__(self, model: GalleryModel, picture: Picture, missing: Missing) -> None:
        super().__init__(model, picture, missing)
        self.setProperty(OWN_KEYS, True)
        self._band = RubberBand(self)
        self._state = _State()
        self.by_keys = False
        self.marked: str | None = None
        model.rearranging.connect(self._save_state)
        model.rearranged.connect(self._restore_state)
        self.clicked.connect(self._on_clicked)

    def model(self) -> GalleryModel:
        """Return the model that is shown."""
        return cast("GalleryModel", super().model())

    # --- selection ------------------------------------------------------------

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the selected particles, in the order shown."""
        arrangement = self.model().arrangement
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return tuple(arrangement.rows[row].id for row in rows)

    @property
    def cursor_id(self) -> str | None:
        """Id of the particle with the keyboard's cursor."""
        index = self.currentIndex()
        return (
            self.model().arrangement.rows[index.row()].id if index.isValid() else None
        )

    def mark(self, particle_id: str | None) -> None:
        """Mark the window's current particle."""
        before, self.marked = self.marked, particle_id
        for one in (before, particle_id):
            row = None if one is None else self.model().arrangement.row_of(one)
            if row is not None:
                self.viewport().update(self.around(row))

    def selectionChanged(self, now: QItemSelection, before: QItemSelection) -> None:
        """Report that other items are selected."""
        super().selectionChanged(now, before)
        self.selection_changed.emit()

    def _save_state(self) -> None:
        """Save by id what Qt forgets when rows are moved."""
        row = self.top_row()
        top = None if row is None else self.model().arrangement.rows[row].id
        self._state = _State(self.chosen, self.cursor_id, top)

    def _restore_state(self) -> None:
        state, row_of = self._state, self.model().arrangement.row_of
        selection = self.selection_of(sorted(_present(map(row_of, state.selected))))
        self.selectionModel().select(selection, _Flag.ClearAndSelect)
        row = None if state.cursor is None else row_of(state.cursor)
        if row is not None:
            index = self.model().index(row, 0)
            self.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)
        first = None if state.top is None else row_of(state.top)
        self.bring_to_top(first)
        self.in_view_changed.emit()

    # --- mouse and keys -------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select, or begin to drag a rubber band."""
        self.by_keys = False
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._band.begin(event.pos(), bool(event.modifiers()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the rubber band; Qt sends the event only while a button is held."""
        if self._band.pull(event.pos()):
            event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the rubber band, or the click."""
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
        """Move and select; pass on other keys."""
        key = event.key()
        # Flags can be compared with a single flag, though their types differ.
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
            # By default, Qt searches for an item that begins with the letter.
            event.ignore()
            self.pressed_key.emit(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        if len(self.selectionModel().selectedIndexes()) == 1:
            self.visited.emit(index.row())

    # --- drawing --------------------------------------------------------------

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is drawn, or draw all below a rubber band."""
        if self._band.drawn:
            self.viewport().update()
        else:
            super().scrollContentsBy(dx, dy)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the part that Qt asks for."""
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


def _present(rows: Iterable[int | None]) -> Iterable[int]:
    return (row for row in rows if row is not None)
