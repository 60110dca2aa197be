"""Import annotations of other programs into the project, as steps of undo.

Label files that lie beside new micrographs come in by themselves and below all steps
(see `napari_cdse.project.files.label_import`). What a user takes in on purpose is a
step like any other: undo takes it back.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_cdse.core.matching import match
from napari_cdse.core.records import Annotation
from napari_cdse.io.paths import distinct_names
from napari_cdse.io.store.store import Change, StoreChanged, now
from napari_cdse.project.files.annotation_reading import Picture
from napari_cdse.project.state.particle_state import SAME_PARTICLE_IOU

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.core.records import Circle
    from napari_cdse.project.components.history import History
    from napari_cdse.project.components.sync import Sync
    from napari_cdse.project.files.annotation_reading import Placed
    from napari_cdse.project.state.project_state import ProjectState

_TRIES = 5
"""How often the step is tried while another window writes at the same time."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes
    ----------
    labelled : int
        Circles that have a class now.
    unlabelled : int
        Circles that came in without one.
    micrographs : int
        Those that either lie in.
    same : int
        Circles that were there already and say the same.
    kept : int
        Circles whose class was another already, which stays.
    removed : int
        Circles that a user had removed, and that stay away.
    """

    labelled: int = 0
    unlabelled: int = 0
    micrographs: int = 0
    same: int = 0
    kept: int = 0
    removed: int = 0

    @property
    def sentence(self) -> str:
        """Say it."""
        number = self.labelled + self.unlabelled
        parts = [f"{_circles(number)} in {_micrographs(self.micrographs)} came in"]
        if not number:
            parts = ["Nothing new came in"]
        if self.unlabelled:
            parts.append(f"{self.unlabelled} of them without a class")
        if self.same:
            parts.append(f"{self.same} were there already")
        if self.kept:
            parts.append(
                f"{self.kept} have another class here already, which stays as it is"
            )
        if self.removed:
            parts.append(f"{self.removed} were removed here and stay away")
        return "; ".join(parts) + "."


class Imports:
    """Takes in what was read from files of other programs.

    Parameters
    ----------
    state : ProjectState
    history : History
        Takes the step.
    sync : Sync
        Reads what other windows wrote before the step is built on it.
    """

    def __init__(self, state: ProjectState, history: History, sync: Sync) -> None:
        self._table = state.micrographs
        self._particles = state.particles
        self._history = history
        self._sync = sync

    def pictures(self) -> tuple[Picture, ...]:
        """Return what files may speak of, in the order of the table."""
        rows = self._table.rows
        names = distinct_names([self._table.path(row) for row in rows])
        return tuple(
            Picture(row.key, names[path], path, row.frame_choice, row.shape)
            for row in rows
            for path in [self._table.path(row)]
        )

    def store(self, placed: Iterable[Placed]) -> Imported:
        """Take circles in, all of them or none; one step.

        Where a circle lies already, the class becomes one of that particle, unless a
        user gave it another: that stays.

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        placed = tuple(placed)
        return self._sync.write(lambda: self._make(placed))

    def _make(self, placed: tuple[Placed, ...]) -> Imported:
        for _ in range(_TRIES - 1):
            try:
                return self._try(placed)
            except StoreChanged:
                continue
        return self._try(placed)

    def _try(self, placed: tuple[Placed, ...]) -> Imported:
        self._sync.catch_up(())
        known = {row.key: row.content_id or "" for row in self._table.rows}
        by_key: dict[int, list[Placed]] = defaultdict(list)
        for each in placed:
            # Another window may have taken the micrograph out meanwhile.
            if each.key in known:
                by_key[each.key].append(each)
        step = _Step()
        for key, mine in by_key.items():
            self._compare(step, key, known[key], mine)
        if step.changes:
            sources = list(dict.fromkeys(each.source for each in placed))
            of = sources[0] if len(sources) == 1 else f"{len(sources)} files"
            summary = f"Import {_circles(len(step.changes))} from {of}"
            there = step.changes[0].micrograph_key
            self._history.append(summary, there, step.changes)
        return step.told()

    def _compare(
        self, step: _Step, key: int, content_id: str, placed: list[Placed]
    ) -> None:
        """Work out what the circles of one micrograph change."""
        there = self._circles(key)
        found = match(
            [each.circle for each in placed], list(there.values()), SAME_PARTICLE_IOU
        )
        ids = list(there)
        same = {mine: ids[theirs] for mine, theirs in found.pairs}
        for at, each in enumerate(placed):
            particle_id = same.get(at)
            before = particle_id and self._particles.annotation(particle_id)
            step.take(each, particle_id, before or None, content_id)

    def _circles(self, key: int) -> dict[str, Circle]:
        """Give all circles of a micrograph, those that were removed too."""
        shown = {
            each.id: each.circle for each in self._particles.particles(key).values()
        }
        said = {
            each.particle_id: each.circle for each in self._particles.annotations(key)
        }
        return {**shown, **said}


@dataclass(slots=True)
class _Step:
    """The changes of an import, and what needs none."""

    changes: list[Change] = field(default_factory=list)
    same: int = 0
    kept: int = 0
    removed: int = 0
    time: str = field(default_factory=now)

    def take(
        self,
        placed: Placed,
        particle_id: str | None,
        before: Annotation | None,
        content_id: str,
    ) -> None:
        """Add one circle; ``particle_id`` is that of the circle at its place."""
        if before is not None and before.removed:
            self.removed += 1
        elif particle_id is not None and placed.label is None:
            self.same += 1
        elif before is not None and before.label is not None:
            agree = before.label == placed.label
            self.same, self.kept = self.same + agree, self.kept + (not agree)
        else:
            after = self._annotation(placed, particle_id, before, content_id)
            change = Change(after.particle_id, placed.key, before, after)
            self.changes.append(change)

    def _annotation(
        self,
        placed: Placed,
        particle_id: str | None,
        before: Annotation | None,
        content_id: str,
    ) -> Annotation:
        new = Annotation(
            id=str(uuid.uuid4()),
            particle_id=particle_id or str(uuid.uuid4()),
            micrograph_id=content_id,
            circle=placed.circle,
            label=placed.label,
            # Without a class it is a circle that somebody drew.
            origin="drawn" if placed.label is None else "imported",
            annotator=placed.source,
            time=self.time,
            note=placed.note,
        )
        if before is None:
            return new
        # A user placed the circle, and may have written something down.
        return replace(
            new,
            circle=before.circle,
            note=before.note or placed.note,
            note_by=before.note_by,
        )

    def told(self) -> Imported:
        """Count what the step did."""
        after = [each.after for each in self.changes if each.after is not None]
        labelled = sum(each.label is not None for each in after)
        return Imported(
            labelled,
            len(after) - labelled,
            len({each.micrograph_key for each in self.changes}),
            self.same,
            self.kept,
            self.removed,
        )


def _circles(number: int) -> str:
    return "1 circle" if number == 1 else f"{number} circles"


def _micrographs(number: int) -> str:
    return "1 micrograph" if number == 1 else f"{number} micrographs"
