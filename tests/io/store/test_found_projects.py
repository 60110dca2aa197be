"""Project files beside a project: found by their first bytes, labels counted."""

import sqlite3

import pytest

from napari_cdse.io.store import found_projects
from napari_cdse.io.store.found_projects import (
    FoundProject,
    count_labels,
    labels_in_words,
    projects_beside,
)
from napari_cdse.io.store.store import Store
from tests.io.store.stores import change_file, say


@pytest.mark.parametrize(
    ("n_labels", "words"),
    [(None, "cannot be read"), (0, "0 labels"), (1, "1 label"), (2, "2 labels")],
)
def test_labels_are_told_in_words(tmp_path, n_labels, words):
    assert labels_in_words(n_labels) == words
    assert str(FoundProject(tmp_path / "a.cdse", n_labels)) == f"a.cdse ({words})"


def test_a_project_that_cannot_be_read_is_found_as_one(store, path):
    copy = path.with_name("p copy.cdse")
    say(store, "p")
    store.close()
    whole = path.read_bytes()
    assert whole[68:72] == b"CdSe"
    copy.write_bytes(whole[:72])
    (found,) = projects_beside(path, all_names=False)
    assert found == FoundProject(copy, None)
    # Without the last byte of its kind it is none, nor with another one.
    for start in (whole[:71], whole[:71] + b"f", b"X" + whole[1:]):
        copy.write_bytes(start)
        assert projects_beside(path, all_names=False) == ()
    assert count_labels(path) == 1
    assert count_labels(path.with_name("none.cdse")) is None
    assert projects_beside(path.parent / "none" / "p.cdse", all_names=True) == ()


@pytest.mark.parametrize("changes", ["'{'", "'[5]'", "'[{}]'", "5", "'5'"])
def test_steps_that_cannot_be_read_count_no_label(store, path, changes):
    say(store, "p")
    say(store, "q")
    change_file(
        path,
        "DROP TRIGGER edits_are_never_changed",
        f"UPDATE edits SET changes = {changes} WHERE id = 1",
    )
    assert count_labels(path) == 1


def test_a_project_that_is_gone_is_none_of_those_beside_it(store, path):
    say(store, "p")
    store.close()
    other = path.with_name("p (1).cdse")
    path.rename(other)
    assert projects_beside(path, all_names=False) == (FoundProject(other, 1),)


def test_what_may_not_be_read_is_not_taken_for_a_project(open_folder, without_rights):
    project, other = open_folder / "p.cdse", open_folder / "p (1).cdse"
    for each in (project, other):
        Store.create(each).close()
        each.chmod(0o644)
    assert len(projects_beside(project, all_names=False)) == 1
    other.chmod(0)
    with without_rights():
        assert projects_beside(project, all_names=False) == ()


def test_nobody_waits_for_a_project_that_another_program_holds(
    store, path, monkeypatch
):
    say(store, "p")
    store.close()
    asked = []
    connect = sqlite3.connect

    def noted(place, **options):
        asked.append((place, options))
        return connect(place, **options)

    monkeypatch.setattr(found_projects.sqlite3, "connect", noted)
    assert count_labels(path) == 1
    ((place, options),) = asked
    assert options["timeout"] == 0
    # Nor is it written to.
    assert place.endswith("?mode=ro")
    monkeypatch.undo()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert count_labels(path) is None
    other.close()
