"""The few shapes that our figures are made of, as lines of SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 440
LEFT, RIGHT = 70, 610
INK, RULE = "#222222", "#d9d9d9"


def ticks(top: float, wanted: int = 4) -> list[float]:
    """Round numbers from 0 to at least `top`, about `wanted` steps."""
    rough = max(top, 1e-12) / wanted
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(k * unit for k in (1, 2, 5, 10) if k * unit >= rough * (1 - 1e-9))
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def horizontal_rules(marks: Sequence[float], bottom: float, scale: float) -> list[str]:
    """Draw a scale upwards from `bottom`, so many pixels to the unit."""
    parts = []
    for mark in marks:
        y = bottom - mark * scale
        parts.append(line(LEFT, y, RIGHT, y, INK if mark == 0 else RULE))
        parts.append(text(LEFT - 10, y + 4, f"{mark:g}", size=12, anchor="end"))
    return parts


def document(title: str, parts: Sequence[str], height: float = HEIGHT) -> str:
    """Put shapes on a white page with a heading."""
    heading = text(WIDTH / 2, 32, title, size=16, bold=True)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{height:g}" viewBox="0 0 {WIDTH} {height:g}" '
            'font-family="Helvetica, Arial, sans-serif">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{height:g}" fill="white"/>',
            heading,
            *parts,
            "</svg>\n",
        ]
    )


def rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Draw a filled rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{fill}" stroke="{INK}" stroke-width="0.7"/>'
    )


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1
) -> str:
    """Draw a straight line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width:g}"/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 14,
    anchor: str = "middle",
    bold: bool = False,
) -> str:
    """Write words; `y` is their baseline."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{INK}"{weight}>{escape(words)}</text>'
    )
