"""Save the figures of a population as SVG, PNG and PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.visible_defects import class_counts
from napari_cdse.io.export.export import sizes_of
from napari_cdse.io.export.figure_style import PRINT, Palette, drawn, write_figure
from napari_cdse.io.export.plots import (
    ClassCounts,
    draw_class_counts,
    draw_label_history,
    draw_micrographs,
    draw_samples,
    draw_size_trend,
    draw_sizes,
)
from napari_cdse.io.files import make_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.overview import Overview
    from napari_cdse.io.export.export import ParticleRow

CLASSES_IN, PANEL_IN, SIZES_IN = 4.0, 2.9, 5.2
"""Heights in inches: of the classes, of figures of one panel, of the sizes."""


def counts_of(rows: Sequence[ParticleRow]) -> ClassCounts:
    """Count the classes of rows, by who gave them."""
    return ClassCounts(
        class_counts([row.label for row in rows if row.by_person]),
        class_counts([row.label for row in rows if not row.by_person]),
    )


def figures_of(
    rows: Sequence[ParticleRow],
    found: Overview,
    palette: Palette = PRINT,
    samples: Sequence[SampleNumbers] = (),
) -> dict[str, Figure]:
    """Draw all figures of a population that have something to show.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs: what is counted by class and size.
    found : Overview
        The fraction, from everything that is known.
    palette : Palette, optional
        For print without it.
    samples : sequence of SampleNumbers, optional
        To show beside each other.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By name: ``classes``, and where there is any, ``micrographs``, ``sizes``,
        ``fraction_by_size``, ``labels`` and ``samples``.
    """
    counts, sizes, defects = counts_of(rows), sizes_of(rows), found.defects
    figures = {
        "classes": drawn(
            lambda figure: draw_class_counts(figure, counts, defects, palette),
            CLASSES_IN,
            palette,
        )
    }
    if any(each.fraction is not None for each in found.micrographs):
        figures["micrographs"] = drawn(
            lambda figure: draw_micrographs(
                figure.subplots(), found.micrographs, defects, palette
            ),
            PANEL_IN,
            palette,
        )
    if sizes.n:
        figures["sizes"] = drawn(
            lambda figure: draw_sizes(figure, sizes, palette), SIZES_IN, palette
        )
    if found.by_size.bins:
        figures["fraction_by_size"] = drawn(
            lambda figure: draw_size_trend(
                figure.subplots(), found.by_size, defects, palette
            ),
            PANEL_IN,
            palette,
        )
    if len(found.history) > 1:
        figures["labels"] = drawn(
            lambda figure: draw_label_history(
                figure.subplots(), found.history, palette
            ),
            PANEL_IN,
            palette,
        )
    if samples:
        figures["samples"] = drawn(
            lambda figure: draw_samples(figure.subplots(), samples, palette),
            PANEL_IN,
            palette,
        )
    return figures


def write_figures(
    folder: str | os.PathLike[str],
    rows: Sequence[ParticleRow],
    found: Overview,
    samples: Sequence[SampleNumbers] = (),
) -> tuple[Path, ...]:
    """Write the figures that have something to show, as SVG, PNG and PDF.

    Parameters
    ----------
    folder : str or path-like
        Made if it is missing.
    rows : sequence of ParticleRow
        Of all micrographs.
    found : Overview
        Of all particles, those without a row too.
    samples : sequence of SampleNumbers, optional
        To show beside each other.

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
    written: list[Path] = []
    for name, figure in figures_of(rows, found, samples=samples).items():
        written += write_figure(figure, target, name)
    return tuple(written)
