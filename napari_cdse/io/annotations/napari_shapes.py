"""Write circles in the CSV format of napari's Shapes layers.

The format holds outlines alone, so each class gets a file, and hence a layer, of its
own. As in this program, coordinates count from the centre of the first pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.files import write_file
from napari_cdse.io.paths import portable_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.io.export.particle_rows import ParticleRow

_COLUMNS = "index,shape-type,vertex-index,axis-0,axis-1"
_FORMAT = "{:.10g}"
"""Format of a coordinate in px."""
_CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
"""Directions (down, right) of the corners of a circle's bounding box, in napari's
order."""


def is_our_napari(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_napari` wrote.

    napari itself writes all digits of a number, and a decimal point in integers.
    """
    header, *lines = start.decode("utf-8", "replace").split("\n")
    return header == _COLUMNS and all(map(_is_our_line, lines[:-1]))


def _is_our_line(line: str) -> bool:
    numbers = line.split(",")[3:]
    try:
        return numbers == [_FORMAT.format(float(each)) for each in numbers]
    except ValueError:
        return False


def write_napari(folder: Path, name: str, rows: Sequence[ParticleRow]) -> None:
    """Write ``NAME_CLASS.csv`` for each class that a micrograph has.

    Parameters
    ----------
    folder : Path
        An existing folder.
    name : str
        Name of the micrograph.
    rows : sequence of ParticleRow
        Its particles, all with a class.

    Raises
    ------
    LabelFileError
        If a file cannot be written.
    """
    for label in CLASSES:
        of_class = [row for row in rows if row.label == label]
        if of_class:
            text = "\n".join([_COLUMNS, *_lines(of_class)]) + "\n"
            write_file(table_of(folder, name, label), text.encode(), LabelFileError)


def table_of(folder: Path, name: str, label: str) -> Path:
    """Return the path of the table of one class of a micrograph."""
    return folder / f"{portable_name(name)}_{label}.csv"


def _lines(rows: Sequence[ParticleRow]) -> Iterator[str]:
    for index, row in enumerate(rows):
        circle = row.circle
        for corner, (down, right) in enumerate(_CORNERS):
            y = circle.row_px + down * circle.radius_px
            x = circle.col_px + right * circle.radius_px
            place = ",".join(map(_FORMAT.format, (y, x)))
            yield f"{index},ellipse,{corner},{place}"
