"""Draw the distribution of diameters, class by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import LETTERS
from napari_cdse.core.statistics.size_distribution import (
    BY_ESTIMATE,
    PARTICLES,
    size_curves,
    size_histogram,
)
from napari_cdse.io.export.figures.axes import set_title, use_whole_numbers
from napari_cdse.io.export.figures.style import MEANINGS, PRINT, Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.size_distribution import (
        ClassSizes,
        SizeHistogram,
        SizeSummary,
    )


def draw_sizes(figure: Figure, sizes: ClassSizes, palette: Palette = PRINT) -> None:
    """Draw a histogram of diameters for each class, over a common axis.

    The lines are the density of diameters (solid) and the fitted log-normal
    distribution (dashed), in particles per bin.

    Parameters
    ----------
    figure : Figure
        An empty figure.
    sizes : ClassSizes
        Diameters by class.
    palette : Palette, optional
        Colours; those for print by default.
    """
    pairs = [(size, label) for label in PARTICLES for size in sizes.sizes[label]]
    histogram = size_histogram([s for s, _ in pairs], [label for _, label in pairs])
    panels = figure.subplots(len(PARTICLES), 1, sharex=True)
    summaries = {each.label: each for each in sizes.summaries}
    for axes, label in zip(panels, PARTICLES, strict=True):
        if histogram is not None:
            _histogram(axes, histogram, sizes, label, palette)
        set_title(axes, _size_words(label, summaries.get(label), sizes.unit))
        # Without particles matplotlib would choose an axis with negative counts.
        axes.set_ylim(0, axes.get_ylim()[1] if label in summaries else 1)
        use_whole_numbers(axes)
    panels[1].set_ylabel("particles per bin")
    panels[-1].set_xlabel(f"diameter ({sizes.unit})")
    figure.suptitle(_figure_title(sizes), fontsize=9)


def _figure_title(sizes: ClassSizes) -> str:
    left_out = f"; {sizes.n_unknown} without a pixel size" if sizes.n_unknown else ""
    title = f"Diameter of particles in {sizes.unit} (n = {sizes.n}{left_out})"
    if sizes.by_estimate:
        return f"{title}\n{BY_ESTIMATE}"
    if sizes.unit == "px" and sizes.n_micrographs > 1:
        return f"{title}\npixels of different micrographs may differ in size"
    return title


def _histogram(
    axes: Axes,
    histogram: SizeHistogram,
    sizes: ClassSizes,
    label: Label,
    palette: Palette,
) -> None:
    edges = np.array(histogram.edges)
    axes.bar(
        edges[:-1],
        histogram.counts[label],
        np.diff(edges),
        align="edge",
        color=palette.classes[label],
        edgecolor=palette.ink,
        linewidth=0.4,
        alpha=0.75,
    )
    _draw_curves(axes, sizes, label, float(edges[1] - edges[0]), palette)


def _draw_curves(
    axes: Axes, sizes: ClassSizes, label: Label, bin_width: float, palette: Palette
) -> None:
    """Draw density and fit, scaled from probability densities to counts per bin."""
    curves = size_curves(sizes.sizes[label])
    if curves is None:
        return
    unit = sizes.unit
    scale = len(sizes.sizes[label]) * bin_width
    axes.plot(
        curves.at,
        scale * curves.density,
        color=palette.ink,
        linewidth=1,
        label="density",
    )
    fit = curves.log_normal
    words = f"{fit.median:.3g} {unit}, factor {fit.geometric_deviation:.3g}"
    axes.plot(
        curves.at,
        scale * curves.fit,
        color=palette.ink,
        linestyle="--",
        label=f"log-normal: {words}",
    )
    axes.legend(loc="upper right", fontsize=7)


def _size_words(label: Label, summary: SizeSummary | None, unit: str) -> str:
    name = f"{LETTERS[label]}  {label}: {MEANINGS[label]}"
    if summary is None:
        return f"{name} (n = 0)"
    return f"{name} (n = {summary.n}), mean {summary.mean_words(unit)}"
