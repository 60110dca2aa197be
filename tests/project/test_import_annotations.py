"""Annotations of other programs taken into a project: what comes in, what stays."""

from __future__ import annotations

import json

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.io.annotations.format_names import FORMATS
from napari_cdse.io.annotations.writer import AnnotationWriter
from napari_cdse.io.export.particle_rows import ParticleRow
from napari_cdse.project import (
    Pictures,
    Placed,
    Project,
    export,
    only_there,
    read_for_project,
)
from tests.project_tools import A, B, C, hand_over, put_circles, write_folder

SHAPE = (90, 140)


@pytest.fixture
def project(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    hand_over(project)
    yield project
    project.close()


def coco_file(path, *particles, image="m1.png"):
    """Write circles as another program would: boxes with names of classes."""
    names = list(dict.fromkeys(name for _, name in particles))
    record = {
        "images": [{"id": 1, "file_name": image}],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
        "annotations": [
            {
                "id": number,
                "image_id": 1,
                "category_id": names.index(name),
                "bbox": [
                    circle.col_px + 0.5 - circle.radius_px,
                    circle.row_px + 0.5 - circle.radius_px,
                    2 * circle.radius_px,
                    2 * circle.radius_px,
                ],
            }
            for number, (circle, name) in enumerate(particles, 1)
        ],
    }
    path.write_text(json.dumps(record))
    return path


def take(project, *paths, **how):
    found = read_for_project(paths, Pictures(project.imports.pictures()), **how)
    return found, project.imports.store(found.placed)


def labels(project, index=0):
    return [
        (each.label if each.by_person else None, each.circle)
        for each in sorted(project.particles.of(index), key=lambda p: p.circle.col_px)
    ]


def test_circles_come_in_as_one_step_that_undo_takes_back(project, tmp_path):
    path = coco_file(tmp_path / "a.json", (A, "Yes"), (B, "NO"), (C, "null"))
    found, told = take(project, path)
    assert found.left_out == found.notices == ()
    assert (told.labelled, told.micrographs) == (3, 1)
    assert labels(project) == [("yes", A), ("no", B), ("null", C)]
    assert project.history.undo_summary == "Import 3 circles from a.json"
    project.history.undo()
    assert labels(project) == []
    project.history.redo()
    assert labels(project) == [("yes", A), ("no", B), ("null", C)]


def test_what_is_imported_is_there_after_a_restart_and_says_from_where(
    project, tmp_path
):
    take(project, coco_file(tmp_path / "a.json", (A, "yes")))
    again = Project.create_or_open(project.path)
    (particle,) = again.particles.of(0)
    again.close()
    said = particle.annotation
    assert (said.label, said.origin, said.annotator) == ("yes", "imported", "a.json")


def test_another_name_of_a_class_is_told_and_its_circle_comes_in_without(
    project, tmp_path
):
    path = coco_file(tmp_path / "a.json", (A, "yes"), (B, "stacking fault"))
    found, told = take(project, path)
    assert (told.labelled, told.unlabelled) == (1, 1)
    (sentence,) = found.notices
    assert 'a.json: the class "stacking fault" of annotation 2' in sentence
    assert labels(project) == [("yes", A), (None, B)]


def test_a_user_says_what_another_name_means(project, tmp_path):
    path = coco_file(tmp_path / "a.json", (A, "Stacking Fault"))
    found, _ = take(project, path, classes={"stacking fault": "yes"})
    assert found.notices == ()
    assert labels(project) == [("yes", A)]


def test_what_does_not_fit_is_listed_by_file_and_place(project, tmp_path):
    inside = coco_file(
        tmp_path / "a.json",
        (A, "yes"),
        (Circle(200.0, 30.0, 9.0), "yes"),
        (Circle(30.0, 30.0, 500.0), "yes"),
        (Circle(30.0, 30.0, 0.1), "yes"),
    )
    elsewhere = coco_file(tmp_path / "b.json", (A, "yes"), (B, "no"), image="x.tif")
    broken = tmp_path / "c.json"
    broken.write_text("{")
    found, told = take(project, inside, elsewhere, broken)
    assert told.labelled == 1
    assert found.left_out == (
        "a.json, annotation 2: its centre lies outside the micrograph.",
        "a.json, annotation 3: it is larger than the micrograph.",
        "a.json, annotation 4: it is smaller than a pixel.",
        "b.json, annotation 1, annotation 2: there is no micrograph x.tif in the "
        "project.",
        "c.json, line 1: this is not JSON that can be read; check that the file is "
        "whole.",
    )


def test_what_a_user_said_stays(project, tmp_path):
    project.edits.draw(A, "no")
    gone = project.edits.draw(B, "yes")
    project.edits.remove([gone])
    bare = project.edits.draw(C)
    path = coco_file(tmp_path / "a.json", (A, "yes"), (B, "yes"), (C, "null"))
    _, told = take(project, path)
    assert (told.labelled, told.kept, told.removed) == (1, 1, 1)
    assert "1 have another class here already" in told.sentence
    assert labels(project) == [("no", A), ("null", C)]
    assert project.particles.get(bare).label == "null"


def test_the_same_file_again_changes_nothing(project, tmp_path):
    path = coco_file(tmp_path / "a.json", (A, "yes"), (B, "other"))
    take(project, path)
    before = project.history.undo_summary
    _, told = take(project, path)
    assert (told.labelled, told.unlabelled, told.same) == (0, 0, 2)
    assert project.history.undo_summary == before


def test_a_class_becomes_that_of_the_circle_that_was_found_there(project, tmp_path):
    first, _ = put_circles(project, [A, B])
    moved = Circle(A.row_px + 1, A.col_px + 1, A.radius_px)
    take(project, coco_file(tmp_path / "a.json", (moved, "yes")))
    assert len(project.particles.of(0)) == 2
    assert project.particles.get(first).circle == moved
    assert project.particles.get(first).by_person


def test_nothing_is_stored_where_the_file_cannot_be_written(project, monkeypatch):
    def refuse(*_):
        raise StoreError("The disk is full.")

    placed = [
        Placed(each.key, A, "yes", "a.json") for each in project.imports.pictures()
    ]
    monkeypatch.setattr(type(project._store), "apply_micrograph_changes", refuse)
    with pytest.raises(StoreError, match="full"):
        project.imports.store(placed)
    again = Project.create_or_open(project.path)
    assert [len(again.particles.of(n)) for n in range(3)] == [0, 0, 0]
    again.close()


@pytest.mark.parametrize(
    "name",
    ["m10.png", "images/m10.png", "C:\\data\\M10.TIF", "m10", "m10.dm4"],
)
def test_a_micrograph_is_found_by_name_whatever_its_folder_and_format(project, name):
    assert Pictures(project.imports.pictures()).find(name).path.name == "m10.png"


def test_what_names_no_micrograph_goes_to_the_open_one_or_nowhere(project):
    pictures = project.imports.pictures()
    assert "names no micrograph" in Pictures(pictures).find("")
    open_one = Pictures(pictures, fallback=pictures[1])
    for name in ("", "0012-0345"):
        assert open_one.find(name) is pictures[1]
    assert "there is no micrograph x" in open_one.find("x")
    assert Pictures(pictures, only_there(pictures, "m2")).find("x") is pictures[1]
    assert Pictures(pictures[:1]).find("") is pictures[0]


def test_two_of_a_name_are_told_apart_or_told(tmp_path):
    for suffix in ("png", "tif"):
        write_folder(tmp_path, (f"m1.{suffix}",), first_seed=len(suffix))
    project = Project.create_or_open(tmp_path)
    pictures = Pictures(project.imports.pictures())
    project.close()
    assert pictures.find("m1.tif").path.name == "m1.tif"
    assert pictures.find("m1.jpg") == "2 micrographs are called m1"


def test_more_circles_than_a_micrograph_holds_are_no_circles(project, tmp_path):
    path = tmp_path / "a.csv"
    line = "m1,30,30,9\n"
    path.write_text("micrograph,x_px,y_px,radius_px\n" + line * 10_001)
    found, told = take(project, path)
    assert (told.labelled, told.unlabelled, found.placed) == (0, 0, ())
    assert "10001 circles in one micrograph" in found.left_out[0]


@pytest.mark.parametrize("name", ["coco.json", "yolo", "imagej", "particles.csv"])
def test_a_project_comes_back_from_each_format(project, tmp_path, name):
    for circle, label in ((A, "yes"), (B, "null"), (C, "empty")):
        project.edits.draw(circle, label)
    out = tmp_path / "out"
    told = export(project, out, formats=FORMATS)
    assert told.problems == ()
    empty = Project.create_or_open(write_folder(tmp_path / "other"))
    found, _ = take(empty, out / name)
    assert found.left_out == found.notices == ()
    for (label, circle), (wanted, theirs) in zip(
        labels(empty), labels(project), strict=True
    ):
        assert label == wanted
        assert circle.row_px == pytest.approx(theirs.row_px, abs=0.002)
        assert circle.col_px == pytest.approx(theirs.col_px, abs=0.002)
        assert circle.radius_px == pytest.approx(theirs.radius_px, abs=0.002)
    empty.close()


def test_a_forests_word_stays_outside(project, tmp_path):
    said = ParticleRow("m1", "a", A, "yes", (0.7, 0.1, 0.1, 0.1))
    writer = AnnotationWriter(tmp_path, ["imagej"])
    writer.add(tmp_path / "m1.png", "m1", SHAPE, [said])
    found, told = take(project, tmp_path / "imagej")
    assert told.sentence == "Nothing new came in."
    assert "nobody reviewed" in found.left_out[0]


def test_micrographs_with_names_that_windows_forbids_come_back_too(tmp_path):
    names = ["aux.png", "a:b.png", "m1.png"]
    project = Project.create_or_open(write_folder(tmp_path / "sample", names))
    for index in range(3):
        hand_over(project, index)
        project.edits.draw(A, "yes")
    out = tmp_path / "out"
    assert export(project, out, formats=FORMATS).problems == ()
    project.close()
    written = [path.stem for path in out.rglob("*") if path.is_file()]
    assert sum(stem.startswith("m1") for stem in written) == 4
    assert not [stem for stem in written if ":" in stem or stem.startswith("aux")]
    table = (out / "particles.csv").read_text()
    assert all(f"\n{name}," in table for name in ("aux", "a:b", "m1"))
    for kind in ("coco.json", "yolo", "imagej", "particles.csv"):
        empty = Project.create_or_open(write_folder(tmp_path / kind / "o", names))
        found, _ = take(empty, out / kind)
        assert found.left_out == ()
        assert [len(empty.particles.of(index)) for index in range(3)] == [1, 1, 1]
        empty.close()
