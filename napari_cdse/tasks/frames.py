"""Count the frames of files from their headers, in a thread."""

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
        By the micrograph's index, or any other number of its own.
    report : callable
        Is told the share that is done; may raise `Cancelled`.

    Yields
    ------
    mapping of int to int
        Once, at the end. What cannot be read is not in it: it is told where it is
        opened.
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
