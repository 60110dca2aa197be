"""The figures that the dock Population offers, and how each is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.io.export.figures.class_counts import draw_class_counts
from napari_cdse.io.export.figures.fractions import (
    draw_label_history,
    draw_micrographs,
    draw_samples,
    draw_size_trend,
)
from napari_cdse.io.export.figures.population import CLASSES_IN, PANEL_IN, SIZES_IN
from napari_cdse.io.export.figures.sizes import draw_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from napari_cdse.core.statistics.micrograph_fractions import MicrographFraction
    from napari_cdse.io.export.figures.style import Palette
    from napari_cdse.tasks.population import Population

    Places = tuple[MicrographFraction, ...]
    """Micrographs by their place on the horizontal axis; empty if it has none."""
    DrawPopulation = Callable[[Population, Figure, Palette], Places]


@dataclass(frozen=True, slots=True)
class FigureKind:
    """One of the figures.

    Attributes
    ----------
    name, tip : str
        Its line in the list of figures, and the tooltip of that line.
    height_in : float
        Height in inches when it is saved as a file.
    draw : callable
        Draws a population on an empty figure, in the colours of a palette, and returns
        the micrographs by their place on the horizontal axis, if it has them.
    """

    name: str
    tip: str
    height_in: float
    draw: DrawPopulation


def _draw_micrographs(
    population: Population, figure: Figure, palette: Palette
) -> Places:
    overview = population.overview
    return draw_micrographs(
        figure.subplots(), overview.micrographs, overview.defects, palette
    )


def _draw_classes(population: Population, figure: Figure, palette: Palette) -> Places:
    defects = population.overview.defects
    draw_class_counts(figure, population.counts, defects, palette)
    return ()


def _draw_sizes(population: Population, figure: Figure, palette: Palette) -> Places:
    draw_sizes(figure, population.sizes, palette)
    return ()


def _draw_trend(population: Population, figure: Figure, palette: Palette) -> Places:
    overview = population.overview
    draw_size_trend(figure.subplots(), overview.by_size, overview.defects, palette)
    return ()


def _draw_history(population: Population, figure: Figure, palette: Palette) -> Places:
    draw_label_history(figure.subplots(), population.overview.history, palette)
    return ()


def _draw_samples(population: Population, figure: Figure, palette: Palette) -> Places:
    draw_samples(figure.subplots(), population.samples, palette)
    return ()


KINDS = (
    FigureKind(
        "By micrograph",
        "A click on a dot opens its micrograph",
        PANEL_IN,
        _draw_micrographs,
    ),
    FigureKind(
        "Classes",
        "Circles by class, and by who gave the class",
        CLASSES_IN,
        _draw_classes,
    ),
    FigureKind("Sizes", "Diameters by class", SIZES_IN, _draw_sizes),
    FigureKind(
        "Fraction by size",
        "Whether small or large particles have more defects",
        PANEL_IN,
        _draw_trend,
    ),
    FigureKind("As labels came", "How the interval shrank", PANEL_IN, _draw_history),
    FigureKind(
        "By sample",
        "The fraction of each sample beside the others",
        PANEL_IN,
        _draw_samples,
    ),
)
