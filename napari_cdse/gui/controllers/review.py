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
    from napari_cdse.gui.controllers.particle_selection import ParticleSelection
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings

_NOTHING_CHOSEN = "Choose a particle first: click its circle, or press {} for the next."


class Review(QObject):
    """Edits the selected particles, then goes on to the next one.

    After a particle from the queue, the next one may lie in another micrograph. After
    one that the user selected, drew or removed, it lies in the same micrograph. While
    circles are drawn, the selection stays.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    selection : ParticleSelection
        The selected particles, and how the user came to them.
    navigation : Navigation
        Goes on to the next one.
    keys : KeySettings
        Names of keys in messages.
    """

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        selection: ParticleSelection,
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
        """Label the selected particles, and go on to the next one."""
        self._edit_selected(
            lambda ids: self._session.project.edits.label(
                ids, label, selected_by=self._selection.how(ids)
            )
        )

    def accept(self) -> None:
        """Confirm the forest's class of the selected particles, and go on."""
        self._edit_selected(
            lambda ids: self._session.project.edits.accept(
                ids, selected_by=self._selection.how(ids)
            )
        )

    def defer(self) -> None:
        """Leave the selected particles for later, and go on."""
        self._edit_selected(
            lambda ids: self._session.project.edits.defer(
                ids, selected_by=self._selection.how(ids)
            )
        )

    def remove(self) -> None:
        """Delete the selected circles, and go on in this micrograph."""
        self._edit_selected(
            lambda ids: self._session.project.edits.remove(
                ids, selected_by=self._selection.how(ids)
            ),
            stays=True,
        )

    def _edit_selected(
        self, edit: Callable[[tuple[str, ...]], object], *, stays: bool = False
    ) -> None:
        """Apply an edit to the selected particles, and go on.

        Parameters
        ----------
        edit : callable
            Called with their ids; returns False if nothing was done.
        stays : bool
            Whether the next particle has to lie in the same micrograph.
        """
        if not self._canvas.ready():
            return
        ids = self._selection.chosen
        if not ids:
            self._session.say(_NOTHING_CHOSEN.format(self._keys.words("next")))
            return
        stays = stays or self._selection.how(ids) == "hand"
        particles, deferred = self._canvas.particles, self._session.deferred
        drawn_once = nullcontext() if particles is None else particles.joined_updates()
        with self._session.reporting_errors(), deferred.after_drawing(), drawn_once:
            if edit(ids) is not False and not self._canvas.draws:
                self._go_on(stays)

    def _go_on(self, stays: bool) -> None:
        if stays:
            self._navigation.advance_here()
        else:
            self._navigation.advance()
