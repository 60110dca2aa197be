"""A project and a model of version 0.1 open as they were left.

They were written by that version itself: four micrographs, label file, two annotators,
a note, edits undone, circles moved, drawn and removed, a micrograph and a region left
out, two forests of which the first is in use. `expected.json` is what version 0.1 said
of them when it opened them again.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from napari_cdse.core.classifier.forest import content_id
from napari_cdse.io.models.model_file import load_model
from napari_cdse.project import Project
from napari_cdse.resources import models_dir

OLD = Path(__file__).parent / "data" / "project_of_0_1"


@pytest.fixture
def project(tmp_path):
    folder = Path(shutil.copytree(OLD, tmp_path / "old"))
    (folder / "expected.json").unlink()
    project = Project.create_or_open(folder)
    project.annotators.current = "Ada"
    yield project
    project.close()


@pytest.fixture(scope="module")
def expected():
    return json.loads((OLD / "expected.json").read_text("utf-8"))


def particles(project):
    return [
        [
            [
                one.id,
                [one.circle.row_px, one.circle.col_px, one.circle.radius_px],
                one.label,
                one.by_person,
                one.deferred,
                one.prediction and list(one.prediction.probabilities),
            ]
            for one in project.particles.of(index)
        ]
        for index in range(len(project.micrographs.entries))
    ]


def test_every_circle_and_label_is_there(project, expected):
    assert particles(project) == expected["particles"]
    assert project.particles.counts() == expected["counts"]
    assert project.particles.n_deferred() == expected["deferred"]


def test_what_was_left_out_stays_out(project, expected):
    entries = [
        [one.name, one.excluded, one.left_out] for one in project.micrographs.entries
    ]
    assert entries == expected["entries"]
    regions = [
        [[one.id, [list(c) for c in one.corners_px], one.reason] for one in found]
        for found in map(
            project.exclusions.regions, range(len(project.micrographs.entries))
        )
    ]
    assert regions == expected["regions"]


def test_pixel_sizes_and_scale_bar(project, expected):
    sizes = [
        project.micrographs.pixel_size(index)
        for index in range(len(project.micrographs.entries))
    ]
    assert [size and [size.nm, size.source] for size in sizes] == expected[
        "pixel_sizes"
    ]
    assert list(project.settings.scale_bar) == expected["scale_bar"]


def test_annotators_and_their_labels(project, expected):
    assert list(project.annotators.names()) == expected["annotators"]
    given = {
        particle_id: {
            name: one.label
            for name, one in project.annotators.labels_of(particle_id).items()
        }
        for particle_id in expected["annotator_labels"]
    }
    assert given == expected["annotator_labels"]
    assert list(project.annotators.disagreements()) == expected["disagreements"]


def test_forests(project, expected):
    cards = [
        [one.id, one.name, project.models.role(one.id)] for one in project.models.cards
    ]
    assert cards == expected["models"]
    assert project.models.active_id == expected["active_model"]


def test_steps_can_be_taken_back_and_made_again(project, expected):
    assert project.history.undo_summary == expected["undo"]
    before = particles(project)
    while project.history.undo():
        pass
    while project.history.redo():
        pass
    assert particles(project) == before


def test_the_model_file_is_the_first_forest(project, expected):
    model = load_model(OLD / "model.skops")
    (wanted, _, _), *_ = expected["models"]
    held = project.models.get(wanted)
    assert model.stated_id == held.card.id == wanted
    assert replace(model.card, id=wanted) == held.card
    assert content_id(model.card, model.forest) == content_id(held.card, held.forest)


def test_the_shipped_forest_keeps_the_id_under_which_projects_know_it():
    model = load_model(models_dir() / "cdse.skops")
    assert model.card.id == json.loads((models_dir() / "cdse.json").read_text())["id"]
