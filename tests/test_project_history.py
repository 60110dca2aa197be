"""Undo and redo against a naive model, over restarts and other windows."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.store import Store
from napari_cdse.project import Drawing, Gesture, Project
from tests.project_tools import (
    Heard,
    hand_over,
    put_circles,
    small_model,
    write_folder,
    write_picture,
)

GRID = [Circle(15.0 + 30 * (n // 4), 15.0 + 30 * (n % 4), 8.0) for n in range(12)]


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "sample")


def seen(project):
    """Everything a person sees of the particles, by micrograph."""
    return [
        {each.id: (each.circle, each.label, each.by_person) for each in particles}
        for particles in map(project.particles_of, range(len(project.entries)))
    ]


class Walk:
    """Makes random edits, and knows by brute force what must be seen after each.

    The model keeps a full copy of the picture per step and the tree of steps as two
    stacks: what was undone is forgotten by the next edit.
    """

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.project = Project.create_or_open(folder)
        for index in range(3):
            hand_over(self.project, index)
            put_circles(self.project, GRID[index : index + 6])
        self.past, self.future = [], []
        self.now = seen(self.project)

    def step(self):
        name = self.random.choice(
            ["edit"] * 5 + ["undo"] * 3 + ["redo"] * 2 + ["elsewhere", "restart"]
        )
        getattr(self, f"_{name}")()
        assert seen(self.project) == self.now
        assert self.project.can_undo == bool(self.past)
        assert self.project.can_redo == bool(self.future)
        tally = [
            (len(each), sum(by_person for *_, by_person in each.values()))
            for each in self.now
        ]
        assert [(e.found, e.reviewed) for e in self.project.entries] == tally

    def _edit(self):
        before = seen(self.project)
        gesture = self._gesture(before[self.project.current])
        ids = self.project.apply(gesture)
        after = [dict(each) for each in before]
        here = after[self.project.current]
        for particle_id, circle in gesture.reshaped.items():
            here[particle_id] = (circle, *here[particle_id][1:])
        for particle_id, label in gesture.labelled.items():
            here[particle_id] = (here[particle_id][0], label, True)
        for particle_id, drawing in zip(ids, gesture.drawn, strict=True):
            by_person = drawing.label is not None
            here[particle_id] = (drawing.circle, drawing.label, by_person)
        for particle_id in gesture.removed:
            del here[particle_id]
        if after == before and not gesture.labelled:
            return
        self.past.append(before)
        self.future.clear()
        self.now = after

    def _gesture(self, here):
        ids = sorted(here)
        some = self.random.sample(ids, min(len(ids), self.random.randint(0, 2)))
        kind = self.random.choice(["label", "draw", "reshape", "remove", "mixed"])
        # A label by this hand, told again, is no step; a class that differs always is.
        labelled = {
            each: self.random.choice([c for c in CLASSES if c != here[each][1]])
            for each in some
        }
        moved = {
            each: Circle(
                here[each][0].row_px + self.random.uniform(0.5, 3), 20.0 + len(ids), 8.0
            )
            for each in some
        }
        circle = Circle(self.random.uniform(10, 80), self.random.uniform(10, 130), 7.5)
        drawn = [Drawing(circle, self.random.choice([None, *CLASSES]))]
        return {
            "label": Gesture(labelled=labelled),
            "draw": Gesture(drawn=drawn),
            "reshape": Gesture(reshaped=moved),
            "remove": Gesture(removed=some),
            "mixed": Gesture(labelled=labelled, drawn=drawn, reshaped=moved),
        }[kind]

    def _undo(self):
        told = self.project.undo()
        assert (told is not None) == bool(self.past)
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    def _redo(self):
        told = self.project.redo()
        assert (told is not None) == bool(self.future)
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()

    def _elsewhere(self):
        self.project.open(self.random.randrange(3))

    def _restart(self):
        current, path = self.project.current, self.project.path
        self.project.close()
        self.project = Project.create_or_open(path)
        assert self.project.last_opened == current
        self.project.open(current)


@pytest.mark.parametrize("seed", range(6))
def test_a_random_walk_never_loses_a_state(folder, seed):
    walk = Walk(folder, seed)
    for _ in range(70):
        walk.step()
    end = [walk.now, *reversed(walk.past)]
    for expected in end[1:]:
        walk.project.undo()
        assert seen(walk.project) == expected
    assert walk.project.undo() is None
    walk.project.close()


def test_an_edit_after_undo_opens_a_new_branch_and_keeps_the_old_one(folder):
    project = Project.create_or_open(folder)
    project.open(0)
    project.draw(GRID[0], "yes")
    project.undo()
    project.draw(GRID[1], "no")
    assert project.redo_summary is None
    project.undo()
    # Redo takes the newer branch; the older one is still in the file.
    project.redo()
    assert [each.circle for each in project.particles] == [GRID[1]]
    path = project.path
    project.close()
    store = Store.open(path)
    circles = [store.edits.get(n, {}).changes[0].after.circle for n in (1, 2)]
    assert circles == [GRID[0], GRID[1]]
    store.close()


# Two windows


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
    a, b, _ = (each.id for each in first.particles)
    first.label([a], "yes")
    heard = Heard(second)
    second.label([b], "no")
    assert "Another window" in heard.of("notice")[0]
    first.draw(GRID[5], "null")
    assert first.counts() == {"yes": 1, "no": 1, "null": 1, "empty": 0}
    second.reload()
    assert second.undo() == "Draw 1 circle"
    first.reload()
    assert first.counts() == {"yes": 1, "no": 1, "null": 0, "empty": 0}


def test_what_another_window_just_changed_is_shown_and_not_overwritten(two):
    first, second = two
    a = first.particles[0].id
    first.label([a], "yes")
    with pytest.raises(StoreError, match="Another window"):
        second.label([a], "no")
    assert second.particle(a).label == "yes"
    second.label([a], "no")
    with pytest.raises(StoreError, match="Another window"):
        first.undo()
    assert first.particle(a).label == "no"
    assert first.undo() == "Label 1 circle no"
    assert first.particle(a).label == "yes"


def test_an_edit_between_looking_and_writing_is_noticed(two, monkeypatch):
    first, second = two
    a, b, _ = (each.id for each in first.particles)
    first.label([a], "yes")
    # As if the other window had committed right after we looked.
    monkeypatch.setattr(second._store, "changed_elsewhere", lambda: False)
    heard = Heard(second)
    with pytest.raises(StoreError, match="repeat your last step"):
        second.label([b], "no")
    assert second.particle(a).label == "yes"
    assert second.particle(b).label is None
    assert None in heard.of("particles_changed")


def test_a_detection_by_another_window_is_taken_in_without_fuss(two):
    first, second = two
    a = first.particles[0].id
    put_circles(first, GRID[:4])
    heard = Heard(second)
    second.label([a], "yes")
    assert heard.of("notice") == []
    assert len(second.particles) == 4


def test_what_another_window_does_appears_when_one_looks(two):
    first, second = two
    a, b, _ = (each.id for each in first.particles)
    assert not second.look_elsewhere()
    first.label([a], "yes")
    drawn = first.draw(GRID[5], "null")
    heard = Heard(second)
    assert second.look_elsewhere()
    assert heard.of("particles_changed") == [frozenset([a]), frozenset([drawn])]
    assert len(heard.of("notice")) == 1
    assert seen(second) == seen(first)
    assert second.entries == first.entries
    assert not second.look_elsewhere()
    first.undo()
    assert second.look_elsewhere()
    assert seen(second) == seen(first)
    first.redo()
    second.label([b], "no")
    first.look_elsewhere()
    assert seen(second) == seen(first)
    assert second.undo_summary == first.undo_summary


def test_findings_models_and_micrographs_of_another_window_appear_too(two):
    first, second = two
    put_circles(first, GRID[:4])
    second.look_elsewhere()
    assert seen(second) == seen(first)
    model = small_model()
    first.add_model(model)
    first.keep(model.card.id)
    second.look_elsewhere()
    assert second.active_model_id == model.card.id
    write_picture(first.folder / "m11.png", 11)
    Project.create_or_open(first.folder).close()
    second.look_elsewhere()
    assert [each.name for each in second.entries][-1] == "m11.png"


def test_looking_keeps_what_is_open_and_chosen(two):
    first, second = two
    second.select(second.particles[1].id)
    first.label([first.particles[0].id], "yes")
    second.look_elsewhere()
    assert second.selected == second.particles[1].id
    assert second.micrograph is not None


def test_undo_says_whose_step_it_takes_back(two):
    first, second = two
    first.annotator = "Ada"
    first.label([first.particles[0].id], "yes")
    second.annotator = "Ben"
    second.look_elsewhere()
    assert second.undo() == "Label 1 circle yes (Ada)"
    assert second.redo() == "Label 1 circle yes (Ada)"


OTHER_WINDOW = """
import sys
from napari_cdse.project import Project

