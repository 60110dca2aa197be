"""Tables of particles as earlier versions wrote them, before they said who labelled."""

from __future__ import annotations

import json

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.io.annotations.earlier_tables import UNKNOWN_LABELLER
from napari_cdse.io.annotations.formats import read_annotations
from napari_cdse.io.annotations.shapes import NOT_REVIEWED

FIRST = ",".join(
    [
        "micrograph,particle,x_px,y_px,radius_px,diameter_nm,label",
        "p_yes,p_no,p_null,p_empty",
    ]
)
"""Columns from 22 November 2026 on; later ones were added at the end, one by one."""
LAYOUTS = {
    "first": ("", ""),
    "note": (",note", ",odd"),
    "novelty": (",note,novelty", ",odd,0.25"),
    "pixel size": (
        ",note,novelty,pixel_size_nm,pixel_size_source",
        ",odd,0.25,0.04,file",
    ),
    "apart": (
        ",novelty,pixel_size_nm,pixel_size_source,counted_apart",
        ",1.5,0.04,estimated,novelty",
    ),
}
CORRECTED = "m1,a,50.5,30.25,12,,no,0.7,0.1,0.1,0.1"
"""The forest says yes, a person no."""
CONFIRMED = "m1,b,150.5,40,13,,yes,0.7,0.1,0.1,0.1"
"""Both say yes: a person confirmed it, or nobody looked."""
DRAWN = "m1,c,250,50,14,,null,,,,"
"""A person drew the circle, and no forest was asked."""
FOUND = "m1,d,350,60,15,,,,,,"
"""Nobody said anything."""
LABELS = (
    "micrograph,particle,annotator,label,time,origin,selected_by,selection_chance,"
    "prediction_seen,others_seen,forest,p_yes,p_no,p_null,p_empty"
)


def read(path, *lines, columns="", cells=""):
    text = "\n".join([FIRST + columns, *(line + cells for line in lines)])
    path.write_text(text + "\n", "utf-8")
    return read_annotations(path, lambda name: (400, 400)).shapes


def problems(shapes):
    return [shape.problem for shape in shapes]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "particles.csv"


def summary(path, particles, person, forest):
    told = {
        "particles": particles,
        "labelled_by_person": person,
        "labelled_by_forest": forest,
    }
    path.with_name("summary.json").write_text(json.dumps(told))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_person_must_have_said_is_taken_from_the_table_alone(path, layout):
    columns, cells = LAYOUTS[layout]
    lines = (CORRECTED, CONFIRMED, DRAWN, FOUND)
    corrected, confirmed, drawn, found = read(
        path, *lines, columns=columns, cells=cells
    )
    assert corrected.circle == Circle(30.25, 50.5, 12.0)
    assert (corrected.picture, corrected.name, corrected.problem) == ("m1", "no", "")
    assert corrected.note == ("odd" if "note" in columns else "")
    assert (drawn.circle, drawn.name) == (Circle(50.0, 250.0, 14.0), "null")
    assert (confirmed.circle, confirmed.problem) == (None, UNKNOWN_LABELLER)
    assert (found.circle, found.problem) == (None, NOT_REVIEWED)


def test_an_export_of_what_persons_said_is_taken_whole(path):
    summary(path, 3, person=3, forest=0)
    shapes = read(path, CORRECTED, CONFIRMED, DRAWN)
    assert problems(shapes) == ["", "", ""]
    assert [shape.name for shape in shapes] == ["no", "yes", "null"]


def test_of_a_prediction_nothing_is_taken(path):
    summary(path, 2, person=0, forest=2)
    assert problems(read(path, CONFIRMED, CONFIRMED)) == [NOT_REVIEWED] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"particles": 2, "labelled_by_person": 3, "labelled_by_forest": 0}',
        '{"particles": 3, "labelled_by_person": 2, "labelled_by_forest": 0}',
        '{"particles": "x", "labelled_by_person": 2, "labelled_by_forest": 0}',
    ],
)
def test_a_summary_of_something_else_tells_nothing(path, text):
    path.with_name("summary.json").write_text(text)
    assert problems(read(path, CORRECTED, CONFIRMED)) == ["", UNKNOWN_LABELLER]


def test_the_table_of_labels_beside_it_tells_whose_they_are(path):
    summary(path, 4, person=3, forest=1)
    label = ",ann,{},2026-11-24T12:00:00+00:00,confirmed,queue,,True,False,f,,,,"
    lines = ["m1,a" + label.format("no"), "m1,b" + label.format("yes")]
    lines.append("m1,c" + label.format("null"))
    path.with_name("labels.csv").write_text("\n".join([LABELS, *lines]) + "\n")
    other = CONFIRMED.replace(",b,", ",e,")
    shapes = read(path, CORRECTED, CONFIRMED, DRAWN, other)
    assert problems(shapes) == ["", "", "", NOT_REVIEWED]


def test_a_table_of_other_labels_tells_nothing(path):
    label = ",ann,yes,2026-11-24T12:00:00+00:00,confirmed,queue,,True,False,f,,,,"
    path.with_name("labels.csv").write_text(f"{LABELS}\nm1,b{label}\n")
    # Somebody else's: it doesn't know what was corrected here.
    assert problems(read(path, CORRECTED, CONFIRMED)) == ["", UNKNOWN_LABELLER]


def test_probabilities_that_are_rounded_alike_tell_nothing(path):
    line = "m1,a,50,30,12,,no,0.4000000001,0.4,0.1,0.1"
    assert problems(read(path, line)) == [UNKNOWN_LABELLER]
    line = "m1,a,50,30,12,,no,0.400000001,0.39,0.1,0.11"
    assert problems(read(path, line)) == [""]


def test_a_damaged_probability_tells_nothing(path):
    line = "m1,a,50,30,12,,no,much,0.4,0.1,0.1"
    assert problems(read(path, line)) == [UNKNOWN_LABELLER]


def test_an_excel_table_with_decimal_commas_is_read_alike(path):
    lines = [FIRST, CORRECTED, CONFIRMED]
    text = "\n".join(lines).replace(",", ";").replace(".", ",")
    path.write_text(text + "\n", "utf-8-sig")
    corrected, confirmed = read_annotations(path, lambda name: (400, 400)).shapes
    assert corrected.circle == Circle(30.25, 50.5, 12.0)
    assert (corrected.problem, confirmed.problem) == ("", UNKNOWN_LABELLER)


def test_the_table_of_an_empty_export_is_read(path):
    assert read(path) == ()
