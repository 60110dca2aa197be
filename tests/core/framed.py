"""Frames, margins and bars drawn around micrographs, as programs export them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Framed = tuple[NDArray[np.float32], tuple[int, int]]
"""A picture, and where in it the first pixel of the micrograph lies."""


def over(pixels: NDArray, gray: float, *sides: int) -> Framed:
    """Lines drawn over the border: so many at top, bottom, left and right."""
    top, bottom, left, right = sides
    picture = pixels.copy()
    rows, cols = pixels.shape
    picture[:top] = picture[rows - bottom :] = gray
    picture[:, :left] = picture[:, cols - right :] = gray
    return picture, (0, 0)


def around(pixels: NDArray, gray: float, *sides: int) -> Framed:
    """A margin outside: so many lines at top, bottom, left and right."""
    top, bottom, left, right = sides
    wide = np.pad(pixels, ((top, bottom), (left, right)), constant_values=gray)
    return wide, (top, left)


def nested(pixels: NDArray, *layers: tuple[float, int]) -> Framed:
    """Margins one around another: gray value and lines of each, inside first."""
    origin = 0
    for gray, lines in layers:
        pixels, _ = around(pixels, gray, lines, lines, lines, lines)
        origin += lines
    return pixels, (origin, origin)


def dashed(pixels: NDArray, gray: float, lines: int, dash: int, gap: int) -> Framed:
    """Dashes along all four sides."""
    picture = pixels.copy()
    down, right = (np.arange(length) % (dash + gap) < dash for length in pixels.shape)
    for side in (slice(None, lines), slice(-lines, None)):
        picture[side, right] = gray
        picture[down, side] = gray
    return picture, (0, 0)


def soft(pixels: NDArray, gray: float, *cover: float) -> Framed:
    """Lines that cover a share of the micrograph each, the outermost first."""
    shares = np.zeros(pixels.shape)
    for number, share in reversed(list(enumerate(cover))):
        shares[[number, -1 - number]] = share
        shares[:, [number, -1 - number]] = share
    return np.rint(pixels * (1 - shares) + gray * shares).astype(np.float32), (0, 0)


def information_bar(pixels: NDArray) -> Framed:
    """A black bar below, with strokes as of letters and a scale bar in it."""
    picture, origin = around(pixels, 0, 0, 60, 0, 0)
    rows = len(pixels)
    picture[rows + 10 : rows + 30, 10:90:4] = 255
    picture[rows + 40 : rows + 46, 120:200] = 255
    return picture, origin


def plot(pixels: NDArray) -> Framed:
    """A black line, ticks and their labels in a white margin, and a colour bar."""
    rows, cols = pixels.shape
    picture, _ = nested(pixels, (0, 1))
    picture = np.pad(picture, ((40, 50), (60, 90)), constant_values=255)
    for tick in range(0, cols, 50):
        picture[rows + 42 : rows + 48, 61 + tick] = 0
        picture[rows + 52 : rows + 60, 55 + tick : 67 + tick : 3] = 0
    for tick in range(0, rows, 50):
        picture[41 + tick, 54:60] = 0
        picture[37 + tick : 45 + tick, 35:50:3] = 0
    shades = np.linspace(255, 0, rows, dtype=np.float32).round()
    picture[41 : 41 + rows, cols + 92 : cols + 112] = shades[:, None]
    return picture, (41, 61)


FRAMES: dict[str, Callable[[NDArray], Framed]] = {
    "black, 1 px": lambda pixels: over(pixels, 0, 1, 1, 1, 1),
    "white, 1 px": lambda pixels: over(pixels, 255, 1, 1, 1, 1),
    "gray as the micrograph": lambda pixels: over(pixels, 120, 2, 2, 2, 2),
    "unequal": lambda pixels: over(pixels, 0, 1, 6, 2, 0),
    "at the top only": lambda pixels: over(pixels, 0, 1, 0, 0, 0),
    "white at the right only": lambda pixels: over(pixels, 255, 0, 0, 0, 1),
    "dashed": lambda pixels: dashed(pixels, 0, 1, 6, 6),
    "dashed white": lambda pixels: dashed(pixels, 255, 2, 10, 6),
    "dotted": lambda pixels: dashed(pixels, 0, 1, 2, 4),
    "half covered": lambda pixels: soft(pixels, 0, 0.5),
    "soft edges": lambda pixels: soft(pixels, 0, 0.3, 1.0, 0.6),
    "soft white": lambda pixels: soft(pixels, 255, 0.4, 0.7),
    "around it": lambda pixels: nested(pixels, (0, 1)),
    "with a white margin": lambda pixels: nested(pixels, (0, 1), (255, 20)),
    "with a shadow": lambda pixels: nested(
        pixels, (0, 1), *((gray, 1) for gray in range(120, 255, 9)), (255, 15)
    ),
    "a margin without a line": lambda pixels: nested(pixels, (255, 30)),
    "on a dark screen": lambda pixels: around(pixels, 30, 33, 12, 50, 40),
    "an information bar": information_bar,
    "a plot": plot,
}
"""Frames by name."""
