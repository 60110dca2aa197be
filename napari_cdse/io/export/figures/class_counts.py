"""Draw the circles of each class, and the visible-defect fraction below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.records import CLASSES, LETTERS
from napari_cdse.io.export.figures.axes import (
    FRACTION,
    marker_style,
    set_title,
    use_whole_numbers,
)
from napari_cdse.io.export.figures.style import MEANINGS, Palette

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.visible_defects import VisibleDefects


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Numbers of circles by class, and by who gave the class.

    Attributes
    ----------
    by_person, by_forest : mapping of str to int
        By class.
    """

    by_person: Mapping[Label, int]
    by_forest: Mapping[Label, int]

    @property
    def n(self) -> int:
        """Number of circles with a class."""
        return sum(self.by_person.values()) + sum(self.by_forest.values())


def draw_class_counts(
    figure: Figure, counts: ClassCounts, defects: VisibleDefects, palette: Palette
) -> None:
    """Draw the number of circles of each class, and the fraction on an axis below.

    Parameters
    ----------
    figure : Figure
        An empty figure.
    counts : ClassCounts
        Numbers of circles.
    defects : VisibleDefects
        The fraction, with its interval.
    palette : Palette
        Colours of the figure.
    """
    grid = figure.add_gridspec(2, 1, height_ratios=(4, 1))
    _bars(figure.add_subplot(grid[0]), counts, palette)
    _fraction_strip(figure.add_subplot(grid[1]), defects, palette)


def _bars(axes: Axes, counts: ClassCounts, palette: Palette) -> None:
    """Draw a bar for each class, the forest's part hatched on top of the persons'."""
    positions = list(range(len(CLASSES)))
    person = [counts.by_person[label] for label in CLASSES]
    forest = [counts.by_forest[label] for label in CLASSES]
    style: dict[str, Any] = {
        "color": [palette.classes[label] for label in CLASSES],
        "edgecolor": palette.ink,
        "linewidth": 0.6,
    }
    axes.bar(positions, person, **style)
    if any(forest):
        axes.bar(positions, forest, bottom=person, hatch="////", alpha=0.6, **style)
        axes.legend(handles=_legend_handles(palette), loc="best")
    for position, by_person, by_forest in zip(positions, person, forest, strict=True):
        total = by_person + by_forest
        axes.annotate(
            str(total),
            (position, total),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
        )
    axes.set_xticks(
        positions,
        [f"{LETTERS[label]}  {label}\n{MEANINGS[label]}" for label in CLASSES],
    )
    axes.set_ylabel("circles")
    axes.margins(y=0.12)
    set_title(axes, f"Labelled circles by class (n = {counts.n})")
    use_whole_numbers(axes)


def _legend_handles(palette: Palette) -> list[Artist]:
    """Return the entries of the legend: whose labels bars count."""
    from matplotlib.patches import Patch

    style: dict[str, Any] = {
        "edgecolor": palette.ink,
        "linewidth": 0.6,
        "facecolor": palette.paper,
    }
    return [
        Patch(label="judged by a person", **style),
        Patch(label="the forest's word", hatch="////", **style),
    ]


def _fraction_strip(axes: Axes, defects: VisibleDefects, palette: Palette) -> None:
    """Draw the fraction with its interval on an axis from 0 to 1."""
    set_title(axes, defects.sentence)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(FRACTION)
    if defects.fraction is None:
        return
    if defects.interval_95 is not None:
        axes.plot(
            defects.interval_95,
            [0, 0],
            color=palette.ink,
            marker="|",
            markersize=9,
            gid="interval",
        )
    full = defects.interval_95 is not None
    axes.plot(
        [defects.fraction], [0], gid="fraction", **marker_style(palette, "yes", full)
    )
