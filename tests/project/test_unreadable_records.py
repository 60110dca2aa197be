"""One record that can't be read closes no project: it is named, and the rest opens."""

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.project import Project
from napari_cdse.project.export import export
from tests.io.store.stores import change_file
from tests.project_tools import hand_over, put_circles, small_model

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)
MODEL = small_model()
NEVER_CHANGED = "DROP TRIGGER edits_are_never_changed"


@pytest.fixture
def path(folder):
    """A closed project: a forest, two circles found and predicted, each labelled."""
    project = Project.create_or_open(folder)
    project.audits.share = 0
    hand_over(project)
    project.models.add(MODEL)
    project.models.keep(MODEL.card.id)
    first, second = put_circles(project, [A, B], MODEL.card.id)
    project.edits.label([first], "no")
    project.edits.label([second], "yes")
    project.settings.scale_bar = (50.0, "nm")
    project.close()
    return project.path


def changed(edit, what):
    return (NEVER_CHANGED, f"UPDATE edits SET {what} WHERE id = {edit}")


DAMAGES = {
    "a card": (["UPDATE models SET card = '{\"id\": 5}'"], "model cards"),
    "a card of NaN": (
        ["UPDATE models SET card = replace(card, '0.04', 'NaN')"],
        "model cards",
    ),
    "a card as bytes": (["UPDATE models SET card = x'00ff'"], "model cards"),
    "a card of another model": (
        ["UPDATE models SET card = replace(card, id, '0123456789abcdef')"],
        "model cards",
    ),
    "an edit": (changed(1, "changes = '{'"), "steps of the history"),
    "an edit nested": (
        changed(1, f"changes = '{'[' * 5000}'"),
        "steps of the history",
    ),
    "an edit's circle": (
        changed(1, "changes = replace(changes, '[30.0,', '[\"x\",')"),
        "steps of the history",
    ),
    "an edit's infinity": (
        changed(1, "changes = replace(changes, '[30.0,', '[Infinity,')"),
        "steps of the history",
    ),
    "an edit's number of 400 digits": (
        changed(1, f"changes = replace(changes, '[30.0,', '[3{'0' * 400},')"),
        "steps of the history",
    ),
    "an edit's note": (
        changed(1, 'changes = replace(changes, \'"note":""\', \'"note":[1]\')'),
        "steps of the history",
    ),
    "an edit's author": (changed(1, "annotator = x'00'"), "steps of the history"),
    "an edit's time": (changed(1, "after_run = 'late'"), "steps of the history"),
    "an edit's parent": (changed(2, "parent_id = 77"), "steps of the history"),
    "the head": (["DELETE FROM head"], "places in the history"),
    "the head elsewhere": (["UPDATE head SET edit_id = 99"], "places in the history"),
    "parameters": (["UPDATE runs SET parameters = '[1'"], "detections"),
    "a detection's size": (["UPDATE runs SET pixel_size_nm = 'big'"], "detections"),
    "a circle found": (
        ["UPDATE candidates SET row_px = 'x' WHERE place = 0"],
        "circles found",
    ),
    "a circle beyond all pictures": (
        ["UPDATE candidates SET radius_px = 1.1e9 WHERE place = 0"],
        "circles found",
    ),
    "an edit's circle beyond all pictures": (
        changed(1, "changes = replace(changes, '[30.0,', '[-2e9,')"),
        "steps of the history",
    ),
    "a prediction": (["UPDATE predictions SET p_yes = 'x'"], "predictions"),
    "a chance above 1": (["UPDATE predictions SET p_yes = 1.01"], "predictions"),
    "a chance below 0": (["UPDATE predictions SET p_null = -0.01"], "predictions"),
    "a picture's name": (
        ["UPDATE micrographs SET path = 'a' || char(0) || 'b.png' WHERE key = 3"],
        "entries of micro",
    ),
    "an image size": (["UPDATE micrographs SET n_rows = 'many'"], "entries of micro"),
    "labels' size": (["UPDATE micrographs SET labels_shape = '{'"], "entries of micro"),
    "a pixel size": (
        ["UPDATE micrographs SET person_pixel_size_nm = -1.0"],
        "entries of micro",
    ),
    "a scale bar": (["UPDATE settings SET value = '[1, 2, 3]'"], "settings"),
    "a setting": (["UPDATE settings SET value = '{'"], "settings"),
    "no text": (
        ["UPDATE micrographs SET problem = CAST(x'ff' AS TEXT), n_rows = 'x'"],
        "entries of micro",
    ),
}


def test_a_micrograph_that_is_gone_with_its_labels_is_told(path):
    lost = "UPDATE micrographs SET key = 77 WHERE key = 1"
    change_file(path, "PRAGMA foreign_keys = OFF", lost)
    project = Project.create_or_open(path, default_model=lambda: MODEL)
    (told,) = project.notices
    assert "1 of the micrographs with labels cannot be read (number 1)" in told
    project.close()


def test_labels_of_a_micrograph_that_nobody_opened_are_not_lost(folder):
    write_label_file(folder / "m2.txt", [A], ["yes"], (90, 140))
    Project.create_or_open(folder).close()
    project = Project.create_or_open(folder)
    assert project.notices == ()
    assert project.particles.counts()["yes"] == 1
    project.close()


@pytest.mark.parametrize("name", DAMAGES)
def test_the_rest_opens_and_what_is_left_aside_is_named(path, name, tmp_path):
    statements, kind = DAMAGES[name]
    change_file(path, *statements, loose=True)
    project = Project.create_or_open(path, default_model=lambda: MODEL)
    unit = project.settings.scale_bar[1]
    told = [*project.notices, *project._store.set_aside]
    assert any(f"of the {kind}" in each for each in told), told
    assert all("\n" not in each for each in told)
    assert unit == "nm"
    project.selection.open(0)
    (second,) = [each for each in project.particles.current if each.circle == B]
    assert second.label == "yes"
    assert project.models.active.card.id == MODEL.card.id
    out = export(project, tmp_path / "out")
    (labels,) = (tmp_path / "out").rglob("m1.txt")
    assert B in read_label_file(labels).circles
    assert out.problems == ()
    project.edits.label([second.id], "null")
    project.close()
    again = Project.create_or_open(path)
    assert again.particles.get(second.id).label == "null"
    again.close()
