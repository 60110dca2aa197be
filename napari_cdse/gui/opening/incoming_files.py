"""Open files and folders as a project, or add them to the open one."""

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

    A project or folder is opened. Micrographs are added to the open project, or become
    one. Label files, and annotations of other programs, are imported for the
    micrographs after which they are named.

    Parameters
    ----------
    session : Session
    navigation : Navigation
        Shows a micrograph that was added.
    open_project : callable
        Called with what to open, and the path of the project file; returns whether that
        was possible.
    import_annotations : callable
        Imports files with circles and classes into the open project.
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
        """Tell whether files and folders can be opened or added now."""
        incoming = sort_incoming(paths)
        return incoming.can_join if self._session.is_open else incoming.is_ours

    def take(self, paths: Sequence[Path]) -> bool:
        """Open files and folders, or add them; True if that was possible."""
        incoming = sort_incoming(paths)
        if incoming.projects:
            return self._open_project(incoming.projects[0], None)
        if incoming.folders:
            sources = (*incoming.folders, *incoming.micrographs, *incoming.labels)
            return self._open_project(sources if sources[1:] else sources[0], None)
        if not self.accepts(paths):
            # Opening one shows what is wrong with it.
            unusable = (*incoming.others, *incoming.annotations)
            return self._open_project(unusable[0], None)
        if self._session.is_open:
            return self._add(incoming)
        if incoming.micrographs:
            return self._open_project((*incoming.micrographs, *incoming.labels), None)
        return self._open_beside(incoming.labels)

    def _add(self, incoming: Incoming) -> bool:
        """Add files to the open project."""
        if incoming.micrographs and not self._add_micrographs(incoming.micrographs):
            return False
        circles = (*incoming.labels, *incoming.annotations)
        if circles:
            self._import_annotations(circles)
        return True

    def _add_micrographs(self, micrographs: Sequence[Path]) -> bool:
        """Add micrographs to the open project, and open the first of them."""
        project = self._session.project
        before = len(project.micrographs.entries)
        if not self._open_project(micrographs, project.path):
            return False
        added = len(self._session.project.micrographs.entries) - before
        if added:
            what = "1 micrograph" if added == 1 else f"{added} micrographs"
            notifications.inform(f"{what} joined {project.path.name}.")
        self._open_first(micrographs)
        return True

    def _open_first(self, micrographs: Sequence[Path]) -> None:
        """Open the first of some micrographs of the project."""
        wanted = set(map(absolute, micrographs))
        for entry in self._session.entries:
            if absolute(entry.path) in wanted:
                self._navigation.open_micrograph(entry.index)
                return

    def _open_beside(self, labels: Sequence[Path]) -> bool:
        """Open the folder of label files and their micrographs."""
        for label in labels:
            folder = micrographs_beside(label)
            if folder is not None:
                return self._open_project(folder, None)
            self._session.warn(_NO_MICROGRAPH.format(label.name))
        return False
