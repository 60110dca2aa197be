"""Measure the quality of micrographs in labelled folders, for the card of a forest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.imaging.pixel_size_estimate import (
    estimate_from_pixels,
    given_pixel_size,
)
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.process_pool import Cost, Died, in_order, processes
from napari_cdse.core.quality.measurement import measure_quality
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.labels.pairing import pair_labels_in
from napari_cdse.io.problem_report import Failure, attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.material import Material
    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph
    from napari_cdse.io.images.frame import FrameChoice

_S_EACH = 0.3
"""Seconds for a micrograph of 1024 x 1024 px, measured on a core of 2024."""
_BYTES = 4e8
"""Memory of one process, measured with such micrographs."""


def qualities_of_folders(
    folders: Sequence[Path],
    *,
    pixel_size_nm: float | None = None,
    frame: FrameChoice = 0,
    material: Material | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[MicrographQuality]:
    """Measure the labelled micrographs of folders; skip those that can't be measured.

    Parameters
    ----------
    folders : sequence of Path
        As for `napari_cdse.pipeline.labelled_folders.examples_from_folders`, which also
        reports the files that can't be used.
    pixel_size_nm : float, optional
        From the user, for every file.
    frame : int or str, optional
        Of files that hold several.
    material : Material, optional
        The lattice, where the pixel size has to be estimated; CdSe without it.
    jobs : int
        Processes; see `napari_cdse.core.process_pool.processes`.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.
    """
    pairs, _ = pair_labels_in(folders)
    work = partial(
        _quality_of, pixel_size_nm=pixel_size_nm, frame=frame, material=material
    )
    number = processes(jobs, len(pairs), Cost(_S_EACH * len(pairs), _BYTES))
    for done, found in enumerate(in_order(work, pairs, number), 1):
        if not (found is None or isinstance(found, Died)):
            yield found
        if progress is not None:
            progress(done / len(pairs))


def _quality_of(
    pair: tuple[Path, Path],
    *,
    pixel_size_nm: float | None,
    frame: FrameChoice,
    material: Material | None,
) -> MicrographQuality | None:
    path, labels = pair

    def work() -> MicrographQuality | None:
        micrograph = read_micrograph(path, pixel_size_nm=pixel_size_nm, frame=frame)
        if read_label_file(labels, shape=micrograph.shape) is None:
            return None
        return quality_of(micrograph, material)

    found = attempt(path, work)
    return None if isinstance(found, Failure) else found


@single_blas_thread()
def quality_of(
    micrograph: Micrograph, material: Material | None = None
) -> MicrographQuality | None:
    """Measure one micrograph; detection does the same as part of its work.

    Parameters
    ----------
    micrograph : Micrograph
        Shape (rows, columns).
    material : Material, optional
        The lattice, where the pixel size has to be estimated; CdSe without it.

    Returns
    -------
    MicrographQuality or None
        None if its pixel size is not trusted.

    Raises
    ------
    MicrographError
        For a picture in which nothing can be looked for.
    """
    image = prepare(micrograph.pixels)
    size = given_pixel_size(micrograph)
    if size is None:
        size = estimate_from_pixels(image, material=material).pixel_size
    return measure_quality(image, size.nm) if size.source.is_trusted else None
