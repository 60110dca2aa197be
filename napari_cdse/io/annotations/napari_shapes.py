"""Circles as napari saves a Shapes layer: CSV that it opens without any plugin.

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
_CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
"""Of the square around a circle, in napari's order."""


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
            path = folder / f"{portable_name(name)}_{label}.csv"
            write_file(path, text.encode(), LabelFileError)


def _lines(rows: Sequence[ParticleRow]) -> Iterator[str]:
    for index, row in enumerate(rows):
        circle = row.circle
        for corner, (down, right) in enumerate(_CORNERS):
            y = circle.row_px + down * circle.radius_px
            x = circle.col_px + right * circle.radius_px
            yield f"{index},ellipse,{corner},{y:.10g},{x:.10g}"
