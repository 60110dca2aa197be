"""Write the table of micrographs: scale, circles, quality."""

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
"""Columns of ``micrographs.csv``; that of `SAMPLE` follows where any has one."""
SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class TableLine:
    """One micrograph as the table shows it.

    Attributes
    ----------
    micrograph : str
        What it is called in all tables.
    shape : tuple of int or None
        Rows and columns.
    pixel_size : PixelSize or None
        As far as known.
    circles : int
        How many are in the table of particles.
    out_of_range : str or None
        Why it is beyond what the forest learnt from, in a sentence.
    quality : MicrographQuality or None
        Where its spectrum tells.
    sample : str or None
        Of which it is, where the project says so.
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
    """Write the table of micrographs; a field that is not known is empty.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    told = list(lines)
    last = (SAMPLE,) if any(each.sample for each in told) else ()
    rows = [_cells(each) + [each.sample] * len(last) for each in told]
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
