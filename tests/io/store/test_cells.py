"""Cells of a project that hold what they must not: each is left aside, at its limit."""

import json
import math
import re
import sqlite3
import sys

import pytest

from napari_cdse.core.errors import ProjectUnreadable, StoreBusy, StoreError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Circle
from napari_cdse.io.store.edit_json import changes_from_json, changes_to_json
from napari_cdse.io.store.records import Change, MicrographRow
from napari_cdse.io.store.sqlite_file import store_error
from napari_cdse.io.store.store import MOST_SETTINGS, Store
from napari_cdse.io.store.unreadable import (
    UnreadableRecords,
    are_numbers,
    is_like,
    is_number,
)
from tests.io.store.stores import annotation, change_file

QUALITY = json.dumps({"pixel_size_nm": 0.04, "stretch": 1.5})
SIZES = ["1e-9", "7"], ["0", "-0.04", "'x'", "9e999"], None
TEXTS = ["''", "'drift'"], ["x'00'", "5"], None
COUNTS = ["0", "900"], ["-1", "'x'", "1.5"]
CELLS = {
    "frame": (*COUNTS, 0),
    "content_id": TEXTS,
    "file_pixel_size_nm": SIZES,
    "person_pixel_size_nm": SIZES,
    "estimated_pixel_size_nm": SIZES,
    "estimated_uncertainty": SIZES,
    "estimated_other_nm": SIZES,
    "excluded": TEXTS,
    "problem": TEXTS,
    "labels_from": TEXTS,
    "stamp": TEXTS,
    "glance": TEXTS,
    "sample": TEXTS,
    "looked_at": (*COUNTS, False),
    "run_id": (["1"], COUNTS[1], None),
    "estimated_source": (
        ["'estimated'", "'unsure'", "'assumed'"],
        ["'file'", "'person'", "'guessed'", "1"],
        None,
    ),
    "chosen_frame": (["'mean'", "'3'", "'2:5'"], ["'5:2'", "'last'", "3"], None),
    "labels_shape": (
        ["'[0, 5]'", "'[90,140]'"],
        ["'{'", "'[1]'", "'[1, 2, 3]'", "'[1, -1]'", "'[true, 1]'", "'[1.5, 2]'", "5"],
        None,
    ),
    "quality": (
        [f"'{QUALITY}'"],
        ["'{'", "'[1]'", "'{}'", "5", '\'{"pixel_size_nm": "x"}\''],
        None,
    ),
}


def cell(path, column, value):
    """What a micrograph's row says, and what was left aside, for a cell so written."""
    change_file(
        path,
        "PRAGMA foreign_keys = OFF",
        f"UPDATE micrographs SET {column} = {value} WHERE key = 1",
        loose=True,
    )
    store = Store.open(path)
    try:
        return store.micrograph(1), store.set_aside
    finally:
        store.close()


# Columns of text turn numbers into text and those of numbers texts into numbers, as
# they were declared; such a cell is one of the right type.
TURNED = {("TEXT", "5"), ("TEXT", "1"), ("TEXT", "3")}


@pytest.mark.parametrize("column", CELLS)
def test_a_cell_holds_what_it_must_or_counts_as_not_known(store, path, column):
    store.close()
    good, bad, unknown = CELLS[column]
    ((kind,),) = [
        (row[2],)
        for row in _query(path, "PRAGMA table_info(micrographs)")
        if row[1] == column
    ]
    for value in good:
        row, aside = cell(path, column, value)
        assert aside == (), value
        assert getattr(row, column) is not None, value
    for value in bad:
        row, aside = cell(path, column, value)
        if (kind, value) in TURNED and column not in ("quality", "labels_shape"):
            continue
        assert getattr(row, column) == unknown, value
        (told,) = aside
        assert f"1 of the entries of micrographs cannot be read ({column} of" in told


