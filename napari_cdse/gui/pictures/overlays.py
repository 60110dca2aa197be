"""Marks over a small picture: rings, lines, words, a scale bar.

Places are shares of the picture's edge, from its top left corner: x to the right, y
down. Words and rings keep their size whatever size the picture has.
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
"""Shortest scale bar, a share of the picture's edge: no picture is enlarged so far."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture is drawn.

    Attributes
    ----------
    whole : QRectF
        Of all of the picture; beyond what is seen where it is enlarged.
    seen : QRectF
        Of the part that is in sight.
    """

    whole: QRectF
    seen: QRectF

    def at(self, x: float, y: float) -> QPointF:
        """Return the point of a place in the picture."""
        return QPointF(
            self.whole.left() + x * self.whole.width(),
            self.whole.top() + y * self.whole.height(),
        )

    def share(self, point: QPointF) -> tuple[float, float]:
        """Return the place in the picture of a point; not within 0 to 1 beside it."""
        x = (point.x() - self.whole.left()) / self.whole.width()
        return x, (point.y() - self.whole.top()) / self.whole.height()


class Mark(Protocol):
    """Something that can be drawn over a picture."""

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it, where the picture lies at a place."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A circle that grows with the picture; ``diameter`` is a share of its edge."""

    diameter: float
    colour: str
    alpha: float = 1.0
    width_px: float = 1.5

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw it round the middle."""
        colour = QColor(self.colour)
        colour.setAlphaF(self.alpha)
        painter.setPen(QPen(colour, self.width_px))
        radius = self.diameter * place.whole.width() / 2
        painter.drawEllipse(place.whole.center(), radius, radius)


@dataclass(frozen=True, slots=True)
class Spot:
    """A ring round a peak, with its number on the side away from the middle."""

    x: float
    y: float
    number: str = ""
    colour: str = "#f5f5f5"
    width_px: float = 1.2

    @staticmethod
    def radius_px(place: Place) -> float:
        """Return how large it is drawn; no larger where the picture is enlarged."""
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
    """What a filter keeps round a peak: within the ring, more than 60 per cent of it.

    Attributes
    ----------
    x, y, radius : float
        Shares of the picture's edge.
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
    """Where a line crosses the particle, marked outside its outline only.

    Attributes
    ----------
    normal_rad : float
        Angle of its normal: cosine to the right, sine down.
    offset, radius, length : float
        Distance from the middle, radius of the outline, length of each tick.
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
    """Words in the top left corner."""

    text: str

    def paint(self, painter: QPainter, place: Place) -> None:
        """Draw them on a shade, so that they can be read on any picture."""
        metrics = painter.fontMetrics()
        box = QRectF(0, 0, metrics.horizontalAdvance(self.text) + 6, metrics.height())
        box.moveTopLeft(place.seen.topLeft())
        painter.fillRect(box, _SHADE)
        _write(painter, box, self.text, _INK)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of known length with its length in words, bottom left.

    Where the picture is enlarged it becomes shorter, in steps of 1, 2 and 5.

    Attributes
    ----------
    length : float
        Of the bar, a share of the picture's edge.
    value : float
        What that is, in ``unit``.
    unit : str
    about : str
        What to say before it.
    """

    length: float
    value: float
    unit: str
    about: str = ""

    @property
    def text(self) -> str:
        """Its length in words."""
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
        """Return the longest such bar that takes no more than half of what is seen."""
        value = self.value
        most = 0.5 * place.seen.width() / place.whole.width()
        length_of_one = self.length / self.value
        while length_of_one * value > max(most, _LEAST_BAR):
            value = _next_shorter(value)
        return replace(self, length=length_of_one * value, value=value)


def _next_shorter(value: float) -> float:
    """Go down by one step of 1, 2, 5."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    first = round(value / power)
    return power * {5: 2.0, 2: 1.0}.get(first, 0.5)


@dataclass(frozen=True, slots=True)
class ColourKey:
    """A strip of colours along the bottom edge, with words at its ends."""

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
    """Push a box back into the picture."""
    left = min(max(box.left(), place.left()), place.right() - box.width())
    top = min(max(box.top(), place.top()), place.bottom() - box.height())
    return QRectF(left, top, box.width(), box.height())


def _write(painter: QPainter, box: QRectF, text: str, colour: QColor) -> None:
    painter.setPen(colour)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
