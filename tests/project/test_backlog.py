"""What a window's project does while another program holds its file."""

from __future__ import annotations

import sqlite3

import pytest

from napari_cdse.core.errors import StoreBusy
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from tests.project_tools import (
    A,
    B,
    C,
    Heard,
    detection,
    hand_over,
    put_circles,
    restarted,
    seen,
    write_folder,
)


@pytest.fixture
def project(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path))
    project.audits.share = 0
    hand_over(project)
    project.backlog.allow(0.0)
    yield project
    project.close()


@pytest.fixture(params=["IMMEDIATE", "EXCLUSIVE"])
def holder(project, request):
    """Another program; what `hold` begins lasts until it commits or rolls back."""
    other = sqlite3.connect(project.path, isolation_level=None, timeout=0)
    yield _Holder(other, request.param)
    other.close()


class _Holder:
    def __init__(self, connection, kind):
        self._connection = connection
        self._kind = kind

    def hold(self):
        self._connection.execute(f"BEGIN {self._kind}")

    def let_go(self):
        self._connection.execute("ROLLBACK")


def in_file(project):
    """What the next start of the program would see."""
    other = restarted(project)
    try:
        return seen(other), other.history.undo_summary
    finally:
        other.close()


def test_steps_wait_in_their_order_and_are_written_when_the_file_is_free(
    project, holder
):
    first, second, _ = put_circles(project, [A, B, C])
    holder.hold()
    project.edits.label([first], "yes")
    project.edits.label([second], "no")
    project.edits.label([first], "null")
    project.exclusions.set_excluded(1, "blurred")
    assert [each.label for each in project.particles.current] == ["null", "no", None]
    assert project.micrographs.entries[1].excluded == "blurred"
    assert not project.sync.write_waiting()
    shown = seen(project)
    holder.let_go()
    assert project.sync.write_waiting()
    assert seen(project) == shown
    assert in_file(project) == (shown, "Leave m2.png out")
    project.history.undo()
    project.history.undo()
    assert project.particles.get(first).label == "yes"


def test_undo_takes_back_what_waits_and_nothing_of_it_reaches_the_file(project, holder):
    first, second = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    before = seen(project)
    holder.hold()
    project.edits.label([second], "no")
    assert project.history.undo_summary == "Label 1 circle no"
    assert project.history.undo() == "Label 1 circle no"
    assert seen(project) == before
    with pytest.raises(StoreBusy):
        project.history.undo()
    holder.let_go()
    assert project.sync.write_waiting()
    assert in_file(project)[0] == before


def test_findings_and_pixels_that_come_meanwhile_wait_too(project, holder):
    (first,) = put_circles(project, [A])
    holder.hold()
    project.selection.open(1)
    path = project.micrographs.entries[1].path
    project.micrographs.set_pixels(1, read_micrograph(path))
    assert project.selection.micrograph is not None
    drawn = project.edits.draw(B, "yes")
    found = read_micrograph(path)
    project.detections.put(found.id, detection([C]), [])
    holder.let_go()
    assert project.sync.write_waiting()
    assert project.micrographs.entries[1].id == found.id
    assert project.micrographs.entries[1].analysed
    state, _ = in_file(project)
    assert [set(each) for each in state] == [{first}, {drawn}, set()]


def test_what_another_window_did_stands_and_what_does_not_fit_is_told(project):
    first, second = put_circles(project, [A, B])
    other = restarted(project)
    lock = sqlite3.connect(project.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    project.edits.label([first], "yes")
    project.edits.label([second], "no")
    lock.execute("ROLLBACK")
    other.annotators.current = "Ben"
    other.edits.label([first], "null")
    other.close()
    heard = Heard(project)
    assert project.sync.write_waiting()
    labels = {each.id: each.label for each in project.particles.current}
    assert labels == {first: "null", second: "no"}
    (told,) = heard.of("notice")
    assert "Label 1 circle yes in m1.png" in told
    assert "no in" not in told
    assert in_file(project)[0] == seen(project)


def test_closing_writes_what_waits_as_soon_as_the_file_is_free(project, holder):
    (first,) = put_circles(project, [A])
    holder.hold()
    project.edits.label([first], "yes")
    holder.let_go()
    project.close()
    again = restarted(project)
    assert again.particles.get(first).label == "yes"
    again.close()


def test_without_a_window_nothing_waits(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path))
    hand_over(project)
    (first,) = put_circles(project, [A])
    project.backlog._store.be_patient(0)
    lock = sqlite3.connect(project.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="written by another program"):
        project.edits.label([first], "yes")
    lock.execute("ROLLBACK")
    assert project.particles.get(first).label is None
    project.close()


def test_half_read_news_of_another_window_are_read_again(project, monkeypatch):
    (first,) = put_circles(project, [A])
    other = restarted(project)
    other.edits.label([first], "yes")
    other.close()
    table = project._state.micrographs

    def busy():
        monkeypatch.undo()
        raise StoreBusy("It is being written.")

    monkeypatch.setattr(table, "reload", busy)
    with pytest.raises(StoreBusy):
        project.sync.poll()
    assert project.sync.poll()
    assert project.particles.get(first).label == "yes"
