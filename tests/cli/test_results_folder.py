"""Where results may lie: never in the place of others, nor among the micrographs."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from napari_cdse.cli import main
from napari_cdse.project import DEFAULT_NAME, Project
from tests.project_tools import write_judged_folder

BACKUPS = ".cdse-backups"
"""What opening a project may leave beside it."""


@pytest.fixture
def pictures(tmp_path):
    """A folder of micrographs with a project in which a person said one thing."""
    return write_judged_folder(tmp_path / "may")


def words(command, pictures, out):
    more = ["--no-figures", "--jobs", "1"] if command == "predict" else []
    return [command, str(pictures), "--out", str(out), *more]


def held(folder):
    """Everything that lies in a folder, by name."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


@pytest.mark.parametrize(
    ("first", "then"), [("export", "predict"), ("predict", "export")]
)
def test_results_never_take_the_place_of_those_of_another_command(
    pictures, tmp_path, capsys, first, then
):
    out = tmp_path / "out"
    assert main(words(first, pictures, out)) == 0
    before = held(out)
    capsys.readouterr()
    assert main(words(then, pictures, out)) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"napari-cdse: Results of napari-cdse {first} lie in {out}, which those of "
        f"{then} would replace; choose another folder."
    )
    assert held(out) == before
    assert main(words(first, pictures, out)) == 0
    assert held(out).keys() == before.keys()


def test_a_label_file_of_a_picture_that_was_renamed_since_is_told(
    pictures, tmp_path, capsys
):
    out = tmp_path / "out"
    assert main(words("predict", pictures, out)) == 0
    assert "did not write" not in capsys.readouterr().err
    (pictures / "m2.png").rename(pictures / "m3.png")
    (out / "labels" / "notes.md").write_text("mine")
    assert main(words("predict", pictures, out)) == 0
    (told,) = [
        line for line in capsys.readouterr().err.splitlines() if "not write" in line
    ]
    assert told == (
        f"In {out / 'labels'} lie label files that this run did not write, of "
        "micrographs under other names or without results now: m2.txt; remove what is "
        "out of date."
    )
    assert (out / "labels" / "m2.txt").exists()


def test_a_label_file_of_what_nobody_has_labelled_any_more_is_told(
    pictures, tmp_path, capsys
):
    out = tmp_path / "out"
    assert main(words("export", pictures, out)) == 0
    assert (out / "labels" / "m1.txt").exists()
    project = Project.create_or_open(pictures)
    project.history.undo()
    project.close()
    capsys.readouterr()
    assert main(words("export", pictures, out)) == 0
    assert "without results now: m1.txt; remove" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["export", "predict"])
def test_results_get_a_folder_of_their_own(
    pictures, tmp_path, monkeypatch, capsys, command
):
    link = tmp_path / "link"
    link.symlink_to(pictures)
    monkeypatch.chdir(pictures)
    before = set(pictures.iterdir())
    for out in (pictures, link, "."):
        assert main(words(command, ".", out)) == 1
        told = capsys.readouterr().err
        assert f"Micrographs lie in {out}. Results get a folder of their own" in told
    assert {each.suffix for each in set(pictures.iterdir()) - before} <= {BACKUPS}
    assert main(words(command, ".", "results")) == 0


@pytest.mark.parametrize("command", ["export", "predict"])
def test_results_that_an_earlier_version_wrote_among_micrographs_are_written_anew(
    pictures, tmp_path, command
):
    """Whoever works so goes on: nothing of it is lost."""
    assert main(words(command, pictures, tmp_path / "out")) == 0
    for name, data in held(tmp_path / "out").items():
        target = pictures / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
    assert main(words(command, pictures, pictures)) == 0


@pytest.mark.parametrize("command", ["export", "predict"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("particles.csv", " ,Area,Mean,Min,Max\n1,210,4.5,0,9\n"),
        ("summary.json", json.dumps({"program": "a pipeline of ours", "dots": 14})),
        ("micrographs.csv", "file;session\nm1.png;May\n"),
        ("labels.csv", "id,label\n1,yes\n"),
    ],
)
def test_a_table_of_another_program_is_never_written_over(
    pictures, tmp_path, capsys, command, name, content
):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text(content)
    assert main(words(command, pictures, out)) == 1
    assert f"{name} in {out} is not of napari-cdse" in capsys.readouterr().err
    assert held(out) == {name: content.encode()}


