"""The number of the review is always in sight, and cheap to keep there."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from tests.gui.conftest import SIGNAL_MS, press, settle, standing
from tests.gui.showing import docks
from tests.project_tools import put_circles
from tests.project_tools import write_picture as picture

GRID = [Circle(20.0 + 25 * n, 15.0 + 30 * m, 9.0) for n in range(4) for m in range(5)]


@pytest.fixture
def folder(micrographs, tmp_path):
    """Three drawn micrographs, and four more for an interval."""
    place = tmp_path / "work"
    place.mkdir()
    for path in micrographs.glob("*.png"):
        (place / path.name).write_bytes(path.read_bytes())
    for at in range(4):
        picture(place / f"more_{at}.png", at, (160, 200))
    return place


@pytest.fixture
def line(workspace, qtbot):
    """Six micrographs of twenty particles beside the open one, half of them drawn."""
    project = workspace.project
    project.audits.share = 0.5
    for index in range(1, len(project.micrographs.entries)):
        path = project.micrographs.entries[index].path
        project.micrographs.register(index, read_micrograph(path))
        put_circles(project, GRID, project.models.active_id, index)
    settle(workspace, qtbot)
    return docks(workspace.viewer)["Particle"].fraction


def drawn(project):
    every = range(1, len(project.micrographs.entries))
    ids = [one.id for index in every for one in project.particles.of(index)]
    return [each for each in ids if project.audits.drawn_chance(each)]


def test_the_line_follows_the_review_and_tells_when_it_is_enough(
    workspace, line, qtbot
):
    told = []
    workspace.session.messages.changed.connect(
        lambda: told.extend(
            one for one in standing(workspace) if "as you wanted" in one
        )
    )
    project, lots = workspace.project, drawn(workspace.project)
    wanted = project.statistics.visible_defects().brief(0.05)
    qtbot.waitUntil(lambda: line.words.text() == wanted, timeout=SIGNAL_MS)
    assert f"0 of {len(lots)} draws judged" in wanted
    assert "no interval" in wanted
    line.width_wanted.setValue(0.4)
    assert project.settings.half_width == 0.4
    assert told == []
    project.edits.label(lots[::2], "yes", selected_by="queue")
    project.edits.label(lots[1::2], "no", selected_by="queue")
    qtbot.waitUntil(lambda: "is known to within 0.4" in line.words.text(), timeout=9999)
    (sentence,) = told
    assert sentence in workspace.message_bar.sentences
    assert project.statistics.visible_defects().sentence in sentence
    # Not again with each label that follows.
    project.edits.label(lots[:1], "no", selected_by="queue")
    qtbot.waitUntil(lambda: not line.waiting, timeout=SIGNAL_MS)
    assert len(told) == 1
    # Where it is not so any more, it does not stand there either.
    line.width_wanted.setValue(0.01)
    assert sentence not in standing(workspace)


def test_keys_in_a_row_work_the_number_out_once(workspace, line, qtbot, monkeypatch):
    project = workspace.project
    qtbot.waitUntil(lambda: not line.waiting, timeout=SIGNAL_MS)
    counted: list[int] = []
    estimate = project.statistics.visible_defects
    monkeypatch.setattr(
        project.statistics,
        "visible_defects",
        lambda: counted.append(1) or estimate(),
    )
    # Longer than any three keys take.
    line._soon.rest_ms = SIGNAL_MS
    workspace.navigation.go_on()
    for _ in range(3):
        press(workspace, qtbot, Qt.Key.Key_Y)
    settle(workspace, qtbot)
    assert counted == []
    assert line.waiting
    line._soon.show_now()
    qtbot.waitUntil(lambda: not line.waiting, timeout=SIGNAL_MS)
    assert len(counted) == 1
