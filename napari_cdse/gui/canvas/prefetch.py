"""Read the micrographs that will be opened next, before they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.canvas.contrast import contrast_limits
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.images.frame import FrameChoice
from napari_cdse.io.problem_report import Failure, attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph
    from napari_cdse.gui.session.workers import JobRunner
    from napari_cdse.tasks.analysis import Source

AHEAD = 3
"""Least number of micrographs that are read ahead. A choice: a user who goes through
micrographs without stopping finds the next one read."""
_MOST_BYTES = 256 * 2**20
"""Most memory for the pixels of all micrographs kept. A choice: four of 4096 x 4096 px,
or sixteen of 2048 x 2048 px."""
_Key = tuple[str, FrameChoice, float | None, int]
"""Path, frame, pixel size and time of the last change of a file."""


class Prefetch(QObject):
    """Keeps a few micrographs in memory: those to come, and those just left.

    Parameters
    ----------
    runner : JobRunner
        Reads them in a thread.

    Attributes
    ----------
    came : signal
        A micrograph that was wanted has been read.
    """

    came = Signal()

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._kept: OrderedDict[_Key, Micrograph] = OrderedDict()
        self._job: Job | None = None

    def want(self, sources: Sequence[Source]) -> None:
        """Read micrographs that are not in memory yet; earlier wishes are dropped.

        Parameters
        ----------
        sources : sequence of Source
            In the order in which they will be needed. Those for which there is no
            memory are not read.
        """
        keys = {_key(one): one for one in sources}
        keys.pop(None, None)
        for key in self._kept.keys() & keys.keys():
            self._kept.move_to_end(key)
        fitting = list(keys.items())[: self._most_ahead()]
        todo = [one for key, one in fitting if key not in self._kept]
        if self._job is not None and self._job.running:
            self._job.cancel()
        self._job = None
        if todo:
            self._job = Job("Reading ahead", partial(_reading, todo), heavy=False)
            self._job.produced.connect(self._on_read)
            self._runner.submit(self._job)

    def _on_read(self, result: tuple[Source, Micrograph]) -> None:
        self.keep(*result)
        self.came.emit()

    def _most_ahead(self) -> int:
        """How many micrographs as large as the largest fit beside the open one."""
        sizes = [one.pixels.nbytes for one in self._kept.values()]
        return max(1, _MOST_BYTES // max(sizes, default=_MOST_BYTES) - 1)

    def keep(self, source: Source, micrograph: Micrograph) -> None:
        """Keep a micrograph that was read; drop the oldest ones if need be."""
        key = _key(source)
        if key is None:
            return
        self._kept[key] = micrograph
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self._bytes() > _MOST_BYTES:
            self._kept.popitem(last=False)

    def take(self, source: Source) -> Micrograph | None:
        """Return a micrograph that is in memory; None if its file has changed since."""
        key = _key(source)
        return None if key is None else self._kept.get(key)

    def clear(self) -> None:
        """Drop all micrographs."""
        self._kept.clear()

    def _bytes(self) -> int:
        return sum(one.pixels.nbytes for one in self._kept.values())


def _key(source: Source) -> _Key | None:
    """Return a key of a file in its present state; None if it cannot be read."""
    try:
        changed = source.path.stat().st_mtime_ns
    except OSError:
        return None
    return str(source.path), source.frame, source.pixel_size_nm, changed


def _reading(
    sources: Sequence[Source], report: Progress
) -> Iterator[tuple[Source, Micrograph]]:
    for done, source in enumerate(sources):
        report(done / len(sources))
        # A failure is shown when the micrograph itself is opened.
        micrograph = attempt(source.path, partial(_read, source))
        if not isinstance(micrograph, Failure):
            yield source, micrograph


def _read(source: Source) -> Micrograph:
    micrograph = source.read()
    # Computed here and kept, so that the window need not when it is opened.
    contrast_limits(micrograph)
    return micrograph
