"""Go from particle to particle, and from micrograph to micrograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.core.review.review_queue import BATCH
from napari_cdse.gui.canvas.prefetch import AHEAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.core.records import SelectedBy
    from napari_cdse.core.review.review_queue import Order
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.particle_selection import ParticleSelection
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
_HERE_DONE = "Nothing else waits in this micrograph."
_ELSEWHERE = f"{_HERE_DONE} The next particle lies in another one; go on when you like."


class Navigation(QObject):
    """Goes from particle to particle, and has the next micrographs read ahead.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    selection : ParticleSelection

    Attributes
    ----------
    order : {"uncertain", "micrograph", "class", "confidence", "novelty"}
        Order of the queue.
    which : {"unlabelled", "deferred", "disputed", "all"}
        Particles in the queue.
    stays : bool
        Whether the next particle is sought in the open micrograph only.
    order_changed : signal
        One of these has changed.
    ahead : signal
        Carries the sources of the micrographs that the queue opens next.
    """

    order_changed = Signal()
    ahead = Signal(object)

    def __init__(
        self, session: Session, canvas: MicrographView, selection: ParticleSelection
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._selection = selection
        self._order: Order = "uncertain"
        self._which: Which = "unlabelled"
        self._stays = False
        self._shown_index: int | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._read_ahead)
        canvas.shown.connect(self._on_shown)
        session.project_changed.connect(self._forget)

    def close(self) -> None:
        """Stop reading ahead."""
        self._soon.stop()

    @property
    def waiting(self) -> bool:
        """Whether reading ahead is scheduled."""
        return self._soon.isActive()

    # --- the queue ------------------------------------------------------------

    @property
    def order(self) -> Order:
        """Order of the queue."""
        return self._order

    @property
    def which(self) -> Which:
        """Particles in the queue."""
        return self._which

    def set_order(self, order: Order, which: Which) -> None:
        """Choose another order, or other particles for the queue."""
        self._order, self._which = order, which
        self._soon.start(0)
        self.order_changed.emit()

    @property
    def stays(self) -> bool:
        """Whether the next particle is sought in the open micrograph only."""
        return self._stays

    def set_stays(self, stays: bool) -> None:
        """Stay in the open micrograph, or go through all."""
        self._stays = stays
        self._soon.start(0)
        self.order_changed.emit()

    # --- particles ------------------------------------------------------------

    def go_on(self) -> None:
        """Select and show the next particle."""
        if self._canvas.ready():
            self.advance()

    def go_back(self) -> None:
        """Select and show the particle before this one."""
        if self._canvas.ready():
            before = self._session.project.review.retreat()
            self._go_to(before, self._selection.arrived_by(before), _AT_START)

    def go_to(self, particle_id: str) -> None:
        """Select and show a particle that the user chose from a list."""
        ready = self._canvas.ready()
        if ready and self._session.project.particles.find(particle_id) is not None:
            self._go_to(particle_id, "hand")

    def advance(self) -> None:
        """Go to the next particle; the caller has checked that the canvas is ready."""
        self._advance(self._stays)

    def advance_here(self) -> None:
        """Go to the next particle of the open micrograph, if there is one."""
        self._advance(stays=True)

    def _advance(self, stays: bool) -> None:
        project = self._session.project
        within = project.selection.index if stays else None
        following = project.review.advance(self._order, self._which, within)
        how: SelectedBy = "queue" if self._order == "uncertain" else "order"
        # The reason is only sought if needed, since that goes through all micrographs.
        self._go_to(following, how, "" if following else self._why_nothing(stays))

    def _why_nothing(self, stays: bool) -> str:
        upcoming = self._session.project.review.upcoming(self._order, self._which)
        if not stays or next(upcoming, None) is None:
            return self._no_more()
        return _HERE_DONE if self._stays else _ELSEWHERE

    def _go_to(
        self, particle_id: str | None, how: SelectedBy, nothing: str = ""
    ) -> None:
        """Select and show a particle; for None, show the reason in the status line."""
        if particle_id is None:
            self._session.say(nothing)
            return
        with self._canvas.without_fitting(), self._session.reporting_errors():
            self._selection.go_to(particle_id, how)
            self._canvas.see(particle_id)
            if self._canvas.particles is None:
                # The particle is shown once its micrograph is read, see `_on_shown`.
                self._shown_index = None

    def _no_more(self) -> str:
        """Return why there is no next particle."""
        entries = self._session.entries
        untouched = sum(
            not (each.analysed or each.found or each.excluded or each.problem)
            for each in entries
        )
        if self._which != "unlabelled" or not untouched:
            return _NO_MORE[self._which]
        is_one = untouched == 1
        which = "1 micrograph has" if is_one else f"{untouched} micrographs have"
        return _FOUND_DONE.format(which)

    # --- micrographs ----------------------------------------------------------

    def open_micrograph(self, index: int) -> None:
        """Show another micrograph."""
        project = self._session.project
        if not 0 <= index < len(project.micrographs.entries):
            return
        self._canvas.apply_pending_edits()
        if index == project.selection.index and self._canvas.particles is None:
            self._canvas.read(index)
            self._session.deferred.opened()
        project.selection.open(index)

    def step_micrograph(self, by: int) -> None:
        """Open the next micrograph, or the one before."""
        if self._canvas.ready() and self._session.project.selection.index is not None:
            self.open_micrograph(self._session.project.selection.index + by)

    @property
    def next_particle(self) -> str | None:
        """Id of the next particle of the queue; None if there is none."""
        project = self._session.project
        within = project.selection.index if self._stays else None
        return next(project.review.upcoming(self._order, self._which, within), None)

    def micrographs_ahead(
        self, least: int = AHEAD, particles: int = BATCH
    ) -> list[int]:
        """Return the indices of the micrographs that the queue opens next.

        Parameters
        ----------
        least : int
            Number of micrographs, however many particles come before them.
        particles : int
            Number of next particles whose micrographs are returned in any case: a
            batch.
        """
        project = self._session.project
        ahead: list[int] = []
        within = project.selection.index if self._stays else None
        upcoming = project.review.upcoming(self._order, self._which, within)
        for number, particle_id in enumerate(upcoming):
            if number >= particles and len(ahead) >= least:
                break
            index = project.particles.micrograph_of(particle_id)
            if index is not None and index not in (project.selection.index, *ahead):
                ahead.append(index)
        return ahead

    def _on_shown(self) -> None:
        selected = self._session.project.selection.particle_id
        index = self._session.project.selection.index
        if selected is not None and self._canvas.keeps_zoom:
            self._canvas.bring_into_sight(selected)
        elif selected is not None and index != self._shown_index:
            # The same micrograph, shown with another pixel size, keeps its place.
            self._canvas.see(selected)
        self._shown_index = index
        self._soon.start(0)

    def _forget(self) -> None:
        """Forget which micrograph of another project was shown."""
        self._shown_index = None

    def _read_ahead(self) -> None:
        """Read the micrographs that the queue opens next."""
        if self._canvas.particles is not None:
            sources = [self._session.source(one) for one in self.micrographs_ahead()]
            self._canvas.prefetch.want(sources)
            self.ahead.emit(sources)
