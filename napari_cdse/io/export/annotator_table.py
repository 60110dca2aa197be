"""Each annotator's label of each particle as a table: whose, when, and what she saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.tables import number_cell, text_cell, write_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from napari_cdse.core.records import Annotation

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


def write_labels_csv(path: str | os.PathLike[str], rows: Iterable[LabelRow]) -> None:
    """Write the table of labels.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    write_table(path, COLUMNS, map(_cells, rows))


def _cells(row: LabelRow) -> list[str]:
    said = row.annotation
    shown = said.shown
    return [
        text_cell(row.micrograph),
        text_cell(said.particle_id),
        text_cell(row.annotator),
        said.label or "",
        said.time,
        said.origin,
        said.selected_by,
        number_cell(said.selection_chance),
        _yes_no(said.prediction_seen),
        _yes_no(said.others_seen),
        text_cell(shown.model_id) if shown else "",
        *map(number_cell, shown.probabilities if shown else (None,) * len(CLASSES)),
    ]


def _yes_no(value: bool) -> str:
    return "true" if value else "false"
