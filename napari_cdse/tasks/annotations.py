"""Task that reads annotation files of other programs."""

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
    """Yield what annotation files hold for the micrographs of a project.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    pictures : sequence of Picture
        Pictures of the project, to which annotations are matched by name.
    open_one : Picture or None
        Picture for annotations that name none.
    report : callable
        Called with the progress, 0 to 1; may raise `Cancelled`.
    """
    yield read_for_project(paths, Pictures(pictures, fallback=open_one), report=report)
    report(1.0)
