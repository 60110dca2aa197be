"""Task that counts the frames of files from their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import count_frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_cdse.core.progress import Progress


def counting_frames(
    paths: Mapping[int, Path], report: Progress
) -> Iterator[Mapping[int, int]]:
    """Count the frames of files.

    Parameters
    ----------
    paths : mapping of int to Path
        By the index of the micrograph, or any other unique number.
    report : callable
        Called with the progress, 0 to 1; may raise `Cancelled`.

    Yields
    ------
    mapping of int to int
        Once, at the end. Files that cannot be read are left out: they are reported
        when they are opened.
    """
    counts: dict[int, int] = {}
    for done, (index, path) in enumerate(paths.items()):
        report(done / len(paths))
        try:
            counts[index] = count_frames(path)
        except MicrographError:
            continue
    yield counts
    report(1.0)
