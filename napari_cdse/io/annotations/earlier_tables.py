"""Find out who gave the labels in particle tables of earlier versions.

Until 28 November 2026 `export` and `predict` wrote no column ``reviewed``: a label was
a person's, or else the forest's. Three facts tell them apart: the forest's label is
always its most probable class; the summary beside the table counts labels of either
kind; and ``labels.csv`` beside it lists the persons' labels.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.earlier_results import LABELS, SUMMARY
from napari_cdse.io.files import MALFORMED, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNKNOWN_LABELLER = (
    "its class is the forest's too, and the table, of an earlier version, does not say "
    "whether a person gave it; export the project again, or remove the columns p_yes "
    "to p_empty if every label is a person's"
)
_LIMIT_BYTES = 2**25
"""Largest file beside the table that is read, as for the table itself."""
_ROUNDING = 1e-9
"""Probabilities were written to ten digits: smaller differences may be rounding."""


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """Label and probabilities in a line of such a table.

    Attributes
    ----------
    particle : str
        Id of the particle.
    label : str
        Empty if there is none.
    probabilities : tuple of float, or None
        The forest's, in the order of `CLASSES`; None if any of them is missing.
    has_forest : bool
        Whether the line has at least one probability.
    """

    particle: str
    label: str
    probabilities: tuple[float, ...] | None
    has_forest: bool


def by_person(path: Path, rows: Sequence[EarlierRow]) -> list[bool | None]:
    """Find out for each label whether a person gave it.

    Parameters
    ----------
    path : Path
        The table; a summary and a table of labels may lie beside it.
    rows : sequence of EarlierRow
        All of its lines.

    Returns
    -------
    list of bool or None
        True for a person's label, False for the forest's, None if it is unknown.
    """
    counts = _counts(path.with_name(SUMMARY), rows)
    if counts is not None and 0 in counts:
        n_by_person, _ = counts
        return [n_by_person > 0] * len(rows)
    verdicts = [_by_probabilities(row) for row in rows]
    labels = _labels(path.with_name(LABELS))
    certain = {
        (row.particle, row.label)
        for row, verdict in zip(rows, verdicts, strict=True)
        if verdict
    }
    # A table of labels without those that are certainly a person's is another one's.
    if not labels or not certain <= labels:
        return verdicts
    return [
        (row.particle, row.label) in labels if verdict is None else verdict
        for row, verdict in zip(rows, verdicts, strict=True)
    ]


def _by_probabilities(row: EarlierRow) -> bool | None:
    """Judge by the line alone: a label that is not the most probable is a person's."""
    if not row.label:
        return False
    if not row.has_forest:
        return True
    if row.probabilities is None or row.label not in CLASSES:
        return None
    probability = row.probabilities[CLASSES.index(row.label)]
    return True if probability < max(row.probabilities) - _ROUNDING else None


def _counts(path: Path, rows: Sequence[EarlierRow]) -> tuple[int, int] | None:
    """Read the numbers of persons' and of the forest's labels from the summary.

    None if there is no summary, or its numbers do not fit the table.
    """
    try:
        summary: Any = json.loads(read_file(path, _LIMIT_BYTES, LabelFileError))
        by_persons = int(summary["labelled_by_person"])
        counts = (by_persons, int(summary["labelled_by_forest"]))
        particles = int(summary["particles"])
    except (LabelFileError, *MALFORMED):
        return None
    labelled = sum(bool(row.label) for row in rows)
    return counts if (particles, sum(counts)) == (len(rows), labelled) else None


def _labels(path: Path) -> set[tuple[str, str]]:
    """Read (particle, label) for all labels of persons; empty if that is impossible."""
    try:
        text = read_file(path, _LIMIT_BYTES, LabelFileError).decode("utf-8-sig")
        first = text.split("\n", 1)[0]
        delimiter = ";" if ";" in first else ","
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        return {(row["particle"], row["label"]) for row in reader}
    except (LabelFileError, ValueError, KeyError, csv.Error):
        return set()
