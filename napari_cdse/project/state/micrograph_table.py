"""The project's micrographs: their files, and how far each one is reviewed."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.io.images.fingerprint import glance, stamp
from napari_cdse.io.images.folder import natural_key
from napari_cdse.io.store.store import COLUMNS, FRAME_COLUMNS
from napari_cdse.project.state.records import MicrographEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from napari_cdse.core.records import Label, Micrograph
    from napari_cdse.io.store.store import MicrographChange, MicrographRow, Store
    from napari_cdse.project.state.particle_state import ParticleState
    from napari_cdse.project.state.records import Particle

    RangeCheck = Callable[[MicrographRow], str | None]


class MicrographTable:
    """Micrographs in the order of their names, with counts of their particles.

    A micrograph's key is its number in the store; its index is its place in this order,
    which the window uses.

    Parameters
    ----------
    store : Store
    state : ParticleState
    out_of_range : callable, optional
        Returns a sentence if a row's micrograph is unlike those that the forest in use
        learnt from, else None.
    """

    def __init__(
        self, store: Store, state: ParticleState, out_of_range: RangeCheck | None = None
    ) -> None:
        self._store = store
        self._state = state
        self._out_of_range = out_of_range
        # Read by `reload` only: reading thousands of rows twice delays the opening.
        self.rows: list[MicrographRow] = []
        self._places: dict[int, int] = {}
        self._ids: dict[str, int] = {}
        self._missing: set[int] = set()
        self.refresh()

    def reload(self) -> None:
        """Read the micrographs from the store and check which files exist."""
        rows = self._store.micrographs()
        self.rows = sorted(rows, key=_order)
        self._places = {row.key: index for index, row in enumerate(self.rows)}
        self._ids = {row.content_id: row.key for row in rows if row.content_id}
        self._missing = {row.key for row in rows if not os.path.isfile(self.path(row))}
        self.refresh()

    def refresh(self, keys: Iterable[int] | None = None) -> None:
        """Discard the counts of some micrographs, or (None) of all."""
        if keys is None:
            self._tallies: dict[int, Counter[Label | None]] = {}
            self._stored_tallies: dict[int, Counter[Label | None]] = {}
            self._entries: list[MicrographEntry | None] = [None] * len(self.rows)
            return
        for key in keys:
            self._tallies.pop(key, None)
            self._stored_tallies.pop(key, None)
            self._entries[self._places[key]] = None

    def __len__(self) -> int:
        """Return how many micrographs there are."""
        return len(self.rows)

    def holds(self, key: int) -> bool:
        """Tell whether a micrograph is still in the project."""
        return key in self._places

    def row(self, key: int) -> MicrographRow:
        """Return what is stored of one micrograph."""
        return self.rows[self._places[key]]

    def index(self, key: int) -> int:
        """Return the index of a micrograph in the table."""
        return self._places[key]

    def key_of_id(self, micrograph_id: str) -> int | None:
        """Return the key of the micrograph with that content."""
        return self._ids.get(micrograph_id)

    def path(self, row: MicrographRow) -> Path:
        """Return where a micrograph's file lies."""
        return self._store.absolute(row.path)

    def is_missing(self, key: int) -> bool:
        """Tell whether the file was not there when the project was opened."""
        return key in self._missing

    def content_ids(self) -> dict[int, str]:
        """Return the content ids by key, where known."""
        return {row.key: row.content_id for row in self.rows if row.content_id}

    def entries(self) -> tuple[MicrographEntry, ...]:
        """Return one entry per micrograph; only changed ones are counted anew."""
        return tuple(
            entry or self._entry(index) for index, entry in enumerate(self._entries)
        )

    def counts(self, labels: Iterable[Label]) -> dict[Label, int]:
        """Return how many particles of each class users judged, in all micrographs.

        Micrographs and regions that are left out don't count.
        """
        total: Counter[Label | None] = Counter()
        for row in self.rows:
            if row.excluded is None:
                total.update(self._stored_tally(row.key))
        return {label: total[label] for label in labels}

    def totals(self) -> tuple[int, int]:
        """Return how many particles are judged, and how many there are."""
        entries = [each for each in self.entries() if each.excluded is None]
        return sum(e.reviewed for e in entries), sum(e.found for e in entries)

    def deferred(self) -> int:
        """Return how many particles are left for later."""
        return sum(e.deferred for e in self.entries() if e.excluded is None)

    def update(self, key: int, **values: Any) -> None:
        """Set columns of one micrograph in the store and here."""
        self._store.update_micrograph(key, **values)
        self.update_here(key, **values)

    def update_here(self, key: int, **values: Any) -> None:
        """Set columns of one micrograph here; the store already holds them."""
        row = replace(self.row(key), **values)
        self.rows[self._places[key]] = row
        if row.content_id:
            self._ids[row.content_id] = key
        self.refresh([key])

    def apply_micrograph_changes(self, changes: Iterable[MicrographChange]) -> None:
        """Apply changes that the store already holds, of micrographs still present."""
        for change in changes:
            key, column = change.micrograph_key, COLUMNS.get(change.what)
            if key is None or not self.holds(key) or column is None:
                continue
            self.update_here(key, **{column: change.after})
            if change.what == "frame":
                self._forget_frame(key)

    def _forget_frame(self, key: int) -> None:
        """Forget what is known of the frame that was read before."""
        self._ids.pop(self.row(key).content_id or "", None)
        self._state.drop_candidates(key)
        self.update_here(key, **FRAME_COLUMNS)

    def note_read(self, key: int, micrograph: Micrograph) -> list[str]:
        """Record what reading a micrograph's pixels has shown.

        Parameters
        ----------
        key : int
            Of the micrograph.
        micrograph : Micrograph
            As it was read.

        Returns
        -------
        list of str
            Notices for the user, one sentence each: the file has changed, or is a copy
            of another one.
        """
        row = self.row(key)
        twin = self._ids.get(micrograph.id)
        values: dict[str, Any] = {"shape": micrograph.shape, "problem": None}
        notices: list[str] = []
        if micrograph.pixel_size_source is PixelSizeSource.FILE:
            values["file_pixel_size_nm"] = micrograph.pixel_size_nm
        path = self.path(row)
        if twin is not None and twin != key:
            values["problem"] = self._same_picture(row, twin)
            notices.append(values["problem"])
        elif row.content_id != micrograph.id:
            values["content_id"] = micrograph.id
            if row.content_id is not None:
                sentence = changed_sentence(path.name)
                values.update(run_id=None, problem=sentence, quality=None)
                notices.append(sentence)
        values["stamp"] = stamp(path)
        if "content_id" in values or row.glance is None:
            values["glance"] = glance(path)
        self._write_changed(row, values)
        return notices

    def _write_changed(self, row: MicrographRow, values: dict[str, Any]) -> None:
        if all(getattr(row, name) == value for name, value in values.items()):
            return
        # A project that can only be read can be looked at nevertheless.
        if not self._store.read_only:
            self._store.update_micrograph(row.key, **values)
        if "run_id" in values:
            self._state.drop_candidates(row.key)
        if "content_id" in values:
            self._ids.pop(row.content_id or "", None)
            self._state.name_micrograph(row.key, values["content_id"])
        self.update_here(row.key, **values)

    def _same_picture(self, row: MicrographRow, twin: int) -> str:
        other = self.path(self.row(twin)).name
        return (
            f"{self.path(row).name} is the same picture as {other}, which holds its "
            "circles; take one of the two files away."
        )

    def _entry(self, index: int) -> MicrographEntry:
        row = self.rows[index]
        tally, path = self._tally(row.key), self.path(row)
        size = row.pixel_size
        entry = MicrographEntry(
            index=index,
            name=path.name,
            path=path,
            id=row.content_id,
            found=sum(tally.values()),
            reviewed=sum(tally.values()) - tally[None],
            deferred=self._deferred(row.key),
            resolved=tally["yes"] + tally["no"],
            defects=tally["yes"],
            analysed=self._state.run(row.key) is not None,
            problem=self._problem(row, path),
            excluded=row.excluded,
            pixel_size=size,
            shape=row.shape,
            looked_at=row.looked_at,
            frame=row.frame_choice,
            left_out=self._state.left_out(row.key),
            regions=self._state.regions(row.key),
            sample=row.sample,
            quality=row.present_quality,
            out_of_range=None
            if self._out_of_range is None
            else self._out_of_range(row),
        )
        self._entries[index] = entry
        return entry

    def _deferred(self, key: int) -> int:
        return sum(each.deferred for each in self._state.particles(key).values())

    def _problem(self, row: MicrographRow, path: Path) -> str | None:
        if row.key not in self._missing:
            return row.problem
        return (
            f"{path.name} is not in {path.parent} any more; put it back, or move it "
            "into the project's folder and open that folder again."
        )

    def _tally(self, key: int) -> Counter[Label | None]:
        if key not in self._tallies:
            self._tallies[key] = _count(self._state.particles(key).values())
        return self._tallies[key]

    def _stored_tally(self, key: int) -> Counter[Label | None]:
        """Count all labels, also those that are hidden from the present annotator."""
        if not self._state.may_hide:
            return self._tally(key)
        if key not in self._stored_tallies:
            found = map(self._state.stored, self._state.particles(key))
            self._stored_tallies[key] = _count(one for one in found if one is not None)
        return self._stored_tallies[key]


def _count(particles: Iterable[Particle]) -> Counter[Label | None]:
    return Counter(
        each.annotation.label if each.annotation else None for each in particles
    )


def _order(row: MicrographRow) -> tuple[object, ...]:
    folder, _, name = row.path.rpartition("/")
    return folder, natural_key(name), row.path, row.frame


def changed_sentence(name: str) -> str:
    """Return the notice that a file's content has changed."""
    return (
        f"{name} was changed since it was last opened here; check its circles, or put "
        "the old file back."
    )
