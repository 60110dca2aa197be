"""Undo and redo against a naive model, over restarts."""

import random

import pytest

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.store.store import Store
from napari_cdse.project import Drawing, EditRequest, Project
from tests.project_tools import (
    hand_over,
    put_circles,
    seen,
    write_folder,
)

GRID = [Circle(15.0 + 30 * (n // 4), 15.0 + 30 * (n % 4), 8.0) for n in range(12)]


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
        assert self.project.history.can_undo == bool(self.past)
        assert self.project.history.can_redo == bool(self.future)
        tally = [
            (len(each), sum(by_person for *_, by_person in each.values()))
            for each in self.now
        ]
        assert [
            (e.found, e.reviewed) for e in self.project.micrographs.entries
        ] == tally

    def _edit(self):
        before = seen(self.project)
        gesture = self._gesture(before[self.project.selection.index])
        ids = self.project.edits.apply(gesture)
        after = [dict(each) for each in before]
        here = after[self.project.selection.index]
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
            "label": EditRequest(labelled=labelled),
            "draw": EditRequest(drawn=drawn),
            "reshape": EditRequest(reshaped=moved),
            "remove": EditRequest(removed=some),
            "mixed": EditRequest(labelled=labelled, drawn=drawn, reshaped=moved),
        }[kind]

    def _undo(self):
        told = self.project.history.undo()
        assert (told is not None) == bool(self.past)
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    def _redo(self):
        told = self.project.history.redo()
        assert (told is not None) == bool(self.future)
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()

    def _elsewhere(self):
        self.project.selection.open(self.random.randrange(3))

    def _restart(self):
        current, path = self.project.selection.index, self.project.path
        self.project.close()
        self.project = Project.create_or_open(path)
        assert self.project.resume_point.index == current
        self.project.selection.open(current)


@pytest.mark.parametrize("seed", range(6))
def test_a_random_walk_never_loses_a_state(folder, seed):
    walk = Walk(folder, seed)
    for _ in range(70):
        walk.step()
    end = [walk.now, *reversed(walk.past)]
    for expected in end[1:]:
        walk.project.history.undo()
        assert seen(walk.project) == expected
    assert walk.project.history.undo() is None
    walk.project.close()


def test_an_edit_after_undo_opens_a_new_branch_and_keeps_the_old_one(folder):
    project = Project.create_or_open(folder)
    project.selection.open(0)
    project.edits.draw(GRID[0], "yes")
    project.history.undo()
    project.edits.draw(GRID[1], "no")
    assert project.history.redo_summary is None
    project.history.undo()
    # Redo takes the newer branch; the older one is still in the file.
    project.history.redo()
    assert [each.circle for each in project.particles.current] == [GRID[1]]
    path = project.path
    project.close()
    store = Store.open(path)
    circles = [store.edits.get(n, {}).changes[0].after.circle for n in (1, 2)]
    assert circles == [GRID[0], GRID[1]]
    store.close()


def test_a_step_before_the_picture_was_read_can_be_undone_after_it(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    project.selection.open(0)
    drawn = project.edits.draw(GRID[0], "yes")
    hand_over(project, 1)
    hand_over(project, 0)
    assert project.history.undo() == "Draw 1 circle"
    assert project.particles.find(drawn) is None
    assert project.history.redo() == "Draw 1 circle"
    assert project.particles.get(drawn).label == "yes"
    project.close()
