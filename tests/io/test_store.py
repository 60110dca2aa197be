"""The project file: what it holds, and what it does when things go wrong."""

import dataclasses
import json
import os
import shutil
import sqlite3

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Annotation, Candidate, Circle, Prediction
from napari_cdse.io import migrations
from napari_cdse.io.edit_json import changes_from_json
from napari_cdse.io.migrations import APPLICATION_ID, MIGRATIONS, migrate
from napari_cdse.io.store import Change, Edit, Run, Store, StoreChanged

CIRCLE = Circle(10.5, 20.25, 7.125)
RUN = Run("bragg", {"window_nm": 2.0}, 0.04, "estimated", 50, ("a notice",))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "p.cdse"


@pytest.fixture
def store(path):
    store = Store.create(path)
    store.add_micrographs([path.parent / "a.png", path.parent / "b.png"])
    yield store
    store.close()


def annotation(particle_id="p", label="yes", **values):
    known = {
        "id": "statement",
        "micrograph_id": "",
        "circle": CIRCLE,
        "origin": "confirmed",
        "annotator": "Ada",
        "time": "2026-01-01T00:00:00+00:00",
    }
    return Annotation(particle_id=particle_id, label=label, **{**known, **values})


def edit(before=None, after=None, summary="Label"):
    change = Change("p", 1, before, after)
    return Edit(0, None, "edit", 1, "2026-01-01", "Ada", summary, 0, (change,))


def query(path, statement):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def change_file(path, *statements):
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


# What it holds


def test_the_file_says_what_it_is(store, path):
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert query(path, "SELECT version, name FROM migrations") == [
        (version, made.__name__) for version, made in enumerate(MIGRATIONS, start=1)
    ]
    store.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_every_commit_reaches_the_disk_and_references_are_checked(store):
    assert store._database.rows("PRAGMA journal_mode") == [("persist",)]
    assert store._database.rows("PRAGMA synchronous") == [(2,)]
    assert store._database.rows("PRAGMA foreign_keys") == [(1,)]


def test_micrographs_are_known_by_relative_paths(store, path):
    store.add_micrographs([path.parent / "b.png", path.parent / "sub" / "c 1.tif"])
    assert [row.path for row in store.micrographs()] == [
        "a.png",
        "b.png",
        "sub/c 1.tif",
    ]
    outside = store.relative(path.parent.parent / "x.png")
    assert outside == "../x.png"
    assert store.absolute(outside).resolve() == path.parent.parent / "x.png"


def test_a_moved_folder_takes_its_project_along(store, path, tmp_path):
    store.close()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(path, moved / path.name)
    again = Store.open(moved / path.name)
    assert again.absolute(again.micrographs()[0].path) == moved / "a.png"
    again.close()


def test_columns_of_a_micrograph_come_back(store):
    values = {
        "content_id": "abc",
        "shape": (90, 140),
        "file_pixel_size_nm": 0.04,
        "labels_from": "a.txt",
        "labels_shape": (90, 140),
        "looked_at": True,
        "excluded": "blurred",
    }
    store.update_micrograph(1, **values)
    row = store.micrograph(1)
    assert {name: getattr(row, name) for name in values} == values
    assert row.pixel_size == (0.04, "file")
    with pytest.raises(TypeError, match="no column"):
        store.update_micrograph(1, rating=5)


def test_an_edit_comes_back_whole(store, path):
    shown = Prediction("p", "model", (0.7, 0.1, 0.1, 0.1))
    after = annotation(
        shown=shown,
        selected_by="audit",
        selection_chance=0.1,
        prediction_seen=False,
        removed=True,
        deferred=True,
        note="a twin, tilted",
    )
    stored = store.edits.append(edit(annotation(label=None), after), None)
    store.close()
    again = Store.open(path)
    (found,) = again.edits.in_force({1: "abc"})
    change = found.changes[0]
    assert change.after == dataclasses.replace(after, micrograph_id="abc")
    assert change.before.label is None
    assert (found.id, found.summary, found.annotator) == (stored.id, "Label", "Ada")
    again.close()


def test_an_edit_of_before_there_were_notes_comes_back(store, path):
    store.edits.append(edit(after=annotation(deferred=True, note="odd")), None)
    store.close()
    ((written,),) = query(path, "SELECT changes FROM edits")
    (entry,) = json.loads(written)
    assert entry["after"].pop("deferred")
    assert entry["after"].pop("note") == "odd"
    (change,), () = changes_from_json(json.dumps([entry]), {})
    assert change.after == annotation()


