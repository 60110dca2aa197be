"""Rebuild tables as SQLite's ``STRICT`` tables, which check the types of cells.

SQLite has such tables since 3.37 (https://sqlite.org/stricttables.html). Rows of
earlier projects with cells of a wrong type are moved to the table ``set_aside``, as
JSON. If other rows refer to such a row, it also stays, with these cells blanked.
"""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any, NamedTuple

FIRST_VERSION = (3, 37, 0)
"""First version of SQLite with strict tables."""

SET_ASIDE = """CREATE TABLE set_aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    time TEXT NOT NULL
)"""

_STORED_TYPES = {
    "INTEGER": ("integer",),
    "REAL": ("real", "integer"),
    "TEXT": ("text",),
    "BLOB": ("blob",),
}
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "INTEGER": int,
    "REAL": (float, int),
    "TEXT": str,
    "BLOB": bytes,
}
_BLANK: dict[str, Any] = {"INTEGER": 0, "REAL": 0.0, "TEXT": "", "BLOB": b""}
_KINDS = {
    "settings": ("settings", "{name}"),
    "micrographs": ("entries of micrographs", "{path}"),
    "edits": ("steps of the history", "step {id}"),
    "head": ("places in the history", "the last one"),
    "runs": ("detections", "micrograph {micrograph_key}"),
    "candidates": ("circles found", "{particle_id}"),
    "predictions": ("predictions", "{particle_id}"),
    "models": ("model cards", "{id}"),
    "model_choices": ("choices of a forest", "{model_id}"),
    "draws": ("chances of draws", "{particle_id}"),
    "migrations": ("versions", "{version}"),
}
"""By table, what its records are called in a notice, and the name of one of them."""
_REFERRED_TO: dict[str, dict[str, Any]] = {
    "micrographs": {},
    "edits": {"changes": "", "kind": "edit"},
    "runs": {"parameters": ""},
    "models": {"card": ""},
}
"""Tables whose rows others refer to, with the cells that make a blanked row unreadable:
an empty text is no JSON."""


class _CellsByColumn(dict[str, Any]):
    """Cells by column; ``?`` for a column that is missing in a damaged file."""

    def __missing__(self, name: str) -> str:
        return "?"


class _Column(NamedTuple):
    name: str
    type: str
    may_be_null: bool

    def fits(self, value: Any) -> bool:
        if value is None:
            return self.may_be_null
        return isinstance(value, _PYTHON_TYPES[self.type])


def make_strict(connection: sqlite3.Connection) -> None:
    """Rebuild all tables as strict ones, as far as that is possible.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction, and without checks of foreign keys, which would fail while a
        table is rebuilt.
    """
    for table in _KINDS:
        connection.execute("SAVEPOINT one_table")
        try:
            _rebuild(connection, table)
        except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.OperationalError):
            # The table has columns of a user's own, or is damaged; it stays as it was.
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO one_table")
        connection.execute("RELEASE one_table")


def _rebuild(connection: sqlite3.Connection, table: str) -> None:
    columns = _columns(connection, table)
    if not columns or any(each.type not in _STORED_TYPES for each in columns):
        return  # it is missing, or has columns of a user's own
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    ((definition,),) = connection.execute(query, [table])
    indexes_and_triggers = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table'"
        " AND sql IS NOT NULL",
        [table],
    ).fetchall()
    names = ", ".join(each.name for each in columns)
    comma = "," if re.search(r"WITHOUT ROWID\s*$", definition, re.IGNORECASE) else ""
    body = definition[definition.index("(") :]
    connection.execute(f"CREATE TABLE strict_{table} {body}{comma} STRICT")
    fits = " AND ".join(_fits(each) for each in columns)
    order = "" if comma else " ORDER BY rowid"
    connection.execute(
        f"INSERT INTO strict_{table} ({names})"
        f" SELECT {names} FROM {table} WHERE {fits}{order}"
    )
    misfits = connection.execute(f"SELECT {names} FROM {table} WHERE NOT ({fits})")
    for row in misfits.fetchall():
        _set_aside(connection, table, columns, row)
    _keep_numbering(connection, table)
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE strict_{table} RENAME TO {table}")
    for (statement,) in indexes_and_triggers:
        connection.execute(statement)


def _columns(connection: sqlite3.Connection, table: str) -> list[_Column]:
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [
        _Column(name, kind.upper(), not (not_null or key))
        for _, name, kind, not_null, _, key in rows
    ]


def _fits(column: _Column) -> str:
    """Return an SQL condition that a cell has a type allowed in its column."""
    allowed = [*_STORED_TYPES[column.type], *(["null"] if column.may_be_null else [])]
    return f"typeof({column.name}) IN ({', '.join(map(repr, allowed))})"


def _set_aside(
    connection: sqlite3.Connection,
    table: str,
    columns: list[_Column],
    row: tuple[Any, ...],
) -> None:
    """Move a row to the table ``set_aside``; a referred one stays, with blanks."""
    cells = {each.name: value for each, value in zip(columns, row, strict=True)}
    kind, name = _KINDS[table]
    record = json.dumps({"table": table} | cells, default=_as_text)
    connection.execute(
        "INSERT INTO set_aside (kind, name, record, time) VALUES (?, ?, ?, ?)",
        [
            kind,
            name.format_map(_CellsByColumn(cells)),
            record,
            datetime.now(UTC).isoformat(),
        ],
    )
    if table not in _REFERRED_TO:
        return
    blanked = {
        each.name: cells[each.name] if each.fits(cells[each.name]) else _blank(each)
        for each in columns
    } | _REFERRED_TO[table]
    marks = ", ".join("?" * len(columns))
    connection.execute(
        f"INSERT OR IGNORE INTO strict_{table} ({', '.join(blanked)}) VALUES ({marks})",
        list(blanked.values()),
    )


def _blank(column: _Column) -> Any:
    return None if column.may_be_null else _BLANK[column.type]


def _keep_numbering(connection: sqlite3.Connection, table: str) -> None:
    """Make the new table continue the numbering of rows of the old one."""
    if connection.execute(
        "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
    ).fetchone():
        connection.execute(
            "UPDATE sqlite_sequence SET seq = MAX(seq, COALESCE((SELECT seq FROM"
            " sqlite_sequence WHERE name = ?), 0)) WHERE name = ?",
            [table, f"strict_{table}"],
        )


def _as_text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
