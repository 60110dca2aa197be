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
"""Name of the message about labels that were given on another frame."""
_FEWER = "files with fewer frames"
"""Name of the message about files that don't have the chosen frames."""


class Frames(QObject):
    """Chooses frames in the open project, as a step that can be undone.

    A choice for all files also holds for files that join the project later.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Pending edits there belong to the frame before, and are applied first.
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._counting_new: Job | None = None
        # Key of the newest file whose frames were counted.
        self._newest_key = 0
        # Most labels of other frames that the message has reported.
        self._reported_labels = 0
        session.project_changed.connect(self._begin)
        session.micrographs_changed.connect(self._count_new_files)
        session.history_changed.connect(self._update_label_message)

    @property
    def choice(self) -> FrameChoice:
        """The frame of the open file that is read."""
        index = self._session.project.selection.index
        return 0 if index is None else self._session.project.micrographs.frame(index)

    def choose(self, first: int, last: int) -> None:
        """Read one frame of the open file, or the mean of several.

        Parameters
        ----------
        first, last : int
            Equal for a single frame.
        """
        project, micrograph = self._session.project, self._session.micrograph
        index = project.selection.index
        if index is None or micrograph is None:
            return
        choice = choice_of(first, last, micrograph.n_frames)
        self._set_frames(project, {index: choice})

    def choose_in_all(self, first: int, last: int) -> Job | None:
        """Choose the same in all files that have these frames.

        A worker counts the frames of each file. All frames of the open file stand for
        all frames of each file.
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
        series, fitting = _series_and_fitting(counts, choice)
        self._set_frames(project, dict.fromkeys(fitting, choice))
        with self._session.reporting_errors():
            project.micrographs.set_frames_of_all(choice)
        self._session.messages.withdraw(_FEWER)
        n_short = len(series) - len(fitting)
        if n_short:
            what = "1 file has" if n_short == 1 else f"{n_short} files have"
            self._session.warn(
                f"{what} fewer frames than that and stayed as before; the others "
                f"are read as the {frame_words(choice)}.",
                _FEWER,
            )

    # --- files that join later ------------------------------------------------

    @Slot()
    def _begin(self) -> None:
        """Start with another project; labels that it has already are not reported."""
        self._newest_key = 0
        self._session.messages.withdraw(_OTHER_FRAME)
        if self._session.is_open:
            micrographs = self._session.project.micrographs
            self._reported_labels = micrographs.labels_of_other_frames()
        self._count_new_files()

    @Slot()
    def _count_new_files(self) -> None:
        """Count the frames of new files, if a choice holds for all files."""
        if self._counting_new or not self._session.is_open:
            return
        project = self._session.project
        if project.read_only:
            return
        choice, paths = project.micrographs.later_files()
        # Each file is counted once, even if that can't be stored.
        if max(paths, default=0) <= self._newest_key:
            return
        self._newest_key = max(paths)
        job = Job("Counting frames", partial(counting_frames, paths), heavy=False)
        job.produced.connect(partial(self._on_new_counted, project, choice, paths))
        job.failed.connect(self._session.warn)
        job.finished.connect(self._on_new_finished)
        self._counting_new = self._session.runner.submit(job)

    def _on_new_finished(self, _complete: bool) -> None:
        self._counting_new = None
        self._count_new_files()

    def _on_new_counted(
        self,
        project: Project,
        choice: FrameChoice,
        paths: Mapping[int, Path],
        counts: Mapping[int, int],
    ) -> None:
        if not self._is_open(project):
            return
        # The indices may have changed, as other files may have joined meanwhile.
        index_of = {each.path: each.index for each in project.micrographs.entries}
        series, fitting = _series_and_fitting(counts, choice)
        new = [index_of[paths[key]] for key in fitting if paths[key] in index_of]
        new = [index for index in new if project.micrographs.frame(index) == 0]
        with self._session.reporting_errors():
            project.micrographs.set_frames_of_all(choice, max(paths))
        if new:
            self._set_frames(project, dict.fromkeys(new, choice))
            what = "1 new file is" if len(new) == 1 else f"{len(new)} new files are"
            notifications.inform(
                f"{what} read as the {frame_words(choice)}, as was chosen for all."
            )
        if len(series) > len(fitting):
            names = ", ".join(paths[key].name for key in series if key not in fitting)
            self._session.warn(
                f"{names}: fewer frames than the {frame_words(choice)} takes, as was "
                "chosen for all files; the first one is read."
            )

    # --- storing, and labels of other frames ----------------------------------

    def _is_open(self, project: Project) -> bool:
        return self._session.is_open and self._session.project is project

    def _set_frames(self, project: Project, choices: Mapping[int, FrameChoice]) -> None:
        self._canvas.apply_pending_edits()
        with self._session.reporting_errors():
            project.micrographs.set_frames(choices)
            # Shown again, even if the user has closed the same message.
            self._reported_labels = 0
            self._update_label_message()

    @Slot()
    def _update_label_message(self) -> None:
        """Show how many labels were given on another frame.

        A message that the user has closed comes back only if there are more.
        """
        if not self._session.is_open:
            return
        number = self._session.project.micrographs.labels_of_other_frames()
        messages = self._session.messages
        is_shown = any(each.name == _OTHER_FRAME for each in messages.shown)
        if not number:
            messages.withdraw(_OTHER_FRAME)
        elif is_shown or number > self._reported_labels:
            self._session.warn(_labels_stay(number), _OTHER_FRAME)
        # The maximum, so that undoing a corrected label does not report it again.
        self._reported_labels = max(number, self._reported_labels) if number else 0


def _series_and_fitting(
    counts: Mapping[int, int], choice: FrameChoice
) -> tuple[list[int], list[int]]:
    """Return the files with several frames, and those that have the chosen ones."""
    series = [index for index, number in counts.items() if number > 1]
    return series, [
        each for each in series if frames_of(choice, counts[each])[1] < counts[each]
    ]


def _labels_stay(number: int) -> str:
    if number == 1:
        return "1 label was given on another frame and stays; check its circle."
    return f"{number} labels were given on another frame and stay; check their circles."
