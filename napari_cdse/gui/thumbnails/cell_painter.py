"""Paint one particle's cell: its thumbnail in a frame of its class.

The frame is on a dark background in all themes, so that the classes' colours look as
over a micrograph. It is solid if a person gave the class, dashed and pale if only the
forest did. The letter says the same, with a question mark if no person has confirmed
the class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from napari_cdse.gui.canvas.class_colours import HEX, PALE, letter

if TYPE_CHECKING:
    from qtpy.QtGui import QImage, QPalette

    from napari_cdse.gui.thumbnails.item import Item

_MAT = QColor("#17181c")
_BLANK = QColor("#3a3d45")
_FRAME_PX = 2.5
_CHOSEN = QColor("#4d7cff")
_VEIL = QColor(77, 124, 255, 80)
_BADGE = QColor(0, 0, 0, 190)
_LEAST_FOR_NUMBER_PX = 72
"""Least width of a cell with the probability in it. A choice: it covers less than a
third."""
_LETTER_SHARE, _SMALLEST_LETTER_PX, _LARGEST_LETTER_PX = 0.17, 11, 20
"""Height of the letter over the cell's width, and its range. A choice: it is readable
and covers little of the picture."""


def colour_of(item: Item) -> QColor:
    """Return the colour of an item's class, paler if only the forest gave it."""
    colour = QColor(HEX[item.name])
    colour.setAlphaF(1.0 if item.by_person else PALE)
    return colour


class CellPainter:
    """Draws cells with one painter.

    Parameters
    ----------
    painter : QPainter
    palette : QPalette
        Palette of the view.
    font : QFont
    """

    def __init__(self, painter: QPainter, palette: QPalette, font: QFont) -> None:
        self._painter = painter
        self._text = palette.windowText().color()
        self._font = font
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)

    def draw(
        self,
        place: QRectF,
        item: Item,
        image: QImage | None,
        *,
        missing: bool = False,
        selected: bool = False,
        cursor: bool = False,
        marked: bool = False,
    ) -> None:
        """Draw one cell.

        Parameters
        ----------
        place : QRectF
            Rectangle in the viewport.
        item : Item
            The particle.
        image : QImage or None
            Its picture; None while it is not available.
        missing : bool
            Whether the picture could not be made.
        selected, cursor, marked : bool
            Whether it is selected, has the keyboard's cursor, or is the window's
            current particle.
        """
        painter = self._painter
        painter.fillRect(place, _CHOSEN if selected else _MAT)
        picture = place.adjusted(3, 3, -3, -3)
        if image is None:
            self._blank(picture, missing)
        else:
            painter.drawImage(picture, image)
        if selected:
            painter.fillRect(picture, _VEIL)
        self._frame(picture, item)
        self._letter(picture, item)
        if item.confidence is not None and place.width() >= _LEAST_FOR_NUMBER_PX:
            self._number(picture, item.confidence)
        if item.deferred:
            self._hourglass(picture)
        if marked or cursor:
            self._outline(place, dashed=not marked)

    def _blank(self, place: QRectF, missing: bool) -> None:
        self._painter.fillRect(place, _BLANK)
        if missing:
            self._write(place, "no picture", QColor("#d0d3d8"), 0.12)

    def _frame(self, place: QRectF, item: Item) -> None:
        painter = self._painter
        half = _FRAME_PX / 2
        inner = place.adjusted(half, half, -half, -half)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # A dark line below, for dashes to be visible on a bright lattice.
        painter.setPen(QPen(_MAT, _FRAME_PX))
        painter.drawRect(inner)
        style = Qt.PenStyle.SolidLine if item.by_person else Qt.PenStyle.DashLine
        pen = QPen(colour_of(item), _FRAME_PX, style)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawRect(inner)

    def _letter(self, place: QRectF, item: Item) -> None:
        text = letter(item.label, item.by_person)
        size = place.width() * _LETTER_SHARE
        size = round(min(_LARGEST_LETTER_PX, max(_SMALLEST_LETTER_PX, size)))
        self._badge(place.topLeft() + QPointF(3, 3), text, HEX[item.name], size, True)

    def _number(self, place: QRectF, share: float) -> None:
        text = f"{share:.2f}".removeprefix("0")
        corner = place.bottomRight() - QPointF(3, 3)
        self._badge(corner, text, "#e6e6e6", _SMALLEST_LETTER_PX, False)

    def _badge(
        self, corner: QPointF, text: str, colour: str, size_px: int, from_top: bool
    ) -> None:
        """Write on a dark patch, at its upper left or its lower right corner."""
        painter = self._painter
        font = QFont(self._font)
        font.setPixelSize(size_px)
        font.setBold(from_top)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 6
        height = painter.fontMetrics().height()
        patch = QRectF(corner.x(), corner.y(), width, height)
        if not from_top:
            patch.translate(-width, -height)
        painter.fillRect(patch, _BADGE)
        painter.setPen(QColor(colour))
        painter.drawText(patch, int(Qt.AlignmentFlag.AlignCenter), text)

    def _hourglass(self, place: QRectF) -> None:
        """Mark a particle that was left for later."""
        painter = self._painter
        size = max(9.0, 0.13 * place.width())
        left, top = place.right() - size - 7, place.top() + 5
        patch = QRectF(left - 3, top - 2, size + 6, size + 6)
        painter.fillRect(patch, _BADGE)
        right, bottom = left + size, top + size + 2
        corners = ((left, top), (right, top), (left, bottom), (right, bottom))
        glass = QPolygonF([QPointF(x, y) for x, y in corners])
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#f5f5f5"))
        painter.drawPolygon(glass, Qt.FillRule.WindingFill)
        painter.restore()

    def _outline(self, place: QRectF, *, dashed: bool) -> None:
        painter = self._painter
        style = Qt.PenStyle.DotLine if dashed else Qt.PenStyle.SolidLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._text, 1.5, style))
        painter.drawRect(place.adjusted(-1, -1, 1, 1))

    def _write(self, place: QRectF, text: str, colour: QColor, share: float) -> None:
        font = QFont(self._font)
        font.setPixelSize(max(9, round(share * place.width())))
        self._painter.setFont(font)
        self._painter.setPen(colour)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        self._painter.drawText(place, int(flags), text)
