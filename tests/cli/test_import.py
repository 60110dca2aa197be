"""``import`` and ``--format``: in from other programs, and out for them."""

from __future__ import annotations

import json

import pytest

from napari_cdse.cli import main
from napari_cdse.project import Project
from tests.project.test_import_annotations import coco_file
from tests.project_tools import A, B, write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "sample")


def labels(folder):
    project = Project.create_or_open(folder)
    found = sorted(str(each.label) for each in project.particles.of(0))
    project.close()
    return found


def test_a_folder_of_micrographs_gets_a_project_with_the_circles(
    folder, tmp_path, capsys
):
    path = coco_file(tmp_path / "a.json", (A, "yes"), (B, "fault"))
    words = ["import", str(folder), str(path), "--class", "Fault=yes"]
    assert main(words) == 0
    assert "2 circles in 1 micrograph came in." in capsys.readouterr().out
    assert labels(folder) == ["yes", "yes"]


def test_what_was_left_out_makes_the_status_1_and_is_listed(folder, tmp_path, capsys):
    path = coco_file(tmp_path / "a.json", (A, "yes"), image="x.png")
    assert main(["import", str(folder), str(path)]) == 1
    told = capsys.readouterr()
    assert "a.json, annotation 1: there is no micrograph x.png" in told.err
    assert "Nothing new came in." in told.out
    assert main(["import", str(folder), str(path), "--micrograph", "m1"]) == 0
    assert labels(folder) == ["yes"]


def test_an_earlier_table_comes_in_but_for_what_one_sentence_names(
    folder, tmp_path, capsys
):
    lines = [
        "micrograph,particle,x_px,y_px,radius_px,diameter_nm,label,"
        "p_yes,p_no,p_null,p_empty",
        *(
            f"m1,{name},{circle.col_px},{circle.row_px},{circle.radius_px},,{said}"
            for name, circle, said in (
                ("a", A, "no,0.7,0.1,0.1,0.1"),
                ("b", B, "yes,0.7,0.1,0.1,0.1"),
            )
        ),
    ]
    path = tmp_path / "particles.csv"
    path.write_text("\n".join(lines) + "\n")
    assert main(["import", str(folder), str(path)]) == 1
    told = capsys.readouterr()
    assert "1 circle in 1 micrograph came in." in told.out
    (sentence,) = (line for line in told.err.splitlines() if "particles.csv" in line)
    assert "particles.csv, line 3: its class is the forest's too" in sentence
    assert labels(folder) == ["no"]
    (tmp_path / "summary.json").write_text(
        '{"particles": 2, "labelled_by_person": 2, "labelled_by_forest": 0}'
    )
    assert main(["import", str(folder), str(path)]) == 0
    assert labels(folder) == ["no", "yes"]


@pytest.mark.parametrize(
    "flags",
    [["--class", "fault"], ["--class", "fault=maybe"], ["--class", "=yes"]],
)
def test_a_class_that_is_none_is_wrong_usage(folder, flags, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["import", str(folder), "a.json", *flags])
    assert stop.value.code == 2
    assert "NAME=LABEL" in capsys.readouterr().err


def test_a_micrograph_that_is_not_there_ends_in_a_sentence(folder, tmp_path, capsys):
    path = coco_file(tmp_path / "a.json", (A, "yes"))
    assert main(["import", str(folder), str(path), "--micrograph", "x"]) == 1
    assert "There is no micrograph x in the project" in capsys.readouterr().err


def test_export_writes_each_format_that_is_asked_for(folder, tmp_path):
    main(["import", str(folder), str(coco_file(tmp_path / "a.json", (A, "yes")))])
    out = tmp_path / "out"
    words = ["export", str(folder), "--out", str(out)]
    assert main([*words, "--format", "coco", "--format", "imagej"]) == 0
    (annotation,) = json.loads((out / "coco.json").read_text())["annotations"]
    assert annotation["reviewed"] is True
    names = {each.name for each in out.iterdir()}
    assert {"coco.json", "imagej"} <= names
    assert names.isdisjoint({"yolo", "napari"})
