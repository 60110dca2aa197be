"""Annotators of a project: their labels, and how far they agree."""

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
    """The present annotator, whose labels are in view, and each annotator's labels.

    Parameters
    ----------
    store : Store
        Keeps name and `hide_others` for each login.
    state : ProjectState
    resume_point : ResumePoint
        Each annotator has a round of review of their own.
    events : ProjectEvents
    is_drawn : callable
        Tells of a particle's id whether the present annotator has to judge it unseen,
        see `Audits.hides`.
    renamed : callable
        Reloads everything after names have changed.
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
        """Name of the present annotator; each login has its own.

        Other windows may have another annotator. A name that was merged into another
        one (`rename`) is given as that one.
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
        """Name of the present annotator for display; `NO_NAME` if it is empty."""
        return self.current or NO_NAME

    @property
    def also_me(self) -> tuple[str, ...]:
        """Other names whose labels count as the present annotator's; see `rename`."""
        found = (old for old, new in self._names.items() if new == self.current)
        return tuple(sorted(old or NO_NAME for old in found))

    def rename(self, old: str, new: str) -> None:
        """Merge one annotator into another: its labels count as the other's.

        For a user who began under the name of their login, say. Stored labels keep
        their names, so that it can be undone.

        Parameters
        ----------
        old, new : str
            Name to be merged, and the one to merge it into; the same name twice
            separates them again.

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
        """Read the merged names; True if another window changed them."""
        before, self._names = self._names, self._state.annotator_names()
        if before == self._names:
            return False
        self._particles.set_viewer(self.name, self._hiding_rule())
        return True

    @property
    def hide_others(self) -> bool:
        """Whether other annotators' statements are hidden, as in a blind test.

        Particles that only others judged look as if nobody had, and others' notes show
        once the present annotator has given a label. Training, agreement and
        `Particles.counts` still use all labels.
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
        """Hide what the present annotator must not see; to be called by windows only.

        That is others' statements on all particles if this login had them hidden, and
        in any case on drawn particles that the present annotator has not judged.
        Without this call, as in exports and commands, nothing is hidden.
        """
        self._blind = True
        hidden = bool(self._store.setting(f"{_HIDE}/{self._login}", False))
        if hidden == self._hide_others:
            self._show_view()
        self.hide_others = hidden

    def sees_others(self, particle_id: str) -> bool:
        """Tell whether other annotators' statements on a particle are in view."""
        return not self._particles.hides(particle_id)

    # Labels of each annotator

    def names(self) -> tuple[str, ...]:
        """Return the annotators with labels in force, those with the most first.

        All imported labels count as those of one annotator.
        """
        stated = self._statements()
        counts = Counter(name for *_, each in stated for name in latest(each))
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    def labels_of(self, particle_id: str) -> Mapping[str, Annotation]:
        """Return each annotator's latest label on a particle by name, oldest first."""
        return latest(self._particles.statements(particle_id))

    def statements_in_view(self, particle_id: str) -> tuple[Annotation, ...]:
        """Return the statements on a particle that the present annotator may see."""
        stated = self._particles.statements(particle_id)
        if self.sees_others(particle_id):
            return stated
        return own_statements(stated, self.name)

    def others_labelled(self, particle_id: str) -> bool:
        """Tell whether another annotator has labelled a particle."""
        return bool(self.labels_of(particle_id).keys() - {self.name})

    def hidden_note(self, particle_id: str) -> str:
        """Return others' note on a particle if the present annotator can't see it."""
        seen = self._particles.get(particle_id)
        stored = self._particles.stored(particle_id) or seen
        note = "" if stored.annotation is None else stored.annotation.note
        if note == ("" if seen.annotation is None else seen.annotation.note):
            return ""
        stated = self._particles.statements(particle_id)
        others, _ = notes(stated, self._current)
        return others

    # Agreement of annotators

    def agreements(self) -> tuple[Agreement, ...]:
        """Compare each two annotators who labelled the same particles.

        Only labels that were given without seeing the other's are compared, without
        removed circles and what is left out. If there are just two annotators, the
        result has their pair even if they have no particle in common.
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
        """Fit each annotator's chance of ``yes`` over the forest's logit.

        In the order of `names`. Only labels ``yes`` and ``no`` count that were given
        while neither prediction nor another's label was in view, on particles that had
        a prediction then.
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

        Without those that somebody labelled since with the differing labels in view.
        """
        stated = self._statements()
        return tuple(particle for _, particle, each in stated if in_dispute(each))

    def disagreements_in_view(self) -> tuple[str, ...]:
        """Return those `disagreements` that the present annotator may see."""
        return tuple(each for each in self.disagreements() if self.sees_others(each))

    # Inside

    def _show_view(self) -> None:
        """Show the labels that this annotator may see."""
        self._particles.set_viewer(self.name, self._hiding_rule())
        self._table.refresh()
        self._events.particles_changed.emit(None)
        self._events.micrographs_changed.emit()
        self._events.history_changed.emit()

    def _hiding_rule(self) -> Callable[[str], bool] | None:
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
