"""Write ``micrographs.csv``, the table of micrographs: scale, circles, quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.micrograph_quality import FIGURES
from napari_cdse.io.export.tables import write_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.io.export.tables import Cell, DialectName

COLUMNS = (
    "micrograph",
    "n_rows",
    "n_columns",
    "pixel_size_nm",
    "pixel_size_source",
    "circles",
    "out_of_range",
    *FIGURES,
)
"""Columns of ``micrographs.csv``; `SAMPLE` follows if any micrograph has one."""
SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of the table of micrographs.

    Attributes
    ----------
    micrograph : str
        Name of the micrograph in all tables.
    shape : tuple of int or None
        Rows and columns.
    pixel_size : PixelSize or None
        None if it is unknown.
    circles : int
        Number of its circles in the table of particles.
    out_of_range : str or None
        Why the micrograph is outside the range of the forest's training set, in a
        sentence; None if it is not.
    quality : MicrographQuality or None
        Figures of quality, if its spectrum allows them.
    sample : str or None
        Sample of the micrograph in the project.
    """

    micrograph: str
    shape: tuple[int, int] | None
    pixel_size: PixelSize | None
    circles: int
    out_of_range: str | None
    quality: MicrographQuality | None
    sample: str | None = None


def write_micrographs_csv(
    path: str | os.PathLike[str],
    lines: Iterable[TableLine],
    dialect: DialectName = "standard",
) -> None:
    """Write the table of micrographs.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    lines : iterable of TableLine
        One for each micrograph; unknown values become empty cells.
    dialect : {"standard", "excel", "excel-eu"}
        See `napari_cdse.io.export.tables.DIALECTS`.

    Raises
    ------
    CdseError
        If the file cannot be written.
    """
    lines = list(lines)
    last = (SAMPLE,) if any(each.sample for each in lines) else ()
    rows = [_cells(each) + [each.sample] * len(last) for each in lines]
    write_table(path, (*COLUMNS, *last), rows, dialect)


def _cells(line: TableLine) -> list[Cell]:
    rows, columns = line.shape or (None, None)
    size = line.pixel_size
    return [
        line.micrograph,
        rows,
        columns,
        None if size is None else size.nm,
        None if size is None else size.source.value,
        line.circles,
        line.out_of_range,
        *(getattr(line.quality, name, None) for name in FIGURES),
    ]
