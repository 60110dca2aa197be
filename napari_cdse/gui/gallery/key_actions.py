"""Keys that label the particles selected in the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.shortcuts.key_events import shortcut_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QKeyEvent

    from napari_cdse.core.records import Label, SelectedBy
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.gallery.view import GalleryView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings
    from napari_cdse.project import Project

    Act = Callable[[Project, tuple[str, ...], SelectedBy], object]

_CHOOSE = "Choose particles first: click, drag around them, or use Shift and Ctrl."


class GalleryKeys(QObject):
    """Labels what is chosen in a gallery, each time as one step.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        What was drawn there is taken in before.
    keys : KeySettings
    view : GalleryView
    """

    said = Signal(str)

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        keys: KeySettings,
        view: GalleryView,
    ) -> None:
        super().__init__(view)
        self._session = session
        self._canvas = canvas
        self._keys = keys
        self._view = view
        self._acts = _acts()
        view.pressed_key.connect(self.on_key)

    def on_key(self, event: QKeyEvent) -> None:
        """Do what a key of the registry stands for, with what is chosen here.

        Other keys go on to the viewer and mean there what they always do.
        """
        name = shortcut_of(event, self._keys.shortcuts)
        if name in self._acts:
            event.accept()
            self.act(name)

    def act(self, name: str) -> None:
        """Do what the shortcut of that name stands for."""
        session, ids = self._session, self._view.chosen
        if not ids:
            self.said.emit(_CHOOSE)
            return
        self._canvas.apply_pending_edits()
        row = self._view.model().arrangement.row_of(ids[0])
        if row is None:
            return
        with self._session.reporting_errors():
            if self._acts[name](session.project, ids, self._how(ids)) is not False:
                self._say(ids)
                self._go_on(ids, row)

    def _how(self, ids: tuple[str, ...]) -> SelectedBy:
        """Say how the user came to look at these."""
        return "order" if self._view.by_keys and len(ids) == 1 else "hand"

    def _say(self, ids: tuple[str, ...]) -> None:
        done = self._session.project.history.undo_summary
        if done is not None and len(ids) > 1:
            undo = self._keys.words("undo")
            self.said.emit(f"{done}. {undo} takes it back.")

    def _go_on(self, ids: tuple[str, ...], row: int) -> None:
        """Go to the next one; several stay chosen, so that one sees what was done."""
        view = self._view
        stays = view.model().arrangement.row_of(ids[0]) is not None
        following = row + 1 if stays else row
        if len(ids) == 1 and following < view.model().rowCount():
            view.by_keys = True
            view.choose(following)


def _acts() -> dict[str, Act]:
    acts: dict[str, Act] = {f"label_{label}": _labelling(label) for label in CLASSES}
    return acts | {
        "accept": lambda project, ids, how: project.edits.accept(ids, selected_by=how),
        "defer": lambda project, ids, how: project.edits.defer(ids, selected_by=how),
        "remove": lambda project, ids, _how: project.edits.remove(ids),
    }


def _labelling(label: Label) -> Act:
    return lambda project, ids, how: project.edits.label(ids, label, selected_by=how)
