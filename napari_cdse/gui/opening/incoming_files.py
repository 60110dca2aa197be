"""Open dropped files as a project, or add them to the open one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.gui.session import notifications
from napari_cdse.io.labels.pairing import micrographs_beside
from napari_cdse.io.paths import absolute
from napari_cdse.project import sort_incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_cdse.gui.controllers.navigation import Navigation
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Incoming

_NO_MICROGRAPH = (
    "No micrograph lies beside {}, so its labels belong to none; drop the folder that "
    "holds both, or open the micrographs first."
)


class IncomingFiles:
    """Decides what is done with files and folders.

    A project or a folder is opened. Micrographs join the open project, or become one;
    label files and annotations of other programs join the micrographs that they are
    named after.

    Parameters
    ----------
    session : Session
    navigation : Navigation
        Shows a micrograph that joined.
    open_project : callable
        Takes what to open, and where the project file lies; True if it worked.
    import_annotations : callable
        Takes files with circles and classes into the open project.
    """

    def __init__(
        self,
        session: Session,
        navigation: Navigation,
        open_project: Callable[[Path | Sequence[Path], Path | None], bool],
        import_annotations: Callable[[Sequence[Path]], object],
    ) -> None:
        self._session = session
        self._navigation = navigation
        self._open_project = open_project
        self._import_annotations = import_annotations

    def accepts(self, paths: Sequence[Path]) -> bool:
        """Whether files and folders are something that can be taken now."""
        found = sort_incoming(paths)
        return found.can_join if self._session.is_open else found.is_ours

    def take(self, paths: Sequence[Path]) -> bool:
        """Open files and folders or let them join; True if it worked."""
        found = sort_incoming(paths)
        if found.projects:
            return self._open_project(found.projects[0], None)
        if found.folders:
            sources = (*found.folders, *found.micrographs, *found.labels)
            return self._open_project(sources if sources[1:] else sources[0], None)
        if not self.accepts(paths):
            # It says what is wrong with it.
            return self._open_project((*found.others, *found.annotations)[0], None)
        if self._session.is_open:
            return self._join(found)
        if found.micrographs:
            return self._open_project((*found.micrographs, *found.labels), None)
        return self._open_beside(found.labels)

    def _join(self, found: Incoming) -> bool:
        """Add files to the open project, and say what came of it."""
        if found.micrographs and not self._add(found.micrographs):
            return False
        circles = (*found.labels, *found.annotations)
        if circles:
            self._import_annotations(circles)
        return True

    def _add(self, micrographs: Sequence[Path]) -> bool:
        """Add micrographs to the open project, and open the first of them."""
        project = self._session.project
        before = len(project.micrographs.entries)
        if not self._open_project(micrographs, project.path):
            return False
        added = len(self._session.project.micrographs.entries) - before
        if added:
            what = "1 micrograph" if added == 1 else f"{added} micrographs"
            notifications.inform(f"{what} joined {project.path.name}.")
        self._show(micrographs)
        return True

    def _show(self, micrographs: Sequence[Path]) -> None:
        """Open the first of some micrographs."""
        wanted = set(map(absolute, micrographs))
        for entry in self._session.entries:
            if absolute(entry.path) in wanted:
                self._navigation.open_micrograph(entry.index)
                return

    def _open_beside(self, labels: Sequence[Path]) -> bool:
        """Open the folder that label files and their micrographs lie in."""
        for label in labels:
            folder = micrographs_beside(label)
            if folder is not None:
                return self._open_project(folder, None)
            self._session.warn(_NO_MICROGRAPH.format(label.name))
        return False
