"""Write the table of particles, ``particles.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.tables import write_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from napari_cdse.io.export.particle_rows import ParticleRow
    from napari_cdse.io.export.tables import Cell, DialectName


COLUMNS = (
    "micrograph",
    "particle",
    "x_px",
    "y_px",
    "radius_px",
    "diameter_nm",
    "label",
    *(f"p_{name}" for name in CLASSES),
)
"""Columns of ``particles.csv``; those of `LAST` follow if any particle has a value."""
NOTE, NOVELTY, SAMPLE = "note", "novelty", "sample"
PIXEL_SIZE, PIXEL_SIZE_SOURCE = "pixel_size_nm", "pixel_size_source"
APART = "counted_apart"
REVIEWED = "reviewed"
"""Column that tells whether a person gave the label; other labels are not imported."""
LAST = (NOTE, NOVELTY, PIXEL_SIZE, PIXEL_SIZE_SOURCE, REVIEWED, SAMPLE, APART)


def write_particles_csv(
    path: str | os.PathLike[str],
    rows: Iterable[ParticleRow],
    dialect: DialectName = "standard",
) -> None:
    """Write the table of particles: UTF-8, one line each, numbers to ten digits.

    ``x_px`` is the column and ``y_px`` the row, from the centre of the first pixel.
    Unknown values are empty cells; the class "null" is the word null. Of the columns
    `LAST`, those without any value are left out.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    rows : iterable of ParticleRow
        The particles.
    dialect : {"standard", "excel", "excel-eu"}
        See `napari_cdse.io.export.tables.DIALECTS`.

    Raises
    ------
    CdseError
        If the file cannot be written.
    """
    rows = list(rows)
    cells = [_cells(row) for row in rows]
    last = [
        name
        for place, name in enumerate(LAST, start=len(COLUMNS))
        if any(each[place] is not None for each in cells)
    ]
    kept = [*range(len(COLUMNS)), *(len(COLUMNS) + LAST.index(n) for n in last)]
    lines = [[each[place] for place in kept] for each in cells]
    write_table(path, [*COLUMNS, *last], lines, dialect)


def _cells(row: ParticleRow) -> list[Cell]:
    circle = row.circle
    return [
        row.micrograph,
        row.particle,
        circle.col_px,
        circle.row_px,
        circle.radius_px,
        row.diameter_nm,
        row.label,
        *(row.probabilities or (None,) * len(CLASSES)),
        row.note or None,
        row.novelty,
        row.pixel_size_nm,
        None if row.pixel_size_source is None else row.pixel_size_source.value,
        row.by_person,
        row.sample or None,
        row.distrust,
    ]
