"""Several annotators of one project: who labelled what, and how far they agree."""

from __future__ import annotations

import getpass
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.review.annotator_agreement import Agreement, agreement
from napari_cdse.core.review.annotator_curve import AnnotatorCurve, annotator_curve
from napari_cdse.project.state.annotator_labels import (
    NO_NAME,
    in_dispute,
    independent,
    latest,
    notes,
    own_statements,
)
from napari_cdse.project.state.project_state import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_cdse.core.records import Annotation, Label
    from napari_cdse.io.store.store import Store
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.resume_point import ResumePoint

_NAME = "annotator"
_HIDE = "hide_others"


class Annotators:
    """Who annotates now, whose labels are in view, and what each annotator said.

    Parameters
    ----------
    store : Store
        Keeps the name and the choice of view for each login.
    state : ProjectState
    resume_point : ResumePoint
        Each annotator has a round of review of their own.
    events : ProjectEvents
    is_drawn : callable
        Tells of a particle, by id, whether the annotator of now has to judge it unseen,
        see `Audits.hides`.
    renamed : callable
        Reads everything anew under other names.
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        resume_point: ResumePoint,
        events: ProjectEvents,
        is_drawn: Callable[[str], bool],
        renamed: Callable[[], None],
    ) -> None:
        self._store = store
        self._table = state.micrographs
        self._particles = state.particles
        self._resume_point = resume_point
        self._events = events
        self._login = _login_name()
        self._current = str(store.setting(f"{_NAME}/{self._login}", self._login))
        self._hide_others = False
        self._is_drawn = is_drawn
        self._renamed = renamed
        self._state = state
        self._names = state.annotator_names()
        self._blind = False

    # Who annotates now

    @property
    def current(self) -> str:
        """Whose labels the next ones are; each login has its own name.

        What another window calls its annotator does not change it here. One that is
        `also_me` of another name is called by that.
        """
        return self._names.get(self._current, self._current)

    @current.setter
    def current(self, name: str) -> None:
        name = name.strip()
        if name == self._current:
            return
        if not self._store.read_only:
            self._resume_point.save(self._current)
        self._current = name
        self._resume_point.load(name)
        self._show_view()
        if not self._store.read_only:
            self._store.set_setting(f"{_NAME}/{self._login}", name)

    @property
    def name(self) -> str:
        """What who annotates now is called, also without a name."""
        return self.current or NO_NAME

    @property
    def also_me(self) -> tuple[str, ...]:
        """Other names whose labels are those of who annotates now."""
        found = (old for old, new in self._names.items() if new == self.current)
        return tuple(sorted(old or NO_NAME for old in found))

    def rename(self, old: str, new: str) -> None:
        """Take what was and will be said under one name for that of another.

        Two names are two people until this says otherwise: it is for who began under
        the name of their login, say. Nothing that is stored is changed, and a name
        that becomes its own again is somebody of their own again.

        Parameters
        ----------
        old, new : str
            The same twice gives a name back.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        if self._state.backlog:
            raise StoreError(
                "Some steps are not in the project file yet; take another name once "
                "they are."
            )
        old, new = ("" if each == NO_NAME else each.strip() for each in (old, new))
        with self._store.transaction():
            names = self._state.annotator_names()
            names = {each: new if to == old else to for each, to in names.items()}
            names[old] = new
            told = {each: to for each, to in names.items() if each != to}
            self._store.set_setting(NAMES, told)
        self._renamed()

    def read_names(self) -> bool:
        """Read who goes by which name; True if another window changed that."""
        before, self._names = self._names, self._state.annotator_names()
        if before == self._names:
            return False
        self._particles.look_as(self.name, self._veils())
        return True

    @property
    def hide_others(self) -> bool:
        """Whether what other annotators said is out of view, as in a blind test.

        Their particles look as if nobody had judged them or left them for later, and
        their notes show once this annotator has given a label. Training, agreement
        and `Particles.counts` go on as before, and whatever is stored stays stored.
        """
        return self._hide_others

    @hide_others.setter
    def hide_others(self, hide: bool) -> None:
        if hide == self._hide_others:
            return
        self._hide_others = hide
        self._show_view()
        if not self._store.read_only:
            self._store.set_setting(f"{_HIDE}/{self._login}", hide)

    def restore_view(self) -> None:
        """See what one may see who is to judge; exports and commands see everything.

        Other annotators' labels are hidden if this login had them hidden, and in any
        case those of drawn particles that the annotator of now has not judged.
        """
        self._blind = True
        hidden = bool(self._store.setting(f"{_HIDE}/{self._login}", False))
        if hidden == self._hide_others:
            self._show_view()
        self.hide_others = hidden

    def sees_others(self, particle_id: str) -> bool:
        """Tell whether what others said of a particle is in view."""
        return not self._particles.hides(particle_id)

    # Who said what

    def names(self) -> tuple[str, ...]:
        """Return who gave labels that are in force, busiest first.

        The labels of imported label files count as those of one annotator.
        """
        stated = self._statements()
        counts = Counter(name for *_, each in stated for name in latest(each))
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    def labels_of(self, particle_id: str) -> Mapping[str, Annotation]:
        """Return the label that each annotator stands by, oldest first."""
        return latest(self._particles.statements(particle_id))

    def statements_in_view(self, particle_id: str) -> tuple[Annotation, ...]:
        """Return what was stated of a particle, as far as this annotator may see it."""
        stated = self._particles.statements(particle_id)
        if self.sees_others(particle_id):
            return stated
        return own_statements(stated, self.name)

    def others_labelled(self, particle_id: str) -> bool:
        """Tell whether another annotator stands by a label of a particle."""
        return bool(self.labels_of(particle_id).keys() - {self.name})

    def hidden_note(self, particle_id: str) -> str:
        """Return what others noted about a particle and this annotator can't see."""
        seen = self._particles.get(particle_id)
        stored = self._particles.stored(particle_id) or seen
        note = "" if stored.annotation is None else stored.annotation.note
        if note == ("" if seen.annotation is None else seen.annotation.note):
            return ""
        stated = self._particles.statements(particle_id)
        others, _ = notes(stated, self._current)
        return others

    # How far they agree

    def agreements(self) -> tuple[Agreement, ...]:
        """Compare each two annotators who labelled the same particles.

        Only labels that were given without seeing the other's are compared; removed
        circles and what was left out are not. Two people without a particle in
        common are told so where there are no others.
        """
        common: dict[tuple[str, str], list[tuple[str, Label, Label]]] = {}
        for micrograph, _, stated in self._statements():
            given = independent(stated)
            for pair in combinations(sorted(given), 2):
                first, second = (given[name].label for name in pair)
                if first and second:
                    rows = common.setdefault(pair, [])
                    rows.append((micrograph, first, second))
        names = sorted(self.names())
        if not common and len(names) == 2:
            common[names[0], names[1]] = []
        return tuple(_compared(pair, rows) for pair, rows in sorted(common.items()))

    def curves(self) -> tuple[AnnotatorCurve, ...]:
        """Fit each annotator's yes over the forest's logit, busiest first.

        Only labels count that were given with neither the forest's word nor another's
        label in view, on particles of which a forest had said something by then.
        """
        given: dict[str, list[tuple[str, Annotation]]] = {
            name: [] for name in self.names()
        }
        for micrograph, _, stated in self._statements():
            for name, said in independent(stated).items():
                unseen = said.shown is not None and not said.prediction_seen
                if unseen and said.label in ("yes", "no"):
                    given.setdefault(name, []).append((micrograph, said))
        return tuple(
            annotator_curve(
                name,
                [said.shown.probabilities for _, said in some if said.shown],
                [said.label == "yes" for _, said in some],
                [micrograph for micrograph, _ in some],
            )
            for name, some in given.items()
        )

    def disagreements(self) -> tuple[str, ...]:
        """Return the particles on which annotators differ, in the table's order.

        One that somebody labelled with the differing labels in view is settled, and
        not among them.
        """
        stated = self._statements()
        return tuple(particle for _, particle, each in stated if in_dispute(each))

    def disagreements_in_view(self) -> tuple[str, ...]:
        """Return those of which this annotator may see what the others said."""
        return tuple(each for each in self.disagreements() if self.sees_others(each))

    # Inside

    def _show_view(self) -> None:
        """Show the labels that this annotator may see."""
        self._particles.look_as(self.name, self._veils())
        self._table.refresh()
        self._events.particles_changed.emit(None)
        self._events.micrographs_changed.emit()
        self._events.history_changed.emit()

    def _veils(self) -> Callable[[str], bool] | None:
        if self._hide_others:
            return lambda _: True
        return self._is_drawn if self._blind else None

    def _statements(self) -> Iterator[tuple[str, str, tuple[Annotation, ...]]]:
        """Yield micrograph, id and statements of each particle that is in use."""
        for row in self._table.rows:
            if row.excluded is None:
                for particle_id in self._particles.particles(row.key):
                    stated = self._particles.statements(particle_id)
                    if stated:
                        yield str(row.key), particle_id, stated


def _compared(pair: tuple[str, str], rows: list[tuple[str, Label, Label]]) -> Agreement:
    return agreement(
        [first for _, first, _ in rows],
        [second for _, _, second in rows],
        [micrograph for micrograph, _, _ in rows],
        pair,
    )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container without a user database; the user may still give a name.
        return ""
