"""Two windows on one project: both work, each sees the other, nothing is lost."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import (
    Heard,
    hand_over,
    prediction,
    put_circles,
    restarted,
    seen,
    small_model,
    write_picture,
)

GRID = [Circle(15.0 + 30 * (n // 4), 15.0 + 30 * (n % 4), 8.0) for n in range(12)]


@pytest.fixture
def two(folder):
    first = Project.create_or_open(folder)
    hand_over(first)
    put_circles(first, GRID[:3])
    second = Project.create_or_open(folder)
    hand_over(second)
    yield first, second
    first.close()
    second.close()


def test_two_windows_both_work_and_lose_nothing(two):
    first, second = two
    a, b, _ = (each.id for each in first.particles.current)
    first.edits.label([a], "yes")
    heard = Heard(second)
    second.edits.label([b], "no")
    assert "Another window" in heard.of("notice")[0]
    first.edits.draw(GRID[5], "null")
    assert first.particles.counts() == {"yes": 1, "no": 1, "null": 1, "empty": 0}
    second.reload()
    assert second.history.undo() == "Draw 1 circle"
    first.reload()
    assert first.particles.counts() == {"yes": 1, "no": 1, "null": 0, "empty": 0}


def test_what_another_window_just_changed_is_shown_and_not_overwritten(two):
    first, second = two
    a = first.particles.current[0].id
    first.edits.label([a], "yes")
    with pytest.raises(StoreError, match="Another window"):
        second.edits.label([a], "no")
    assert second.particles.get(a).label == "yes"
    second.edits.label([a], "no")
    with pytest.raises(StoreError, match="Another window"):
        first.history.undo()
    assert first.particles.get(a).label == "no"
    assert first.history.undo() == "Label 1 circle no"
    assert first.particles.get(a).label == "yes"


def test_an_edit_between_looking_and_writing_is_noticed(two, monkeypatch):
    first, second = two
    a, b, _ = (each.id for each in first.particles.current)
    first.edits.label([a], "yes")
    # As if the other window had committed right after we looked.
    monkeypatch.setattr(second._store, "changed_elsewhere", lambda: False)
    heard = Heard(second)
    with pytest.raises(StoreError, match="repeat your last step"):
        second.edits.label([b], "no")
    assert second.particles.get(a).label == "yes"
    assert second.particles.get(b).label is None
    assert None in heard.of("particles_changed")


def test_a_detection_by_another_window_is_taken_in_without_fuss(two):
    first, second = two
    a = first.particles.current[0].id
    put_circles(first, GRID[:4])
    heard = Heard(second)
    second.edits.label([a], "yes")
    assert heard.of("notice") == []
    assert len(second.particles.current) == 4


def test_what_another_window_does_appears_when_one_looks(two):
    first, second = two
    a, b, _ = (each.id for each in first.particles.current)
    assert not second.sync.poll()
    first.edits.label([a], "yes")
    drawn = first.edits.draw(GRID[5], "null")
    heard = Heard(second)
    assert second.sync.poll()
    assert heard.of("particles_changed") == [frozenset([a]), frozenset([drawn])]
    assert len(heard.of("notice")) == 1
    assert seen(second) == seen(first)
    assert second.micrographs.entries == first.micrographs.entries
    assert not second.sync.poll()
    first.history.undo()
    assert second.sync.poll()
    assert seen(second) == seen(first)
    first.history.redo()
    second.edits.label([b], "no")
    first.sync.poll()
    assert seen(second) == seen(first)
    assert second.history.undo_summary == first.history.undo_summary


def test_findings_models_and_micrographs_of_another_window_appear_too(two):
    first, second = two
    put_circles(first, GRID[:4])
    second.sync.poll()
    assert seen(second) == seen(first)
    model = small_model()
    first.models.add(model)
    first.models.keep(model.card.id)
    second.sync.poll()
    assert second.models.active_id == model.card.id
    write_picture(first.folder / "m11.png", 11)
    Project.create_or_open(first.folder).close()
    second.sync.poll()
    assert [each.name for each in second.micrographs.entries][-1] == "m11.png"


def test_maps_are_those_of_the_circles_whoever_found_them(two):
    first, second = two
    put_circles(first, GRID[:4])
    assert first.detections.current is not None
    put_circles(second, GRID[:2])
    first.sync.poll()
    assert len(first.particles.current) == 2
    assert first.detections.current is None
    assert second.detections.current is not None


def test_only_what_another_window_found_is_read(two, monkeypatch):
    first, second = two
    monkeypatch.setattr(second._state, "load", lambda: pytest.fail("all was read anew"))
    model = small_model()
    first.models.add(model)
    first.models.keep(model.card.id)
    second.sync.poll()
    assert second.models.active_id == model.card.id
    hand_over(first, 1)
    found = put_circles(first, GRID[:5], model.card.id)
    first.edits.label(found[:1], "yes")
    heard = Heard(second)
    assert second.sync.poll()
    assert set().union(*heard.of("particles_changed")) == set(found)
    assert second.particles.of(1) == first.particles.of(1)
    assert {each.prediction.model_id for each in second.particles.of(1)} == {
        model.card.id
    }
    assert [each for _, each in second.review.queue()] == [
        each for _, each in first.review.queue()
    ]
    assert second.micrographs.entries == first.micrographs.entries
    # Once more in the same place: what is gone is not chosen any more.
    second.selection.select(found[4])
    put_circles(first, GRID[:2], model.card.id)
    second.sync.poll()
    assert second.selection.particle_id is None
    assert second.particles.of(1) == first.particles.of(1)
    other = small_model(seed=3)
    first.models.add(other)
    first.models.keep(other.card.id)
    first.detections.put_predictions(
        other.card.id, [prediction(found[0], other.card.id, "no")]
    )
    second.sync.poll()
    assert second.particles.of(1) == first.particles.of(1)
    assert second.particles.get(found[0]).prediction.label == "no"


def test_looking_keeps_what_is_open_and_chosen(two):
    first, second = two
    second.selection.select(second.particles.current[1].id)
    first.edits.label([first.particles.current[0].id], "yes")
    second.sync.poll()
    assert second.selection.particle_id == second.particles.current[1].id
    assert second.selection.micrograph is not None


def test_undo_says_whose_step_it_takes_back(two):
    first, second = two
    first.annotators.current = "Ada"
    first.edits.label([first.particles.current[0].id], "yes")
    second.annotators.current = "Ben"
    second.sync.poll()
    assert second.history.undo() == "Label 1 circle yes (Ada)"
    assert second.history.redo() == "Label 1 circle yes (Ada)"


OTHER_WINDOW = """
import sys
from napari_cdse.project import Project

