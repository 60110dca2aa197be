"""Rebuild tables as SQLite's ``STRICT`` tables, which check the types of cells.

SQLite has such tables from 3.37 on (https://sqlite.org/stricttables.html). Rows of
earlier projects that don't fit are kept, as JSON, in the table ``set_aside``; where
others refer to a row, it stays with what does not fit blanked.
"""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any, NamedTuple

FIRST_VERSION = (3, 37, 0)
"""The SQLite that has strict tables."""

SET_ASIDE = """CREATE TABLE set_aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    time TEXT NOT NULL
)"""

_TYPES = {
    "INTEGER": ("integer",),
    "REAL": ("real", "integer"),
    "TEXT": ("text",),
    "BLOB": ("blob",),
}
_PYTHON: dict[str, type | tuple[type, ...]] = {
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
"""What a table's records are called where one is left aside, and which it is."""
_STAYS: dict[str, dict[str, Any]] = {
    "micrographs": {},
    "edits": {"changes": "", "kind": "edit"},
    "runs": {"parameters": ""},
    "models": {"card": ""},
}
"""Tables whose rows others refer to, and what tells the reader that one is unreadable:
an empty text is no JSON."""


class _Named(dict[str, Any]):
    """Cells by their column; one of a column that a damaged file lacks is ``?``."""

    def __missing__(self, name: str) -> str:
        return "?"


class _Column(NamedTuple):
    name: str
    type: str
    may_be_null: bool

    def fits(self, value: Any) -> bool:
        if value is None:
            return self.may_be_null
        return isinstance(value, _PYTHON[self.type])


def make_strict(connection: sqlite3.Connection) -> None:
    """Make all tables strict that can be, within the transaction that is open.

    Parameters
    ----------
    connection : sqlite3.Connection
        Without foreign keys, which a table that is made anew would break meanwhile.
    """
    for table in _KINDS:
        connection.execute("SAVEPOINT one_table")
        try:
            _remake(connection, table)
        except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.OperationalError):
            # Columns of somebody's own, or damage: the table stays as it was.
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO one_table")
        connection.execute("RELEASE one_table")


def _remake(connection: sqlite3.Connection, table: str) -> None:
    columns = _columns(connection, table)
    if not columns or any(each.type not in _TYPES for each in columns):
        # It is gone, or has columns of somebody's own: it stays as it is.
        return
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    ((made,),) = connection.execute(query, [table])
    objects = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table'"
        " AND sql IS NOT NULL",
        [table],
    ).fetchall()
    names = ", ".join(each.name for each in columns)
    comma = "," if re.search(r"WITHOUT ROWID\s*$", made, re.IGNORECASE) else ""
    body = made[made.index("(") :]
    connection.execute(f"CREATE TABLE strict_{table} {body}{comma} STRICT")
    fit = " AND ".join(_fit(each) for each in columns)
    order = "" if comma else " ORDER BY rowid"
    connection.execute(
        f"INSERT INTO strict_{table} ({names})"
        f" SELECT {names} FROM {table} WHERE {fit}{order}"
    )
    misfits = connection.execute(f"SELECT {names} FROM {table} WHERE NOT ({fit})")
    for row in misfits.fetchall():
        _set_aside(connection, table, columns, row)
    _keep_numbering(connection, table)
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE strict_{table} RENAME TO {table}")
    for (statement,) in objects:
        connection.execute(statement)


def _columns(connection: sqlite3.Connection, table: str) -> list[_Column]:
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [
        _Column(name, kind.upper(), not (not_null or key))
        for _, name, kind, not_null, _, key in rows
    ]


def _fit(column: _Column) -> str:
    allowed = [*_TYPES[column.type], *(["null"] if column.may_be_null else [])]
    return f"typeof({column.name}) IN ({', '.join(map(repr, allowed))})"


def _set_aside(
    connection: sqlite3.Connection,
    table: str,
    columns: list[_Column],
    row: tuple[Any, ...],
) -> None:
    held = {each.name: value for each, value in zip(columns, row, strict=True)}
    kind, name = _KINDS[table]
    record = json.dumps({"table": table} | held, default=_as_text)
    connection.execute(
        "INSERT INTO set_aside (kind, name, record, time) VALUES (?, ?, ?, ?)",
        [kind, name.format_map(_Named(held)), record, datetime.now(UTC).isoformat()],
    )
    if table not in _STAYS:
        return
    blanked = {
        each.name: held[each.name] if each.fits(held[each.name]) else _blank(each)
        for each in columns
    } | _STAYS[table]
    marks = ", ".join("?" * len(columns))
    connection.execute(
        f"INSERT OR IGNORE INTO strict_{table} ({', '.join(blanked)}) VALUES ({marks})",
        list(blanked.values()),
    )


def _blank(column: _Column) -> Any:
    return None if column.may_be_null else _BLANK[column.type]


def _keep_numbering(connection: sqlite3.Connection, table: str) -> None:
    """Let the next row get the number that it would have got."""
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
