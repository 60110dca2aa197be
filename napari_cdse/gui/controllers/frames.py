"""Choose which frame of a stack or movie is read, for one file or for all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Slot

from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.images.frame import choice_of, frame_words, frames_of
from napari_cdse.tasks.frames import counting_frames

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.project import Project

_OTHER_FRAME = "labels of another frame"
_FEWER = "files with fewer frames"


class Frames(QObject):
    """Chooses frames in the open project; a step that undo takes back.

    What was chosen for all files holds for those that come later, too.

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
        self._later: Job | None = None
        self._newest_key = 0
        self._told_of = 0
        session.project_changed.connect(self._begin)
        session.micrographs_changed.connect(self._look_for_later)
        session.history_changed.connect(self._tell_of_labels)

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
        job.produced.connect(partial(self._on_counted, project, choice))
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _on_counted(
        self,
        project: Project,
        choice: FrameChoice,
        counts: Mapping[int, int],
    ) -> None:
        if not self._is_open(project):
            return
        series, fits = _with_frames(counts, choice)
        self._take(project, dict.fromkeys(fits, choice))
        with self._session.reporting_errors():
            project.micrographs.set_frames_of_all(choice)
        self._session.messages.withdraw(_FEWER)
        short = len(series) - len(fits)
        if short:
            what = "1 file has" if short == 1 else f"{short} files have"
            self._session.warn(
                f"{what} fewer frames than that and stayed as before; the others "
                f"are read as the {frame_words(choice)}.",
                _FEWER,
            )

    # Files that come later

    @Slot()
    def _begin(self) -> None:
        """Ask the files of another project, and tell only of what is done from now."""
        self._newest_key = 0
        self._session.messages.withdraw(_OTHER_FRAME)
        if self._session.is_open:
            self._told_of = self._session.project.micrographs.labels_of_other_frames()
        self._look_for_later()

    @Slot()
    def _look_for_later(self) -> None:
        """Have the frames of new files counted, where a choice holds for all."""
        if self._later or not self._session.is_open or self._session.project.read_only:
            return
        project = self._session.project
        choice, paths = project.micrographs.later_files()
        # Each once, also where it can't be noted that they were asked.
        if max(paths, default=0) <= self._newest_key:
            return
        self._newest_key = max(paths)
        job = Job("Counting frames", partial(counting_frames, paths), heavy=False)
        job.produced.connect(partial(self._on_later, project, choice, paths))
        job.failed.connect(self._session.warn)
        job.finished.connect(self._on_asked)
        self._later = self._session.runner.submit(job)

    def _on_asked(self, _complete: bool) -> None:
        self._later = None
        self._look_for_later()

    def _on_later(
        self,
        project: Project,
        choice: FrameChoice,
        paths: Mapping[int, Path],
        counts: Mapping[int, int],
    ) -> None:
        if not self._is_open(project):
            return
        # Others may have come between them meanwhile; they are asked next.
        places = {each.path: each.index for each in project.micrographs.entries}
        series, fits = _with_frames(counts, choice)
        found = [places[paths[key]] for key in fits if paths[key] in places]
        found = [at for at in found if project.micrographs.frame(at) == 0]
        with self._session.reporting_errors():
            project.micrographs.set_frames_of_all(choice, max(paths))
        if found:
            self._take(project, dict.fromkeys(found, choice))
            what = "1 new file is" if len(found) == 1 else f"{len(found)} new files are"
            notifications.inform(
                f"{what} read as the {frame_words(choice)}, as was chosen for all."
            )
        if len(series) > len(fits):
            names = ", ".join(paths[key].name for key in series if key not in fits)
            self._session.warn(
                f"{names}: fewer frames than the {frame_words(choice)} takes, as was "
                "chosen for all files; the first one is read."
            )

    def _is_open(self, project: Project) -> bool:
        return self._session.is_open and self._session.project is project

    def _take(self, project: Project, choices: Mapping[int, FrameChoice]) -> None:
        self._canvas.apply_pending_edits()
        with self._session.reporting_errors():
            project.micrographs.set_frames(choices)
            # Said again, also where the same was closed.
            self._told_of = 0
            self._tell_of_labels()

    @Slot()
    def _tell_of_labels(self) -> None:
        """Say how many labels another frame has now; who closed it hears it once."""
        if not self._session.is_open:
            return
        number = self._session.project.micrographs.labels_of_other_frames()
        messages = self._session.messages
        stands = any(each.name == _OTHER_FRAME for each in messages.shown)
        if not number:
            messages.withdraw(_OTHER_FRAME)
        elif stands or number > self._told_of:
            self._session.warn(_labels_stay(number), _OTHER_FRAME)
        # Undo of a label that was put right is no news.
        self._told_of = max(number, self._told_of) if number else 0


def _with_frames(
    counts: Mapping[int, int], choice: FrameChoice
) -> tuple[list[int], list[int]]:
    """Give the files of more than one frame, and those of them that have these."""
    series = [index for index, number in counts.items() if number > 1]
    return series, [
        at for at in series if frames_of(choice, counts[at])[1] < counts[at]
    ]


def _labels_stay(number: int) -> str:
    if number == 1:
        return "1 label was given on another frame and stays; check its circle."
    return f"{number} labels were given on another frame and stay; check their circles."
