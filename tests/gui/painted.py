"""What a painter leaves on a transparent picture, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QColor, QImage, QPainter

if TYPE_CHECKING:
    from collections.abc import Callable


def painted(draw: Callable[[QPainter], object], width: int, height: int) -> np.ndarray:
    """Return red, green, blue and opacity of each pixel, shape (height, width, 4)."""
    image = QImage(width, height, QImage.Format.Format_RGBA8888)
    image.fill(QColor(0, 0, 0, 0))
    painter = QPainter(image)
    draw(painter)
    painter.end()
    return pixels(image)


def pixels(image: QImage) -> np.ndarray:
    """Return the pixels of a picture, shape (height, width, 4)."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    height, width = image.height(), image.width()
    bits = image.constBits()
    if hasattr(bits, "setsize"):
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, : 4 * width].reshape(height, width, 4).copy()


def inked(picture: np.ndarray, colour: str | None = None) -> np.ndarray:
    """Tell where anything is, or just this colour, shape (height, width)."""
    if colour is None:
        return picture[..., 3] > 0
    wanted = QColor(colour).getRgb()[:3]
    off = np.abs(picture[..., :3].astype(int) - wanted).max(axis=-1)
    return (picture[..., 3] > 0) & (off <= 2)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is marked, ends included."""
    rows, cols = np.nonzero(mask)
    return int(cols.min()), int(rows.min()), int(cols.max()), int(rows.max())
