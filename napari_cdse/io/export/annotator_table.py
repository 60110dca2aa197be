"""Write a table of each annotator's label on each particle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.tables import write_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from napari_cdse.core.records import Annotation
    from napari_cdse.io.export.tables import Cell, DialectName

COLUMNS = (
    "micrograph",
    "particle",
    "annotator",
    "label",
    "time",
    "origin",
    "selected_by",
    "selection_chance",
    "prediction_seen",
    "others_seen",
    "forest",
    *(f"p_{name}" for name in CLASSES),
)
"""Columns of ``labels.csv``; probabilities are those that stood on the screen."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label that an annotator stands by.

    Attributes
    ----------
    micrograph : str
        Name of its micrograph, as in ``particles.csv``.
    annotator : str
    annotation : Annotation
    """

    micrograph: str
    annotator: str
    annotation: Annotation


def write_labels_csv(
    path: str | os.PathLike[str],
    rows: Iterable[LabelRow],
    dialect: DialectName = "standard",
) -> None:
    """Write the table of labels.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    write_table(path, COLUMNS, map(_cells, rows), dialect)


def _cells(row: LabelRow) -> list[Cell]:
    said = row.annotation
    shown = said.shown
    return [
        row.micrograph,
        said.particle_id,
        row.annotator,
        said.label,
        said.time,
        said.origin,
        said.selected_by,
        said.selection_chance,
        said.prediction_seen,
        said.others_seen,
        shown.model_id if shown else None,
        *(shown.probabilities if shown else (None,) * len(CLASSES)),
    ]
