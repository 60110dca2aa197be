"""What the project file holds."""

import dataclasses
import json
import shutil
import sqlite3

import pytest

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Candidate, Circle, Prediction
from napari_cdse.io.store.edit_json import changes_from_json
from napari_cdse.io.store.migrations import APPLICATION_ID, MIGRATIONS
from napari_cdse.io.store.store import Run, Store, StoreChanged
from tests.io.store.stores import CIRCLE, annotation, change_file, edit, query

RUN = Run(
    "bragg", {"window_nm": 2.0}, 0.04, PixelSizeSource.ESTIMATED, 50, ("a notice",)
)


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


def test_a_micrograph_that_is_added_again_keeps_its_row(store, path):
    store.update_micrograph(2, content_id="abc", excluded="drift", looked_at=True)
    before = store.micrographs()
    store.add_micrographs([path.parent / "b.png"], person_pixel_size_nm=0.5)
    assert store.micrographs() == before


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
    assert row.pixel_size == PixelSize(0.04, PixelSizeSource.FILE)
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
