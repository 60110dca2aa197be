"""The way through the particles of a project: on, back, and through the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.controllers.selection import Selection
from napari_cdse.gui.session import notifications as notices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.core.records import SelectedBy
    from napari_cdse.core.review.review_queue import Order
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Which

_ALL_DONE = "Every particle of the project has been reviewed."
_FOUND_DONE = (
    "Every particle found so far has been reviewed; {} not been looked through yet: "
    'press "Detect in all".'
)
_NONE_DEFERRED = "No other particle was left for later."
_NONE_DISPUTED = "Annotators differ on no other particle."
_NOTHING_LEFT = "There is no other particle."
_NO_MORE: Mapping[Which, str] = {
    "unlabelled": _ALL_DONE,
    "deferred": _NONE_DEFERRED,
    "disputed": _NONE_DISPUTED,
    "all": _NOTHING_LEFT,
}
_AT_START = "This is where you began."


class Way(QObject):
    """Goes from particle to particle.

    Attributes
    ----------
    order : {"uncertain", "micrograph", "class", "confidence", "novelty"}
        In which the next particle is found.
    which : {"unlabelled", "deferred", "disputed", "all"}
        Particles to stop at.
    arriving : bool
        Whether it is on the way to a particle, which will be in the middle of the view.
    selection : Selection
    """

    order_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._order: Order = "uncertain"
        self._which: Which = "unlabelled"
        self.arriving = False
        self.selection = Selection(session)

    @property
    def order(self) -> Order:
        """In which the next particle is found."""
        return self._order

    @property
    def which(self) -> Which:
        """Particles to stop at."""
        return self._which

    def set_order(self, order: Order, which: Which) -> None:
        """Choose another order, or other particles."""
        self._order, self._which = order, which
        self._session.stage.read_ahead()
        self.order_changed.emit()

    def micrographs_ahead(self, number: int) -> list[int]:
        """Return the next few other micrographs that going on would open."""
        project = self._session.project
        found: list[int] = []
        for particle_id in project.review.upcoming(self._order, self._which):
            index = project.particles.micrograph_of(particle_id)
            if index not in (project.selection.index, *found):
                found.append(index)
            if len(found) == number:
                break
        return found

    def hides(self, particle_id: str) -> bool:
        """Tell whether a particle's prediction must not be shown yet."""
        project = self._session.project
        return project is not None and project.audits.hides(particle_id)

    def go_on(self) -> None:
        """Select the next particle and look at it."""
        if self._ready():
            self._advance()

    def go_back(self) -> None:
        """Select the particle that was looked at before this one."""
        if self._ready():
            found = self._session.project.review.retreat()
            self._go_to(found, self.selection.arrived_by(found), _AT_START)

    def _go_to(self, found: str | None, how: SelectedBy, nothing: str = "") -> None:
        if found is None:
            self._say(nothing)
            return
        self.arriving = True
        try:
            with notices.told():
                self.selection.go_to(found, how)
                self._see(found)
        finally:
            self.arriving = False

    def go_to(self, particle_id: str) -> None:
        """Select a particle that the person chose from a list, and look at it."""
        project = self._session.project
        if (
            project is None
            or not self._ready()
            or project.particles.find(particle_id) is None
        ):
            return
        self._go_to(particle_id, "hand")

    def step_micrograph(self, by: int) -> None:
        """Open the next micrograph, or the one before."""
        project = self._session.project
        if (
            project is not None
            and project.selection.index is not None
            and self._ready()
        ):
            self._session.open_micrograph(project.selection.index + by)

    def undo(self) -> None:
        """Take the last step back and show where it was."""
        self._walk_history("undo", "Undone", "There is nothing to undo.")

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self._walk_history("redo", "Done again", "There is nothing to redo.")

    def _walk_history(self, name: str, says: str, nothing: str) -> None:
        if not self._ready():
            return
        project = self._session.project
        touched: set[str] = set()

        def collect(ids: frozenset[str] | None) -> None:
            touched.update(ids or ())

        project.events.particles_changed.connect(collect)
        try:
            with notices.told():
                summary = getattr(project.history, name)()
                self._say(nothing if summary is None else f"{says}: {summary}")
                self._return_to(touched)
        finally:
            project.events.particles_changed.disconnect(collect)

    def _return_to(self, ids: set[str]) -> None:
        """Select the particle that a step was about, if it was only one."""
        project = self._session.project
        if len(ids) == 1 and project.particles.find(next(iter(ids))) is not None:
            (particle_id,) = ids
            project.selection.select(particle_id)

    # Inside

    def _advance(self) -> None:
        found = self._session.project.review.advance(self._order, self._which)
        how = "queue" if self._order == "uncertain" else "order"
        # Only who finds nothing asks why: it takes a look at all micrographs.
        self._go_to(found, how, "" if found else self._no_more())

    def _ready(self) -> bool:
        """Whether the layer can be changed now; takes in what was changed by hand."""
        session = self._session
        if session.project is None:
            return False
        if session.view is not None:
            if session.view.in_gesture:
                return False
            session.stage.take_in()
        return True

    def _no_more(self) -> str:
        """Say why there is no next particle."""
        entries = self._session.entries
        untouched = sum(
            not (each.analysed or each.found or each.excluded or each.problem)
            for each in entries
        )
        if self._which != "unlabelled" or not untouched:
            return _NO_MORE[self._which]
        is_one = untouched == 1
        what = "1 micrograph has" if is_one else f"{untouched} micrographs have"
        return _FOUND_DONE.format(what)

    def _see(self, particle_id: str) -> None:
        project = self._session.project
        particle = project.particles.find(particle_id)
        if particle is not None and self._session.view is not None:
            self._session.scene.see(particle.circle)

    def _say(self, sentence: str) -> None:
        self._session.viewer.status = sentence
