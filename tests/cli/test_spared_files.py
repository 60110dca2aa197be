"""What ``--out`` names is written over where it is out of date, never where it is all
that there is of somebody's work."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cdse.cli import main
from napari_cdse.core.records import Circle
from napari_cdse.io.models.model_file import load_model
from napari_cdse.project import Project
from tests.project_tools import hand_over, write_folder

DATA = Path(__file__).parents[1] / "data"
FOREST = ["--folds", "2", "--trees", "3", "--copies", "0", "--jobs", "1"]


@pytest.fixture
def project(tmp_path):
    folder = write_folder(tmp_path / "may", ("m1.png", "m2.png"))
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(Circle(30.0, 40.0, 10.0), "yes")
    project.micrographs.set_samples({0: "a", 1: "b"})
    project.close()
    return folder


def archive_of(**members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return target.getvalue()


LABELS = b"Particle Location:\n[3.0, 4.0]\nRadius Size:\n2\nDefect Label:\nyes\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Notes of May</title></head></html>\n"
ARRAYS = io.BytesIO()
np.savez(ARRAYS, np.zeros(3))
OTHERS = [
    (["report", "{project}"], "notes.html", PAGE, "report"),
    (["report", "{project}"], "m1.txt", LABELS, "report"),
    (["compare", "{project}"], "m1.txt", LABELS, "comparison"),
    (["compare", "{project}"], "a.json", b'{"images": [], "samples": 3}', "comparison"),
    (["visibility"], "a.json", b'{"format": "another"}', "table of visibility"),
    (["visibility"], "m1.txt", LABELS, "table of visibility"),
    (["train", "{project}"], "m1.txt", LABELS, "forest"),
    (["train", "{project}"], "may.npz", ARRAYS.getvalue(), "forest"),
    (["train", "{project}"], "m1.zip", archive_of(roi="Iout"), "forest"),
    (
        ["train", "{project}"],
        "theirs.skops",
        archive_of(**{"schema.json": '{"__class__": "RandomForestClassifier"}'}),
        "forest",
    ),
]


@pytest.mark.parametrize(("words", "name", "content", "kind"), OTHERS)
def test_a_file_of_another_kind_is_left_as_it_is(
    project, tmp_path, capsys, words, name, content, kind
):
    file = tmp_path / name
    file.write_bytes(content)
    named = [each.format(project=project) for each in words]
    assert main([*named, "--out", str(file)]) in {1, 2}
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"napari-cdse: {name} is there already and is no {kind} of napari-cdse; it was "
        "left as it is: choose another name."
    )
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "name"),
    [(["report", "{project}"], "page.html"), (["compare", "{project}"], "all.json")],
)
def test_what_an_earlier_run_wrote_is_written_anew(project, tmp_path, words, name):
    file = tmp_path / name
    file.touch()  # as mktemp leaves it
    again = [*(each.format(project=project) for each in words), "--out", str(file)]
    assert main(again) == 0
    first = file.read_bytes()
    assert first
    assert main(again) == 0
    assert file.read_bytes() == first


def test_a_model_is_trained_anew_over_its_own_file_or_that_of_an_older_version(
    labelled_folder, tmp_path
):
    file = tmp_path / "m.skops"
    file.write_bytes((DATA / "project_of_0_1" / "model.skops").read_bytes())
    train = ["train", str(labelled_folder), "--out", str(file), *FOREST]
    for name, onto in (("first", ()), ("second", ("--onto", str(file)))):
        assert main([*train, "--name", name, *onto]) == 0
        assert load_model(file).card.name == name


def test_nobody_waits_for_a_model_that_cannot_be_kept(
    labelled_folder, tmp_path, capsys
):
    out = tmp_path / "nowhere" / "m.skops"
    assert main(["train", str(labelled_folder), "--out", str(out), *FOREST]) == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told.endswith("nowhere is no folder; choose another one.")


def test_held_out_label_files_never_take_the_place_of_reviewed_ones(
    project, labelled_folder, tmp_path, capsys
):
    out, score = tmp_path / "out", ["evaluate", str(labelled_folder), *FOREST, "--out"]
    assert main(["export", str(project), "--out", str(out)]) == 0
    capsys.readouterr()
    assert main([*score, str(out)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"napari-cdse: Label files of napari-cdse export lie in {out}, which those of "
        "--folds would replace; choose another folder."
    ]
    assert not (out / "evaluation.json").exists()
    by_hand = tmp_path / "by hand" / "labels" / "easy_42_0002.txt"
    by_hand.parent.mkdir(parents=True)
    shutil.copy(labelled_folder / "text_files" / by_hand.name, by_hand)
    before = by_hand.read_bytes()
    assert main([*score, str(tmp_path / "by hand")]) == 1
    assert "holds labels that a person reviewed" in capsys.readouterr().err
    assert by_hand.read_bytes() == before
    again = tmp_path / "again"
    assert main([*score, str(again)]) == main([*score, str(again)]) == 0
    assert "not reviewed" in (again / "labels" / by_hand.name).read_text()


@pytest.mark.parametrize(
    "study",
    [
        ["--folds", "2"],
        ["--tune"],
        ["--importance"],
        ["--learning-curve"],
        ["--methods"],
    ],
)
def test_nobody_waits_for_scores_that_cannot_be_kept(
    labelled_folder, tmp_path, capsys, study
):
    file = tmp_path / "file"
    file.write_text("in the way")
    out = ["--out", str(file / "below")]
    assert main(["evaluate", *study, str(labelled_folder), *out]) == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert "cannot be a folder, a file is in its place" in told


@pytest.mark.parametrize(
    ("study", "name"),
    [
        (["--folds", "2"], "evaluation.json"),
        (["--tune"], "tuning.json"),
        (["--importance"], "importance.json"),
        (["--learning-curve"], "learning_curve.json"),
        (["--methods"], "methods.json"),
        (["--methods"], "methods.csv"),
    ],
)
def test_scores_of_another_program_are_left_as_they_are(
    labelled_folder, tmp_path, capsys, study, name
):
    out = tmp_path / "out"
    out.mkdir()
    theirs = "name,score\nours,0.9\n" if name.endswith("csv") else '{"accuracy": 0.9}'
    (out / name).write_text(theirs)
    assert main(["evaluate", *study, str(labelled_folder), "--out", str(out)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"napari-cdse: {name} in {out} is not of napari-cdse, and would be lost; "
        "choose another folder for the results."
    ]
    assert (out / name).read_text() == theirs


@pytest.mark.parametrize("name", ["m1.txt", "m1.png", "m1.tif"])
def test_a_picture_of_the_window_takes_the_place_of_no_micrograph(
    tmp_path, capsys, name
):
    file = tmp_path / name
    if name == "m1.txt":
        file.write_bytes(LABELS)
    else:
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(file)
    before = file.read_bytes()
    assert main(["demo", "--screenshot", str(file)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"napari-cdse: {name} is there already and is no picture of napari-cdse; it "
        "was left as it is: choose another name."
    )
    assert file.read_bytes() == before


def test_an_export_leaves_annotations_of_other_programs_as_they_are(
    project, tmp_path, capsys
):
    """A data set of YOLO has its labels where ours would lie, too."""
    theirs = tmp_path / "set" / "labels" / "m1.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("0 0.5 0.5 0.1 0.1\n")
    assert main(["export", str(project), "--out", str(tmp_path / "set")]) == 1
    assert "m1.txt in " in capsys.readouterr().err
    assert theirs.read_text() == "0 0.5 0.5 0.1 0.1\n"
    coco = tmp_path / "cvat" / "coco.json"
    coco.parent.mkdir()
    coco.write_text('{"info": {"description": "CVAT"}, "images": []}')
    export = ["export", str(project), "--format", "coco", "--out"]
    assert main([*export, str(coco.parent)]) == 1
    assert "coco.json is there already and is no COCO file of napari-cdse" in (
        capsys.readouterr().err
    )
    assert json.loads(coco.read_text())["info"]["description"] == "CVAT"
    for _ in range(2):
        assert main([*export, str(tmp_path / "ours")]) == 0
