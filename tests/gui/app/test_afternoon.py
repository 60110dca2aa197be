"""An afternoon in short: fifty labels by key, undo, redo, and all there tomorrow.

The sample project itself in a real viewer; what ought to come of each key is worked
out beside it, without the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.records import CLASSES, Prediction
from napari_cdse.gui.app import window
from napari_cdse.gui.particle.queue_row import ORDERS, STOPS
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.project.state.audit_plan import AuditPlan
from napari_cdse.sample import sample_project_folder
from tests.gui.conftest import SIGNAL_MS, press, settle, wait_for_pixels

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ANNOTATOR = "Ada"
AUDIT_SHARE = 0.3
N_LABELS, N_UNDONE, N_REDONE = 50, 20, 10
LABELS = dict(zip("YNUO", CLASSES, strict=True))
ROUND = "YNUOK.YNJUO"
"""The classes, what the forest says, one passed by, one left for later."""


@dataclass(frozen=True)
class Step:
    """What a key must have done to the particle that it met."""

    particle_id: str
    label: str | None
    selected_by: str
    hidden: bool
    shown: Prediction


class Reviewer:
    """Presses keys, waits until the circles are there, and keeps a list of steps."""

    def __init__(self, workspace, qtbot) -> None:
        self.workspace, self.qtbot = workspace, qtbot
        self.steps: list[Step] = []
        self.micrographs: set[int] = set()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        press(self.workspace, self.qtbot, key, modifier)
        self.qtbot.waitUntil(self._there, timeout=SIGNAL_MS)
        self.micrographs.add(self.workspace.project.selection.index)

    def _there(self) -> bool:
        """Whether circles are shown; imported ones are classified only then."""
        project = self.workspace.project
        if (
            self.workspace.canvas.particles is None
            or project.selection.particle_id is None
        ):
            return False
        return (
            project.particles.get(project.selection.particle_id).prediction is not None
        )

    def skip(self) -> None:
        self.press(Qt.Key.Key_Period)

    def judge(self, letter: str) -> None:
        """Press a key of `ROUND`, or another class where it would be no step."""
        if letter == ".":
            self.skip()
            return
        project = self.workspace.project
        particle = project.particles.get(project.selection.particle_id)
        hidden = project.audits.hides(particle.id)
        no_step = {"K": hidden, "J": particle.annotation is not None}
        letter = "U" if no_step.get(letter) else letter
        label = particle.prediction.label if letter == "K" else LABELS.get(letter)
        how = "queue" if self.workspace.navigation.order == "uncertain" else "order"
        how = "audit" if hidden else how
        step = Step(particle.id, label, how, hidden, particle.prediction)
        self.press(getattr(Qt.Key, f"Key_{letter}"))
        self.steps.append(step)

    def review(self) -> None:
        """Give fifty labels in a row; when all have one, go on with all."""
        letters = cycle(ROUND)
        self.skip()
        while sum(one.label is not None for one in self.steps) < N_LABELS:
            if self.workspace.navigation.which != "all" and self.all_labelled:
                self.go_through_all()
            self.judge(next(letters))

    @property
    def all_labelled(self) -> bool:
        return not self.workspace.project.review.queue("uncertain", "unlabelled")

    def go_through_all(self) -> None:
        """Choose another order in the dock, as the person does with the mouse."""
        row = window.add_dock(self.workspace.viewer, "Particle").view.queue
        for box, rows, wanted in (
            (row.order, ORDERS, "micrograph"),
            (row.which, STOPS, "all"),
        ):
            at = [name for _, name, _ in rows].index(wanted)
            box.setCurrentIndex(at)
            box.activated.emit(at)
        self.skip()

    def undo(self) -> None:
        self.press(Qt.Key.Key_Z, CTRL)

    def redo(self) -> None:
        self.press(Qt.Key.Key_Z, CTRL | SHIFT)


@pytest.fixture
def sample(tmp_path, monkeypatch):
    """A copy of the sample project to work in, with the same lots each time."""
    monkeypatch.setattr(AuditPlan, "new", lambda _: AuditPlan("an afternoon"))
    return sample_project_folder(tmp_path / "sample", detected=False)


def start(viewer, path, qtbot):
    """Open the project in a viewer, and wait for its first micrograph."""
    workspace = workspace_for(viewer)
    assert workspace.open_project(path)
    wait_for_pixels(workspace, qtbot)
    return workspace


def particles(project) -> list:
    indices = [entry.index for entry in project.micrographs.entries]
    return [one for index in indices for one in project.particles.of(index)]


def labels(project) -> dict[str, str | None]:
    """The label that each particle of the project has from a person."""
    return {
        one.id: None if one.annotation is None else one.annotation.label
        for one in particles(project)
    }


def after(before, steps) -> dict[str, str | None]:
    """Labels after some steps."""
    return before | {one.particle_id: one.label for one in steps}


def remembered(project) -> dict[str, object]:
    """What one comes back to: the queue, where one was, and the way back and forth."""
    return {
        "queue": project.review.queue("uncertain", "unlabelled"),
        "deferred": {one.id for one in particles(project) if one.deferred},
        "micrograph": project.selection.index,
        "annotator": project.annotators.current,
        "undo": (project.history.can_undo, project.history.undo_summary),
        "redo": (project.history.can_redo, project.history.redo_summary),
    }


def check_provenance(project, steps, chances) -> None:
    """Each label knows its giver, how it was come upon, and the forest's word."""
    for step in {one.particle_id: one for one in steps}.values():
        said = project.particles.get(step.particle_id).annotation
        assert (said.label, said.annotator) == (step.label, ANNOTATOR)
        assert said.deferred == (step.label is None)
        assert said.selected_by == step.selected_by
        assert said.shown == step.shown
        assert said.shown.model_id == project.models.active_id
        assert said.prediction_seen == (not step.hidden)
        drawn = step.selected_by == "audit"
        where = project.particles.micrograph_of(step.particle_id)
        chance = chances.get(where, AUDIT_SHARE) if drawn else None
        assert said.selection_chance == chance


