"""Draw all figures of a population, and save them as SVG, PNG and PDF."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.visible_defects import class_counts
from napari_cdse.io.export.figures.class_counts import ClassCounts, draw_class_counts
from napari_cdse.io.export.figures.fractions import (
    draw_label_history,
    draw_micrographs,
    draw_samples,
    draw_size_trend,
)
from napari_cdse.io.export.figures.sizes import draw_sizes
from napari_cdse.io.export.figures.style import PRINT, Palette, drawn, write_figure
from napari_cdse.io.export.row_sizes import sizes_of
from napari_cdse.io.files import make_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.overview import Overview
    from napari_cdse.io.export.particle_rows import ParticleRow

    _Draw = Callable[[Figure], object]
    """Draws on an empty figure."""

CLASSES_IN, PANEL_IN, SIZES_IN = 4.0, 2.9, 5.2
"""Heights in inches of the figure of classes, of figures of one panel, and of that of
sizes. Chosen by eye."""


def counts_of(rows: Sequence[ParticleRow]) -> ClassCounts:
    """Count the rows of each class, by who gave it."""
    return ClassCounts(
        class_counts([row.label for row in rows if row.by_person]),
        class_counts([row.label for row in rows if not row.by_person]),
    )


def figures_of(
    rows: Sequence[ParticleRow],
    population: Overview,
    palette: Palette = PRINT,
    samples: Sequence[SampleNumbers] = (),
) -> dict[str, Figure]:
    """Draw all figures of a population for which there are data.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs, for counts and sizes.
    population : Overview
        Estimate from all particles, including those without a row.
    palette : Palette, optional
        Colours; those for print by default.
    samples : sequence of SampleNumbers, optional
        Samples to compare.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By name: ``classes`` and, if there are data, ``micrographs``, ``sizes``,
        ``fraction_by_size``, ``labels`` and ``samples``.
    """
    return {
        name: drawn(draw, height_in, palette)
        for name, (draw, height_in) in _drawings(
            rows, population, palette, samples
        ).items()
    }


def _drawings(
    rows: Sequence[ParticleRow],
    population: Overview,
    palette: Palette,
    samples: Sequence[SampleNumbers],
) -> dict[str, tuple[_Draw, float]]:
    """Return by name what draws each figure, and its height in inches."""
    defects, sizes = population.defects, sizes_of(rows)
    drawings: dict[str, tuple[_Draw, float]] = {
        "classes": (
            partial(
                draw_class_counts,
                counts=counts_of(rows),
                defects=defects,
                palette=palette,
            ),
            CLASSES_IN,
        )
    }

    def add_panel(name: str, draw: Callable[..., object], **data: object) -> None:
        on_axes = partial(draw, palette=palette, **data)
        drawings[name] = (partial(_on_one_panel, on_axes), PANEL_IN)

    if any(each.fraction is not None for each in population.micrographs):
        fractions = population.micrographs
        add_panel("micrographs", draw_micrographs, fractions=fractions, whole=defects)
    if sizes.n:
        drawings["sizes"] = (
            partial(draw_sizes, sizes=sizes, palette=palette),
            SIZES_IN,
        )
    if population.by_size.bins:
        trend = population.by_size
        add_panel("fraction_by_size", draw_size_trend, trend=trend, whole=defects)
    if len(population.history) > 1:
        add_panel("labels", draw_label_history, history=population.history)
    if samples:
        add_panel("samples", draw_samples, samples=samples)
    return drawings


def _on_one_panel(draw: Callable[[Axes], object], figure: Figure) -> None:
    draw(figure.subplots())


def write_figures(
    folder: str | os.PathLike[str],
    rows: Sequence[ParticleRow],
    population: Overview,
    samples: Sequence[SampleNumbers] = (),
) -> tuple[Path, ...]:
    """Write the figures for which there are data, as SVG, PNG and PDF.

    Parameters
    ----------
    folder : str or path-like
        Created if it is missing.
    rows : sequence of ParticleRow
        Of all micrographs.
    population : Overview
        Estimate from all particles, including those without a row.
    samples : sequence of SampleNumbers, optional
        Samples to compare.

    Returns
    -------
    tuple of Path
        The files that were written.

    Raises
    ------
    CdseError
        If the folder cannot be created, or a file cannot be written.
    """
    target = make_folder(folder, CdseError)
    written: list[Path] = []
    for name, figure in figures_of(rows, population, samples=samples).items():
        written += write_figure(figure, target, name)
    return tuple(written)
