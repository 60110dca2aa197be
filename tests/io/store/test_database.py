"""The file of a project: copies, transactions, other windows, its journal."""

import sqlite3

import pytest

from napari_cdse.core.errors import StoreBusy, StoreError
from napari_cdse.io.store import database
from napari_cdse.io.store.store import Store
from tests.io.store.stores import change_file, query, say


def test_a_copy_elsewhere_finds_the_micrographs_where_they_are(store, path, tmp_path):
    say(store, "p")
    elsewhere = tmp_path / "far" / "away"
    elsewhere.mkdir(parents=True)
    store.copy_to(elsewhere / "copy.cdse")
    copy = Store.open(elsewhere / "copy.cdse")
    assert [row.path for row in copy.micrographs()] == ["../../a.png", "../../b.png"]
    assert [row.path for row in store.micrographs()] == ["a.png", "b.png"]
    assert copy.edits.in_force({}) == store.edits.in_force({})
    copy.close()
    with pytest.raises(StoreError, match="is there already"):
        store.copy_to(elsewhere / "copy.cdse")


def test_what_another_window_wrote_is_told_once(store, path):
    store.set_setting("a", 1)
    assert not store.changed_elsewhere()
    other = Store.open(path)
    assert not store.changed_elsewhere()
    other.set_setting("a", 2)
    assert store.changed_elsewhere()
    assert not store.changed_elsewhere()
    assert not other.changed_elsewhere()
    other.close()
    store.close()


def test_reads_of_one_snapshot_see_one_moment(store, path):
    with store.snapshot(), store.snapshot():
        assert store.setting("a") is None
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO settings VALUES ('a', '1')")
        assert store.setting("a") is None
    other.execute("INSERT INTO settings VALUES ('a', '1')")
    other.close()
    assert store.setting("a") == 1


def test_an_inner_transaction_joins_the_outer_one(store, path):
    with store.transaction():
        store.set_setting("a", 1)
        with store.transaction():
            store.set_setting("b", 2)
        assert query(path, "SELECT COUNT(*) FROM settings") == [(0,)]
    assert query(path, "SELECT name, value FROM settings") == [("a", "1"), ("b", "2")]


def test_who_is_impatient_is_told_at_once_that_another_program_writes(store, path):
    assert store._database.rows("PRAGMA busy_timeout") == [(5000,)]
    store.be_patient(0.25)
    assert store._database.rows("PRAGMA busy_timeout") == [(250,)]
    store.be_patient()
    assert store._database.rows("PRAGMA busy_timeout") == [(5000,)]
    store.be_patient(0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="wait a moment"):
        store.set_setting("a", 1)
    other.close()


def test_a_journal_stays_while_a_project_is_open_of_a_mebibyte_at_most(store, path):
    store.set_setting("a", 1)
    assert path.with_name("p.cdse-journal").exists()
    assert store._database.rows("PRAGMA journal_size_limit") == [(2**20,)]
    assert store._database.rows("PRAGMA trusted_schema") == [(0,)]
    store.close()
    assert not path.with_name("p.cdse-journal").exists()
    store.close()


def test_a_sound_file_has_no_problems_and_a_damaged_one_has(store, path):
    assert store.integrity_problems() == []
    change_file(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master"
        " WHERE name = 'edits_by_parent') WHERE name = 'micrographs_by_content'",
    )
    store.close()
    again = Store.open(path)
    assert again.integrity_problems() != []
    again.close()


def test_what_makes_a_connection_safe_is_asked_for_and_not_left_to_sqlite(
    path, monkeypatch
):
    said: list[str] = []
    connect = database._connect

    def traced(*given):
        made = connect(*given)
        made.set_trace_callback(said.append)
        return made

    monkeypatch.setattr(database, "_connect", traced)
    Store.create(path).close()
    asked = [each for each in said if each.startswith("PRAGMA")]
    for name in (
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA synchronous = FULL",
        "PRAGMA journal_mode = PERSIST",
        "PRAGMA busy_timeout = 0",
        "PRAGMA journal_mode = DELETE",
    ):
        assert name in asked