def test_an_afternoon_is_all_there_tomorrow(viewer, make_napari_viewer, sample, qtbot):
    workspace = start(viewer, sample, qtbot)
    project, path = workspace.project, workspace.project.path
    # A micrograph in view before the share was raised keeps the chance that it had.
    chances = {project.selection.index: project.audits.share}
    project.annotators.current, project.audits.share = ANNOTATOR, AUDIT_SHARE
    workspace.detection.detect_all()
    qtbot.waitUntil(lambda: not workspace.session.runner.jobs, timeout=6 * SIGNAL_MS)
    settle(workspace, qtbot)
    before = labels(project)

    hands = Reviewer(workspace, qtbot)
    hands.review()
    steps = hands.steps
    assert hands.micrographs == {entry.index for entry in project.micrographs.entries}
    assert {one.label for one in steps} == {*CLASSES, None}
    assert {one.selected_by for one in steps} >= {"queue", "audit"}
    assert labels(project) == after(before, steps)
    check_provenance(project, steps, chances)

    for number in range(1, N_UNDONE + 1):
        hands.undo()
        assert labels(project) == after(before, steps[:-number])
    kept = len(steps) - N_UNDONE
    for _ in range(N_REDONE):
        hands.redo()
        kept += 1
        assert labels(project) == after(before, steps[:kept])
    left = remembered(project)
    assert left["undo"][0]
    assert left["redo"][0]
    viewer.close()
    qtbot.waitUntil(lambda: workspace.session.closed, timeout=SIGNAL_MS)

    tomorrow = make_napari_viewer(show=True, title="tomorrow")
    window.add_docks(tomorrow)
    workspace = start(tomorrow, path, qtbot)
    project = workspace.project
    assert remembered(project) == left
    assert labels(project) == after(before, steps[:kept])
    check_provenance(project, steps[:kept], chances)
    hands = Reviewer(workspace, qtbot)
    hands.skip()
    assert project.selection.particle_id == left["queue"][0][1]
    for number in range(kept + 1, len(steps) + 1):
        hands.redo()
        assert labels(project) == after(before, steps[:number])
    assert not project.history.can_redo
    for number in range(1, len(steps) + 1):
        hands.undo()
        assert labels(project) == after(before, steps[:-number])
    assert not project.history.can_undo
