"""Micrographs and regions left out: steps like all others."""

import json

import pytest

from napari_cdse.cli import main
from napari_cdse.core.errors import StoreError
from napari_cdse.project import Gesture
from tests.project_tools import (
    A,
    B,
    C,
    Heard,
    circles,
    put_circles,
    restarted,
)

AROUND_A = [(15.0, 15.0), (15.0, 45.0), (45.0, 45.0), (45.0, 15.0)]
AROUND_B = [(45.0, 55.0), (45.0, 85.0), (75.0, 85.0), (75.0, 55.0)]


def test_a_micrograph_left_out_is_in_no_count(project):
    first, second = put_circles(project, [A, B])
    project.label([first], "yes")
    project.set_excluded(0, "  out of   focus ")
    assert project.entries[0].excluded == "out of focus"
    assert project.counts()["yes"] == 0
    assert project.progress().total == 0
    assert project.queue(which="all") == []
    assert project.labelled() == []
    project.undo()
    assert project.entries[0].excluded is None
    assert project.counts()["yes"] == 1
    assert len(project.queue()) == 1
    assert project.queue()[0][1] == second


def test_leaving_out_is_undone_and_redone_also_after_a_restart(project):
    project.set_excluded(1, "drift")
    assert project.undo_summary == "Leave m2.png out"
    again = restarted(project)
    assert again.entries[1].excluded == "drift"
    again.undo()
    assert restarted(project).entries[1].excluded is None
    again.redo()
    assert restarted(project).entries[1].excluded == "drift"
    again.set_excluded(1, None)
    assert again.undo_summary == "Take m2.png in again"
    assert restarted(project).entries[1].excluded is None


def test_undo_shows_the_micrograph_that_is_back(project):
    project.set_excluded(2, "drift")
    project.open(1)
    project.undo()
    assert project.current == 2


def test_a_reason_must_be_given(project):
    with pytest.raises(StoreError, match="why"):
        project.set_excluded(0, "  ")
    with pytest.raises(StoreError, match="why"):
        project.leave_region_out(0, AROUND_A, "")
    assert not project.can_undo


def test_circles_of_a_region_are_nowhere_until_it_is_back(project):
    first, _, third = put_circles(project, [A, B, C])
    project.label([first, third], "yes")
    region = project.leave_region_out(0, AROUND_A, "ice")
    assert circles(project) == {B, C}
    assert project.find(first) is None
    assert project.counts()["yes"] == 1
    assert project.progress().total == 2
    assert [each[1] for each in project.queue(which="all")] != []
    assert first not in {each[1] for each in project.queue(which="all")}
    (item,) = project.labelled()
    assert item.circles == (C,)
    entry = project.entries[0]
    assert (entry.found, entry.left_out) == (2, 1)
    assert [each.reason for each in entry.regions] == ["ice"]
    project.take_region_in(0, region)
    assert circles(project) == {A, B, C}
    assert project.particle(first).label == "yes"
    assert project.entries[0].left_out == 0


def test_a_region_is_undone_and_redone_also_after_a_restart(project):
    put_circles(project, [A, B])
    project.leave_region_out(0, AROUND_A, "ice")
    project.leave_region_out(0, AROUND_B, "beam damage")
    assert circles(restarted(project)) == set()
    project.undo()
    assert circles(project) == circles(restarted(project)) == {B}
    project.undo()
    assert circles(project) == circles(restarted(project)) == {A, B}
    project.redo()
    assert circles(project) == circles(restarted(project)) == {B}
    (region,) = restarted(project).regions(0)
    assert region.corners_px == tuple(AROUND_A)


def test_a_later_detection_proposes_nothing_in_a_region(project):
    project.leave_region_out(0, AROUND_A, "ice")
    put_circles(project, [A, C])
    assert circles(project) == {C}
    assert project.entries[0].left_out == 1


def test_a_region_tells_which_circles_went_and_drops_the_selection(project):
    first, _ = put_circles(project, [A, B])
    project.select(first)
    heard = Heard(project)
    project.leave_region_out(0, AROUND_A, "ice")
    assert heard.of("particles_changed") == [frozenset({first})]
    assert project.selected is None
    project.undo()
    assert heard.of("particles_changed")[-1] == frozenset({first})


def test_nothing_can_be_drawn_or_moved_into_a_region(project):
    (second,) = put_circles(project, [B])
    project.leave_region_out(0, AROUND_A, "ice")
    with pytest.raises(StoreError, match=r"left out \(ice\)"):
        project.draw(A)
    with pytest.raises(StoreError, match="left out"):
        project.apply(Gesture(reshaped={second: A}))
    assert circles(project) == {B}


def test_the_history_before_a_region_can_still_be_walked(project):
    (first,) = put_circles(project, [A])
    project.label([first], "no")
    project.leave_region_out(0, AROUND_A, "ice")
    project.undo()
    project.undo()
    assert not project.particle(first).by_person
    project.redo()
    project.redo()
    assert circles(project) == set()
    project.undo()
    assert project.particle(first).label == "no"


@pytest.mark.parametrize("corners", [[], [(0, 0), (9, 9)], [(0, 0), (5, 5), (9, 9)]])
def test_an_outline_that_encloses_nothing_is_refused(project, corners):
    with pytest.raises(StoreError, match="encloses nothing"):
        project.leave_region_out(0, corners, "ice")
    assert not project.can_undo


def test_a_region_is_taken_back_once(project):
    region = project.leave_region_out(0, AROUND_A, "ice")
    project.take_region_in(0, region)
    with pytest.raises(StoreError, match="already"):
        project.take_region_in(0, region)


def test_another_window_sees_the_region(project):
    put_circles(project, [A, B])
    other = restarted(project)
    project.leave_region_out(0, AROUND_A, "ice")
    other.set_excluded(1, "drift")
    assert circles(other) == {B}
    project.set_excluded(2, "drift")
    assert [each.excluded for each in project.entries] == [None, "drift", "drift"]
    other.close()


def test_export_leaves_out_what_was_left_out_and_says_so(project, tmp_path, capsys):
    first, second = put_circles(project, [A, B])
    project.label([first], "yes")
    project.label([second], "no")
    project.leave_region_out(0, AROUND_A, "ice")
    project.set_excluded(2, "drift")
    project.close()
    out = tmp_path / "out"
    assert main(["export", str(project.path), "--out", str(out)]) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert "0 of 1 " in summary["visible_defects"]["sentence"]
    assert (summary["micrographs_left_out"], summary["circles_left_out"]) == (1, 1)
    assert summary["left_out"] == [
        {"micrograph": "m10.png", "reason": "drift"},
        {
            "micrograph": "m1.png",
            "reason": "ice",
            "corners_x_y_px": [[col, row] for row, col in AROUND_A],
        },
    ]
    table = (out / "particles.csv").read_text()
    assert second in table
    assert first not in table
    assert "[30.0, 30.0]" not in (out / "labels" / "m1.txt").read_text()
