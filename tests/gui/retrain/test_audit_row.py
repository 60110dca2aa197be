"""One line tells how often the forest is right; nothing else gives a word away."""

from __future__ import annotations

import pytest

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.core.review.blind_audit import MIN_AUDITED
from napari_cdse.gui.app import window
from napari_cdse.io.images.micrograph_file import read_micrograph
from tests.gui.conftest import SIGNAL_MS, settle, standing
from tests.gui.showing import docks
from tests.project_tools import put_circles, write_folder


@pytest.fixture
def crowd(workspace, qtbot):
    """Ids of forty particles that were all drawn; the forest knows their classes."""
    workspace.project.audits.share = 1
    circles = [
        Circle(20.0 + 25 * row, 15.0 + 30 * col, 10.0 + row / 9)
        for row in range(4)
        for col in range(10)
    ]
    model = workspace.project.models.active_id
    path = workspace.project.micrographs.entries[1].path
    workspace.project.micrographs.register(1, read_micrograph(path))
    ids = put_circles(workspace.project, circles, model, 1)
    settle(workspace, qtbot)
    return ids


def test_the_row_counts_up_to_a_number(workspace, crowd, qtbot):
    row = docks(workspace.viewer)["Retrain"].audit
    assert "0 of at least 20" in row.accuracy.text()
    drawn = workspace.project.audits.tallies().drawn
    # It follows a moment later.
    told = f" {drawn} are drawn."
    qtbot.waitUntil(lambda: row.accuracy.text().endswith(told), timeout=SIGNAL_MS)
    assert row.isAncestorOf(row.accuracy)
    # The forest says class n modulo 4 of particle n; she disagrees on every fifth.
    for number, one in enumerate(crowd[:MIN_AUDITED]):
        label = CLASSES[number % 4 if number % 5 else (number + 1) % 4]
        workspace.project.edits.label([one], label, selected_by="queue")
    qtbot.waitUntil(lambda: "is right in" in row.accuracy.text(), timeout=SIGNAL_MS)
    # They lie in one micrograph, which does not show how much micrographs differ.
    assert "right in 0.80 of 20 particles" in row.accuracy.text()
    assert "they lie in 1" in row.accuracy.text()
    assert "When it says yes, it is right in" in row.accuracy.toolTip()
    *_, line = row.accuracy.toolTip().splitlines()
    assert line.endswith("(no interval: fewer than 5 micrographs).")


def test_the_share_is_the_projects(workspace, crowd, qtbot):
    row = docks(workspace.viewer)["Retrain"].audit
    qtbot.waitUntil(lambda: row.share.value() == 100, timeout=SIGNAL_MS)
    row.share.setValue(5)
    assert workspace.project.audits.share == 0.05
    row.share.setValue(0)
    assert not any(workspace.project.audits.hides(one) for one in crowd)
    assert "No particle is drawn" in row.accuracy.text()


def test_the_goal_is_the_projects_and_the_row_follows(workspace, crowd, qtbot):
    project = workspace.project
    row = docks(workspace.viewer)["Retrain"].audit
    assert row.goal.currentText() == "learn"
    row.goal.setCurrentIndex(2)
    row.goal.activated.emit(2)
    assert project.audits.goal == "measure"
    row.share.setValue(20)
    # A fifth of forty, the doubtful more often.
    chances = project._store.draws.chances()
    found = [chances[each] for each in crowd]
    assert sum(found) == pytest.approx(8, abs=1.5)
    assert len(set(found)) == 2
    # They are in view now, in the gallery, so they keep their chances.
    settle(workspace, qtbot)
    project.audits.goal = "learn"
    qtbot.waitUntil(lambda: row.goal.currentText() == "learn", timeout=SIGNAL_MS)
    assert project._store.draws.chances().items() >= chances.items()


def test_of_the_share_and_of_the_goal_one_sentence_each_stands(workspace, crowd, qtbot):
    row = docks(workspace.viewer)["Retrain"].audit
    messages = workspace.session.messages
    for each in messages.shown:
        messages.withdraw(each.name)
    for share in (90, 50, 95, 20, 60):
        row.share.setValue(share)
        told = [one for one in standing(workspace) if " share " in one]
        assert len(told) <= 1
    assert told[0].startswith("The larger share")
    for at in (1, 0, 2, 1):
        row.goal.activated.emit(at)
        told = [one for one in standing(workspace) if "doubtful" in one]
        assert len(told) == (at != 0)
    assert len(standing(workspace)) == 2


def test_what_was_told_of_a_share_goes_with_its_project(
    workspace, crowd, qtbot, tmp_path_factory
):
    docks(workspace.viewer)["Retrain"].audit.share.setValue(5)
    assert any(" share " in one for one in standing(workspace))
    away = write_folder(tmp_path_factory.mktemp("away"))
    assert workspace.open_project(away)
    settle(workspace, qtbot)
    assert not any(" share " in one for one in standing(workspace))


def test_what_the_gallery_shows_is_not_drawn_any_more(workspace, crowd, qtbot):
    project = workspace.project
    others = [each.id for each in project.particles.current]
    project.audits.share = 0
    project.audits.share = 1
    assert all(map(project.audits.hides, crowd))
    assert not any(map(project.audits.hides, others))
    project.audits.share = 0
    gallery = window.add_dock(workspace.viewer, "Gallery").view
    qtbot.waitUntil(lambda: gallery.in_sight, timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    project.audits.share = 1
    assert not any(map(project.audits.hides, crowd))
