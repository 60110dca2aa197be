"""A project file that is none, damaged, locked, on a full disk or not to be written."""

import os
import re
import sqlite3
import subprocess
import sys

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.database_errors import store_error
from napari_cdse.io.store.migrations import MIGRATIONS
from napari_cdse.io.store.store import Store
from tests.io.store.stores import annotation, change_file, edit, refused

WRITES = (
    "import sqlite3, sys; "
    "sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)"
    ".execute('BEGIN IMMEDIATE')"
)


def test_a_missing_file_is_not_created(path):
    refused(path, "There is no project file p.cdse")


def test_a_folder_is_no_project(path):
    path.mkdir()
    with pytest.raises(StoreError, match="There is no project file"):
        Store.open(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_no_project_and_nobody_waits_for_it(path):
    os.mkfifo(path)
    with pytest.raises(StoreError, match="There is no project file"):
        Store.open(path)


def test_a_dangling_link_is_not_followed(path, tmp_path):
    path.symlink_to(tmp_path / "gone.cdse")
    with pytest.raises(StoreError, match="is there already"):
        Store.create(path)
    assert not (tmp_path / "gone.cdse").exists()


def test_a_text_file_is_no_project(path):
    path.write_text("Particle Location:\n")
    refused(path, "not a napari-cdse project")


def test_another_programs_database_is_no_project(path):
    change_file(path, "CREATE TABLE photos (id)")
    refused(path, "not a napari-cdse project")


def test_a_newer_version_is_left_alone(store, path):
    store.close()
    change_file(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    refused(path, r"newer napari-cdse.*update the program")


def test_a_truncated_file_is_called_damaged(store, path):
    for _ in range(50):
        store.edits.append(edit(after=annotation()), store.edits.head())
    store.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreError, match=r"damaged.*backup"):
        Store.open(path).edits.in_force({})


@pytest.mark.parametrize(
    "changes",
    ["{", "[1]", "{}", '[{"particle_id": "p", "micrograph": 1, "before": null}]'],
)
def test_a_damaged_edit_is_set_aside_and_the_others_stay(store, changes):
    if changes == "{}":
        changes = '[{"particle_id":"p","micrograph":1,"before":null,"after":{}}]'
    store._database.execute("DROP TRIGGER edits_are_never_changed")
    first = store.edits.append(edit(after=annotation()), None)
    second = store.edits.append(edit(after=annotation(label="no")), first.id)
    store._database.execute(
        "UPDATE edits SET changes = ? WHERE id = ?", [changes, first.id]
    )
    left, right = store.edits.in_force({})
    assert (left.id, left.changes) == (first.id, ())
    assert right == second
    (told,) = store.set_aside
    assert f"1 of the steps of the history cannot be read (step {first.id})" in told
    with pytest.raises(StoreError, match=r"damaged .*edit"):
        store.edits.get(first.id, {})


def test_a_schema_that_is_no_text_is_called_damaged(store, path):
    store.close()
    table = re.compile(rb'CREATE TABLE "?settings"?')
    whole, number = table.subn(
        lambda found: b"CREATE TABLE s\xe9\xfe\xff\xff!((".ljust(len(found[0])),
        path.read_bytes(),
    )
    assert number == 1
    path.write_bytes(whole)
    refused(path, "damaged")


def test_a_schema_that_an_older_sqlite_can_not_read_is_not_called_damaged():
    """What SQLite 3.34 says of a table that is STRICT."""
    said = sqlite3.DatabaseError(
        'malformed database schema (settings) - near "STRICT": syntax error'
    )
    told = str(store_error("p.cdse", sqlite3.SQLITE_CORRUPT, said))
    assert "newer Python. It is not damaged." in told
    assert sqlite3.sqlite_version in told


def test_an_empty_file_left_by_a_kill_becomes_a_project(path):
    path.touch()
    store = Store.open(path)
    assert store.micrographs() == []
    store.close()


def test_what_is_there_is_not_overwritten(store, path):
    with pytest.raises(StoreError, match="is there already"):
        Store.create(path)
    assert len(store.micrographs()) == 2


def test_a_folder_that_does_not_exist_gets_no_project(tmp_path):
    with pytest.raises(StoreError, match="choose another folder"):
        Store.create(tmp_path / "none" / "p.cdse")


def test_a_locked_file_refuses_the_edit_and_keeps_its_state(store, path, monkeypatch):
    store._database.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="written by another program"):
        store.edits.append(edit(after=annotation()), None)
    other.execute("ROLLBACK")
    other.close()
    store.edits.append(edit(after=annotation()), None)
    assert len(store.edits.in_force({})) == 1


