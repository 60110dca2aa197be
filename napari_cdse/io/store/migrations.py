"""Schema of the project file, as a list of migrations.

``PRAGMA user_version`` holds the number of the last migration; the table ``migrations``
records when each was applied. To change the schema, append a function to `MIGRATIONS`;
never alter one that has been released.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from napari_cdse.io.store.strict_tables import FIRST_VERSION, SET_ASIDE, make_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Migration = Callable[[sqlite3.Connection], None]

APPLICATION_ID = 0x43645365
"""``CdSe`` in ASCII: identifies an SQLite file as a project."""

_FIRST_SCHEMA = (
    """CREATE TABLE migrations (
        version INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        time TEXT NOT NULL
    )""",
    """CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID""",
    # content_id stays NULL until the pixels are read for the first time.
    """CREATE TABLE micrographs (
        key INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        frame INTEGER NOT NULL DEFAULT 0,
        content_id TEXT,
        n_rows INTEGER,
        n_columns INTEGER,
        file_pixel_size_nm REAL,
        person_pixel_size_nm REAL,
        estimated_pixel_size_nm REAL,
        excluded TEXT,
        looked_at INTEGER NOT NULL DEFAULT 0,
        problem TEXT,
        labels_from TEXT,
        labels_shape TEXT,
        run_id INTEGER REFERENCES runs (id),
        UNIQUE (path, frame)
    )""",
    "CREATE INDEX micrographs_by_content ON micrographs (content_id)",
    """CREATE TABLE edits (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        parent_id INTEGER REFERENCES edits (id),
        kind TEXT NOT NULL CHECK (kind IN ('edit', 'import')),
        micrograph_key INTEGER REFERENCES micrographs (key),
        time TEXT NOT NULL,
        annotator TEXT NOT NULL,
        summary TEXT NOT NULL,
        after_run INTEGER NOT NULL,
        changes TEXT NOT NULL
    )""",
    "CREATE INDEX edits_by_parent ON edits (parent_id)",
    """CREATE TRIGGER edits_are_never_changed BEFORE UPDATE ON edits
        BEGIN SELECT RAISE (ABORT, 'edits are append only'); END""",
    """CREATE TRIGGER edits_are_never_deleted BEFORE DELETE ON edits
        BEGIN SELECT RAISE (ABORT, 'edits are append only'); END""",
    """CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        edit_id INTEGER REFERENCES edits (id)
    )""",
    "INSERT INTO head (id, edit_id) VALUES (1, NULL)",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        micrograph_key INTEGER NOT NULL REFERENCES micrographs (key),
        found_by TEXT NOT NULL,
        time TEXT NOT NULL,
        parameters TEXT NOT NULL,
        versions TEXT NOT NULL,
        pixel_size_nm REAL NOT NULL,
        pixel_size_source TEXT NOT NULL,
        window_px INTEGER NOT NULL,
        notices TEXT NOT NULL
    )""",
    """CREATE TABLE candidates (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        place INTEGER NOT NULL,
        particle_id TEXT NOT NULL,
        row_px REAL NOT NULL,
        col_px REAL NOT NULL,
        radius_px REAL NOT NULL,
        found_by TEXT NOT NULL,
        strength REAL NOT NULL,
        PRIMARY KEY (run_id, place)
    ) WITHOUT ROWID""",
    # The circle is part of the key: after an undone move the old one holds again.
    """CREATE TABLE predictions (
        model_id TEXT NOT NULL,
        particle_id TEXT NOT NULL,
        row_px REAL NOT NULL,
        col_px REAL NOT NULL,
        radius_px REAL NOT NULL,
        p_yes REAL NOT NULL,
        p_no REAL NOT NULL,
        p_null REAL NOT NULL,
        p_empty REAL NOT NULL,
        PRIMARY KEY (model_id, particle_id, row_px, col_px, radius_px)
    ) WITHOUT ROWID""",
    """CREATE TABLE models (
        id TEXT PRIMARY KEY,
        card TEXT NOT NULL,
        role TEXT NOT NULL
            CHECK (role IN ('candidate', 'kept', 'rejected', 'shipped')),
        added TEXT NOT NULL,
        data BLOB
    )""",
    """CREATE TABLE model_choices (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        model_id TEXT NOT NULL REFERENCES models (id),
        time TEXT NOT NULL,
        annotator TEXT NOT NULL
    )""",
)


def first_schema(connection: sqlite3.Connection) -> None:
    """Make the tables of version 1."""
    for statement in _FIRST_SCHEMA:
        connection.execute(statement)


def edits_of_micrographs(_connection: sqlite3.Connection) -> None:
    """Allow edits of micrographs and regions (version 2); no table changes.

    The version keeps older programs from opening such a project: they would take these
    edits for damaged ones.
    """


def marks_of_files(connection: sqlite3.Connection) -> None:
    """Add fingerprints of micrographs' files, to find moved files (version 3)."""
    for column in ("stamp", "glance"):
        connection.execute(f"ALTER TABLE micrographs ADD COLUMN {column} TEXT")


