"""Micrographs and regions left out: steps like all others."""

import json

import pytest

from napari_cdse.cli import main
from napari_cdse.core.errors import StoreError
from napari_cdse.project import EditRequest
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
    project.edits.label([first], "yes")
    project.exclusions.set_excluded(0, "  out of   focus ")
    assert project.micrographs.entries[0].excluded == "out of focus"
    assert project.particles.counts()["yes"] == 0
    assert project.particles.progress().total == 0
    assert project.review.queue(which="all") == []
    assert project.micrographs.labelled() == []
    project.history.undo()
    assert project.micrographs.entries[0].excluded is None
    assert project.particles.counts()["yes"] == 1
    assert len(project.review.queue()) == 1
    assert project.review.queue()[0][1] == second


def test_leaving_out_is_undone_and_redone_also_after_a_restart(project):
    project.exclusions.set_excluded(1, "drift")
    assert project.history.undo_summary == "Leave m2.png out"
    again = restarted(project)
    assert again.micrographs.entries[1].excluded == "drift"
    again.history.undo()
    assert restarted(project).micrographs.entries[1].excluded is None
    again.history.redo()
    assert restarted(project).micrographs.entries[1].excluded == "drift"
    again.exclusions.set_excluded(1, None)
    assert again.history.undo_summary == "Take m2.png in again"
    assert restarted(project).micrographs.entries[1].excluded is None


def test_undo_shows_the_micrograph_that_is_back(project):
    project.exclusions.set_excluded(2, "drift")
    project.selection.open(1)
    project.history.undo()
    assert project.selection.index == 2


def test_a_reason_must_be_given(project):
    with pytest.raises(StoreError, match="why"):
        project.exclusions.set_excluded(0, "  ")
    with pytest.raises(StoreError, match="why"):
        project.exclusions.add_region(0, AROUND_A, "")
    assert not project.history.can_undo


def test_circles_of_a_region_are_nowhere_until_it_is_back(project):
    first, _, third = put_circles(project, [A, B, C])
    project.edits.label([first, third], "yes")
    region = project.exclusions.add_region(0, AROUND_A, "ice")
    assert circles(project) == {B, C}
    assert project.particles.find(first) is None
    assert project.particles.counts()["yes"] == 1
    assert project.particles.progress().total == 2
    assert [each[1] for each in project.review.queue(which="all")] != []
    assert first not in {each[1] for each in project.review.queue(which="all")}
    (item,) = project.micrographs.labelled()
    assert item.circles == (C,)
    entry = project.micrographs.entries[0]
    assert (entry.found, entry.left_out) == (2, 1)
    assert [each.reason for each in entry.regions] == ["ice"]
    project.exclusions.remove_region(0, region)
    assert circles(project) == {A, B, C}
    assert project.particles.get(first).label == "yes"
    assert project.micrographs.entries[0].left_out == 0


def test_a_region_is_undone_and_redone_also_after_a_restart(project):
    put_circles(project, [A, B])
    project.exclusions.add_region(0, AROUND_A, "ice")
    project.exclusions.add_region(0, AROUND_B, "beam damage")
    assert circles(restarted(project)) == set()
    project.history.undo()
    assert circles(project) == circles(restarted(project)) == {B}
    project.history.undo()
    assert circles(project) == circles(restarted(project)) == {A, B}
    project.history.redo()
    assert circles(project) == circles(restarted(project)) == {B}
    (region,) = restarted(project).exclusions.regions(0)
    assert region.corners_px == tuple(AROUND_A)


def test_a_later_detection_proposes_nothing_in_a_region(project):
    project.exclusions.add_region(0, AROUND_A, "ice")
    put_circles(project, [A, C])
    assert circles(project) == {C}
    assert project.micrographs.entries[0].left_out == 1


def test_a_region_tells_which_circles_went_and_drops_the_selection(project):
    first, _ = put_circles(project, [A, B])
    project.selection.select(first)
    heard = Heard(project)
    project.exclusions.add_region(0, AROUND_A, "ice")
    assert heard.of("particles_changed") == [frozenset({first})]
    assert project.selection.particle_id is None
    project.history.undo()
    assert heard.of("particles_changed")[-1] == frozenset({first})