project = Project.create_or_open(sys.argv[1])
project.annotator = "Ben"
for particle_id in sys.argv[2:]:
    project.open(project.index_of(particle_id))
    project.label([particle_id], "no")
    print(particle_id, flush=True)
project.close()
"""


def test_two_processes_work_on_one_project_at_the_same_time(folder):
    project = Project.create_or_open(folder)
    project.annotator = "Ada"
    for index in range(3):
        hand_over(project, index)
        put_circles(project, GRID)
    mine = [each.id for each in project.particles_of(0)]
    theirs = [each.id for index in (1, 2) for each in project.particles_of(index)]
    command = [sys.executable, "-c", OTHER_WINDOW, str(project.path), *theirs]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as process:
        told = [process.stdout.readline().strip()]
        for particle_id in mine:
            project.label([particle_id], "yes")
        told += process.stdout.read().split()
    assert process.returncode == 0
    assert told == theirs
    project.look_elsewhere()
    labels = {each: project.labels_of(each) for each in [*mine, *theirs]}
    assert {tuple(given) for given in map(labels.get, mine)} == {("Ada",)}
    assert {tuple(given) for given in map(labels.get, theirs)} == {("Ben",)}
    steps = 0
    while project.undo() is not None:
        steps += 1
    assert steps == len(mine) + len(theirs)
    assert project.counts()["yes"] == 0
    project.close()
