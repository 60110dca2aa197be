"""Marks over a small picture: rings, lines, text, a scale bar.

Coordinates are shares of the picture's edge, from its top left corner: x to the right,
y down. Text and lines have the same size on the screen at any size of the picture;
spots grow with the widget, but not with the zoom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from qtpy.QtCore import QLineF, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHADE = QColor(0, 0, 0, 150)
_INK = QColor("#f5f5f5")
_MARGIN_PX = 4.0
_BAR_PX = 3.0
_KEY_PX = 6.0
_LEAST_BAR = 1e-3
"""Length at which a scale bar is not shortened further, as a share of the picture's
edge: no picture is enlarged that much."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture is drawn.

    Attributes
    ----------
    whole : QRectF
        Rectangle of the whole picture; larger than the widget if it is enlarged.
    seen : QRectF
        Rectangle of the visible part.
    """

    whole: QRectF
    seen: QRectF

    def at(self, x: float, y: float) -> QPointF:
        """Return the point in the widget of a place in the picture."""
        return QPointF(
            self.whole.left() + x * self.whole.width(),
            self.whole.top() + y * self.whole.height(),
        )

    def share(self, point: QPointF) -> tuple[float, float]:
        """Return the place of a point in the picture; inside, it is from 0 to 1."""
        x = (point.x() - self.whole.left()) / self.whole.width()
        return x, (point.y() - self.whole.top()) / self.whole.height()


class Mark(Protocol):
    """Something that can be drawn over a picture."""

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it; ``place`` tells where the picture is."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A circle around the middle; its diameter is a share of the picture's edge."""

    diameter: float
    colour: str
    alpha: float = 1.0
    width_px: float = 1.5

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it."""
        colour = QColor(self.colour)
        colour.setAlphaF(self.alpha)
        painter.setPen(QPen(colour, self.width_px))
        radius = self.diameter * place.whole.width() / 2
        painter.drawEllipse(place.whole.center(), radius, radius)


@dataclass(frozen=True, slots=True)
class Spot:
    """A ring around a peak, with its number on the side away from the middle."""

    x: float
    y: float
    number: str = ""
    colour: str = "#f5f5f5"
    width_px: float = 1.2

    @staticmethod
    def radius_px(place: Place) -> float:
        """Return the radius on the screen, which does not grow with the zoom."""
        return max(4.0, 0.04 * place.seen.width())

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it."""
        radius = self.radius_px(place)
        centre = place.at(self.x, self.y)
        painter.setPen(QPen(QColor(self.colour), self.width_px))
        painter.drawEllipse(centre, radius, radius)
        if not self.number:
            return
        away = QLineF(place.whole.center(), centre)
        away.setLength(away.length() + radius + 0.55 * painter.fontMetrics().height())
        box = QRectF(0, 0, 16, 16)
        box.moveCenter(away.p2())
        if place.seen.contains(centre):
            box = _within(box, place.seen)
        _write(painter, box, self.number, QColor(self.colour))


@dataclass(frozen=True, slots=True)
class Mask:
    """The mask of a filter around a peak; on the ring, it passes 60 per cent.

    Attributes
    ----------
    x, y, radius : float
        Centre and radius, as shares of the picture's edge.
    """

    x: float
    y: float
    radius: float
    colour: str = "#ffd166"

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it."""
        pen = QPen(QColor(self.colour), 1.2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        radius = self.radius * place.whole.width()
        painter.drawEllipse(place.at(self.x, self.y), radius, radius)


@dataclass(frozen=True, slots=True)
class Ticks:
    """The ends of a line across the particle, drawn outside its outline only.

    Attributes
    ----------
    normal_rad : float
        Angle of its normal: cosine to the right, sine down.
    offset, radius, length : float
        Distance of the line from the middle, radius of the outline, length of each
        tick.
    """

    normal_rad: float
    offset: float
    radius: float
    length: float
    colour: str = "#ffd166"

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw both ends."""
        across, down = math.cos(self.normal_rad), math.sin(self.normal_rad)
        start = math.sqrt(max(self.radius**2 - self.offset**2, 0.0))
        for sign in (-1, 1):
            ends = [
                place.at(
                    0.5 + self.offset * across - sign * along * down,
                    0.5 + self.offset * down + sign * along * across,
                )
                for along in (start, start + self.length)
            ]
            for colour, width in ((_SHADE, 4.5), (QColor(self.colour), 2.5)):
                painter.setPen(QPen(colour, width))
                painter.drawLine(*ends)


