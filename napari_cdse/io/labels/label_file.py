"""Read and write label files in the format of 2018: circles, classes, image size.

::

    Particle Location:
    [418.0, 360.0]
    Radius Size:
    44
    Defect Label:
    yes
    Image Size:
    (1024, 768)

A location is ``[x, y]``, column before row. The image size is numpy's shape, rows
before columns, as the pipeline of 2018 wrote it (its micrographs were square). A comma
is also accepted as decimal mark if that is unambiguous (``[418,0; 360,0]``), and
NumPy's scalars (``np.float64(418.0)``) as numbers. Blank lines are ignored. A file with
nothing else means "not labelled"; four headings without a particle mean "looked at, no
particle".

Labels that the program wrote and no person reviewed have a fifth section, which a
reader of 2018 ignores, because it stops at the image size::

    Review:
    not reviewed
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.core.regions import is_inside
from napari_cdse.io.files import name_of, read_file, shown, write_file
from napari_cdse.io.labels.label_text import (
    LABEL,
    LOCATION,
    NOT_REVIEWED,
    RADIUS,
    REVIEW,
    SIZE,
    LabelFile,
    fits,
    parse_labels,
    whole_radius,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cdse.core.records import Circle, Label

__all__ = [
    "LIMIT_BYTES",
    "LabelFile",
    "format_labels",
    "is_label_file",
    "parse_labels",
    "read_label_file",
    "starts_as_label_file",
    "whole_radius",
    "write_label_file",
]

LIMIT_BYTES = 2**22
"""Largest file that is read. Chosen: a hundred thousand particles."""

_SNIFF_BYTES = 512
"""Bytes that are read to recognise a label file by its first heading. Chosen."""


def is_label_file(path: Path) -> bool:
    """Whether a file begins with the first heading of a label file."""
    if not os.path.isfile(path):
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFF_BYTES)
    except OSError:
        return False
    return starts_as_label_file(start)


def starts_as_label_file(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a label file."""
    text = start.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n").lower()
    return text.startswith(LOCATION.lower())


def read_label_file(
    path: str | os.PathLike[str], *, shape: tuple[int, int] | None = None
) -> LabelFile | None:
    """Read a label file.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    shape : tuple of int, optional
        Rows and columns of the micrograph that it belongs to, with which the file must
        agree.

    Returns
    -------
    LabelFile or None
        None for an empty file: not labelled.

    Raises
    ------
    LabelFileError
        If the file cannot be read, or breaks the format; with the number of the line.
    """
    name = name_of(path)
    text = _decoded(name, read_file(path, LIMIT_BYTES, LabelFileError))
    return parse_labels(text, name, shape=shape)


def write_label_file(
    path: str | os.PathLike[str],
    circles: Sequence[Circle],
    labels: Sequence[Label],
    shape: tuple[int, int],
    *,
    reviewed: bool = True,
) -> None:
    """Write a label file completely, or not at all.

    Parameters
    ----------
    path : str or path-like
        An existing file is replaced.
    circles : sequence of Circle
        Their radii are rounded to whole pixels, at least one.
    labels : sequence of {"yes", "no", "null", "empty"}
        One for each circle.
    shape : tuple of int
        Rows and columns of the micrograph.
    reviewed : bool, optional
        False for labels of the program that no person has reviewed.

    Raises
    ------
    LabelFileError
        If a circle or label is not valid, or the file cannot be written. The old file
        is unchanged then.
    """
    text = format_labels(circles, labels, shape, name=name_of(path), reviewed=reviewed)
    write_file(path, text.encode(), LabelFileError)


def format_labels(
    circles: Sequence[Circle],
    labels: Sequence[Label],
    shape: tuple[int, int],
    *,
    name: str = "The label file",
    reviewed: bool = True,
) -> str:
    """Make the text of a label file; see `write_label_file`."""
    if len(circles) != len(labels):
        raise LabelFileError(
            f"{name} was not written: {len(circles)} circles but {len(labels)} "
            "labels; label every particle first."
        )
    for number, (circle, label) in enumerate(zip(circles, labels, strict=True), 1):
        _check_writable(name, number, circle, label, shape)
    places = [f"[{float(c.col_px)!r}, {float(c.row_px)!r}]" for c in circles]
    radii = [str(whole_radius(c.radius_px)) for c in circles]
    size = f"({int(shape[0])}, {int(shape[1])})"
    lines = [LOCATION, *places, RADIUS, *radii, LABEL, *labels, SIZE, size]
    if not reviewed:
        lines += [REVIEW, NOT_REVIEWED]
    return "\n".join(lines) + "\n"


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise LabelFileError(
            f"{name}, line {line}: this is not text in UTF-8; "
            "check that it is a label file, or save it as UTF-8."
        ) from problem


def _check_writable(
    name: str, number: int, circle: Circle, label: str, shape: tuple[int, int]
) -> None:
    """Refuse to write what `read_label_file` would refuse to read."""
    values = (circle.row_px, circle.col_px, circle.radius_px)
    if not all(map(math.isfinite, values)) or circle.radius_px <= 0:
        reason = "has no proper circle; draw it again"
    elif not is_inside(circle.row_px, circle.col_px, shape):
        reason = "has its centre outside the image; move or remove it"
    elif not fits(circle.radius_px, shape):
        reason = "is larger than the image; draw it again"
    elif label not in CLASSES:
        reason = f"has the label {shown(label)!r}; use one of {', '.join(CLASSES)}"
    else:
        return
    raise LabelFileError(f"{name} was not written: particle {number} {reason}.")
