"""Read the next micrographs of the queue ahead of time."""

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
"""Micrographs that are read in advance at least, however far off they are."""
_MOST_BYTES = 256 * 2**20
_Key = tuple[str, FrameChoice, float | None, int]


class Prefetch(QObject):
    """Holds a few micrographs in memory: those to come, and those just left.

    Parameters
    ----------
    runner : JobRunner
        Reads them in a thread.

    Attributes
    ----------
    came : signal
        One that was wanted has been read.
    """

    came = Signal()

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._kept: OrderedDict[_Key, Micrograph] = OrderedDict()
        self._job: Job | None = None

    def want(self, sources: Sequence[Source]) -> None:
        """Read what is not in memory yet; what was wanted before no longer is.

        The first ones come first; those that would push these out are left.
        """
        keys = {_key(one): one for one in sources}
        keys.pop(None, None)
        for key in self._kept.keys() & keys.keys():
            self._kept.move_to_end(key)
        fitting = list(keys.items())[: self._fitting()]
        todo = [one for key, one in fitting if key not in self._kept]
        if self._job is not None and self._job.running:
            self._job.cancel()
        self._job = None
        if todo:
            self._job = Job("Reading ahead", partial(_reading, todo), heavy=False)
            self._job.produced.connect(self._on_read)
            self._runner.submit(self._job)

    def _on_read(self, found: tuple[Source, Micrograph]) -> None:
        self.keep(*found)
        self.came.emit()

    def _fitting(self) -> int:
        """How many as large as the largest have room beside the one that is open."""
        sizes = [one.pixels.nbytes for one in self._kept.values()]
        return max(1, _MOST_BYTES // max(sizes, default=_MOST_BYTES) - 1)

    def keep(self, source: Source, micrograph: Micrograph) -> None:
        """Hold a micrograph that was read from some source."""
        key = _key(source)
        if key is None:
            return
        self._kept[key] = micrograph
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self._bytes() > _MOST_BYTES:
            self._kept.popitem(last=False)

    def take(self, source: Source) -> Micrograph | None:
        """Give a micrograph that is in memory; None if it is not, or has changed."""
        key = _key(source)
        return None if key is None else self._kept.get(key)

    def clear(self) -> None:
        """Let all of them go."""
        self._kept.clear()

    def _bytes(self) -> int:
        return sum(one.pixels.nbytes for one in self._kept.values())


def _key(source: Source) -> _Key | None:
    """Name a file as it is now; None for one that cannot be read."""
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
        # Why one can't be read is told when the micrograph itself is opened.
        micrograph = attempt(source.path, partial(_read, source))
        if not isinstance(micrograph, Failure):
            yield source, micrograph


def _read(source: Source) -> Micrograph:
    micrograph = source.read()
    contrast_limits(micrograph)
    return micrograph
