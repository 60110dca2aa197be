"""Export of what several annotators said, and how far they agree."""

import csv
import json

import pytest

from napari_cdse.cli import main
from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.annotator_table import COLUMNS
from napari_cdse.project import Project
from tests.annotating import GRID, fill, ids, say
from tests.project_tools import hand_over, write_folder


@pytest.fixture
def project(tmp_path):
    """Two annotators on 48 particles; every sixth is another class to the second."""
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    fill(project, 2)
    every = [*ids(project, 0), *ids(project, 1)]
    say(project, "=Ada", {each: CLASSES[n % 3] for n, each in enumerate(every)})
    other = {each: CLASSES[(n + (n % 6 == 0)) % 3] for n, each in enumerate(every)}
    say(project, "Ben", other, hide=True)
    yield project
    project.close()


def exported(project, out):
    assert main(["export", str(project.path), "--out", str(out)]) == 0
    with (out / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return rows, json.loads((out / "summary.json").read_text())


def test_the_summary_says_how_far_annotators_agree(project, tmp_path, capsys):
    _rows, summary = exported(project, tmp_path / "out")
    (found,) = summary["agreement"]
    assert summary["annotators"] == ["=Ada", "Ben"]
    assert found["annotators"] == ["=Ada", "Ben"]
    assert (found["agreed"], found["particles"], found["micrographs"]) == (40, 48, 2)
    assert found["observed"] == pytest.approx(40 / 48)
    # Two micrographs do not show how much micrographs differ.
    assert (found["kappa_95"], found["observed_95"]) == (None, None)
    assert sum(map(sum, found["confusion"])) == 48
    assert summary["disagreements"] == 8
    told = capsys.readouterr().out
    assert "agree on 40 of 48 particles (0.83); Cohen's kappa" in told
    assert f"Cohen's kappa {found['kappa']:.2f}" in told


def test_each_label_tells_whose_it_is_when_and_what_the_forest_had_said(
    project, tmp_path
):
    rows, _summary = exported(project, tmp_path / "out")
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == 96
    particle = project.particles.of(1)[3]
    mine = [row for row in rows if row["particle"] == particle.id]
    assert [row["annotator"] for row in mine] == ["'=Ada", "Ben"]
    for row, said in zip(
        mine, project.annotators.labels_of(particle.id).values(), strict=True
    ):
        assert (row["label"], row["time"]) == (said.label, said.time)
        assert row["forest"] == particle.prediction.model_id
        assert (row["prediction_seen"], row["others_seen"]) == ("true", "false")
        told = [float(row[f"p_{name}"]) for name in CLASSES]
        assert told == pytest.approx(particle.prediction.probabilities)


def test_the_table_of_one_who_works_blind_has_the_labels_of_all(project, tmp_path):
    assert project.annotators.hide_others
    exported(project, tmp_path / "out")
    with (tmp_path / "out" / "particles.csv").open(newline="") as file:
        labels = {row["particle"]: row["label"] for row in csv.DictReader(file)}
    assert len(labels) == 48


def test_one_annotator_has_nobody_to_agree_with(tmp_path, capsys):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    hand_over(project)
    project.edits.draw(GRID[0], "yes")
    project.close()
    rows, summary = exported(project, tmp_path / "out")
    assert [row["forest"] for row in rows] == [""]
    assert summary["agreement"] == []
    assert "kappa" not in capsys.readouterr().out