def novelty_of_predictions(connection: sqlite3.Connection) -> None:
    """Add the novelty of each prediction (version 4)."""
    connection.execute("ALTER TABLE predictions ADD COLUMN novelty REAL")


def chances_of_draws(connection: sqlite3.Connection) -> None:
    """Add the chance of each particle, where draws have different ones (version 5)."""
    connection.execute(
        """CREATE TABLE draws (
            particle_id TEXT PRIMARY KEY,
            micrograph_key INTEGER NOT NULL REFERENCES micrographs (key),
            chance REAL NOT NULL CHECK (chance > 0 AND chance <= 1)
        ) WITHOUT ROWID"""
    )


def states_of_pixel_sizes(connection: sqlite3.Connection) -> None:
    """Add the reliability of estimated pixel sizes (version 6).

    Earlier versions stored an assumed pixel size, always 0.037 nm, as an estimate.
    """
    for column in (
        "estimated_source TEXT",
        "estimated_uncertainty REAL",
        "estimated_other_nm REAL",
    ):
        connection.execute(f"ALTER TABLE micrographs ADD COLUMN {column}")
    connection.execute(
        "UPDATE micrographs SET"
        " estimated_source = iif(estimated_pixel_size_nm = 0.037, 'assumed',"
        " 'estimated'),"
        " estimated_uncertainty = iif(estimated_pixel_size_nm = 0.037, NULL, 0.015)"
        " WHERE estimated_pixel_size_nm IS NOT NULL"
    )
    connection.execute(
        "UPDATE runs SET pixel_size_source = 'assumed'"
        " WHERE pixel_size_source = 'estimated' AND pixel_size_nm = 0.037"
    )


def types_of_cells(connection: sqlite3.Connection) -> None:
    """Make tables strict, if this SQLite supports it (version 7)."""
    strict = sqlite3.sqlite_version_info >= FIRST_VERSION
    connection.execute(f"{SET_ASIDE} STRICT" if strict else SET_ASIDE)
    if strict:
        make_strict(connection)


def choices_of_frames(connection: sqlite3.Connection) -> None:
    """Add the user's choice of a frame, or of a mean of frames (version 8)."""
    connection.execute("ALTER TABLE micrographs ADD COLUMN chosen_frame TEXT")


def names_of_samples(connection: sqlite3.Connection) -> None:
    """Add the name of a micrograph's sample (version 9)."""
    connection.execute("ALTER TABLE micrographs ADD COLUMN sample TEXT")


def qualities_of_micrographs(connection: sqlite3.Connection) -> None:
    """Add the figures of a micrograph's quality (version 10)."""
    connection.execute("ALTER TABLE micrographs ADD COLUMN quality TEXT")


def findings_of_frames(connection: sqlite3.Connection) -> None:
    """Add the results of frames, for undo of a choice of frames (version 11)."""
    strict = sqlite3.sqlite_version_info >= FIRST_VERSION
    connection.execute(
        """CREATE TABLE frames (
            edit_id INTEGER NOT NULL REFERENCES edits (id),
            micrograph_key INTEGER NOT NULL REFERENCES micrographs (key),
            side TEXT NOT NULL CHECK (side IN ('before', 'after')),
            content_id TEXT,
            run_id INTEGER REFERENCES runs (id),
            problem TEXT,
            quality TEXT,
            estimated_pixel_size_nm REAL,
            estimated_source TEXT,
            estimated_uncertainty REAL,
            estimated_other_nm REAL,
            PRIMARY KEY (edit_id, micrograph_key, side)
        ) WITHOUT ROWID"""
        + (", STRICT" if strict else "")
    )


MIGRATIONS: tuple[Migration, ...] = (
    first_schema,
    edits_of_micrographs,
    marks_of_files,
    novelty_of_predictions,
    chances_of_draws,
    states_of_pixel_sizes,
    types_of_cells,
    choices_of_frames,
    names_of_samples,
    qualities_of_micrographs,
    findings_of_frames,
)


def migrate(
    connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Migrate a project to the newest version.

    Each migration is one transaction with its record and version number.

    Parameters
    ----------
    connection : sqlite3.Connection
        Outside of a transaction.
    migrations : sequence of callable
        All migrations, in order.
    """
    done = schema_version(connection)
    ((checked,),) = connection.execute("PRAGMA foreign_keys").fetchall()
    # Rebuilding a table drops it for a moment. The pragma has no effect within a
    # transaction, so it is set here.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        for version, migration in enumerate(migrations[done:], start=done + 1):
            _apply_in_transaction(connection, version, migration)
    finally:
        connection.execute(f"PRAGMA foreign_keys = {checked:d}")


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration that was applied."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _apply_in_transaction(
    connection: sqlite3.Connection, version: int, migration: Migration
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _apply(connection, version, migration)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, version: int, migration: Migration) -> None:
    # Another process may have applied it while this one waited for the lock.
    if schema_version(connection) >= version:
        return
    migration(connection)
    connection.execute(
        "INSERT INTO migrations (version, name, time) VALUES (?, ?, ?)",
        (version, migration.__name__, datetime.now(UTC).isoformat()),
    )
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version:d}")