@pytest.mark.parametrize(
    ("command", "dialect"), [("export", "excel-eu"), ("predict", "standard")]
)
def test_tables_that_were_left_without_a_summary_are_our_own(
    pictures, tmp_path, command, dialect
):
    """A run that was ended while it wrote its tables may be repeated."""
    again = [*words(command, pictures, tmp_path / "out"), "--csv-dialect", dialect]
    assert main(again) == 0
    (tmp_path / "out" / "summary.json").unlink()
    assert main(again) == 0
    assert (tmp_path / "out" / "summary.json").exists()


def refused(words_, capsys):
    """Run what must be refused; return the last line that it says."""
    capsys.readouterr()
    assert main(words_) == 1
    return capsys.readouterr().err.splitlines()[-1]


def test_results_of_a_project_never_take_the_place_of_those_of_another(
    pictures, tmp_path, capsys
):
    other, out = write_judged_folder(tmp_path / "june"), tmp_path / "out"
    assert main(words("export", pictures, out)) == 0
    before = held(out)
    # Both project files have the name that the program gave them.
    assert refused(words("export", other, out), capsys) == (
        f"napari-cdse: Results of another project, {DEFAULT_NAME}, lie in {out}, which "
        f"those of {DEFAULT_NAME} would replace; choose another folder."
    )
    assert held(out) == before
    # The same project goes on there, in a copy and under another name, too.
    copy = shutil.copytree(pictures, tmp_path / "copy")
    assert main(words("export", copy, out)) == 0
    (copy / DEFAULT_NAME).rename(copy / "may.cdse")
    assert main(words("export", copy / "may.cdse", out)) == 0
    assert main(words("export", pictures, out)) == 0
    assert held(out).keys() == before.keys()


def test_results_of_an_older_version_are_known_by_the_name_of_the_project(
    pictures, tmp_path, capsys
):
    out = tmp_path / "out"
    assert main(words("export", pictures, out)) == 0
    summary = json.loads((out / "summary.json").read_text())
    del summary["project_id"]
    (out / "summary.json").write_text(json.dumps(summary, indent=1))
    assert main(words("export", pictures, out)) == 0
    summary["project"] = 'of "May".cdse'
    (out / "summary.json").write_text(json.dumps(summary, indent=1))
    assert 'another project, of "May".cdse,' in refused(
        words("export", pictures, out), capsys
    )


THEIRS = {
    "yolo": [
        ("yolo/labels/m1.txt", "0 0.250000 0.250000 0.100000 0.100000\n"),
        ("yolo/labels/m1.txt", "our notes of May\n"),
    ],
    "imagej": [("imagej/m1_RoiSet.zip", "0012-0034.roi"), ("imagej/m1_RoiSet.zip", "")],
    "napari": [
        (
            "napari/m1_yes.csv",
            "index,shape-type,vertex-index,axis-0,axis-1\n0,ellipse,0,20.0,30.0\n",
        ),
        ("napari/m1_yes.csv", "index,axis-0,axis-1\n0.0,20,30\n"),
    ],
}


def write_theirs(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".zip" and content:
        # As ImageJ writes a set: each region with the time of now.
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(content, b"Iout")
    else:
        file.write_text(content or "no archive at all")
    return file.read_bytes()


@pytest.mark.parametrize(
    ("name", "place", "content"),
    [(name, *each) for name, found in THEIRS.items() for each in found],
)
def test_a_file_of_another_program_is_never_written_over(
    pictures, tmp_path, capsys, name, place, content
):
    out = tmp_path / "out"
    file = out / place
    theirs = write_theirs(file, content)
    again = [*words("export", pictures, out), "--format", name]
    assert refused(again, capsys) == (
        f"m1.png: {file.name} in {file.parent} was not written by napari-cdse, or was "
        "changed since; it was left as it is: choose another folder for the results."
    )
    assert file.read_bytes() == theirs
    # The tables have each particle once, as ever.
    assert len((out / "particles.csv").read_text().splitlines()) == 2
    file.unlink()
    assert main(again) == 0
    ours = held(out)
    assert main(again) == 0
    assert held(out)[place] == ours[place]


@pytest.mark.parametrize("command", ["export", "predict"])
@pytest.mark.parametrize("name", ["classes.txt", "data.yaml"])
def test_names_of_other_classes_are_never_written_over(
    pictures, tmp_path, capsys, command, name
):
    file = tmp_path / "out" / "yolo" / name
    theirs = write_theirs(file, "names: [dot, rod]\n")
    again = [*words(command, pictures, tmp_path / "out"), "--format", "yolo"]
    assert f"{name} in {file.parent} was not written" in refused(again, capsys)
    assert file.read_bytes() == theirs
    file.unlink()
    assert main(again) == 0
    assert main(again) == 0
