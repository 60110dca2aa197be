"""Draws of unequal known chance: written down before they are seen, and for good."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.records import Circle
from napari_cdse.core.review.draw_chances import FLOOR, draw_chances
from napari_cdse.project import Project
from tests.project_tools import (
    GRID,
    MODEL,
    Heard,
    hand_over,
    prediction,
    put_circles,
    restarted,
    use_model,
)

DOUBTS = np.tile([np.sqrt(0.7 * 0.1)] * 2 + [0.1] * 2, 100)
"""Of `GRID` as `put_circles` has it classified: yes, no, null, empty by turns."""


@pytest.fixture
def project(analysed):
    return analysed


def chances(project, index):
    """Chances of all, by particle; of those not drawn the audit itself knows them."""
    return {
        one.id: project.audits._lots.chance(one.id)
        for one in project.particles.of(index)
    }


def hidden(project, index):
    return [
        one.id for one in project.particles.of(index) if project.audits.hides(one.id)
    ]


def test_the_doubtful_are_drawn_more_often_where_nothing_was_in_view(project):
    heard, before = Heard(project), hidden(project, 0)
    assert project.audits.goal == "learn"
    project.audits.goal = "measure"
    assert set(chances(project, 0).values()) == {0.1}
    assert hidden(project, 0) == before
    wanted = draw_chances(np.tile(DOUBTS, 3), 120)
    for index in (1, 2):
        found = list(chances(project, index).values())
        assert found == pytest.approx(wanted[:400])
        assert min(found) > FLOOR * 0.1
    by_class = [
        np.mean(
            [
                each in set(hidden(project, i))
                for i in (1, 2)
                for each in list(chances(project, i))[at::4]
            ]
        )
        for at in range(4)
    ]
    assert min(by_class[:2]) > max(by_class[2:])
    assert "doubtful holds for 2 of 3 micrographs" in heard.of("notice")[-1]


def test_the_chance_is_recorded_with_the_label_and_never_changes(project):
    project.audits.goal = "measure"
    project.selection.open(1)
    before = chances(project, 1)
    one, other, *_ = hidden(project, 1)
    project.edits.label([one], "yes", selected_by="queue")
    said = project.particles.get(one).annotation
    assert said.selection_chance == before[one] == project.audits.drawn_chance(one)
    assert said.selection_chance != 0.1
    assert (said.selected_by, said.prediction_seen) == ("audit", False)
    # Neither another forest, nor another share or goal, nor a restart.
    use_model(project, "model-2")
    every = [e.id for index in range(3) for e in project.particles.of(index)]
    project.detections.put_predictions(
        "model-2", [prediction(each, "model-2", "null") for each in every]
    )
    project.audits.share = 0.4
    project.audits.goal = "learn"
    project.audits.goal = "both"
    assert chances(project, 1) == before
    assert project.audits.hides(other)
    again = restarted(project)
    assert chances(again, 1) == before
    assert again.audits.goal == "both"
    again.close()
    # What nobody has seen follows the forest in use.
    assert list(chances(project, 2).values()) == pytest.approx([0.4] * 400)


def test_what_is_found_later_is_drawn_before_it_is_shown(folder):
    project = Project.create_or_open(folder)
    use_model(project)
    project.audits.goal = "measure"
    shown = []
    project.events.particles_changed.connect(
        lambda ids: shown.extend(map(project.audits._lots.chance, ids or ()))
    )
    hand_over(project)
    put_circles(project, GRID, MODEL)
    assert sorted(shown) == pytest.approx(sorted(draw_chances(DOUBTS, 40)))
    before = chances(project, 0)
    # Detected anew, in view by now: what is new there is drawn as all are alike.
    (new,) = put_circles(project, [Circle(80.0, 120.0, 5.0)], MODEL)
    assert project.audits._lots.chance(new) == 0.1
    hand_over(project, 1)
    put_circles(project, GRID, MODEL)
    assert set(chances(project, 1).values()) != {0.1}
    assert project._store.draws.chances().items() >= before.items()
    project.close()


def test_micrographs_with_labels_before_any_forest_stay_even(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    project.audits.goal = "measure"
    ids = put_circles(project, GRID)
    project.edits.label(ids[:3], "yes", selected_by="order")
    use_model(project)
    project.detections.put_predictions(
        MODEL, [prediction(each, MODEL, "yes") for each in ids]
    )
    assert set(chances(project, 0).values()) == {0.1}
    project.close()


def test_draws_come_first_by_turns_or_in_their_share(project):
    for goal in ("measure", "both"):
        project.audits.goal = goal
        drawn = {each for index in range(3) for each in hidden(project, index)}
        found = [each for _, each in project.review.queue()]
        assert len(found) == 1200
        n = len(drawn)
        if goal == "measure":
            assert set(found[:n]) == drawn
        else:
            assert set(found[: 2 * n : 2]) == drawn
        # In the order of lots over chances, which says nothing of the prediction.
        turns = [each for each in found if each in drawn]
        lots = [
            project.audits._lots.drawn_lot(e) / project.audits._lots.chance(e)
            for e in turns
        ]
        assert lots == sorted(lots)
    assert max(lots) < 1


def test_another_window_hides_the_same(project):
    other = Project.create_or_open(project.path)
    project.audits.goal = "measure"
    other.sync.poll()
    assert other.audits.goal == "measure"
    assert [hidden(other, at) for at in range(3)] == [
        hidden(project, at) for at in range(3)
    ]
    other.close()


def test_a_project_of_before_has_even_draws(project):
    before = [hidden(project, at) for at in range(3)]
    plan = project._store.setting("audit")
    del plan["goal"]
    project._store.set_setting("audit", plan)
    again = restarted(project)
    assert again.audits.goal == "learn"
    assert [hidden(again, at) for at in range(3)] == before
    again.close()
    with pytest.raises(ParameterError, match="no goal"):
        project.audits.goal = "win"


def test_the_estimate_weighs_each_draw_by_its_own_chance(project):
    project.audits.goal = "measure"
    for index in (1, 2):
        lots = hidden(project, index)
        project.edits.label(lots[::2], "yes", selected_by="queue")
        project.edits.label(lots[1::2], "no", selected_by="queue")
    sums, answered = np.zeros(2), []
    for index in range(3):
        for one in project.particles.of(index):
            yes, no, *_ = one.prediction.probabilities
            said = np.array([yes, yes + no])
            sums += said
            if project.audits.drawn_chance(one.id) is not None:
                answered.append(one.by_person)
    for index in (1, 2):
        for one in project.particles.of(index):
            if one.by_person:
                yes, no, *_ = one.prediction.probabilities
                weight = 1 / (one.annotation.selection_chance * np.mean(answered))
                truth = np.array([one.label == "yes", 1.0])
                sums += weight * (truth - (yes, yes + no))
    found = project.statistics.visible_defects()
    assert found.unequal_chances
    assert found.fraction == pytest.approx(sums[0] / sums[1])