def test_a_full_disk_refuses_the_edit_and_keeps_the_earlier_ones(store, path):
    store.edits.append(edit(after=annotation()), None)
    ((pages,),) = store._database.rows("PRAGMA page_count")
    store._database.execute(f"PRAGMA max_page_count = {pages}")

    def write_on():
        for _ in range(1000):
            store.edits.append(edit(after=annotation()), store.edits.head())

    with pytest.raises(StoreError, match=r"disk is full.*not saved in p\.cdse"):
        write_on()
    written = store.edits.head()
    assert len(store.edits.in_force({})) == written
    assert store.integrity_problems() == []
    store._database.execute(f"PRAGMA max_page_count = {pages + 100}")
    store.edits.append(edit(after=annotation()), store.edits.head())
    assert len(store.edits.in_force({})) == written + 1


def test_a_disk_that_takes_no_byte_more_loses_nothing(store, path, full_disk):
    store.edits.append(edit(after=annotation()), None)
    with full_disk(), pytest.raises(StoreError, match=r"has room|disk is full"):
        store.edits.append(edit(after=annotation(label="no")), store.edits.head())
    assert [e.changes[0].after.label for e in store.edits.in_force({})] == ["yes"]
    assert store.integrity_problems() == []


def test_a_full_disk_leaves_no_half_made_project(path, full_disk):
    with full_disk(), pytest.raises(StoreError):
        Store.create(path)
    assert list(path.parent.iterdir()) == []


def test_a_read_only_file_can_be_looked_at(store, path):
    store.edits.append(edit(after=annotation()), None)
    store.close()
    looking = Store.open(path, read_only=True)
    assert looking.read_only
    assert len(looking.edits.in_force({})) == 1
    with pytest.raises(StoreError, match="may not be written"):
        looking.edits.append(edit(after=annotation()), looking.edits.head())
    looking.close()


def test_missing_rights_are_found_when_opening(open_folder, without_rights):
    path = open_folder / "p.cdse"
    Store.create(path).close()
    path.chmod(0o644)
    with without_rights():
        looking = Store.open(path)
        assert looking.read_only
        looking.close()
        with pytest.raises(StoreError, match="choose another folder"):
            Store.create(open_folder / "q.cdse")
    path.chmod(0)
    with without_rights(), pytest.raises(StoreError, match="permission"):
        Store.open(path)


@pytest.mark.parametrize("name", ["50% of #1?.cdse", "Größe 粒子.cdse"])
def test_odd_names_are_names(tmp_path, name):
    Store.create(tmp_path / name).close()
    Store.open(tmp_path / name).close()
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files in place")
@pytest.mark.parametrize("loss", ["replaced", "moved", "removed"])
def test_a_file_that_loses_its_name_is_not_written_on_and_what_it_held_is_kept(
    store, path, tmp_path, loss
):
    first = store.edits.append(edit(after=annotation()), None)
    # What an earlier loss left is neither overwritten nor taken for this one's.
    earlier = tmp_path / "p (as it was open).cdse"
    earlier.write_bytes(b"earlier")
    other = tmp_path / "other.cdse"
    Store.create(other).close()
    if loss == "replaced":
        other.replace(path)
    elif loss == "moved":
        path.rename(tmp_path / "elsewhere.cdse")
        other.rename(path)
    else:
        path.unlink()
    for _ in range(2):
        with pytest.raises(StoreError, match="replaced, moved or removed") as caught:
            store.edits.append(edit(after=annotation(label="no")), first.id)
        assert "kept as p (as it was open) 2.cdse" in str(caught.value)
    journal = tmp_path / "p.cdse-journal"
    journal.write_bytes(b"of the file that took the name")
    store.close()
    # It is that one's to take away.
    assert journal.exists()
    journal.unlink()
    assert earlier.read_bytes() == b"earlier"
    kept = Store.open(tmp_path / "p (as it was open) 2.cdse")
    assert kept.edits.in_force({}) == [first]
    kept.close()
    if loss != "removed":
        now = Store.open(path)
        assert now.edits.in_force({}) == []
        now.close()


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_opening_a_project_again_leaves_the_locks_of_this_process_alone(store, path):
    """Closing any file gives back the locks that the process holds on it."""
    database = store._database
    held = subprocess.run(
        [sys.executable, "-c", WRITES, str(path)], check=False, capture_output=True
    )
    assert held.returncode == 0
    with database.transaction():
        database.execute("INSERT INTO settings (name, value) VALUES ('a', '1')")
        Store.open(path).close()
        refused = subprocess.run(
            [sys.executable, "-c", WRITES, str(path)], check=False, capture_output=True
        )
        assert b"locked" in refused.stderr
