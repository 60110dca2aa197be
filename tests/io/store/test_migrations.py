"""Project files of earlier versions, brought up to date step by step or not at all."""

import sqlite3

import pytest

from napari_cdse.io.store import migrations
from napari_cdse.io.store.migrations import MIGRATIONS, migrate
from tests.io.store.stores import query, refused


def second_schema(connection):
    connection.execute("ALTER TABLE micrographs ADD COLUMN rating INTEGER")


def broken_schema(connection):
    connection.execute("ALTER TABLE micrographs ADD COLUMN mood TEXT")
    connection.execute("INSERT INTO nowhere VALUES (1)")


def test_an_old_store_is_brought_up_step_by_step(store, path):
    store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, (*MIGRATIONS, second_schema))
    names = [row[0] for row in connection.execute("SELECT name FROM migrations")]
    assert names == [*(one.__name__ for one in MIGRATIONS), "second_schema"]
    version = len(MIGRATIONS) + 1
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    assert connection.execute("SELECT path, rating FROM micrographs").fetchone() == (
        "a.png",
        None,
    )
    connection.close()


def test_a_failed_migration_leaves_the_version_before_it(store, path):
    store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, second_schema, broken_schema))
    connection.close()
    version = len(MIGRATIONS) + 1
    assert query(path, "PRAGMA user_version") == [(version,)]
    assert query(path, "SELECT COUNT(*) FROM migrations") == [(version,)]
    columns = {row[1] for row in query(path, "PRAGMA table_info(micrographs)")}
    assert "rating" in columns
    assert "mood" not in columns


def test_an_old_store_that_may_not_be_written_says_so(store, path, monkeypatch):
    store.close()
    newer = (*MIGRATIONS, second_schema)
    monkeypatch.setattr(migrations, "MIGRATIONS", newer)
    monkeypatch.setattr("napari_cdse.io.store.database.MIGRATIONS", newer)
    refused(path, "brought up to date", read_only=True)


class Overtaken:
    """A connection before which another process is quicker by a hair's breadth."""

    def __init__(self, connection, other):
        self._connection, self._other = connection, other

    def execute(self, statement, *values):
        if statement == "BEGIN IMMEDIATE" and self._other is not None:
            other, self._other = self._other, None
            migrate(other, NEWER)
        return self._connection.execute(statement, *values)

    @property
    def in_transaction(self):
        return self._connection.in_transaction


NEWER = (*MIGRATIONS, second_schema)


def test_a_step_that_two_processes_begin_is_made_once(store, path):
    store.close()
    first, second = (sqlite3.connect(path, isolation_level=None) for _ in range(2))
    migrate(Overtaken(first, second), NEWER)
    first.close()
    second.close()
    made = query(path, "SELECT version FROM migrations ORDER BY version")
    assert made == [(version,) for version in range(1, len(NEWER) + 1)]
    assert query(path, "PRAGMA user_version") == [(len(NEWER),)]


def test_what_was_only_assumed_is_no_estimate_any_more(tmp_path):
    """Version 5 called both an estimate; 0.037 nm was what it assumed."""
    connection = sqlite3.connect(tmp_path / "old.cdse", isolation_level=None)
    migrate(connection, MIGRATIONS[:5])
    sizes = ((1, 0.037), (2, 0.0412), (3, None))
    for key, size in sizes:
        connection.execute(
            "INSERT INTO micrographs (key, path, estimated_pixel_size_nm)"
            " VALUES (?, ?, ?)",
            (key, f"m{key}.png", size),
        )
    for key, size, source in (
        (1, 0.037, "estimated"),
        (2, 0.0412, "estimated"),
        (3, 0.037, "person"),
    ):
        connection.execute(
            "INSERT INTO runs (micrograph_key, found_by, time, parameters, versions,"
            " pixel_size_nm, pixel_size_source, window_px, notices)"
            " VALUES (?, 'bragg', '', '{}', '{}', ?, ?, 50, '[]')",
            (key, size, source),
        )
    migrate(connection)
    states = connection.execute(
        "SELECT estimated_source, estimated_uncertainty FROM micrographs ORDER BY key"
    )
    assert list(states) == [("assumed", None), ("estimated", 0.015), (None, None)]
    runs = connection.execute("SELECT pixel_size_source FROM runs ORDER BY id")
    assert [source for (source,) in runs] == ["assumed", "estimated", "person"]
    connection.close()
