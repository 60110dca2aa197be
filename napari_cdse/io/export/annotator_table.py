"""Write ``labels.csv``, the table of each annotator's label on each particle."""

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
"""Columns of ``labels.csv``; probabilities are those shown when the label was given."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """The current label of an annotator on a particle.

    Attributes
    ----------
    micrograph : str
        Name of its micrograph, as in ``particles.csv``.
    annotator : str
        Name of the annotator.
    annotation : Annotation
        The label, with how and when it was given.
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

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    rows : iterable of LabelRow
        One for each label.
    dialect : {"standard", "excel", "excel-eu"}
        See `napari_cdse.io.export.tables.DIALECTS`.

    Raises
    ------
    CdseError
        If the file cannot be written.
    """
    write_table(path, COLUMNS, map(_cells, rows), dialect)


def _cells(row: LabelRow) -> list[Cell]:
    annotation = row.annotation
    shown = annotation.shown
    return [
        row.micrograph,
        annotation.particle_id,
        row.annotator,
        annotation.label,
        annotation.time,
        annotation.origin,
        annotation.selected_by,
        annotation.selection_chance,
        annotation.prediction_seen,
        annotation.others_seen,
        shown.model_id if shown else None,
        *(shown.probabilities if shown else (None,) * len(CLASSES)),
    ]