project = Project.create_or_open(sys.argv[1])
project.annotators.current = "Ben"
for particle_id in sys.argv[2:]:
    project.selection.open(project.particles.micrograph_of(particle_id))
    project.edits.label([particle_id], "no")
    print(particle_id, flush=True)
project.close()
"""


def test_two_processes_work_on_one_project_at_the_same_time(folder):
    project = Project.create_or_open(folder)
    project.annotators.current = "Ada"
    for index in range(3):
        hand_over(project, index)
        put_circles(project, GRID)
    mine = [each.id for each in project.particles.of(0)]
    theirs = [each.id for index in (1, 2) for each in project.particles.of(index)]
    command = [sys.executable, "-c", OTHER_WINDOW, str(project.path), *theirs]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        told = [process.stdout.readline().strip()]
        for particle_id in mine:
            project.edits.label([particle_id], "yes")
        told += process.stdout.read().split()
    assert process.returncode == 0
    assert told == theirs
    project.sync.poll()
    labels = {each: project.annotators.labels_of(each) for each in [*mine, *theirs]}
    assert {tuple(given) for given in map(labels.get, mine)} == {("Ada",)}
    assert {tuple(given) for given in map(labels.get, theirs)} == {("Ben",)}
    steps = 0
    while project.history.undo() is not None:
        steps += 1
    assert steps == len(mine) + len(theirs)
    assert project.particles.counts()["yes"] == 0
    project.close()


RETRAINS = """
import sys
from napari_cdse.project import Project
from tests.project_tools import small_model

project = Project.create_or_open(sys.argv[1])
models = [small_model(int(seed)) for seed in sys.argv[2:]]
print("ready", flush=True)
sys.stdin.readline()
for model in models:
    project.sync.poll()
    project.models.add(model)
    project.models.keep(model.card.id)
    print(model.card.id, flush=True)
project.close()
"""


def retraining(project, *seeds) -> subprocess.Popen:
    command = [sys.executable, "-c", RETRAINS, str(project.path), *map(str, seeds)]
    pipe, root = subprocess.PIPE, Path(__file__).parents[2]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root)


def test_a_forest_that_is_chosen_while_one_looks_is_never_unknown(two, monkeypatch):
    first, second = two
    table, models = first._store.models, iter([small_model(1), small_model(2)])

    def read_and_then(read):
        """Another window stores a forest and chooses it, right after a reading."""
        found = read()
        model = next(models)
        second.models.add(model)
        second.models.keep(model.card.id)
        return found

    for read in (table.cards, table.choices):
        monkeypatch.setattr(table, read.__name__, partial(read_and_then, read))
    first._state.models.reload()
    known = {each.id for each in first.models.cards}
    assert set(first._state.models.earlier_choices) <= known
    assert first.models.active_id in {None, *known}


def test_two_processes_retrain_at_the_same_time_while_a_third_labels(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    put_circles(project, GRID)
    ids = [each.id for each in project.particles.current]
    with retraining(project, 1, 2, 3, 4) as one, retraining(project, 5, 6, 7) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("\n")
            process.stdin.flush()
        for particle_id in ids:
            project.edits.label([particle_id], "yes")
        told = [process.communicate()[0].split() for process in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0]
    assert [len(each) for each in told] == [4, 3]
    after = restarted(project)
    try:
        cards = {each.id for each in after.models.cards}
        assert set(told[0]) | set(told[1]) <= cards
        # Whoever kept last has chosen, and each one's forest of before is known.
        assert after.models.active_id in {told[0][-1], told[1][-1]}
        assert after.models.active.card.id == after.models.active_id
        assert sorted(after._store.models.choices()) == sorted(told[0] + told[1])
        assert after.particles.counts()["yes"] == len(ids)
        assert after._store.integrity_problems() == []
    finally:
        after.close()
        project.close()
