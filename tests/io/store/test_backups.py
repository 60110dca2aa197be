"""Backups of a project file: made in time, sound, five of them, and put back whole."""

import dataclasses
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from napari_cdse.core.errors import ProjectUnreadable, StoreError
from napari_cdse.io.files import replacing
from napari_cdse.io.store import backups
from napari_cdse.io.store.backups import KEPT, backups_of, folder_of, restore
from napari_cdse.io.store.found_projects import count_labels, projects_beside
from napari_cdse.io.store.migrations import MIGRATIONS
from napari_cdse.io.store.store import Change, Store
from tests.io.store.stores import annotation, change_file, edit, query, say

OLD = Path(__file__).parents[2] / "data" / "project_of_0_1"


def names(path):
    return [each.path.name for each in backups_of(path)]


def test_a_backup_holds_what_was_there_before(store, path):
    say(store)
    store.back_up()
    say(store, "q")
    (backup,) = backups_of(path)
    assert count_labels(backup.path) == 1
    assert count_labels(path) == 2
    assert os.listdir(folder_of(path)) == [backup.path.name]


def test_what_is_no_file_is_no_backup(store, path):
    """Whoever opened a named pipe would wait for ever."""
    say(store)
    store.back_up()
    (backup,) = names(path)
    folder = folder_of(path)
    (folder / backup.replace("20", "21", 1)).mkdir()
    os.symlink(os.devnull, folder / backup.replace("20", "22", 1))
    assert names(path) == [backup]


def test_none_is_made_while_nobody_works(store, path):
    say(store)
    store.back_up()
    store.set_setting("where", "they stopped")
    store.back_up()
    assert len(names(path)) == 1
    say(store, "q")
    store.back_up()
    assert len(names(path)) == 2


def test_the_last_five_stay_also_when_the_clock_goes_back(store, path, monkeypatch):
    class Clock(backups.datetime):
        times = iter([20, 19, 18, 17, 16, 15, 14])

        @classmethod
        def now(cls, zone=None):
            return cls(2026, 1, next(cls.times), tzinfo=zone)

    monkeypatch.setattr(backups, "datetime", Clock)
    for number in range(7):
        say(store, f"p{number}")
        store.back_up()
    left = backups_of(path)
    assert [count_labels(each.path) for each in left] == [7, 6, 5, 4, 3]
    assert len(left) == KEPT


def test_a_fuller_projects_backup_outlasts_an_emptier_one_in_its_place(store, path):
    for number in range(9):
        say(store, f"p{number}")
    store.back_up()
    (full,) = names(path)
    store.close()
    path.unlink()
    emptier = Store.create(path)
    emptier.add_micrographs([path.parent / "a.png"])
    for number in range(7):
        say(emptier, f"q{number}")
        emptier.back_up()
    assert len(names(path)) == KEPT + 1
    assert names(path)[-1] == full
    # With as many steps of its own, it needs the other one no more.
    for number in range(7, 10):
        say(emptier, f"q{number}")
    emptier.back_up()
    assert full not in names(path)
    assert len(names(path)) == KEPT
    emptier.close()


def test_a_damaged_file_takes_no_sound_backups_place(store, path):
    for number in range(50):
        say(store, f"p{number}", note="n" * 300)
    store.back_up()
    before = names(path)
    say(store, "q")
    store.close()
    page = query(path, "SELECT rootpage FROM sqlite_master WHERE name = 'candidates'")
    size = query(path, "PRAGMA page_size")[0][0]
    with path.open("r+b") as file:
        file.seek((page[0][0] - 1) * size)
        file.write(b"\xff" * size)
    again = Store.open(path)
    again.back_up()
    (told,) = again.notices
    assert "No backup was made this time" in told
    assert "damaged" in told
    again.close()
    assert names(path) == before
    assert os.listdir(folder_of(path)) == before


def test_a_full_disk_makes_no_backup_and_stops_nobody(store, path, full_disk):
    say(store)
    with full_disk():
        store.back_up()
    (told,) = store.notices
    assert "No backup was made this time" in told
    assert names(path) == []
    assert os.listdir(folder_of(path)) == []
    say(store, "q")


def test_a_backup_without_room_is_not_taken_for_a_lost_step(store, path, monkeypatch):
    say(store)
    connect = sqlite3.connect

    def small(place, **options):
        made = connect(place, **options)
        if str(place).endswith(".tmp"):
            made.execute("PRAGMA max_page_count = 2")
        return made

    monkeypatch.setattr(backups.sqlite3, "connect", small)
    store.back_up()
    (told,) = store.notices
    assert "was not written: the disk is full" in told
    assert "step" not in told
    assert os.listdir(folder_of(path)) == []