def test_edits_are_a_tree_with_a_head(store):
    first = store.edits.append(edit(after=annotation()), None)
    second = store.edits.append(edit(after=annotation(label="no")), first.id)
    store.edits.move_head(first.id, second.id)
    assert store.edits.newest_child(first.id) == second.id
    third = store.edits.append(edit(after=annotation(label="null")), first.id)
    assert [each.id for each in store.edits.in_force({})] == [first.id, third.id]
    store.edits.move_head(first.id, third.id)
    assert store.edits.newest_child(first.id) == third.id
    assert store.edits.get(second.id, {}).changes[0].after.label == "no"


def test_an_edit_on_another_head_than_believed_is_refused(store):
    first = store.edits.append(edit(after=annotation()), None)
    with pytest.raises(StoreChanged, match="repeat"):
        store.edits.append(edit(after=annotation(label="no")), None)
    with pytest.raises(StoreChanged):
        store.edits.move_head(None, None)
    assert store.edits.head() == first.id
    assert len(store.edits.in_force({})) == 1


def test_imports_lie_below_all_edits(store):
    first = store.edits.append(edit(after=annotation()), None)
    imported = store.edits.append_import(edit(after=annotation("q")))
    assert [each.id for each in store.edits.in_force({})] == [imported.id, first.id]
    assert store.edits.head() == first.id
    assert store.edits.newest_child(None) == first.id


@pytest.mark.parametrize(
    "statement", ["UPDATE edits SET annotator = 'Eve'", "DELETE FROM edits"]
)
def test_edits_cannot_be_altered_even_by_hand(store, path, statement):
    store.edits.append(edit(after=annotation()), None)
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        change_file(path, statement)


def test_candidates_are_those_of_the_latest_run(store):
    first = Candidate.propose("abc", CIRCLE, "bragg", 3.5)
    second = Candidate.propose("abc", Circle(1.0, 2.0, 3.0), "bragg")
    store.findings.add_run(1, RUN, [first])
    run = store.findings.add_run(1, RUN, [second, first])
    other = store.findings.add_run(2, RUN, [])
    assert store.findings.candidates({1: "abc"}) == {
        1: (run, (second, first)),
        2: (other, ()),
    }
    assert store.findings.latest_run() == other


def test_predictions_are_kept_by_model_and_circle(store):
    moved = Circle(1.0, 2.0, 3.0)
    old, new = (
        Prediction("p", model, (0.7, 0.1, 0.1, 0.1)) for model in ("old", "new")
    )
    store.findings.add_predictions([(CIRCLE, old), (CIRCLE, new), (moved, new)])
    assert set(store.findings.predictions("new")) == {(CIRCLE, new), (moved, new)}
    store.findings.forget_predictions("new")
    assert list(store.findings.predictions("new")) == []
    assert list(store.findings.predictions("old")) == [(CIRCLE, old)]


def test_settings_hold_what_json_holds(store):
    store.set_setting("a", {"b": [1, None, "ä"]})
    assert store.setting("a") == {"b": [1, None, "ä"]}
    assert store.setting("c", "default") == "default"


def test_a_transaction_is_all_or_nothing(store):
    def write_and_stop():
        with store.transaction():
            store.set_setting("a", 1)
            store.edits.append(edit(after=annotation()), None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()
    assert store.setting("a") is None
    assert store.edits.head() is None


# When things go wrong


def refused(path, sentence, **options):
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    with pytest.raises(StoreError, match=sentence) as caught:
        Store.open(path, **options)
    assert "\n" not in str(caught.value)
    after = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    assert after == before, "opening what cannot be opened must change nothing"


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
def test_a_damaged_edit_is_a_sentence(store, changes):
    if changes == "{}":
        changes = '[{"particle_id":"p","micrograph":1,"before":null,"after":{}}]'
    store._database.execute("DROP TRIGGER edits_are_never_changed")
    store.edits.append(edit(after=annotation()), None)
    store._database.execute("UPDATE edits SET changes = ?", [changes])
    with pytest.raises(StoreError, match=r"damaged .*edit"):
        store.edits.in_force({})


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


# Migrations


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
    monkeypatch.setattr("napari_cdse.io.database.MIGRATIONS", newer)
    refused(path, "brought up to date", read_only=True)
