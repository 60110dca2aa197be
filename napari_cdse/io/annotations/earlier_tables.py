"""Find out who gave the labels in particle tables of versions without annotators.

Until 28 November 2026 `export` and `predict` wrote no column ``reviewed``: a label was
the user's, else the forest's. What is left to tell them apart are the forest's
probabilities in the same line, and the files that were written beside the table.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.results_folder import LABELS, SUMMARY
from napari_cdse.io.files import MALFORMED, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOT_SAID = (
    "its class is the forest's too, and the table, of an earlier version, does not say "
    "whether a person gave it; export the project again, or remove the columns p_yes "
    "to p_empty if every label is a person's"
)
_LIMIT_BYTES = 2**25
"""Of a file beside the table; see `napari_cdse.io.annotations.particle_table`."""
_ROUNDING = 1e-9
"""Probabilities were written to ten digits: those that are nearer may be the same."""


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """What a line of such a table says of a label.

    Attributes
    ----------
    particle : str
        Id of the particle.
    label : str
        Empty where there is none.
    probabilities : tuple of float, or None
        Of the forest, in the order of `CLASSES`; None where any of them is missing.
    has_forest : bool
        Whether any of them is there.
    """

    particle: str
    label: str
    probabilities: tuple[float, ...] | None
    has_forest: bool


def by_person(path: Path, rows: Sequence[EarlierRow]) -> list[bool | None]:
    """Tell whose each label is.

    Parameters
    ----------
    path : Path
        Of the table; a summary and a table of labels may lie beside it.
    rows : sequence of EarlierRow
        All of its lines.

    Returns
    -------
    list of bool or None
        True for a person's, False for the forest's alone, None where nothing tells.
    """
    counts = _counts(path.with_name(SUMMARY), rows)
    if counts is not None and 0 in counts:
        persons, _ = counts
        return [persons > 0] * len(rows)
    given = [_by_the_line(row) for row in rows]
    labels = _labels(path.with_name(LABELS))
    sure = {
        (row.particle, row.label)
        for row, is_given in zip(rows, given, strict=True)
        if is_given
    }
    if not labels or not sure <= labels:
        return given
    return [
        (row.particle, row.label) in labels if is_given is None else is_given
        for row, is_given in zip(rows, given, strict=True)
    ]


def _by_the_line(row: EarlierRow) -> bool | None:
    """Tell a label that can't be the forest's: its own is the most probable class."""
    if not row.label:
        return False
    if not row.has_forest:
        return True
    if row.probabilities is None or row.label not in CLASSES:
        return None
    own = row.probabilities[CLASSES.index(row.label)]
    return True if own < max(row.probabilities) - _ROUNDING else None


def _counts(path: Path, rows: Sequence[EarlierRow]) -> tuple[int, int] | None:
    """Read how many labels are persons' and the forest's, if they are these labels."""
    try:
        told: Any = json.loads(read_file(path, _LIMIT_BYTES, LabelFileError))
        counts = (int(told["labelled_by_person"]), int(told["labelled_by_forest"]))
        particles = int(told["particles"])
    except (LabelFileError, *MALFORMED):
        return None
    labelled = sum(bool(row.label) for row in rows)
    return counts if (particles, sum(counts)) == (len(rows), labelled) else None


def _labels(path: Path) -> set[tuple[str, str]]:
    """Read which particles persons labelled, and how, whoever it was."""
    try:
        text = read_file(path, _LIMIT_BYTES, LabelFileError).decode("utf-8-sig")
        first = text.split("\n", 1)[0]
        delimiter = ";" if ";" in first else ","
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        return {(row["particle"], row["label"]) for row in reader}
    except (LabelFileError, ValueError, KeyError, csv.Error):
        return set()
