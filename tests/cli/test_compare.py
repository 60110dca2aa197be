"""``napari-cdse compare``: projects, or the samples of one."""

from __future__ import annotations

import json

import pytest

from napari_cdse.cli import main
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, put_circles, small_model, write_folder

CIRCLES = [
    Circle(12.0 + 16 * n, 12.0 + 16 * m, 6.5) for n in range(5) for m in range(8)
]


def filled(folder, names, defects, first_seed=0):
    """A project in which every draw is judged; the first so many labels of ten yes."""
    project = Project.create_or_open(write_folder(folder, names, first_seed))
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    project.audits.share = 0.5
    for index, entry in enumerate(project.micrographs.entries):
        hand_over(project, index)
        put_circles(project, CIRCLES, model.card.id, index)
        lots = [p.id for p in project.particles.of(index) if project.audits.hides(p.id)]
        many = defects(entry.name) * len(lots) // 10
        for ids, label in ((lots[:many], "yes"), (lots[many:], "no")):
            if ids:
                project.edits.label(ids, label)
    project.close()
    return folder


def six(start):
    return [f"{start}_{n}.png" for n in range(6)]


def test_two_projects_are_compared(tmp_path, capsys):
    many = filled(tmp_path / "many", six("a"), lambda _name: 8)
    few = filled(tmp_path / "few", six("b"), lambda _name: 2, first_seed=6)
    file = tmp_path / "told.json"
    assert main(["compare", str(many), str(few), "--out", str(file)]) == 0
    told = json.loads(file.read_text())
    fractions = [each["visible_defects"]["fraction"] for each in told["samples"]]
    assert [each["name"] for each in told["samples"]] == ["many", "few"]
    (found,) = told["comparisons"]
    assert found["difference"]["value"] == pytest.approx(fractions[0] - fractions[1])
    assert found["ratio"]["value"] == pytest.approx(fractions[0] / fractions[1])
    assert found["difference"]["interval_95"][0] > 0.2
    said = capsys.readouterr().out
    assert found["sentence"] in said
    assert said.count("Design effect") == 2
    assert " of many less few: +0 (" in said


def test_a_project_is_not_independent_of_itself(tmp_path, capsys):
    one = filled(tmp_path / "one", six("a"), lambda _name: 8)
    assert main(["compare", str(one), str(one)]) == 0
    said = capsys.readouterr().out
    assert "There is no interval, since 6 micrographs are in both samples." in said
    assert "They may be the same" not in said


@pytest.fixture
def mixed(tmp_path):
    return filled(
        tmp_path / "mixed",
        [*six("hot"), *six("cold")],
        lambda name: 8 if name.startswith("hot") else 2,
    )


@pytest.mark.parametrize("how", ["pattern", "table,", "table;"])
def test_samples_of_one_project_are_compared(mixed, tmp_path, capsys, how):
    how, mark = how[:7].rstrip(",;"), how[-1]
    table = tmp_path / "samples.csv"
    names = (*six("hot"), *six("cold"))
    lines = [f"{name}{mark}{name.split('_')[0]}" for name in names]
    head = f"\ufeffmicrograph{mark}sample\n"
    table.write_text(head + "\n".join(lines), "utf-8")
    value = {"pattern": r"^(\w+)_", "table": str(table)}[how]
    assert main(["compare", str(mixed), f"--by-{how}", value]) == 0
    said = capsys.readouterr().out
    # In the order of the micrographs.
    assert "Visible defects in cold less hot: -0." in said
    assert said.count("They differ.") == 1
    assert said.count("in 6 micrographs") == 2


def test_what_a_table_leaves_out_is_told(mixed, tmp_path, capsys):
    table = tmp_path / "samples.csv"
    table.write_text("micrograph,sample\nhot_0.png,a\ncold_0.png,b\nhot_1.png\n")
    assert main(["compare", str(mixed), "--by-table", str(table)]) == 0
    assert "In no sample, of napari-cdse.cdse: 10 (" in capsys.readouterr().err


def test_folders_are_samples(tmp_path, capsys):
    names = [f"{folder}/m{n}.png" for folder in ("x", "y") for n in range(5)]
    place = write_folder(tmp_path / "both", names)
    pictures = [place / name for name in names]
    Project.create_or_open(pictures, place / "both.cdse").close()
    assert main(["compare", str(place / "both.cdse"), "--by-folder"]) == 0
    said = capsys.readouterr().out
    assert "x and y can't be compared: one has no number." in said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "it takes two samples"),
        (["--by-pattern", "("], "is no regular expression"),
        (["--by-pattern", "nowhere"], "it takes two samples"),
        (["--by-table", "no.csv"], "no.csv"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(tmp_path, capsys, flags, words):
    folder = write_folder(tmp_path / "one")
    Project.create_or_open(folder).close()
    assert main(["compare", str(folder), *flags]) == 1
    assert words in capsys.readouterr().err


def test_a_table_without_its_columns_is_refused(tmp_path, capsys):
    folder = write_folder(tmp_path / "one")
    Project.create_or_open(folder).close()
    table = tmp_path / "t.csv"
    table.write_text("file;sample\na;b\n")
    assert main(["compare", str(folder), "--by-table", str(table)]) == 1
    assert "must name the columns" in capsys.readouterr().err
