"""Project files of earlier versions, brought up to date step by step or not at all."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.io.store import migrations
from napari_cdse.io.store.migrations import (
    MIGRATIONS,
    migrate,
    names_of_samples,
    qualities_of_micrographs,
)
from napari_cdse.io.store.store import Store
from tests.io.store.stores import change_file, query, refused


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


def version_6(path):
    """Make a project file of the version before tables were strict."""
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, MIGRATIONS[:6])
    connection.execute("PRAGMA foreign_keys = ON")
    for name in ("a.png", "b.png"):
        connection.execute("INSERT INTO micrographs (path) VALUES (?)", [name])
    for summary in ("one", "two", "three"):
        connection.execute(
            "INSERT INTO edits VALUES (NULL, (SELECT MAX(id) FROM edits), 'edit', 1,"
            " '2026', 'Ada', ?, 0, '[]')",
            [summary],
        )
    connection.execute("UPDATE head SET edit_id = 3")
    return connection


def summaries(store):
    return [each.summary for each in store.edits.in_force({})]


def test_tables_refuse_what_is_of_another_type(path):
    version_6(path).close()
    store = Store.open(path)
    strict = {row[1]: row[5] for row in query(path, "PRAGMA table_list")}
    ours = {name for name in strict if not name.startswith("sqlite_")}
    assert len(ours) == 13
    assert {name for name in ours if not strict[name]} == set()
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
        change_file(path, "UPDATE micrographs SET n_rows = 'many'")
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        change_file(path, "UPDATE edits SET annotator = 'Eve'")
    assert query(path, "PRAGMA foreign_key_check") == []
    assert store._database.rows("PRAGMA foreign_keys") == [(1,)]
    assert [each.summary for each in store.edits.in_force({})] == [
        "one",
        "two",
        "three",
    ]
    assert query(path, "SELECT seq FROM sqlite_sequence WHERE name = 'edits'") == [(3,)]
    store.close()


@pytest.mark.parametrize(
    ("version", "strict"), [((3, 37, 0), True), ((3, 50, 4), True), ((3, 36, 9), False)]
)
def test_tables_are_strict_from_the_sqlite_on_that_knows_it(
    path, monkeypatch, version, strict
):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    Store.create(path).close()
    made = query(
        path,
        "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%'",
    )
    assert len(made) == 13
    assert all(sql.endswith("STRICT") is strict for _, sql in made)


MISFITS = {
    "UPDATE micrographs SET frame = 'x', looked_at = 'y' WHERE key = 1": (
        "entries of micrographs",
        "a.png",
    ),
    "UPDATE micrographs SET path = x'00', stamp = x'01' WHERE key = 2": (
        "entries of micrographs",
        "b'\\x00'",
    ),
    "UPDATE edits SET kind = 'import', time = x'00', after_run = 'x' WHERE id = 2": (
        "steps of the history",
        "step 2",
    ),
    "UPDATE head SET edit_id = 'x'": ("places in the history", "the last one"),
    "INSERT INTO runs VALUES (7, 2, x'00', '', '{}', '{}', 'x', 'file', 'y', '[]')": (
        "detections",
        "micrograph 2",
    ),
    "INSERT INTO candidates VALUES (7, 0, 'c', 'x', 1, 1, 'bragg', 1)": (
        "circles found",
        "c",
    ),
    "INSERT INTO predictions VALUES ('m', 'p', 1, 2, 3, 'x', 0, 0, 0, NULL)": (
        "predictions",
        "p",
    ),
    "INSERT INTO models VALUES ('m', '{}', 'kept', x'00', 'text')": (
        "model cards",
        "m",
    ),
    "INSERT INTO model_choices VALUES (1, 'm', x'00', 'Ada')": (
        "choices of a forest",
        "m",
    ),
    "INSERT INTO draws VALUES ('d', 'x', 0.5)": ("chances of draws", "d"),
    "UPDATE migrations SET time = x'00' WHERE version = 3": ("versions", "3"),
    "INSERT INTO settings VALUES ('a', x'01')": ("settings", "a"),
}


def test_each_kind_of_record_is_set_aside_under_its_name(path):
    connection = version_6(path)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DROP TRIGGER edits_are_never_changed")
    for statement in MISFITS:
        connection.execute(statement)
    connection.close()
    Store.open(path).close()
    kept = query(path, "SELECT kind, name FROM set_aside")
    assert sorted(kept) == sorted(MISFITS.values())
    times = query(path, "SELECT time FROM set_aside")
    assert all(time > "2026" for (time,) in times)
    # What others refer to stays, blanked where it does not fit.
    assert query(path, "SELECT path, frame, looked_at, stamp FROM micrographs") == [
        ("a.png", 0, 0, None),
        ("", 0, 0, None),
    ]
    assert query(path, "SELECT kind, time, after_run, changes FROM edits") == [
        ("edit", "2026", 0, "[]"),
        ("edit", "", 0, ""),
        ("edit", "2026", 0, "[]"),
    ]
    assert query(
        path,
        "SELECT id, micrograph_key, found_by, pixel_size_nm, window_px,"
        " parameters, notices FROM runs",
    ) == [(7, 2, "", 0.0, 0, "", "[]")]
    assert query(path, "SELECT id, card, role, added, data FROM models") == [
        ("m", "", "kept", "", None)
    ]
    for table in ("head", "candidates", "predictions", "model_choices", "draws"):
        assert query(path, f"SELECT COUNT(*) FROM {table}") == [(0,)]
    assert query(path, "SELECT version FROM migrations") == [
        (version,) for version in range(1, len(MIGRATIONS) + 1) if version != 3
    ]


def test_rows_that_do_not_fit_are_set_aside_whole_and_the_rest_stays(path):
    connection = version_6(path)
    for statement in (
        "UPDATE micrographs SET n_rows = 'many' WHERE key = 2",
        "DROP TRIGGER edits_are_never_changed",
        "UPDATE edits SET annotator = x'00ff' WHERE id = 2",
        "INSERT INTO settings VALUES ('a', x'01'), ('b', '2')",
        "INSERT INTO predictions VALUES ('m', 'p', 1, 2, 3, 'x', 0, 0, 0, NULL)",
    ):
        connection.execute(statement)
    connection.close()
    store = Store.open(path)
    assert [row.path for row in store.micrographs()] == ["a.png", "b.png"]
    assert summaries(store) == ["one", "", "three"]
    assert store.setting("b") == 2
    assert list(store.findings.predictions("m")) == []
    store.read_ahead()
    told = " ".join(store.set_aside)
    for name in ("b.png", "step 2", "settings", "predictions"):
        assert name in told
    kept = dict(query(path, "SELECT kind, record FROM set_aside"))
    assert '"n_rows": "many"' in kept["entries of micrographs"]
    assert '"annotator": "00ff"' in kept["steps of the history"]
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE settings ADD COLUMN own INT",
        "ALTER TABLE settings ADD COLUMN own ANY",
        "ALTER TABLE settings ADD COLUMN own VARCHAR(9)",
        "ALTER TABLE settings ADD COLUMN own",
    ],
)
def test_a_table_with_a_column_of_somebodys_own_stays_as_it_was(path, change):
    connection = version_6(path)
    connection.execute("INSERT INTO settings VALUES ('b', '2')")
    connection.execute(change)
    connection.close()
    store = Store.open(path)
    assert store.setting("b") == 2
    assert summaries(store) == ["one", "two", "three"]
    store.close()
    loose = [row[1] for row in query(path, "PRAGMA table_list") if not row[5]]
    assert "settings" in loose


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE predictions",
        "ALTER TABLE settings RENAME COLUMN name TO other",
        "DROP TABLE settings",
    ],
)
def test_a_file_that_lacks_something_is_called_damaged(path, change):
    connection = version_6(path)
    connection.execute("INSERT INTO settings VALUES ('a', x'01')")
    connection.execute(change)
    connection.close()
    store = Store.open(path)

    def ask():
        return [*store.findings.predictions("m"), store.setting("a")]

    with pytest.raises(StoreError, match=r"p\.cdse"):
        ask()
    store.close()


KILLED = """
import os, signal, sqlite3, sys
from napari_cdse.io.store.migrations import migrate
left = int(sys.argv[2])
def die():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.set_progress_handler(die, 1)
migrate(connection)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("left", [300, 1500, 3000, 5000])
def test_a_kill_within_the_migration_leaves_the_old_or_the_new(path, left):
    connection = version_6(path)
    before = list(connection.iterdump())
    connection.close()
    command = [sys.executable, "-c", KILLED, str(path), str(left)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, check=False, cwd=root)
    connection = sqlite3.connect(path)
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    assert (done.returncode < 0) == (version == 6)
    if version == 6:
        assert list(connection.iterdump()) == before
    connection.close()
    store = Store.open(path)
    assert store.integrity_problems() == []
    assert [each.summary for each in store.edits.in_force({})] == [
        "one",
        "two",
        "three",
    ]
    store.close()


