"""A project file that is none, damaged, locked, on a full disk or not to be written."""

import os
import re
import sqlite3
import subprocess
import sys

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.backups import check
from napari_cdse.io.store.found_projects import count_labels
from napari_cdse.io.store.migrations import MIGRATIONS
from napari_cdse.io.store.sqlite_file import store_error
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
    with pytest.raises(StoreError, match="is a link to a file that is gone"):
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


# --- files that play tricks -----------------------------------------------------------

ENDLESS = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
TRICKS = {
    "a table without end": (
        "DROP TABLE settings",
        f"CREATE VIEW settings AS {ENDLESS} SELECT x AS name, x AS value FROM c",
    ),
    "a trigger without end": (
        "CREATE TRIGGER t AFTER INSERT ON edits BEGIN "
        f"INSERT INTO settings SELECT x, x FROM ({ENDLESS} SELECT x FROM c); END",
    ),
    "a trigger under our name": (
        "DROP TRIGGER edits_are_never_changed",
        "CREATE TRIGGER edits_are_never_changed AFTER INSERT ON edits "
        "BEGIN DELETE FROM settings; END",
    ),
    "a table of another module": ("CREATE VIRTUAL TABLE t USING fts5 (a)",),
    "a gigabyte in each row": (
        "DROP TABLE settings",
        "CREATE TABLE settings (name TEXT PRIMARY KEY,"
        " value TEXT AS (printf('%.*c', 999999999, 'x')))",
    ),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_what_is_worked_out_at_reading_is_refused_unread(store, path, trick):
    store.close()
    change_file(path, *TRICKS[trick])
    refused(path, "which no project has and which may be harmful; put back a backup")
    assert count_labels(path) is None
    with pytest.raises(StoreError, match="may be harmful"):
        check(path)


def test_a_project_whose_guards_are_quoted_is_still_one(store, path):
    store.close()
    change_file(
        path,
        "DROP TRIGGER edits_are_never_deleted",
        'CREATE TRIGGER edits_are_never_deleted BEFORE DELETE ON "edits"\n'
        "        BEGIN SELECT RAISE (ABORT, 'edits are append only'); END",
    )
    Store.open(path).close()
    assert count_labels(path) == 0


def _pipe(place):
    os.mkfifo(place)


def _folder(place):
    place.mkdir()


def _link(place):
    place.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [_pipe, _folder, _link])
@pytest.mark.parametrize("ending", ["-journal", "-wal", "-shm"])
def test_what_is_no_journal_is_named_and_nobody_waits_for_it(store, path, ending, put):
    store.close()
    linked = path.with_name("link.cdse")
    linked.symlink_to(path.name)
    put(path.with_name(path.name + ending))
    for each in (path, linked):
        with pytest.raises(StoreError, match=rf"lies p.cdse{ending}, which is no file"):
            Store.open(each)
        assert count_labels(each) is None
    assert not restorable(path)


def restorable(path):
    try:
        check(path)
    except StoreError:
        return False
    return True


def test_a_version_below_all_is_damage(store, path):
    store.close()
    change_file(path, "PRAGMA user_version = -1")
    refused(path, r"p\.cdse is damaged; put back a backup")


def test_a_schema_that_lacks_a_table_is_damage_and_not_a_bad_drive(store, path):
    store.close()
    change_file(path, "PRAGMA user_version = 5")
    refused(path, r"lacks what every project has.*`napari-cdse restore`")


def test_a_folder_of_any_bytes_can_hold_a_project(tmp_path):
    folder = tmp_path / os.fsdecode(b"bytes \xff")
    folder.mkdir()
    Store.create(folder / "p.cdse").close()
    Store.open(folder / "p.cdse").close()
    assert count_labels(folder / "p.cdse") == 0
