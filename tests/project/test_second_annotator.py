"""Draws are hidden from each annotator until they themselves have judged them."""

from __future__ import annotations

import pytest

from napari_cdse.project import Project
from tests.annotating import fill, given, ids, say
from tests.project_tools import restarted


@pytest.fixture
def project(project):
    """A micrograph with about half of its particles drawn, seen as in a window."""
    fill(project, 1, share=0.5)
    project.annotators.restore_view()
    return project


def draws(project):
    return [each for each in ids(project) if project.audits.drawn_chance(each)]


def judge(project, name, labels):
    """Let an annotator label as the queue brings things up."""
    project.annotators.current = name
    for particle_id, label in labels.items():
        project.edits.label([particle_id], label, selected_by="queue")


def in_view(project, particle_id):
    """Class and forest's word as the window shows them."""
    one = project.audits.as_seen(project.particles.get(particle_id))
    return (one.label if one.by_person else None), one.prediction is not None


def test_a_draw_is_hidden_from_each_until_they_have_judged_it(project):
    one, *_ = draws(project)
    judge(project, "Ada", {one: "yes"})
    assert in_view(project, one) == ("yes", True)
    project.annotators.current = "Ben"
    assert in_view(project, one) == (None, False)
    assert project.annotators.statements_in_view(one) == ()
    assert one in {each for _, each in project.review.queue()}
    judge(project, "Ben", {one: "no"})
    assert in_view(project, one) == ("no", True)
    said = project.particles.statements(one)
    assert [each.others_seen or each.prediction_seen for each in said] == [False] * 2
    assert {each.selected_by for each in said} == {"audit"}
    (found,) = project.annotators.agreements()
    assert (found.n_particles, found.n_agreed) == (1, 0)
    # Error rates and the number take the first label that was given unseen.
    assert [each.label for each in project.audits.labels()] == ["yes"]
    project.annotators.current = "Cleo"
    assert in_view(project, one) == (None, False)
    assert project.annotators.disagreements_in_view() == ()
    assert project.review.queue(which="disputed") == []
    project.annotators.current = "Ada"
    assert project.annotators.disagreements_in_view() == (one,)


def test_what_was_not_drawn_stays_in_view(project):
    other = next(each for each in ids(project) if each not in draws(project))
    judge(project, "Ada", {other: "yes"})
    project.annotators.current = "Ben"
    assert in_view(project, other) == ("yes", True)


def test_a_label_that_was_taken_back_leaves_its_giver_knowing(project):
    one, *_ = draws(project)
    judge(project, "Ada", {one: "yes"})
    judge(project, "Ben", {one: "no"})
    assert project.history.undo() == "Label 1 circle no"
    assert project.audits.as_seen(project.particles.get(one)).prediction is not None
    assert given(project, one) == {"Ada": "yes"}
    # Who undoes another's step is told whose, and not what it was.
    project.annotators.current = "Cleo"
    assert project.history.undo_summary == "Step (Ada)"
    project.history.undo()
    assert in_view(project, one) == (None, False)
    project.annotators.current = "Ada"
    assert in_view(project, one) == (None, True)
    again = restarted(project)
    hidden = []
    for name in ("Ada", "Ben", "Cleo"):
        again.annotators.current = name
        hidden.append(again.audits.hides(one))
    assert hidden == [False, False, True]
    again.close()


def test_another_window_of_the_same_annotator_knows_and_of_another_one_does_not(
    project,
):
    one, other, *_ = draws(project)
    project.annotators.current = "Ada"
    windows = {name: Project.create_or_open(project.path) for name in ("Ada", "Ben")}
    for name, window in windows.items():
        window.annotators.current = name
        window.annotators.restore_view()
    judge(project, "Ada", {one: "yes", other: "no"})
    assert all(window.sync.poll() for window in windows.values())
    assert in_view(windows["Ada"], one) == ("yes", True)
    assert in_view(windows["Ben"], one) == (None, False)
    windows["Ben"].edits.label([one], "null", selected_by="queue")
    assert project.sync.poll()
    assert given(project, one) == {"Ada": "yes", "Ben": "null"}
    (found,) = project.annotators.agreements()
    assert found.n_particles == 1
    for window in windows.values():
        window.close()


def test_another_name_is_somebody_else_until_it_is_said_to_be_the_same(project):
    one, other, *_ = draws(project)
    judge(project, "root", {one: "yes"})
    project.annotators.current = "Ada"
    window = Project.create_or_open(project.path)
    assert project.audits.hides(one)
    project.annotators.rename("root", "Ada")
    assert in_view(project, one) == ("yes", True)
    assert given(project, one) == {"Ada": "yes"}
    assert project.annotators.names() == ("Ada",)
    assert project.history.undo_summary == "Label 1 circle yes"
    # Whoever says root again is Ada, in other windows too, and after a restart.
    window.sync.poll()
    judge(window, "root", {other: "no"})
    assert (window.annotators.current, given(window, one)) == ("Ada", {"Ada": "yes"})
    assert project.sync.poll()
    assert not project.audits.hides(other)
    again = restarted(project)
    assert again.annotators.names() == ("Ada",)
    # Parted again, root is somebody of their own; what Ada said since is hers.
    again.annotators.rename("root", "root")
    assert given(again, one) == {"root": "yes"}
    assert given(again, other) == {"Ada": "no"}
    for each in (window, again):
        each.close()


def test_nobody_needs_a_name_to_have_judged(project):
    one, *_ = draws(project)
    judge(project, "", {one: "yes"})
    assert in_view(project, one) == ("yes", True)
    project.annotators.current = "Ada"
    assert project.audits.hides(one)
    project.annotators.rename("no name", "Ada")
    assert not project.audits.hides(one)


def test_the_number_is_the_same_whoever_looks(project):
    some = draws(project)
    judge(project, "Ada", dict.fromkeys(some[:6], "yes"))
    before = project.statistics.evidence()
    project.annotators.current = "Ben"
    assert project.statistics.evidence() == before
    project.annotators.hide_others = True
    assert project.statistics.evidence() == before
    # Each one's own number has the draws that they have judged.
    project.annotators.hide_others = False
    judge(project, "Ben", dict.fromkeys(some[:3], "no"))
    mine = project.statistics.evidence("Ben")
    judged = [each.label for each in mine if each.route == "draw" and each.judged]
    assert judged == ["no"] * 3


def test_a_label_given_with_anothers_in_view_is_no_audit(project):
    """A command or a script sees all; what is labelled there is not blind."""
    one, *_ = draws(project)
    judge(project, "Ada", {one: "yes"})
    script = restarted(project)
    say(script, "Ben", {one: "no"})
    assert script.annotators.agreements()[0].n_particles == 0
    assert [each.label for each in script.audits.labels()] == ["yes"]
    script.close()