def _query(path, statement):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("rows", "columns", "shape"),
    [("90", "140", (90, 140)), ("0", "0", (0, 0)), ("NULL", "140", None)],
)
def test_a_shape_is_known_whole_or_not_at_all(store, path, rows, columns, shape):
    store.close()
    row, aside = cell(path, "n_columns", columns)
    row, aside = cell(path, "n_rows", rows)
    assert row.shape == shape
    assert aside == ()
    row, aside = cell(path, "n_rows", "-1")
    assert row.shape is None
    assert "n_rows of a.png" in aside[0]


def test_a_micrograph_without_a_name_gets_one(store, path):
    store.close()
    row, aside = cell(path, "path", "x'00ff'")
    assert row.path == "unknown name 1"
    assert "(name of unknown name 1)" in aside[0]


def test_every_column_is_written_and_read(store, path):
    told = {
        "frame": 3,
        "content_id": "abc",
        "shape": (90, 140),
        "file_pixel_size_nm": 0.01,
        "person_pixel_size_nm": 0.02,
        "estimated_pixel_size_nm": 0.03,
        "excluded": "drift",
        "looked_at": True,
        "problem": "broken",
        "labels_from": "a.txt",
        "labels_shape": (91, 141),
        "run_id": None,
        "stamp": "s",
        "glance": "g",
        "estimated_source": "unsure",
        "estimated_uncertainty": 0.5,
        "estimated_other_nm": 0.06,
        "chosen_frame": "mean",
        "sample": "batch 7",
        "quality": MicrographQuality(0.04, stretch=1.25, drift_nm=0.0),
    }
    store.update_micrograph(1, **told)
    assert store.micrograph(1) == MicrographRow(key=1, path="a.png", **told)
    store.update_micrograph(1, shape=None, labels_shape=None, quality=None)
    row = store.micrograph(1)
    assert (row.shape, row.labels_shape, row.quality) == (None, None, None)
    store.update_micrograph(2)
    assert store.micrograph(2) == MicrographRow(key=2, path="b.png")
    store.drop_micrograph(2)
    with pytest.raises(StoreError, match="Micrograph 2 is no longer in the project"):
        store.micrograph(2)
    assert [row.key for row in store.micrographs()] == [1]


def test_a_persons_size_comes_before_the_files_and_that_before_the_lattices():
    lattice = {"estimated_pixel_size_nm": 0.03}
    assert MicrographRow(1, "a").pixel_size is None
    assert MicrographRow(1, "a", **lattice).pixel_size == PixelSize(
        0.03, PixelSizeSource.ASSUMED
    )
    told = lattice | {
        "estimated_source": "unsure",
        "estimated_uncertainty": 0.1,
        "estimated_other_nm": 0.05,
    }
    assert MicrographRow(1, "a", **told).pixel_size == PixelSize(
        0.03, PixelSizeSource.UNSURE, 0.1, 0.05
    )
    told["file_pixel_size_nm"] = 0.02
    assert MicrographRow(1, "a", **told).pixel_size == PixelSize(
        0.02, PixelSizeSource.FILE
    )
    told["person_pixel_size_nm"] = 0.01
    assert MicrographRow(1, "a", **told).pixel_size == PixelSize(
        0.01, PixelSizeSource.PERSON
    )


def test_a_quality_holds_while_its_pixel_size_does():
    quality = MicrographQuality(0.04)
    row = MicrographRow(1, "a", quality=quality)
    assert row.present_quality is None
    for size, holds in ((0.04, True), (0.040039, True), (0.0402, False)):
        row = MicrographRow(1, "a", file_pixel_size_nm=size, quality=quality)
        assert row.present_quality == (quality if holds else None)
    assert MicrographRow(1, "a", file_pixel_size_nm=0.04).present_quality is None


def test_a_chosen_frame_comes_before_the_first():
    assert MicrographRow(1, "a", frame=4).frame_choice == 4
    assert MicrographRow(1, "a", frame=4, chosen_frame="0").frame_choice == 0
    assert MicrographRow(1, "a", frame=4, chosen_frame="2:5").frame_choice == "2:5"


