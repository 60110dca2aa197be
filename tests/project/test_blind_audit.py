"""Audits: drawn for good, hidden until judged, recorded, and not to be spoilt."""

import numpy as np
import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.records import Circle
from napari_cdse.core.review.blind_audit import audit, counts, judged_as
from napari_cdse.core.statistics.draw_tally import draw_tallies
from napari_cdse.project import Project
from tests.project_tools import (
    MODEL,
    A,
    Heard,
    hand_over,
    prediction,
    put_circles,
    use_model,
)

GRID = [
    Circle(10.0 + 2 * n, 10.0 + 3 * m, 1.0 + n / 100)
    for n in range(40)
    for m in range(40)
]


@pytest.fixture
def project(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    use_model(project)
    yield project
    project.close()


@pytest.fixture
def crowd(project):
    """Ids of 1600 proposed particles of the first micrograph."""
    return put_circles(project, GRID, MODEL)


def hidden(project, ids):
    return {each for each in ids if project.audits.hides(each)}


def test_about_one_in_ten_is_drawn_and_a_restart_draws_the_same(project, crowd):
    drawn = hidden(project, crowd)
    assert 120 < len(drawn) < 200
    other = Project.create_or_open(project.path)
    assert other.audits.share == 0.1
    assert hidden(other, crowd) == drawn
    other.close()


def test_another_project_draws_others(project, crowd, tmp_path):
    other = Project.create_or_open(project.folder, tmp_path / "other.cdse")
    hand_over(other)
    put_circles(other, GRID)
    drawn = hidden(other, crowd)
    assert drawn
    assert drawn != hidden(project, crowd)
    other.close()


def test_a_drawn_particle_shows_nothing_of_its_prediction(project, crowd):
    project.audits.share = 0.1
    one = min(hidden(project, crowd))
    particle = project.particles.get(one)
    assert particle.prediction is not None
    seen = project.audits.as_seen(particle)
    assert (seen.prediction, seen.label) == (None, None)
    assert seen.circle == particle.circle
    other = project.particles.get(min(set(crowd) - hidden(project, crowd)))
    assert project.audits.as_seen(other) is other


def test_its_place_in_the_queue_follows_from_the_draw_alone(project, crowd):
    drawn = hidden(project, crowd)
    before = {
        order: [e for _, e in project.review.queue(order)]
        for order in ("uncertain", "class", "confidence")
    }
    shares = {
        order: [found.index(each) / len(found) for each in drawn]
        for order, found in before.items()
    }
    project.detections.put_predictions(
        MODEL, [prediction(each, MODEL, "empty", 0.97) for each in drawn]
    )
    for order, found in before.items():
        now = [e for _, e in project.review.queue(order)]
        assert [now.index(each) for each in drawn] == [found.index(e) for e in drawn]
        # And about one in ten, all along.
        tally, _ = np.histogram(shares[order], 4, (0, 1))
        assert tally.min() > len(drawn) / 8


def test_accepting_unseen_is_refused(project, crowd):
    heard = Heard(project)
    one = min(hidden(project, crowd))
    project.edits.accept([one], selected_by="queue")
    assert not project.particles.get(one).by_person
    assert not project.history.can_undo
    assert "before the forest's word is shown" in heard.of("notice")[-1]


def test_a_label_given_unseen_in_its_turn_is_an_audit(project, crowd):
    one = min(hidden(project, crowd))
    project.edits.label([one], "no", selected_by="queue")
    annotation = project.particles.get(one).annotation
    assert annotation.selected_by == "audit"
    assert annotation.selection_chance == 0.1
    assert not annotation.prediction_seen
    assert annotation.shown == project.particles.get(one).prediction
    assert counts(annotation)
    assert project.audits.labels() == [annotation]
    assert not project.audits.hides(one)


def test_chosen_by_hand_it_is_blind_but_no_audit(project, crowd):
    one = min(hidden(project, crowd))
    project.edits.label([one], "no")
    annotation = project.particles.get(one).annotation
    assert (annotation.selected_by, annotation.selection_chance) == ("hand", None)
    assert not annotation.prediction_seen
    assert project.audits.labels() == []


def test_one_that_was_judged_before_is_none_any_more(project, crowd):
    first, second, *_ = sorted(hidden(project, crowd))
    project.edits.label([first], "no", selected_by="queue")
    project.history.undo()
    assert not project.audits.hides(first)
    project.edits.label([first], "yes", selected_by="queue")
    assert project.particles.get(first).annotation.selected_by == "queue"
    assert project.particles.get(first).annotation.prediction_seen
    assert project.audits.labels() == []
    # That is remembered, also what was undone.
    project.edits.label([second], "no", selected_by="queue")
    project.history.undo()
    other = Project.create_or_open(project.path)
    assert not other.audits.hides(first)
    assert not other.audits.hides(second)
    other.close()


def test_a_draw_that_was_taken_back_has_no_answer_however_it_is_judged_again(
    project, crowd
):
    first, second, third, fourth, *_ = sorted(hidden(project, crowd))
    for one in (first, second):
        project.edits.label([one], "no", selected_by="queue")
    assert project.audits.tallies().judged == {project.annotators.name: 2}
    found = project.statistics.visible_defects()
    assert (found.n_drawn, found.n_in_view) == (2, 0)
    project.history.undo()
    project.edits.label([second], "yes", selected_by="queue")
    project.edits.label([third], "yes", selected_by="queue")
    project.history.undo()
    project.edits.remove([third], selected_by="queue")
    again = Project.create_or_open(project.path)
    for each in (project, again):
        found = each.statistics.visible_defects()
        assert (found.n_drawn, found.n_in_view, found.n_removed) == (1, 2, 0)
        assert (found.n_judged, found.n_by_hand, found.labels["no"]) == (1, 0, 1)
        assert found.n_unanswered == found.n_draws - 1
        assert "2 judged with the forest's word in view" in found.draws
        assert sum(one.judged for one in draw_tallies(each.statistics.evidence())) == 1
        assert each.audits.tallies().judged == {each.annotators.name: 1}
        assert len(each.audits.labels()) == 1
    again.close()
    # Second thoughts that were not taken back leave the first word in force.
    project.edits.label([fourth], "no", selected_by="queue")
    project.edits.label([fourth], "yes", selected_by="queue")
    project.edits.remove([fourth], selected_by="queue")
    found = project.statistics.visible_defects()
    assert (found.n_drawn, found.n_in_view, found.n_removed) == (2, 2, 1)
    assert project.audits.tallies().judged == {project.annotators.name: 2}


def test_the_first_word_counts_and_not_the_second_thoughts(project, crowd):
    one = min(hidden(project, crowd))
    project.edits.label([one], "no", selected_by="queue")
    (first,) = project.audits.labels()
    project.edits.label([one], "yes", selected_by="queue")
    assert project.particles.get(one).label == "yes"
    assert project.audits.labels() == [first]
    other = Project.create_or_open(project.path)
    assert other.audits.labels() == [first]
    other.close()
    project.history.undo()
    assert project.audits.labels() == [first]
    project.history.undo()
    assert project.audits.labels() == []
    project.history.redo()
    assert project.audits.labels() == [first]
    project.edits.remove([one])
    (deleted,) = project.audits.labels()
    assert (deleted.removed, deleted.id, judged_as(deleted)) == (
        True,
        first.id,
        "empty",
    )


def test_a_drawn_circle_that_is_deleted_unseen_is_judged_as_empty(project, crowd):
    first, second, third, *_ = sorted(hidden(project, crowd))
    project.edits.remove([first], selected_by="queue")
    (found,) = project.audits.labels()
    assert (found.selected_by, found.selection_chance) == ("audit", 0.1)
    assert found.shown is not None
    assert not found.prediction_seen
    assert counts(found)
    assert audit([found], MODEL).accuracy.n == 1
    # One that was left for later is no answer, until it is deleted after all.
    project.edits.defer([second], selected_by="queue")
    assert len(project.audits.labels()) == 1
    project.edits.remove([second], selected_by="queue")
    assert len(project.audits.labels()) == 2
    # Chosen by hand it may have been the easiest one to judge.
    project.edits.remove([third])
    assert len(project.audits.labels()) == 2
    project.history.undo()
    project.history.undo()
    project.history.undo()
    assert project.audits.labels() == [found]
    other = Project.create_or_open(project.path)
    assert other.audits.labels() == [found]
    other.close()


def test_what_is_left_out_is_in_no_error_rate(project, crowd):
    first, second, third, *_ = sorted(hidden(project, crowd))
    project.edits.label([first, second], "no", selected_by="queue")
    project.edits.remove([third], selected_by="queue")
    assert len(project.audits.labels()) == 3
    place = project.particles.get(first).circle
    row, col = place.row_px, place.col_px
    around = [(row - 1, col - 1), (row - 1, col + 1), (row + 1, col + 1)]
    project.exclusions.add_region(0, [*around, (row + 1, col - 1)], "ice")
    assert {each.particle_id for each in project.audits.labels()} == {second, third}
    project.exclusions.set_excluded(0, "drift")
    assert project.audits.labels() == []
    project.exclusions.set_excluded(0, None)
    assert len(project.audits.labels()) == 2


def test_deferring_or_moving_spoils_nothing(project, crowd):
    one = min(hidden(project, crowd))
    project.edits.defer([one], selected_by="queue")
    project.edits.reshape({one: Circle(50.0, 60.0, 4.0)})
    assert project.audits.hides(one)
    project.detections.put_predictions(MODEL, [prediction(one, MODEL, "yes")])
    project.edits.label([one], "yes", selected_by="queue")
    (found,) = project.audits.labels()
    assert found.selected_by == "audit"
    assert not found.prediction_seen


def test_what_a_person_drew_is_not_drawn_by_lot(project):
    project.audits.share = 1
    (proposed,) = put_circles(project, [A], MODEL)
    drawn = project.edits.draw(Circle(60.0, 70.0, 12.0))
    assert project.audits.hides(proposed)
    assert not project.audits.hides(drawn)


def test_a_larger_share_does_not_hide_what_has_been_in_view(project, crowd):
    heard = Heard(project)
    before = hidden(project, crowd)
    project.audits.share = 0.5
    assert "have been in view" in heard.of("notice")[-1]
    assert hidden(project, crowd) == before
    hand_over(project, 1)
    new = put_circles(project, GRID, MODEL)
    assert 700 < len(hidden(project, new)) < 900
    one, other = min(hidden(project, new)), min(before)
    project.edits.label([one], "yes", selected_by="order")
    project.edits.label([other], "yes", selected_by="order")
    assert project.particles.get(one).annotation.selection_chance == 0.5
    assert project.particles.get(other).annotation.selection_chance == 0.1


def test_a_smaller_share_hides_fewer_and_they_stay_shown(project, crowd):
    before = hidden(project, crowd)
    project.audits.share = 0.05
    fewer = hidden(project, crowd)
    assert fewer < before
    project.audits.share = 0.1
    assert hidden(project, crowd) == fewer
    project.audits.share = 0
    assert hidden(project, crowd) == set()
    with pytest.raises(ParameterError, match="from 0 to 1"):
        project.audits.share = 1.5


def test_an_older_project_hides_nothing_that_it_has_shown(project, crowd):
    project._store.set_setting("audit", None)
    with project._store.transaction():
        project._store._database.execute("DELETE FROM settings WHERE name = 'audit'")
    other = Project.create_or_open(project.path)
    assert hidden(other, crowd) == set()
    hand_over(other, 1)
    assert hidden(other, put_circles(other, GRID, MODEL))
    other.close()
