"""The state of one window: viewer, project, signals and workers."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.session.deferred_signals import DeferredSignals
from napari_cdse.gui.session.plain_text import one_line
from napari_cdse.gui.session.program_errors import ProgramErrors
from napari_cdse.gui.session.signals import Signals
from napari_cdse.gui.session.standing_messages import StandingMessages
from napari_cdse.gui.session.viewer_window import WindowClosedError
from napari_cdse.gui.session.workers import JobRunner
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari import Viewer

    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.core.records import Micrograph
    from napari_cdse.project import MicrographEntry, Project


NO_PROJECT = "Open a folder of micrographs first."
_OWN_SIZES = "pixel sizes of single micrographs"
_NAMED = 3
"""Most micrographs that a message lists by name. A choice."""


class NoProjectError(CdseError):
    """No project is open."""


class Session(Signals):
    """The viewer, the open project, and the window's signals, jobs and messages.

    Layers, tools and controllers are built on it, in `napari_cdse.gui.workspace`; it
    knows none of them.

    Attributes
    ----------
    runner : JobRunner
        Runs long work.
    deferred : DeferredSignals
        Emits signals after the circles are drawn.
    messages : StandingMessages
        Messages that stay until they are read or obsolete.
    program_errors : ProgramErrors
        Messages on unforeseen errors.
    closed : bool
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self.closed = False
        self._project: Project | None = None
        self.runner = JobRunner()
        self.deferred = DeferredSignals(self)
        self.messages = StandingMessages(self)
        self.program_errors = ProgramErrors(self.messages, self)
        self.runner.broke.connect(self.program_errors.show)
        self._problems: dict[int, str] = {}

    @property
    def viewer(self) -> Viewer | None:
        """The viewer, as long as it is there."""
        return self._viewer()

    @property
    def open_viewer(self) -> Viewer:
        """The viewer; raises `WindowClosedError` if its window was closed."""
        viewer = self.viewer
        if viewer is None:
            raise WindowClosedError
        return viewer

    def say(self, sentence: str) -> None:
        """Show a sentence in the viewer's status line."""
        self.open_viewer.status = one_line(sentence)

    def warn(self, sentence: str, about: str = "") -> None:
        """Show a problem until the user closes the message.

        Parameters
        ----------
        sentence : str
            What is wrong and what to do.
        about : str, optional
            Its subject; a newer message with the same subject replaces it. By default
            the sentence, so that it is shown once however often it is given.
        """
        if isinstance(sentence, Unforeseen):
            self.program_errors.show(sentence)
        else:
            self.messages.put(about or sentence, sentence)

    def tell(self, sentence: str, about: str) -> None:
        """Show a success until the user closes the message.

        napari's own notifications would cut long sentences.

        Parameters
        ----------
        sentence : str
            What was done, and where the result is.
        about : str
            Its subject; a newer message with the same subject replaces it.
        """
        self.messages.put(about, sentence, good=True)

    @contextmanager
    def reporting_errors(self, about: str = "") -> Iterator[None]:
        """Show a `CdseError` of the block as a message, see `warn`.

        Parameters
        ----------
        about : str, optional
            Subject of the message; without an error, an earlier message with the same
            subject is withdrawn.
        """
        try:
            yield
        except CdseError as error:
            self.warn(str(error), about)
        else:
            self.messages.withdraw(about)

    # --- project --------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether a project is open."""
        return self._project is not None

    @property
    def project(self) -> Project:
        """The open project.

        Raises
        ------
        NoProjectError
            If none is open. Code that can run without a project checks `is_open` first:
            keys do by `MicrographView.ready`, and so do timers. Docks show another view
            then.
        """
        if self._project is None:
            raise NoProjectError(NO_PROJECT)
        return self._project

    def enter(self, project: Project) -> None:
        """Make a project the open one."""
        self._project = project
        self._problems.clear()
        for sentence in project.notices:
            self.warn(sentence)
        self.project_changed.emit()

    def leave(self) -> None:
        """Close the project; signals about it that were deferred are dropped."""
        self._project = None
        self.messages.withdraw(_OWN_SIZES)
        self.deferred.forget()

    def close(self) -> None:
        """Stop the workers for good."""
        self.closed = True
        # Their bar may be gone before the project is, whose messages go with it.
        self.messages.blockSignals(True)
        self.program_errors.close()
        self.runner.close()

    # --- micrographs ----------------------------------------------------------

    @property
    def micrograph(self) -> Micrograph | None:
        """The open micrograph; None while there is none or it is being read."""
        return self.project.selection.micrograph

    @property
    def current_entry(self) -> MicrographEntry | None:
        """The open micrograph's line in the table."""
        current = self.project.selection.index
        return None if current is None else self.entries[current]

    @property
    def entries(self) -> tuple[MicrographEntry, ...]:
        """The table of micrographs, with problems noted by `set_problem`."""
        return tuple(
            replace(one, problem=self._problems.get(one.index, one.problem))
            for one in self.project.micrographs.entries
        )

    def set_problem(self, index: int, sentence: str | None) -> None:
        """Note why a micrograph could not be analysed; None takes the note back."""
        if sentence is None:
            self._problems.pop(index, None)
        else:
            self._problems[index] = sentence
        self.micrographs_changed.emit()

    def source(self, index: int) -> Source:
        """Return what a worker needs to read a micrograph."""
        project = self.project
        entry = project.micrographs.entries[index]
        pixels = (
            project.selection.micrograph if index == project.selection.index else None
        )
        size = project.micrographs.person_pixel_size(index)
        material = project.settings.detection.material
        return Source(index, entry.path, entry.frame, size, pixels, material)

    def set_pixel_size(self, pixel_size_nm: float | None, whole_folder: bool) -> None:
        """Set the pixel size of the open micrograph, or of the whole folder.

        Micrographs with a pixel size of their own keep it; a message offers to change
        them too.

        Parameters
        ----------
        pixel_size_nm : float or None
            Edge of a pixel; None takes the user's size back.
        whole_folder : bool
            Whether all micrographs get it.
        """
        project = self.project
        current = project.selection.index
        if whole_folder:
            alone = project.micrographs.sized_alone()
            kept = [each for each in alone if each != current]
            with self.reporting_errors():
                project.micrographs.set_pixel_size(pixel_size_nm, kept=kept)
                self._tell_kept_sizes(pixel_size_nm, kept)
        elif current is not None:
            with self.reporting_errors():
                project.micrographs.set_pixel_size(pixel_size_nm, [current])

    def _tell_kept_sizes(self, pixel_size_nm: float | None, kept: list[int]) -> None:
        """Show which micrographs keep a size of their own, and offer to change it."""
        self.messages.withdraw(_OWN_SIZES)
        project = self.project
        sizes = {at: project.micrographs.person_pixel_size(at) for at in kept}
        others = [at for at, size in sizes.items() if size != pixel_size_nm]
        if not others:
            return

        def set_there() -> None:
            self.messages.withdraw(_OWN_SIZES)
            with self.reporting_errors():
                project.micrographs.set_pixel_size(pixel_size_nm, others)

        names = [one_line(project.micrographs.entries[at].name) for at in others]
        listed = ", ".join(names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        does = "keep the pixel sizes" if len(names) > 1 else "keeps the pixel size"
        whose = "set for each alone" if len(names) > 1 else "set for it alone"
        self.messages.put(
            _OWN_SIZES,
            f"{listed}{more} {does} {whose}.",
            remedy="Set there, too" if pixel_size_nm else "Take back there, too",
            act=set_there,
            good=True,
        )

    def pixel_size(self) -> PixelSize | None:
        """Edge of the open micrograph's pixels, and how it is known."""
        current = self.project.selection.index
        if current is None:
            return None
        return self.project.micrographs.pixel_size(current)