@pytest.mark.parametrize(
    ("value", "least", "is_one"),
    [
        (0, -math.inf, True),
        (-1.5, -math.inf, True),
        (0, 0, False),
        (1e-300, 0, True),
        (sys.float_info.max, 0, True),
        (math.inf, 0, False),
        (-math.inf, -math.inf, False),
        (math.nan, 0, False),
        (True, 0, False),
        ("1", 0, False),
        (None, 0, False),
        (b"1", 0, False),
    ],
)
def test_a_number_is_finite_and_above_its_limit(value, least, is_one):
    assert is_number(value, least) is is_one
    if least < 0 or is_one:
        assert are_numbers([1.0, value]) is is_one


def test_a_whole_number_too_large_for_arithmetic_is_none():
    assert not is_number(10**400)
    assert not is_number(-(10**400))
    assert is_number(10**300)


@pytest.mark.parametrize(
    ("values", "are"),
    [
        ((), True),
        ((1, 2.5), True),
        ((1e308, 1e308), True),
        ((1.0, True), False),
        ((1.0, math.inf, -math.inf), False),
        ((1.0, math.nan), False),
        ((1.0, "2"), False),
        ((1.0, None), False),
    ],
)
def test_all_cells_are_numbers(values, are):
    assert are_numbers(values) is are


@pytest.mark.parametrize(
    ("value", "default", "is_one"),
    [
        ({"any": 1}, None, True),
        ("a", "b", True),
        (1, "b", False),
        (None, "b", False),
        (True, False, True),
        (1, False, False),
        (2, 1.5, True),
        (math.inf, 1.5, False),
        (True, 1.5, False),
        ("1", 1, False),
        ([50.0, "nm"], (10.0, "µm"), True),
        ([50.0], (10.0, "µm"), False),
        (["50", "nm"], (10.0, "µm"), False),
        ({"a": 1}, (10.0, "µm"), False),
        ([1, "nm"], (None, "µm"), True),
        ([[1], "nm"], (None, "µm"), False),
        ([1, "a", None, True], [], True),
        ([[1]], [], False),
        ([{}], (), False),
        ("text", [], False),
        ({"a": [1]}, {}, True),
        ([1], {}, False),
    ],
)
def test_a_setting_has_the_form_of_its_default(value, default, is_one):
    assert is_like(value, default) is is_one


def test_a_setting_that_has_another_form_is_left_aside(store):
    store.set_setting("bar", [1, 2, 3])
    assert store.setting("bar", (1.0, "nm")) == (1.0, "nm")
    assert "1 of the settings cannot be read (bar)" in store.set_aside[0]
    assert store.setting("none", 5) == 5
    assert len(store.set_aside) == 1


def test_strange_settings_beyond_number_are_not_all_looked_at(store):
    with store.transaction():
        for number in range(3 * MOST_SETTINGS):
            store.set_setting(f"strange {number}", number)
    damage = "UPDATE settings SET value = '{'"
    change_file(store.path, damage)
    store.read_ahead()
    told = f"{MOST_SETTINGS} of the settings cannot be read"
    assert told in store.set_aside[0]


