"""Steps of a project: all that stands in them, broken chains, what is taken back."""

import dataclasses
import json

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.regions import Region
from napari_cdse.io.store.edit_json import changes_from_json
from napari_cdse.io.store.micrograph_changes import from_entries
from napari_cdse.io.store.records import Change
from napari_cdse.io.store.store import MicrographChange, Store
from tests.io.store.stores import annotation, change_file, edit, say


def test_a_step_comes_back_with_all_that_stands_in_it(store):
    region = Region("r", ((0.0, 1.0), (5.0, 1.0), (5.0, 7.5)), "ice or salt")
    of_micrographs = (
        MicrographChange("excluded", 1, None, "drift"),
        MicrographChange("frame", 2, "3", "mean"),
        MicrographChange("pixel_size", 1, 0.04, None),
        MicrographChange("pixel_size", None, None, 0.05),
        MicrographChange("region", 1, None, region, "r"),
        MicrographChange("sample", 2, "a", "b"),
    )
    made = dataclasses.replace(
        edit(annotation(label=None), annotation()),
        micrograph_key=2,
        time="2026-05-06",
        annotator="Bo",
        summary="Many",
        after_run=7,
        micrograph_changes=of_micrographs,
    )
    first = say(store, "q")
    stored = store.edits.append(made, first.id)
    assert stored == dataclasses.replace(made, id=stored.id, parent_id=first.id)
    assert store.edits.get(stored.id, {}) == stored
    assert store.edits.summary(stored.id) == ("Many", "Bo")
    assert store.edits.summary(None) is None
    assert store.edits.summary(99) is None
    with pytest.raises(StoreError, match="edit 99 cannot be read"):
        store.edits.get(99, {})
    back = [each.reversed() for each in of_micrographs]
    assert [(each.before, each.after) for each in back] == [
        (each.after, each.before) for each in of_micrographs
    ]
    assert [each.reversed() for each in back] == list(of_micrographs)


@pytest.mark.parametrize(
    "changes",
    [
        {"what": "colour"},
        {"key": None},
        {"key": "x"},
        {"what": "pixel_size", "after": 0},
        {"what": "pixel_size", "after": "0.04"},
        {"what": "pixel_size", "after": True},
        {"what": "frame", "after": "last"},
        {"what": "frame", "after": "5:5"},
        {"what": "region", "after": {"corners": [[0, 0], [1, 1]], "reason": ""}},
        {
            "what": "region",
            "after": {"corners": [[0, 0], [1, 1], [2, 2]], "reason": ""},
        },
        {
            "what": "region",
            "after": {"corners": [[0, 0], [0, 9], [9, "x"]], "reason": ""},
        },
        {"what": "region", "after": {"corners": [[0, 0], [0, 9], [9, 9]]}},
    ],
)
def test_a_change_of_a_micrograph_that_is_none_is_refused(changes):
    entry = {
        "what": "excluded",
        "key": 1,
        "region_id": "",
        "before": None,
        "after": "a",
    }
    assert from_entries([entry]) == (MicrographChange("excluded", 1, None, "a"),)
    with pytest.raises(StoreError, match="an edit cannot be read"):
        changes_from_json(json.dumps([entry | changes]), {})


def test_only_what_is_about_a_micrograph_mentions_it(store, path):
    for number in range(12):
        store.add_micrographs([path.parent / f"more{number}.png"])
    folder = MicrographChange("pixel_size", None, None, 0.05)
    made = dataclasses.replace(edit(), micrograph_key=None, changes=())
    store.edits.append(dataclasses.replace(made, micrograph_changes=(folder,)), None)
    assert not any(store.edits.mention(row.key) for row in store.micrographs())
    change = Change("p", 13, None, annotation())
    imported = dataclasses.replace(made, changes=(change,))
    store.edits.append_import(imported)
    mentioned = [r.key for r in store.micrographs() if store.edits.mention(r.key)]
    assert mentioned == [13]
    assert store.edits.mention(13, "import")
    assert not store.edits.mention(13, "edit")
    last = store.edits.append(
        dataclasses.replace(made, micrograph_key=2), store.edits.head()
    )
    store.edits.move_head(last.parent_id, last.id)
    assert store.edits.mention(2, "edit")
    assert not store.edits.mention(2, "import")


def test_steps_taken_back_are_known_oldest_first(store):
    first = say(store, "p")
    second = say(store, "q")
    third = say(store, "r")
    imported = store.edits.append_import(edit(after=annotation("i")))
    store.edits.move_head(first.id, third.id)
    in_force = [each.id for each in store.edits.in_force({})]
    assert in_force == [imported.id, first.id]
    assert store.edits.undone(in_force, {}) == [second, third]
    assert store.edits.newest_child(first.id) == second.id
    assert store.edits.newest_child(third.id) is None
    store.edits.move_head(None, first.id)
    assert store.edits.head() is None
    assert [each.id for each in store.edits.in_force({})] == [imported.id]


@pytest.mark.parametrize(
    ("what", "left", "named"),
    [
        ("parent_id = 99 WHERE id = 2", [2, 3], "all before step 2"),
        ("parent_id = 3 WHERE id = 2", [2, 3], "all before step 2"),
        ("parent_id = 2 WHERE id = 2", [2, 3], "all before step 2"),
    ],
)
def test_a_history_whose_chain_is_broken_keeps_what_hangs_together(
    store, path, what, left, named
):
    for name in "pqr":
        say(store, name)
    change_file(
        path, "DROP TRIGGER edits_are_never_changed", f"UPDATE edits SET {what}"
    )
    assert [each.id for each in store.edits.in_force({})] == left
    assert f"steps of the history cannot be read ({named})" in store.set_aside[0]


@pytest.mark.parametrize("damage", ["DELETE FROM head", "UPDATE head SET edit_id = 9"])
def test_a_lost_place_in_the_history_is_the_newest_say(store, path, damage):
    say(store, "p")
    second = say(store, "q")
    store.edits.append_import(edit(after=annotation("i")))
    change_file(path, damage)
    assert store.edits.head() == second.id
    assert (
        "1 of the places in the history cannot be read (the last one)"
        in (store.set_aside[0])
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("annotator", "x'00'"),
        ("time", "x'00'"),
        ("summary", "x'00'"),
        ("after_run", "'late'"),
        ("micrograph_key", "'x'"),
        ("changes", "'{'"),
    ],
)
def test_a_step_that_cannot_be_read_changes_nothing(store, path, column, value):
    first, second, third = (say(store, name) for name in "pqr")
    store.close()
    change_file(
        path,
        "DROP TRIGGER edits_are_never_changed",
        f"UPDATE edits SET {column} = {value} WHERE id = {second.id}",
        loose=True,
    )
    again = Store.open(path)
    one, odd, two = again.edits.in_force({})
    assert (one, two) == (first, third)
    assert (odd.id, odd.parent_id, odd.kind) == (second.id, first.id, "edit")
    assert (odd.changes, odd.micrograph_changes) == ((), ())
    assert f"({'step'} {second.id})" in again.set_aside[0]
    assert again.edits.undone([first.id], {}) == [third]
    again.close()
