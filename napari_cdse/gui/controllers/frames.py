"""Which frame of a stack or movie is read, for one file or for all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.session.workers import Job
from napari_cdse.io.images.frame import MEAN, choice_of, frame_words
from napari_cdse.tasks.frames import counting_frames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.project import Project


class Frames(QObject):
    """Chooses frames in the open project; a step that undo takes back.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        What was drawn there belongs to the frame before.
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas

    @property
    def choice(self) -> FrameChoice:
        """Which frame of the open file is read."""
        index = self._session.project.selection.index
        return 0 if index is None else self._session.project.micrographs.frame(index)

    def choose(self, first: int, last: int) -> None:
        """Read one frame of the open file, or the mean from the first to the last."""
        project, micrograph = self._session.project, self._session.micrograph
        index = project.selection.index
        if index is None or micrograph is None:
            return
        choice = choice_of(first, last, micrograph.n_frames)
        self._take(project, {index: choice})

    def choose_in_all(self, first: int, last: int) -> Job | None:
        """Choose the same in all files that have these frames; a worker counts them.

        All frames of the open file mean all frames of each.
        """
        project, micrograph = self._session.project, self._session.micrograph
        if micrograph is None:
            return None
        choice = choice_of(first, last, micrograph.n_frames)
        paths = {each.index: each.path for each in project.micrographs.entries}
        job = Job("Counting frames", partial(counting_frames, paths))
        job.produced.connect(partial(self._on_counted, project, choice, last))
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _on_counted(
        self,
        project: Project,
        choice: FrameChoice,
        last: int,
        counts: Mapping[int, int],
    ) -> None:
        if not self._session.is_open or self._session.project is not project:
            return
        series = {index: number for index, number in counts.items() if number > 1}
        fits = [i for i, number in series.items() if choice == MEAN or last < number]
        self._take(project, dict.fromkeys(fits, choice))
        short = len(series) - len(fits)
        if short:
            what = "1 file has" if short == 1 else f"{short} files have"
            self._session.warn(
                f"{what} fewer frames than that and stayed as before; the others "
                f"are read as the {frame_words(choice)}."
            )

    def _take(self, project: Project, choices: Mapping[int, FrameChoice]) -> None:
        self._canvas.take_in()
        entries = project.micrographs.entries
        judged = sum(
            entries[index].reviewed
            for index, choice in choices.items()
            if entries[index].frame != choice
        )
        with self._session.reporting_errors():
            project.micrographs.set_frames(choices)
            if judged:
                what = "1 label" if judged == 1 else f"{judged} labels"
                self._session.warn(
                    f"{what} were given on another frame and stay; check their circles."
                )
