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

    Action = Callable[[Project, tuple[str, ...], SelectedBy], object]

_CHOOSE = "Choose particles first: click, drag around them, or use Shift and Ctrl."


class GalleryKeys(QObject):
    """Edits the selected particles, with one step for each key.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Pending edits there are applied before.
    keys : KeySettings
    view : GalleryView

    Signals
    -------
    message(sentence)
        Something to show to the user.
    """

    message = Signal(str)

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
        self._actions = _actions()
        view.pressed_key.connect(self.on_key)

    def on_key(self, event: QKeyEvent) -> None:
        """Apply the action of a key to the selected particles.

        Other keys are passed on to the viewer.
        """
        name = shortcut_of(event, self._keys.shortcuts)
        if name in self._actions:
            event.accept()
            self.apply(name)

    def apply(self, name: str) -> None:
        """Apply the action of a shortcut to the selected particles, and go on."""
        session, ids = self._session, self._view.chosen
        if not ids:
            self.message.emit(_CHOOSE)
            return
        self._canvas.apply_pending_edits()
        row = self._view.model().arrangement.row_of(ids[0])
        if row is None:
            return
        with self._session.reporting_errors():
            action = self._actions[name]
            if action(session.project, ids, self._how(ids)) is not False:
                self._show_step(ids)
                self._go_on(ids, row)

    def _how(self, ids: tuple[str, ...]) -> SelectedBy:
        """Return how the user came to these particles."""
        return "order" if self._view.by_keys and len(ids) == 1 else "hand"

    def _show_step(self, ids: tuple[str, ...]) -> None:
        """Show what was done to several particles, and the key to undo it."""
        summary = self._session.project.history.undo_summary
        if summary is not None and len(ids) > 1:
            undo = self._keys.words("undo")
            self.message.emit(f"{summary}. {undo} takes it back.")

    def _go_on(self, ids: tuple[str, ...], row: int) -> None:
        """Select the next particle; several stay selected, to show what was done."""
        view = self._view
        stays = view.model().arrangement.row_of(ids[0]) is not None
        following = row + 1 if stays else row
        if len(ids) == 1 and following < view.model().rowCount():
            view.by_keys = True
            view.choose(following)


def _actions() -> dict[str, Action]:
    labels: dict[str, Action] = {f"label_{one}": _labelling(one) for one in CLASSES}
    return labels | {
        "accept": lambda project, ids, how: project.edits.accept(ids, selected_by=how),
        "defer": lambda project, ids, how: project.edits.defer(ids, selected_by=how),
        "remove": lambda project, ids, _how: project.edits.remove(ids),
    }


def _labelling(label: Label) -> Action:
    return lambda project, ids, how: project.edits.label(ids, label, selected_by=how)
