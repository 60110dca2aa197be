"""Titles, marks and ticks that the figures of this package share."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_cdse.core.records import Label
    from napari_cdse.io.export.figures.style import Palette


_LETTERS_PER_INCH = 14
"""Letters of a title per inch of its width, at its font size. Chosen by eye."""

_BESIDE_IN = 0.5
"""Width in inches of a figure that a title does not use. Chosen by eye."""

FRACTION = "visible-defect fraction"
"""Label of an axis."""


def set_title(axes: Axes, *lines: str) -> None:
    """Set the title of a panel, wrapped to its figure's width.

    Parameters
    ----------
    axes : Axes
        The panel.
    *lines : str
        Each begins a new line; empty ones are left out.
    """
    width_in = axes.figure.bbox.width / axes.figure.dpi - _BESIDE_IN
    letters = max(round(_LETTERS_PER_INCH * width_in), 1)
    parts = [part for line in lines for part in line.split("\n") if part]
    axes.set_title("\n".join(fill(part, letters) for part in parts), fontsize=8)


def marker_style(palette: Palette, label: Label, full: bool = True) -> dict[str, Any]:
    """Return matplotlib's settings of a dot in a class's colour.

    Parameters
    ----------
    palette : Palette
        Colours of the figure.
    label : {"yes", "no", "null", "empty"}
        The class.
    full : bool
        False for an open dot.
    """
    colour = palette.classes[label]
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": 5,
        "markeredgecolor": palette.ink if full else colour,
        "markerfacecolor": colour if full else palette.paper,
        "markeredgewidth": 0.6 if full else 1.2,
    }


def use_whole_numbers(axes: Axes, vertical: bool = True) -> None:
    """Put ticks at whole numbers only, on the vertical or the horizontal axis."""
    from matplotlib.ticker import MaxNLocator

    axis = axes.yaxis if vertical else axes.xaxis
    axis.set_major_locator(MaxNLocator(nbins="auto", integer=True))