def test_nothing_can_be_drawn_or_moved_into_a_region(project):
    (second,) = put_circles(project, [B])
    project.exclusions.add_region(0, AROUND_A, "ice")
    with pytest.raises(StoreError, match=r"left out \(ice\)"):
        project.edits.draw(A)
    with pytest.raises(StoreError, match="left out"):
        project.edits.apply(EditRequest(reshaped={second: A}))
    assert circles(project) == {B}


def test_the_history_before_a_region_can_still_be_walked(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "no")
    project.exclusions.add_region(0, AROUND_A, "ice")
    project.history.undo()
    project.history.undo()
    assert not project.particles.get(first).by_person
    project.history.redo()
    project.history.redo()
    assert circles(project) == set()
    project.history.undo()
    assert project.particles.get(first).label == "no"


@pytest.mark.parametrize("corners", [[], [(0, 0), (9, 9)], [(0, 0), (5, 5), (9, 9)]])
def test_an_outline_that_encloses_nothing_is_refused(project, corners):
    with pytest.raises(StoreError, match="encloses nothing"):
        project.exclusions.add_region(0, corners, "ice")
    assert not project.history.can_undo


def test_a_region_is_taken_back_once(project):
    region = project.exclusions.add_region(0, AROUND_A, "ice")
    project.exclusions.remove_region(0, region)
    with pytest.raises(StoreError, match="already"):
        project.exclusions.remove_region(0, region)


def test_another_window_sees_the_region(project):
    put_circles(project, [A, B])
    other = restarted(project)
    project.exclusions.add_region(0, AROUND_A, "ice")
    other.exclusions.set_excluded(1, "drift")
    assert circles(other) == {B}
    project.exclusions.set_excluded(2, "drift")
    assert [each.excluded for each in project.micrographs.entries] == [
        None,
        "drift",
        "drift",
    ]
    other.close()


def test_export_leaves_out_what_was_left_out_and_says_so(project, tmp_path, capsys):
    first, second = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.edits.label([second], "no")
    project.exclusions.add_region(0, AROUND_A, "ice")
    project.exclusions.set_excluded(2, "drift")
    project.close()
    out = tmp_path / "out"
    assert main(["export", str(project.path), "--out", str(out)]) == 0
    summary = json.loads((out / "summary.json").read_text())
    told = summary["visible_defects"]
    assert (told["n_particles"], told["fraction"]) == (1, 0)
    assert (told["micrographs_left_out"], told["circles_left_out"]) == (1, 1)
    assert "by 1 label, without an interval" in told["sentence"]
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


def test_a_step_and_its_column_are_stored_together_or_not_at_all(project):
    project.exclusions.set_excluded(1, "drift")
    store = project._store
    store._database.execute(
        "CREATE TEMP TRIGGER no_room BEFORE UPDATE OF excluded ON micrographs"
        " BEGIN SELECT RAISE (ABORT, 'no room'); END"
    )
    head, rows = store.edits.head(), store.micrographs()
    redo = store.edits.newest_child(head)
    for step in (
        lambda: project.exclusions.set_excluded(0, "out of focus"),
        project.history.undo,
    ):
        with pytest.raises(StoreError):
            step()
        assert (store.edits.head(), store.micrographs()) == (head, rows)
        assert store.edits.newest_child(head) == redo
    store._database.execute("DROP TRIGGER no_room")
    project.history.undo()
    store._database.execute(
        "CREATE TEMP TRIGGER no_room BEFORE UPDATE OF excluded ON micrographs"
        " BEGIN SELECT RAISE (ABORT, 'no room'); END"
    )
    head, rows = store.edits.head(), store.micrographs()
    with pytest.raises(StoreError):
        project.history.redo()
    assert (store.edits.head(), store.micrographs()) == (head, rows)