def test_three_records_of_a_kind_are_named_and_the_others_counted():
    records = UnreadableRecords()
    assert records.sentences("p.cdse") == ()
    for kind, count in (("cards", 1), ("runs", 2), ("steps", 3), ("circles", 4)):
        for number in range(count):
            records.note(kind, f"n{number}")
            records.note(kind, f"n{number}")
    records.note("circles", "n4")
    told = records.sentences("p.cdse")
    said = [re.match(r"In p\.cdse (.*) left aside;", each)[1] for each in told]
    assert said == [
        "1 of the cards cannot be read (n0) and is",
        "2 of the runs cannot be read (n0, n1) and are",
        "3 of the steps cannot be read (n0, n1, n2) and are",
        "5 of the circles cannot be read (n0, n1, n2 and 2 more) and are",
    ]


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (sqlite3.SQLITE_FULL, StoreError, "disk is full"),
        (sqlite3.SQLITE_BUSY, StoreBusy, "written by another program"),
        (517, StoreBusy, "written by another program"),  # SQLITE_BUSY_SNAPSHOT
        (sqlite3.SQLITE_LOCKED, StoreBusy, "written by another program"),
        (sqlite3.SQLITE_READONLY, StoreError, "may not be written"),
        (1544, StoreError, "may not be written"),  # SQLITE_READONLY_DIRECTORY
        (sqlite3.SQLITE_PERM, StoreError, "may not be opened"),
        (sqlite3.SQLITE_CANTOPEN, StoreError, "cannot be opened"),
        (sqlite3.SQLITE_NOTADB, ProjectUnreadable, "not a napari-cdse project"),
        (sqlite3.SQLITE_CORRUPT, ProjectUnreadable, "is damaged"),
        (267, ProjectUnreadable, "is damaged"),  # SQLITE_CORRUPT_VTAB
        (sqlite3.SQLITE_ERROR, ProjectUnreadable, r"lacks what .*\(odd\)"),
        (778, StoreError, r"could not be read or written \(odd\)"),  # IOERR_WRITE
    ],
)
def test_each_code_of_sqlite_has_its_sentence(code, kind, says):
    error = store_error("p.cdse", code, sqlite3.Error("odd"))
    assert type(error) is kind
    assert re.search(says, str(error))
    assert "p.cdse" in str(error)


EDITED = annotation(note="n", deferred_by="Bo", note_by="Cy")


def read(**changes):
    (entry,) = json.loads(changes_to_json((Change("p", 1, None, EDITED),)))
    entry["after"] |= changes
    (change,), () = changes_from_json(json.dumps([entry]), {1: "m"})
    return change.after


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("circle", [[-1, 0, 0.1], [1.5, 2, 3]], [[1, 2], [1, 2, 0], [1, 2, -1]]),
        ("circle", [[0, 0, 1]], [["x", 2, 3], [1, None, 3], [1, 2, True], [1] * 4]),
        ("circle", [], [[10**400, 1, 1], [1, 1, 10**400]]),
        ("label", [None, "yes", "no", "null", "empty"], ["", "Yes", 5, "maybe"]),
        (
            "origin",
            ["confirmed", "corrected", "drawn", "imported"],
            ["", None, "found"],
        ),
        ("selected_by", ["queue", "audit", "order", "hand"], ["", None, "chance"]),
        ("selection_chance", [None, 0.5, 1], ["0.5", True]),
        *(
            (name, ["", "x"], [None, 5, ["x"]])
            for name in ("id", "annotator", "time", "note", "deferred_by", "note_by")
        ),
        *(
            (name, [True, False], [None, 1, "yes"])
            for name in ("removed", "prediction_seen", "deferred", "others_seen")
        ),
        (
            "shown",
            [None, ["model", [0.7, 0.1, 0.1, 0.1]]],
            [
                [5, [0.7, 0.1, 0.1, 0.1]],
                ["model", [0.7, 0.1, 0.1]],
                ["model", [0.7, 0.1, 0.1, "x"]],
                ["model"],
                5,
            ],
        ),
        ("colour", [], ["red"]),
    ],
)
def test_a_statement_says_what_one_can_say(name, good, bad):
    for value in good:
        told = getattr(read(**{name: value}), name)
        if name == "circle":
            assert told == Circle(*value)
        elif name == "shown" and value:
            assert (told.particle_id, told.model_id) == ("p", "model")
            assert told.probabilities == (0.7, 0.1, 0.1, 0.1)
        else:
            assert told == value
    for value in bad:
        with pytest.raises(StoreError, match="an edit cannot be read"):
            read(**{name: value})
