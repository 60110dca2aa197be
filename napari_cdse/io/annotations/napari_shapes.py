"""Write circles in the CSV format of napari's Shapes layers.

Such a table holds outlines alone, so each class has a file, and hence a layer, of its
own. Rows and columns count from the centre of the first pixel, as here.
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

    from napari_cdse.io.export.export import ParticleRow

_COLUMNS = "index,shape-type,vertex-index,axis-0,axis-1"
_FORMAT = "{:.10g}"
"""Of a coordinate, in pixels."""
_CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
"""Of the square around a circle, in napari's order."""


def is_our_napari(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_napari` wrote.

    napari itself writes all digits, and a point behind whole numbers.
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
        There already.
    name : str
        Of the micrograph.
    rows : sequence of ParticleRow
        Those that have a class.

    Raises
    ------
    LabelFileError
        A file cannot be written.
    """
    for label in CLASSES:
        mine = [row for row in rows if row.label == label]
        if mine:
            text = "\n".join([_COLUMNS, *_lines(mine)]) + "\n"
            write_file(table_of(folder, name, label), text.encode(), LabelFileError)


def table_of(folder: Path, name: str, label: str) -> Path:
    """Say where the table of one class of a micrograph lies."""
    return folder / f"{portable_name(name)}_{label}.csv"


def _lines(rows: Sequence[ParticleRow]) -> Iterator[str]:
    for index, row in enumerate(rows):
        circle = row.circle
        for corner, (down, right) in enumerate(_CORNERS):
            y = circle.row_px + down * circle.radius_px
            x = circle.col_px + right * circle.radius_px
            place = ",".join(map(_FORMAT.format, (y, x)))
            yield f"{index},ellipse,{corner},{place}"
