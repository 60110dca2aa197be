"""Read annotation files of other programs in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.project import Pictures, read_for_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.progress import Progress
    from napari_cdse.project import Picture, Reading


def reading_annotations(
    paths: Sequence[Path],
    pictures: Sequence[Picture],
    open_one: Picture | None,
    report: Progress,
) -> Iterator[Reading]:
    """Read files of annotations.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    pictures : sequence of Picture
        The project's.
    open_one : Picture or None
        Where what names no micrograph lies.
    report : callable
        Is told the share that is done; may raise `Cancelled`.
    """
    found = Pictures(pictures, fallback=open_one)
    yield read_for_project(paths, found, report=report)
    report(1.0)
