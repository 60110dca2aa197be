"""The sample project opens found and classified, by the forest that is shipped."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from napari_cdse.core.matching import match
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import analyse
from napari_cdse.project import Project
from napari_cdse.resources import default_model_path, sample_data_dir
from napari_cdse.sample import PROJECT, sample_project_folder

ANEW = "the sample project belongs to another forest or program; run: make sample"
ONE = "easy_42_0004"
"""Whose circles are found once more here: few, so that it takes seconds."""


@pytest.fixture(scope="module")
def shipped():
    return load_model(default_model_path())


@pytest.fixture
def project(tmp_path, shipped):
    project = Project.create_or_open(
        sample_project_folder(tmp_path / "sample"), default_model=lambda: shipped
    )
    yield project
    project.close()


def test_it_opens_without_anything_to_wait_for(project, shipped):
    entries = project.micrographs.entries
    assert len(entries) == 6
    assert all(one.analysed for one in entries)
    told = []
    project.events.notice.connect(told.append)
    assert project.models.active.card.id == shipped.card.id, ANEW
    assert not told, ANEW
    for one in entries:
        assert one.path.is_file()
        assert not project.detections.unclassified(one.index), ANEW
        assert project.particles.of(one.index)
    # Label files of every other one are in it, and nobody's own word.
    assert sum(project.particles.counts().values()) > 10
    assert not project.history.can_undo


def test_what_is_in_it_is_what_the_program_finds_today(project, shipped):
    (entry,) = (one for one in project.micrographs.entries if one.path.stem == ONE)
    analysis = analyse(read_micrograph(entry.path), shipped, project.settings.detection)
    stored = {
        one.circle: one.prediction.probabilities
        for one in project.particles.of(entry.index)
        if one.annotation is None
    }
    pairs = zip(analysis.candidates, analysis.predictions, strict=True)
    today = {one.circle: said.probabilities for one, said in pairs}
    assert len(stored) == len(today), ANEW
    found = match(tuple(stored), tuple(today), min_iou=0.95)
    assert len(found.pairs) == len(stored), ANEW
    before, now = tuple(stored.values()), tuple(today.values())
    for at, to in found.pairs:
        assert now[to] == pytest.approx(before[at], abs=0.02), ANEW


def test_it_names_nobody_and_comes_without_on_demand(tmp_path):
    with closing(sqlite3.connect(sample_data_dir() / PROJECT)) as store:
        rows = store.execute("SELECT name FROM settings").fetchall()
        annotators = store.execute("SELECT DISTINCT annotator FROM edits").fetchall()
    assert not [name for (name,) in rows if name.startswith("annotator/")]
    assert annotators == [("",)]
    bare = sample_project_folder(tmp_path / "bare", detected=False)
    assert not list(bare.glob("*.cdse"))


def test_a_project_that_is_there_is_left_as_it_is(tmp_path):
    mine = tmp_path / "sample" / "napari-cdse.cdse"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    sample_project_folder(tmp_path / "sample")
    assert mine.read_bytes() == b"mine"