def test_what_a_killed_backup_leaves_goes_with_the_next(store, path):
    folder_of(path).mkdir()
    with replacing(folder_of(path) / "x", StoreError) as draft:
        draft.touch()
        host = draft.name.split("-")[1]
    (folder_of(path) / "x").unlink()
    ended = f".cdse-{host}-999999999-{'0' * 32}.tmp"
    (folder_of(path) / ended).write_bytes(b"half")
    say(store)
    store.back_up()
    assert os.listdir(folder_of(path)) == names(path)


def test_a_backup_is_made_before_tables_change(path):
    shutil.copy(OLD / "napari-cdse.cdse", path)
    ((version,),) = query(path, "PRAGMA user_version")
    assert version < len(MIGRATIONS)
    Store.open(path).close()
    (backup,) = backups_of(path)
    assert query(backup.path, "PRAGMA user_version") == [(version,)]
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    # One that is older than the program is counted as it is, and rightly.
    said = json.loads((OLD / "expected.json").read_text("utf-8"))["counts"]
    assert count_labels(backup.path) == sum(said.values()) > 0


def test_another_programs_lock_delays_no_backup_for_ever(store, path):
    say(store)
    store.be_patient(0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store.back_up()
    assert "another program" in store.notices[0]
    other.close()


def damage(path):
    """Leave the second half away, and a journal that no longer fits."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    journal = path.with_name(f"{path.name}-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(1000))
    return path.read_bytes(), journal.read_bytes()


def test_a_restored_project_opens_and_the_damaged_one_is_kept(store, path):
    say(store)
    store.back_up()
    say(store, "q")
    store.close()
    whole, journal = damage(path)
    (backup,) = backups_of(path)
    aside = restore(path, backup.path)
    assert aside.name.startswith("set-aside-")
    assert aside.read_bytes() == whole
    assert aside.with_name(f"{aside.name}-journal").read_bytes() == journal
    assert not path.with_name(f"{path.name}-journal").exists()
    again = Store.open(path)
    assert again.integrity_problems() == []
    again.close()
    assert count_labels(path) == 1
    assert names(path) == [backup.path.name]


def test_where_no_second_name_can_be_given_the_file_is_moved(store, path, monkeypatch):
    say(store)
    store.back_up()
    store.close()
    whole, _ = damage(path)

    def refuse(*_args, **_options):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    aside = restore(path, backups_of(path)[0].path)
    assert aside.read_bytes() == whole
    assert count_labels(path) == 1


def test_a_project_that_is_gone_comes_back(store, path):
    say(store)
    store.back_up()
    store.close()
    path.unlink()
    assert restore(path, backups_of(path)[0].path) is None
    assert count_labels(path) == 1


def test_a_damaged_backup_replaces_nothing(store, path):
    say(store)
    store.back_up()
    store.close()
    (backup,) = backups_of(path)
    backup.path.write_bytes(backup.path.read_bytes()[:5000])
    before = path.read_bytes()
    with pytest.raises(ProjectUnreadable, match="damaged"):
        restore(path, backup.path)
    assert path.read_bytes() == before
    assert os.listdir(folder_of(path)) == [backup.path.name]


def test_a_full_disk_while_restoring_leaves_the_project(store, path, full_disk):
    say(store)
    store.back_up()
    store.close()
    before = path.read_bytes()
    with full_disk(), pytest.raises(StoreError, match="disk is full"):
        restore(path, backups_of(path)[0].path)
    assert path.read_bytes() == before


CONFLICTS = (
    "napari-cdse-DESKTOP-7.cdse",
    "napari-cdse (Ada's conflicted copy 2026-11-28).cdse",
    "napari-cdse.sync-conflict-20261128-114003-ABCDEFG.cdse",
    "napari-cdse (1).cdse",
    "napari-cdse.cdse.bak",
    "NAPARI-CDSE_conf(1).CDSE",
)


def test_conflict_copies_are_found_with_their_labels(store, path):
    say(store)
    store.close()
    project = path.with_name("napari-cdse.cdse")
    path.rename(project)
    for name in (*CONFLICTS, "other.cdse", "napari-cdses.cdse"):
        shutil.copy(project, path.with_name(name))
    path.with_name("napari-cdse-note.cdse").write_text("no project")
    change_file(path.with_name("napari-cdse photos.cdse"), "CREATE TABLE photos (id)")
    found = {
        each.path.name: each.n_labels
        for each in projects_beside(project, all_names=False)
    }
    assert found == dict.fromkeys(CONFLICTS, 1)
    every = {each.path.name for each in projects_beside(project, all_names=True)}
    assert every == {*CONFLICTS, "other.cdse", "napari-cdses.cdse"}


def test_only_labels_that_stand_are_counted(store, path):
    say(store, "p", "yes")
    say(store, "p", "no")
    say(store, "q", "yes")
    say(store, "r", "yes", removed=True)
    say(store, "s", None)
    last = say(store, "t", "yes")
    store.edits.move_head(last.parent_id, last.id)
    imported = Change("u", 1, None, annotation("u", "null"))
    store.edits.append_import(dataclasses.replace(edit(), changes=(imported,)))
    assert count_labels(path) == 3
