"""``napari-cdse compare``: projects, or the samples of one."""

from __future__ import annotations

import csv
import json
import re

import pytest

from napari_cdse.cli import main
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, put_circles, small_model, write_folder


def circles(radius_px=6.5):
    places = [(12.0 + 16 * n, 12.0 + 16 * m) for n in range(5) for m in range(8)]
    return [Circle(*each, radius_px) for each in places]


def filled(folder, names, defects, first_seed=0, growth_px=0.1):
    """A project in which every draw is judged; the first so many labels of ten yes.

    From micrograph to micrograph particles grow.
    """
    project = Project.create_or_open(write_folder(folder, names, first_seed))
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    project.audits.share = 0.5
    for index, entry in enumerate(project.micrographs.entries):
        hand_over(project, index)
        found = circles(6.5 + growth_px * index)
        put_circles(project, found, model.card.id, index)
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
    assert " of many less few: +0.00 (" in said
    means = re.findall(
        r"Mean diameter, by .*?, (\S+) nm \((\S+) to (\S+), 95 %\)", said
    )
    assert len(means) == 2
    for mean, low, high in means:
        assert float(low) <= float(mean) <= float(high)


def test_samples_of_one_size_have_no_interval_of_their_difference(tmp_path, capsys):
    """Circles that were all drawn with one radius, and scales estimated alike."""
    folders = [
        filled(tmp_path / name, six(name), lambda _name: 5, seed, growth_px=0.0)
        for seed, name in ((0, "a"), (6, "b"))
    ]
    assert main(["compare", *map(str, folders)]) == 0
    said = capsys.readouterr().out
    assert " of a less b: +0.00, without an interval." in said
    assert said.count("nm (no interval: the same in all micrographs)") == 2


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


