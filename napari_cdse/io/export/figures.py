"""Two figures as SVG: classes with the visible-defect fraction, and diameters.

Written by hand: the figures are few rectangles, and open in any browser, word
processor and drawing program. Each class has its letter, not only its colour.
"""

from __future__ import annotations

import math
from textwrap import wrap
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.core.records import CLASSES, LETTERS, Label
from napari_cdse.core.statistics.size_distribution import PARTICLES, size_histogram
from napari_cdse.core.statistics.visible_defects import class_counts
from napari_cdse.io.export.svg import (
    INK,
    LEFT,
    RIGHT,
    WIDTH,
    document,
    horizontal_rules,
    line,
    rect,
    text,
    ticks,
)
from napari_cdse.io.files import make_folder, write_file

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.statistics.size_distribution import SizeHistogram
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.io.export.export import ParticleRow

COLOURS: Mapping[Label, str] = {
    "yes": "#c4128d",
    "no": "#29b6d8",
    "null": "#ef8a00",
    "empty": "#a3a8ad",
}
"""Magenta, cyan, orange and grey as in the window, darker, for a white page."""

_WORDS = 95
"""Letters to a line of the figure."""

MEANINGS: Mapping[Label, str] = {
    "yes": "visible defect",
    "no": "no visible defect",
    "null": "not resolved",
    "empty": "no particle",
}


def write_figures(
    folder: str | os.PathLike[str], rows: Sequence[ParticleRow], defects: VisibleDefects
) -> tuple[Path, ...]:
    """Write ``classes.svg`` and, where there are particles, ``sizes.svg``.

    Parameters
    ----------
    folder : str or path-like
        Made if it is missing.
    rows : sequence of ParticleRow
        Of all micrographs.
    defects : VisibleDefects
        Of all particles.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    CdseError
        The folder or a file cannot be written.
    """
    target = make_folder(folder, CdseError)
    figures = {
        "classes.svg": classes_svg(rows, defects),
        "sizes.svg": sizes_svg(rows),
    }
    written = []
    for name, figure in figures.items():
        if figure is not None:
            write_file(target / name, figure.encode(), CdseError)
            written.append(target / name)
    return tuple(written)


def classes_svg(rows: Sequence[ParticleRow], defects: VisibleDefects) -> str:
    """Draw the particles of each class, and the fraction with its interval."""
    counts = class_counts([row.label for row in rows])
    title = f"Labelled circles by class (n = {sum(counts.values())})"
    return document(title, [*_bars(counts), *_fraction_axis(defects)])


def sizes_svg(rows: Sequence[ParticleRow]) -> str | None:
    """Draw the diameters of each class, in nm where any is known, else in px.

    Returns
    -------
    str or None
        None where no particle is labelled.
    """
    labels = [row.label for row in rows]
    histogram = size_histogram([row.diameter_nm for row in rows], labels)
    unit = "nm"
    if histogram is None:
        unit = "px"
        histogram = size_histogram([row.diameter_px for row in rows], labels)
    if histogram is None:
        return None
    n_shown = sum(sum(counts) for counts in histogram.counts.values())
    n_hidden = sum(label in PARTICLES for label in labels) - n_shown
    note = f"; {n_hidden} without a pixel size" if n_hidden else ""
    title = f"Diameter of particles in {unit} (n = {n_shown}{note})"
    return document(title, _panels(histogram, unit))


def _bars(counts: Mapping[Label, int]) -> list[str]:
    top, bottom = 70.0, 270.0
    marks = [tick for tick in ticks(max(*counts.values(), 4)) if tick == int(tick)]
    scale = (bottom - top) / marks[-1]
    parts = horizontal_rules(marks, bottom, scale)
    slot = (RIGHT - LEFT) / len(CLASSES)
    for i, label in enumerate(CLASSES):
        middle = LEFT + slot * (i + 0.5)
        height = counts[label] * scale
        parts += [
            rect(middle - 35, bottom - height, 70, height, COLOURS[label]),
            text(middle, bottom - height - 7, str(counts[label])),
            text(middle, bottom + 20, f"{LETTERS[label]}  {label}", bold=True),
            text(middle, bottom + 38, MEANINGS[label], size=12),
        ]
    return parts


def _fraction_axis(defects: VisibleDefects) -> list[str]:
    y, interval = 390.0, defects.interval_95
    parts = [
        text(WIDTH / 2, y - 60 + 16 * at, words, size=12)
        for at, words in enumerate(wrap(defects.sentence, _WORDS))
    ]
    if defects.fraction is None:
        return parts
    width = RIGHT - LEFT
    parts.append(line(LEFT, y + 12, RIGHT, y + 12, INK))
    for tenth in range(0, 11, 2):
        x = LEFT + width * tenth / 10
        parts.append(line(x, y + 12, x, y + 17, INK))
        parts.append(text(x, y + 32, f"{tenth / 10:.1f}", size=12))
    if interval is not None:
        low, high = (LEFT + width * end for end in interval)
        parts.append(line(low, y, high, y, COLOURS["yes"], 4))
        parts += [line(x, y - 7, x, y + 7, COLOURS["yes"], 3) for x in (low, high)]
    middle = LEFT + width * defects.fraction
    parts.append(
        f'<circle cx="{middle:.1f}" cy="{y:.1f}" r="7" fill="{COLOURS["yes"]}" '
        f'stroke="{INK}"/>'
    )
    return parts


def _panels(histogram: SizeHistogram, unit: str) -> list[str]:
    """One panel per class over a common axis: no bar hides another."""
    most = max(max(counts) for counts in histogram.counts.values())
    marks = [tick for tick in ticks(max(most, 2), wanted=2) if tick == int(tick)]
    parts: list[str] = []
    for i, label in enumerate(PARTICLES):
        parts += _panel(histogram, label, marks, bottom=150.0 + 115 * i)
    return parts + _size_axis(histogram.edges, 380.0, f"diameter ({unit})")


def _panel(
    histogram: SizeHistogram, label: Label, marks: Sequence[float], bottom: float
) -> list[str]:
    scale = 85 / marks[-1]
    parts = horizontal_rules(marks, bottom, scale)
    edges, counts = histogram.edges, histogram.counts[label]
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        x, end = (_on_axis(edge, edges) for edge in (left, right))
        height = count * scale
        if count:
            parts.append(rect(x, bottom - height, end - x, height, COLOURS[label]))
    name = f"{LETTERS[label]}  {label}: {MEANINGS[label]} ({sum(counts)})"
    return [*parts, text(RIGHT, bottom - 88, name, size=12, anchor="end", bold=True)]


def _size_axis(edges: Sequence[float], y: float, name: str) -> list[str]:
    step = max(1, math.ceil((len(edges) - 1) / 10))
    parts = [line(LEFT, y, RIGHT, y, INK)]
    for edge in edges[::step]:
        x = _on_axis(edge, edges)
        parts.append(line(x, y, x, y + 5, INK))
        parts.append(text(x, y + 20, f"{edge:.4g}", size=12))
    return [*parts, text((LEFT + RIGHT) / 2, y + 42, name)]


def _on_axis(value: float, edges: Sequence[float]) -> float:
    share = (value - edges[0]) / (edges[-1] - edges[0])
    return LEFT + share * (RIGHT - LEFT)
