"""Backups and other project files beside one, in the words that a user reads."""

from __future__ import annotations

import shutil

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.backups import backups_of, folder_of
from napari_cdse.io.store.found_projects import count_labels
from napari_cdse.io.store.store import Store
from napari_cdse.project.files.backups import Backups
from napari_cdse.project.files.beside import (
    alternatives,
    beside_sentence,
    instead_sentence,
    others_beside,
)
from tests.io.store.stores import say


@pytest.fixture
def path(tmp_path):
    """A project with two labels now, and backups with one and with none."""
    path = tmp_path / "napari-cdse.cdse"
    store = Store.create(path)
    store.add_micrographs([tmp_path / "a.png"])
    say(store, "p", None)
    store.back_up()
    say(store, "p")
    store.back_up()
    say(store, "q")
    store.close()
    return path


def test_each_backup_is_told_with_its_time_and_labels(path):
    backups = Backups(path)
    newest, oldest = backups_of(path)
    assert backups
    assert backups.names == (newest.path.name, oldest.path.name)
    said = backups.lines()
    for line, each, labels in zip(
        said, (newest, oldest), ("1 label", "0 labels"), strict=True
    ):
        when = each.time.astimezone().strftime("%Y-%m-%d %H:%M")
        assert line == f"{each.path.name}  {when}  {labels}"


def test_the_newest_sound_backup_is_put_back(path):
    newest, oldest = backups_of(path)
    restored = Backups(path).restore()
    assert restored.notices == ()
    assert count_labels(path) == 1
    (aside,) = folder_of(path).glob("set-aside-*.cdse")
    assert restored.sentence == (
        f"napari-cdse.cdse is the backup {newest.path.name} now, with 1 label."
        f" The file that was there is kept as {aside}."
    )
    assert count_labels(aside) == 2
    newest.path.write_bytes(newest.path.read_bytes()[:5000])
    path.unlink()
    restored = Backups(path).restore()
    assert len(restored.notices) == 1
    assert newest.path.name in restored.notices[0]
    assert restored.sentence == (
        f"napari-cdse.cdse is the backup {oldest.path.name} now, with 0 labels."
    )
    oldest.path.write_bytes(b"odd")
    with pytest.raises(StoreError, match=r"There is no backup of napari-cdse\.cdse"):
        Backups(path).restore()


def test_a_backup_is_put_back_by_its_name(path):
    _, oldest = backups_of(path)
    backups = Backups(path)
    assert "with 0 labels" in backups.restore(oldest.path.name).sentence
    # What was set aside may come back too.
    (aside,) = folder_of(path).glob("set-aside-*.cdse")
    assert "with 2 labels" in backups.restore(aside.name).sentence
    for name in ("none.cdse", f"../{path.name}", str(path)):
        with pytest.raises(StoreError, match="name one of the list"):
            backups.restore(name)


def test_without_backups_it_is_said_where_they_would_be(tmp_path):
    backups = Backups(tmp_path / "x.cdse")
    assert not backups
    assert (backups.names, backups.lines()) == ((), ())
    assert backups.none_there == (
        "There is no backup of x.cdse; they lie in the folder x.cdse-backups beside it "
        f"({tmp_path}). Name the project file."
    )


def copies(path, *names):
    for name in names:
        shutil.copy(path, path.with_name(name))


def test_another_project_beside_one_is_told(path):
    assert beside_sentence(path) is None
    copies(path, "other.cdse")
    assert beside_sentence(path) == (
        "Beside napari-cdse.cdse (2 labels) lies another project file: other.cdse "
        "(2 labels). If that is the one with your work, open it by its name."
    )
    # One of another name may lie among many; only its own copies count.
    assert others_beside(path.with_name("other.cdse")) == ()
    copies(path, "other (1).cdse")
    (found,) = others_beside(path.with_name("other.cdse"))
    assert found.path.name == "other (1).cdse"


def test_a_project_without_labels_is_held_against_its_backup(path):
    newest = backups_of(path)[0].path
    path.unlink()
    Store.create(path).close()
    assert beside_sentence(path) == (
        f"napari-cdse.cdse (0 labels) is emptier than its backup, {newest.name} (1 "
        "label); `napari-cdse restore napari-cdse.cdse` puts that back, and keeps this "
        "file."
    )


def test_five_of_many_are_named(path):
    copies(path, *(f"napari-cdse ({n}).cdse" for n in range(5)))
    told = beside_sentence(path)
    assert "napari-cdse (4).cdse (2 labels). If" in told
    copies(path, "napari-cdse (5).cdse", "napari-cdse (6).cdse")
    told = beside_sentence(path)
    assert "napari-cdse (4).cdse (2 labels) and 2 more. If" in told


def test_what_could_be_opened_instead_is_told(path, tmp_path):
    assert instead_sentence(tmp_path / "elsewhere" / "x.cdse") == ""
    newest, oldest = backups_of(path)
    assert instead_sentence(path) == (
        f" There is a backup of it, {newest.path.name} (1 label); `napari-cdse restore "
        "napari-cdse.cdse` puts it back."
    )
    copies(path, "other.cdse")
    assert instead_sentence(path).startswith(
        " Beside it lies other.cdse (2 labels); name that. There is a backup"
    )
    told = alternatives(path)
    assert [each.text.split("  ")[0] for each in told] == [
        f"Backup {newest.path.name}",
        f"Backup {oldest.path.name}",
        "other.cdse (2 labels)",
    ]
    assert [each.backup for each in told] == [newest.path.name, oldest.path.name, None]
    assert told[2].take() == path.with_name("other.cdse")
    assert count_labels(path) == 2
    assert told[1].take() == path
    assert count_labels(path) == 0