def test_older_projects_have_micrographs_of_no_sample(path):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, MIGRATIONS[: MIGRATIONS.index(names_of_samples)])
    connection.execute("INSERT INTO micrographs (path) VALUES ('a.tif')")
    connection.close()
    store = Store.open(path)
    (before,) = store.micrographs()
    store.update_micrograph(before.key, sample="aged")
    store.close()
    store = Store.open(path)
    assert (before.sample, store.micrographs()[0].sample) == (None, "aged")
    store.close()


def test_no_frame_is_chosen_in_older_projects_and_an_odd_choice_counts_as_none(path):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, MIGRATIONS[:7])
    for name in ("a.tif", "b.tif", "c.tif"):
        connection.execute("INSERT INTO micrographs (path) VALUES (?)", (name,))
    migrate(connection)
    for name, choice in (("b.tif", "2:5"), ("c.tif", "some")):
        connection.execute(
            "UPDATE micrographs SET chosen_frame = ? WHERE path = ?", (choice, name)
        )
    connection.close()
    store = Store.open(path)
    assert [each.frame_choice for each in store.micrographs()] == [0, "2:5", 0]
    store.close()


def test_no_quality_is_known_in_older_projects_and_an_odd_one_counts_as_none(path):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, MIGRATIONS[: MIGRATIONS.index(qualities_of_micrographs)])
    for name in ("a.tif", "b.tif", "c.tif"):
        connection.execute("INSERT INTO micrographs (path) VALUES (?)", (name,))
    migrate(connection)
    known = MicrographQuality(0.04, 0.2, stretch=1.01)
    for name, told in (("b.tif", json.dumps(known.as_dict())), ("c.tif", "[1]")):
        connection.execute(
            "UPDATE micrographs SET quality = ? WHERE path = ?", (told, name)
        )
    connection.close()
    store = Store.open(path)
    assert [each.quality for each in store.micrographs()] == [None, known, None]
    assert "1 of the entries of micrographs" in " ".join(store.set_aside)
    store.close()