def test_samples_that_a_project_names_are_compared_without_a_flag(mixed, capsys):
    assert main(["samples", str(mixed), "--by-pattern", "{sample}_*"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "6 micrographs of cold",
        "6 micrographs of hot",
    ]
    assert main(["compare", str(mixed)]) == 0
    said = capsys.readouterr().out
    assert "Visible defects in cold less hot: -0." in said
    assert main(["compare", str(mixed), "--by-project"]) == 1
    assert "it takes two samples" in capsys.readouterr().err


def test_samples_are_in_the_table_and_the_summary_of_an_export(mixed, tmp_path):
    assert main(["samples", str(mixed), "--by-pattern", "{sample}_*"]) == 0
    told = tmp_path / "told.json"
    assert main(["compare", str(mixed), "--out", str(told)]) == 0
    out = tmp_path / "out"
    flags = ["--include-predictions", "--out", str(out)]
    assert main(["export", str(mixed), *flags]) == 0
    with (out / "particles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["micrograph"].split("_")[0] for row in rows} == {"hot", "cold"}
    assert all(row["micrograph"].startswith(row["sample"]) for row in rows)
    summary = json.loads((out / "summary.json").read_text())
    told = json.loads(told.read_text())
    assert summary["samples"] == told["samples"]
    assert summary["sample_comparisons"] == told["comparisons"]
    # Samples are compared in all that they hold, also where tables hold labels alone.
    alone = tmp_path / "alone"
    assert main(["export", str(mixed), "--out", str(alone)]) == 0
    labels = json.loads((alone / "summary.json").read_text())
    assert labels["particles"] < summary["particles"]
    assert labels["samples"] == told["samples"]
    assert labels["sample_comparisons"] == told["comparisons"]
    assert (out / "figures" / "samples.svg").exists()
    fractions = [each["visible_defects"]["fraction"] for each in summary["samples"]]
    assert fractions[0] < summary["visible_defects"]["fraction"] < fractions[1]


def test_samples_are_named_by_hand_after_a_look(mixed, capsys):
    ways = ["--name", "aged", "--of", "hot_0", "cold_*"]
    assert main(["samples", str(mixed), *ways, "--preview"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["cold_0.png: aged", "cold_1.png: aged"]
    assert "hot_1.png: (none)" in said
    assert main(["samples", str(mixed)]) == 0
    assert "No micrograph is of a sample" in capsys.readouterr().out
    assert main(["samples", str(mixed), *ways]) == 0
    assert main(["samples", str(mixed), "--clear", "--of", "cold_[0]*", "cold_1"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "7 micrographs of no sample",
        "5 micrographs of aged",
    ]


def test_a_sample_of_two_projects_is_one_where_the_user_says_so(tmp_path, capsys):
    one = filled(
        tmp_path / "one", six("a") + six("b"), lambda name: 2 + 5 * ("b" in name)
    )
    two = filled(tmp_path / "two", six("a"), lambda _name: 4, first_seed=20)
    for folder in (one, two):
        assert main(["samples", str(folder), "--by-pattern", "{sample}_*"]) == 0
    capsys.readouterr()
    file = tmp_path / "told.json"
    compare = ["compare", str(one), str(two), "--out", str(file)]
    assert main(compare) == 0
    apart = {each["name"]: each for each in json.loads(file.read_text())["samples"]}
    assert set(apart) == {"a (1)", "a (2)", "b"}
    assert "With --join they are one." in capsys.readouterr().err
    assert main([*compare, "--join"]) == 0
    together = {each["name"]: each for each in json.loads(file.read_text())["samples"]}
    assert set(together) == {"a", "b"}
    found = together["a"]["visible_defects"]
    assert found["n_micrographs"] == 12
    parts = [apart[name]["visible_defects"]["fraction"] for name in ("a (1)", "a (2)")]
    assert min(parts) < found["fraction"] < max(parts)


def test_a_micrograph_of_both_projects_counts_once_or_not_at_all(tmp_path, capsys):
    one = filled(tmp_path / "one", six("a"), lambda _name: 2)
    two = filled(tmp_path / "two", six("a"), lambda _name: 4)
    for folder in (one, two):
        assert main(["samples", str(folder), "--by-pattern", "{sample}_*"]) == 0
    assert main(["compare", str(one), str(two), "--join"]) == 1
    assert "6 of its micrographs in both" in capsys.readouterr().err


def test_what_a_pattern_does_not_fit_keeps_its_name(mixed, capsys):
    assert main(["samples", str(mixed), "--name", "old", "--of", "cold_1"]) == 0
    assert main(["samples", str(mixed), "--by-pattern", "h{sample}_*"]) == 0
    said = capsys.readouterr()
    assert "No name for 6 (cold_0.png, cold_1.png, ...); they stay" in said.err
    assert "6 micrographs of ot" in said.out
    assert said.out.splitlines()[-2] == "1 micrograph of old"


def test_a_name_by_hand_needs_its_micrographs(mixed, capsys):
    assert main(["samples", str(mixed), "--name", "old"]) == 2
    assert "Say with --of" in capsys.readouterr().err
    assert main(["samples", str(mixed), "--name", "old", "--of", "no"]) == 1
    assert "No micrograph of the project is called no" in capsys.readouterr().err


def test_what_a_table_leaves_out_is_told(mixed, tmp_path, capsys):
    table = tmp_path / "samples.csv"
    table.write_text("micrograph,sample\nhot_0.png,a\ncold_0.png,b\nhot_1.png\n")
    assert main(["compare", str(mixed), "--by-table", str(table)]) == 0
    assert "In no sample, of napari-cdse.cdse: 10 (" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["compare", "samples"])
def test_names_of_a_table_need_no_suffix_and_what_fits_nothing_is_told(
    mixed, tmp_path, capsys, command
):
    table = tmp_path / "samples.csv"
    table.write_text("micrograph,sample\nhot_0,a\ncold_0.png,b\nhot_99,b\n")
    assert main([command, str(mixed), "--by-table", str(table)]) == 0
    told = capsys.readouterr()
    assert "No micrograph is called as the table says: hot_99; write" in told.err
    said = "1 micrograph of a\n" if command == "samples" else "\na: "
    assert said in f"\n{told.out}"


def test_a_micrograph_of_two_projects_is_told(mixed, tmp_path, capsys):
    other = filled(tmp_path / "other", ["z.png"], lambda _name: 2, first_seed=99)
    assert main(["compare", str(mixed), str(other), "--by-project"]) == 0
    assert "In more than one" not in capsys.readouterr().err
    assert main(["compare", str(mixed), str(mixed), "--by-project", "--join"]) == 1
    assert "counted in each: 12 (" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"m0.png;B\xe4r\nm1.png;b\n", "is not text in UTF-8"),
        (b"m0.png;a\nm1.png;b\nm0.png;b\n", "m0.png that it is of a and of b"),
        # Cells that look alike are one sample, and one alone is not compared.
        (b"m0.png;a\nm1.png;a \n", "it takes two samples"),
    ],
)
def test_a_table_that_could_part_samples_wrongly_is_told(
    tmp_path, capsys, table, words
):
    folder = write_folder(tmp_path / "one", ["m0.png", "m1.png"])
    Project.create_or_open(folder).close()
    path = tmp_path / "t.csv"
    path.write_bytes(b"micrograph;sample\n" + table)
    assert main(["compare", str(folder), "--by-table", str(path)]) == 1
    assert words in capsys.readouterr().err


def test_a_table_without_its_columns_is_refused(tmp_path, capsys):
    folder = write_folder(tmp_path / "one")
    Project.create_or_open(folder).close()
    table = tmp_path / "t.csv"
    table.write_text("file;sample\na;b\n")
    assert main(["compare", str(folder), "--by-table", str(table)]) == 1
    assert "must name the columns" in capsys.readouterr().err
