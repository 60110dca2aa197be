"""Table of edits, to which rows are only added, and the head among them.

Edits form a tree, in which each has a parent. The project's state follows from the
edits on the path from the root to the head.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.edit_json import changes_from_json, changes_to_json
from napari_cdse.io.store.records import Edit, EditKind, damaged

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_cdse.io.store.database import Database

_COLUMNS = (
    "id, parent_id, kind, micrograph_key, time, annotator, summary, after_run, changes"
)


class StoreChanged(StoreError):
    """Another window edited the project since it was last read here."""


class EditTable:
    """The user's edits, as a tree with a head.

    Undo moves the head to its parent, redo to its newest child; no row is ever changed
    or deleted. Imports are not in the tree: they come before all edits, in the order in
    which they were made, so that undo cannot reach them.

    Parameters
    ----------
    database : Database
        The open project file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> int | None:
        """Return the id of the head; None before the first edit.

        If its record is damaged, the newest edit counts as head.
        """
        rows = self._database.rows(
            "SELECT edit_id, edit_id IN (SELECT id FROM edits) FROM head"
        )
        if len(rows) == 1 and rows[0][0] is None:
            return None
        if len(rows) == 1 and rows[0][1]:
            return int(rows[0][0])
        self._database.unreadable.note("places in the history", "the last one")
        ((newest,),) = self._database.rows(
            "SELECT MAX(id) FROM edits WHERE kind = 'edit'"
        )
        return None if newest is None else int(newest)

    def append(self, edit: Edit, expected_head: int | None) -> Edit:
        """Store an edit as child of the head and move the head to it.

        Parameters
        ----------
        edit : Edit
            Its ``id`` and ``parent_id`` are set here.
        expected_head : int or None
            The head that the caller has read.

        Returns
        -------
        Edit
            As it was stored.

        Raises
        ------
        StoreChanged
            If another window has moved the head since; nothing is stored.
        """
        with self._database.transaction():
            self._check_head(expected_head)
            stored = self._insert(replace(edit, parent_id=expected_head, kind="edit"))
            self._set_head(stored.id)
        return stored

    def append_import(self, edit: Edit) -> Edit:
        """Store an import; return it as it was stored."""
        with self._database.transaction():
            return self._insert(replace(edit, parent_id=None, kind="import"))

    def move_head(self, to: int | None, expected_head: int | None) -> None:
        """Move the head for undo or redo.

        Parameters
        ----------
        to : int or None
            Id of the new head; None for the state before the first edit.
        expected_head : int or None
            The head that the caller has read.

        Raises
        ------
        StoreChanged
            If another window has moved the head since; it is not moved then.
        """
        with self._database.transaction():
            self._check_head(expected_head)
            self._set_head(to)

    def holds(self, edit: Edit) -> bool:
        """Whether an edit with the same content is stored, possibly an undone one."""
        text = changes_to_json(edit.changes, edit.micrograph_changes)
        ((is_stored,),) = self._database.rows(
            "SELECT EXISTS (SELECT 1 FROM edits WHERE time = ? AND annotator = ?"
            " AND summary = ? AND changes = ?)",
            [edit.time, edit.annotator, edit.summary, text],
        )
        return bool(is_stored)

    def get(self, edit_id: int, content_ids: Mapping[int, str]) -> Edit:
        """Return one edit with its changes."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM edits WHERE id = ?", [edit_id]
        )
        if not rows:
            raise damaged(f"edit {edit_id}")
        return _edit(rows[0], content_ids)

    def summary(self, edit_id: int | None) -> tuple[str, str] | None:
        """Return an edit's summary and annotator; None if there is no such edit."""
        rows = self._database.rows(
            "SELECT summary, annotator FROM edits WHERE id = ?", [edit_id]
        )
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    def newest_child(self, edit_id: int | None) -> int | None:
        """Return the id of the edit that redo would restore; None if there is none."""
        ((child,),) = self._database.rows(
            "SELECT MAX(id) FROM edits WHERE parent_id IS ? AND kind = 'edit'",
            [edit_id],
        )
        return None if child is None else int(child)

    def mention(self, micrograph_key: int, kind: EditKind | None = None) -> bool:
        """Whether any edit, undone ones included, is about a micrograph."""
        ((is_mentioned,),) = self._database.rows(
            "SELECT EXISTS (SELECT 1 FROM edits WHERE (kind = ? OR ? IS NULL)"
            " AND (micrograph_key = ? OR instr(changes, ?)))",
            [kind, kind, micrograph_key, f'"micrograph":{micrograph_key:d},'],
        )
        return bool(is_mentioned)

    def in_force(self, content_ids: Mapping[int, str]) -> list[Edit]:
        """Return the imports, then the edits from the root to the head.

        One that cannot be read is replaced by an edit without changes.
        """
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM edits ORDER BY id")
        by_id = {row[0]: row for row in rows}
        imports = [row for row in rows if row[2] == "import"]
        chain: list[tuple[Any, ...]] = []
        current = self.head()
        while current is not None:
            # Parents are older than their children; the check also rules out cycles.
            if current not in by_id or (chain and current >= chain[-1][0]):
                self._set_aside(f"all before step {chain[-1][0]}" if chain else current)
                break
            chain.append(by_id[current])
            current = by_id[current][1]
        in_order = [*imports, *reversed(chain)]
        return [self._readable(row, content_ids) for row in in_order]

    def undone(
        self, in_force: Collection[int], content_ids: Mapping[int, str]
    ) -> list[Edit]:
        """Return the edits that were undone, oldest first.

        Damaged ones are left out: nothing depends on them unless redo restores them,
        which reports the damage.
        """
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM edits ORDER BY id")
        edits = []
        for row in rows:
            if row[0] not in in_force:
                with suppress(StoreError):
                    edits.append(_edit(row, content_ids))
        return edits

    def _readable(self, row: tuple[Any, ...], content_ids: Mapping[int, str]) -> Edit:
        try:
            return _edit(row, content_ids)
        except StoreError:
            self._set_aside(f"step {row[0]}")
            parent = row[1] if isinstance(row[1], int) else None
            return Edit(row[0], parent, row[2], None, "", "", "", 0)

    def _set_aside(self, name: object) -> None:
        self._database.unreadable.note("steps of the history", name)

    def _check_head(self, expected: int | None) -> None:
        if self.head() != expected:
            raise StoreChanged(
                "Another window changed this project; its changes are shown now, "
                "please repeat your last step."
            )

    def _set_head(self, edit_id: int | None) -> None:
        self._database.execute("INSERT OR REPLACE INTO head VALUES (1, ?)", [edit_id])

    def _insert(self, edit: Edit) -> Edit:
        cursor = self._database.execute(
            f"INSERT INTO edits ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                edit.parent_id,
                edit.kind,
                edit.micrograph_key,
                edit.time,
                edit.annotator,
                edit.summary,
                edit.after_run,
                changes_to_json(edit.changes, edit.micrograph_changes),
            ],
        )
        return replace(edit, id=int(cursor.lastrowid or 0))


def _edit(row: tuple[Any, ...], content_ids: Mapping[int, str]) -> Edit:
    *values, changes = row
    _, parent, _, key, *texts, after_run = values
    numbers = isinstance(parent, int | None) and isinstance(key, int | None)
    if not (numbers and isinstance(after_run, int) and all(map(_is_text, texts))):
        raise damaged(f"edit {row[0]}")
    of_particles, of_micrographs = changes_from_json(changes, content_ids)
    return replace(
        Edit(*values), changes=of_particles, micrograph_changes=of_micrographs
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)
