"""Label, accept, defer or remove the selected particles."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.records import Label
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.navigation import Navigation
    from napari_cdse.gui.controllers.selection import Selection
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings

_NOTHING_CHOSEN = "Choose a particle first: click its circle, or press {} for the next."


class Review(QObject):
    """Makes an edit of the chosen particles, then goes on to the next.

    After what the queue brought up, that may lie in another micrograph; after what the
    hand chose, drew or removed, it does not. While circles are drawn, nothing moves.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    selection : Selection
        Tells which are chosen, and how the user came to them.
    navigation : Navigation
        Goes on.
    keys : KeySettings
        For the sentence that names the key.
    """

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        selection: Selection,
        navigation: Navigation,
        keys: KeySettings,
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._selection = selection
        self._navigation = navigation
        self._keys = keys

    def label(self, label: Label) -> None:
        """Give the chosen particles a class and go to the next."""
        self._on_chosen(
            lambda ids: self._session.project.edits.label(
                ids, label, selected_by=self._selection.how(ids)
            )
        )

    def accept(self) -> None:
        """Confirm what the forest says of the chosen particles, and go on."""
        self._on_chosen(
            lambda ids: self._session.project.edits.accept(
                ids, selected_by=self._selection.how(ids)
            )
        )

    def defer(self) -> None:
        """Leave the chosen particles for later, and go on."""
        self._on_chosen(
            lambda ids: self._session.project.edits.defer(
                ids, selected_by=self._selection.how(ids)
            )
        )

    def remove(self) -> None:
        """Take the chosen circles away, and go on in this micrograph."""
        self._on_chosen(
            lambda ids: self._session.project.edits.remove(
                ids, selected_by=self._selection.how(ids)
            ),
            stays=True,
        )

    def _on_chosen(
        self, act: Callable[[tuple[str, ...]], object], *, stays: bool = False
    ) -> None:
        if not self._canvas.ready():
            return
        ids = self._selection.chosen
        if not ids:
            self._session.say(_NOTHING_CHOSEN.format(self._keys.words("next")))
            return
        stays = stays or self._selection.how(ids) == "hand"
        particles, deferred = self._canvas.particles, self._session.deferred
        together = nullcontext() if particles is None else particles.joined_updates()
        with self._session.reporting_errors(), deferred.after_drawing(), together:
            if act(ids) is not False and not self._canvas.draws:
                self._go_on(stays)

    def _go_on(self, stays: bool) -> None:
        if stays:
            self._navigation.advance_here()
        else:
            self._navigation.advance()