@dataclass(frozen=True, slots=True)
class Caption:
    """Text in the top left corner."""

    text: str

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it on a dark patch, on which it is readable over any picture."""
        metrics = painter.fontMetrics()
        box = QRectF(0, 0, metrics.horizontalAdvance(self.text) + 6, metrics.height())
        box.moveTopLeft(place.seen.topLeft())
        painter.fillRect(box, _SHADE)
        _write(painter, box, self.text, _INK)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A scale bar with its length as text, bottom left.

    In an enlarged picture it is shorter, in steps of 1, 2 and 5.

    Attributes
    ----------
    length : float
        Length of the bar, as a share of the picture's edge.
    value : float
        The same length in ``unit``.
    unit : str
    about : str
        Text before it.
    """

    length: float
    value: float
    unit: str
    about: str = ""

    @property
    def text(self) -> str:
        """Its length as text."""
        return f"{self.about}{self.value:g} {self.unit}"

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it."""
        bar = self.fitting(place)
        metrics, seen = painter.fontMetrics(), place.seen
        length = bar.length * place.whole.width()
        width = max(length, metrics.horizontalAdvance(bar.text))
        height = metrics.height() + _BAR_PX + _MARGIN_PX
        shade = QRectF(0, 0, width + 2 * _MARGIN_PX, height)
        shade.moveBottomLeft(seen.bottomLeft())
        painter.fillRect(shade, _SHADE)
        line = QRectF(0, 0, length, _BAR_PX)
        line.moveBottomLeft(shade.bottomLeft() + QPointF(_MARGIN_PX, -_MARGIN_PX + 1))
        painter.fillRect(line, _INK)
        words = QRectF(shade.left(), shade.top(), shade.width(), metrics.height())
        _write(painter, words, bar.text, _INK)

    def fitting(self, place: Place) -> ScaleBar:
        """Return the longest bar that takes at most half of the visible part."""
        value = self.value
        most = 0.5 * place.seen.width() / place.whole.width()
        length_of_one = self.length / self.value
        while length_of_one * value > max(most, _LEAST_BAR):
            value = _next_shorter(value)
        return replace(self, length=length_of_one * value, value=value)


def _next_shorter(value: float) -> float:
    """Return the next shorter length in steps of 1, 2, 5."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    first = round(value / power)
    return power * {5: 2.0, 2: 1.0}.get(first, 0.5)


@dataclass(frozen=True, slots=True)
class ColourKey:
    """A strip of colours along the bottom edge, with text at its ends."""

    colours: Sequence[str]
    low: str
    high: str

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it."""
        metrics, seen = painter.fontMetrics(), place.seen
        step = 0.5 * seen.width() / len(self.colours)
        left = seen.center().x() - 0.25 * seen.width()
        top = seen.bottom() - _KEY_PX - 2
        for number, colour in enumerate(self.colours):
            strip = QRectF(left + number * step, top, step + 0.5, _KEY_PX)
            painter.fillRect(strip, QColor(colour))
        for text, right in ((self.low, False), (self.high, True)):
            width = metrics.horizontalAdvance(text) + 6
            box = QRectF(0, 0, width, metrics.height())
            edge = left + 0.5 * seen.width() if right else left - width
            box.moveBottomLeft(QPointF(edge, seen.bottom()))
            painter.fillRect(box, _SHADE)
            _write(painter, box, text, _INK)


def _within(box: QRectF, place: QRectF) -> QRectF:
    """Return a box moved back into the picture."""
    left = min(max(box.left(), place.left()), place.right() - box.width())
    top = min(max(box.top(), place.top()), place.bottom() - box.height())
    return QRectF(left, top, box.width(), box.height())


def _write(painter: QPainter, box: QRectF, text: str, colour: QColor) -> None:
    painter.setPen(colour)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
