"""Write the label files of results, without replacing those that a person reviewed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.regions import is_inside
from napari_cdse.io.export.particle_rows import ParticleRow, is_exported
from napari_cdse.io.files import holds_another, shown
from napari_cdse.io.images.folder import names_in
from napari_cdse.io.labels.label_file import (
    read_label_file,
    starts_as_label_file,
    write_label_file,
)
from napari_cdse.io.labels.pairing import is_label_name
from napari_cdse.io.paths import alike

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path


_NAMED = 5
"""Most label files that a sentence names. Chosen."""
_NO_LABELS = (
    "{} in {} is no label file of napari-cdse; it was left as it is: choose another "
    "folder for the results."
)


def write_labels(
    path: str | os.PathLike[str],
    rows: Sequence[ParticleRow],
    shape: tuple[int, int],
    *,
    include_predictions: bool = False,
) -> tuple[str, ...]:
    """Write the label file of one micrograph.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    rows : sequence of ParticleRow
        Particles of this micrograph.
    shape : tuple of int
        Its rows and columns.
    include_predictions : bool, optional
        Write also labels that only the forest gave, except ``empty``. Unless a person
        gave every label, the file is then marked as not reviewed.

    Returns
    -------
    tuple of str
        A sentence about particles that the format cannot hold, if there are any.

    Raises
    ------
    LabelFileError
        If the file cannot be written.
    """
    exported = [
        (row.circle, row.label, row.by_person)
        for row in rows
        if row.label is not None and is_exported(row, include_predictions)
    ]
    written = [
        (circle, label, by_person)
        for circle, label, by_person in exported
        if is_inside(circle.row_px, circle.col_px, shape)
    ]
    all_reviewed = bool(written) and all(by_person for _, _, by_person in written)
    write_label_file(
        path,
        [circle for circle, _, _ in written],
        [label for _, label, _ in written],
        shape,
        reviewed=not include_predictions or all_reviewed,
    )
    n_lost = len(exported) - len(written)
    if not n_lost:
        return ()
    what = "particle has its centre" if n_lost == 1 else "particles have their centres"
    return (
        f"{n_lost} {what} outside the image, which a label file cannot hold; "
        "the table has them all.",
    )


def left_label_files(folder: Path, written: Collection[str]) -> tuple[str, ...]:
    """Report label files in a folder of results that the run did not write.

    Their micrographs were renamed or left out since, could not be read, or have no
    labels any more. A reader of the folder would take them for results.

    Parameters
    ----------
    folder : Path
        Folder of the label files.
    written : collection of str
        Names of the files that the run wrote.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    current = {alike(name) for name in written}
    left = [
        shown(path.name)
        for path in names_in(folder, []) or []
        if is_label_name(path) and alike(path.name) not in current
    ]
    if not left:
        return ()
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return (
        f"In {shown(folder)} lie label files that this run did not write, of "
        f"micrographs under other names or without results now: "
        f"{', '.join(left[:_NAMED])}{more}; remove what is out of date.",
    )


def check_replaceable_label_file(path: Path, *, by_predictions: bool) -> None:
    """Refuse to replace a label file that a person reviewed, or another file.

    Parameters
    ----------
    path : Path
        Where a label file is about to be written.
    by_predictions : bool
        Whether it will hold a forest's labels; a person's may replace reviewed ones.

    Raises
    ------
    LabelFileError
        If such a file is there.
    """
    if not by_predictions:
        if holds_another(path, starts_as_label_file):
            raise LabelFileError(_NO_LABELS.format(path.name, shown(path.parent)))
        return
    if not os.path.exists(path):
        return
    old = read_label_file(path)
    if old is not None and old.reviewed:
        raise LabelFileError(
            f"{path.name} in {path.parent} holds labels that a person reviewed; "
            "it was left as it is: choose another folder for the results."
        )
