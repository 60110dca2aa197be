"""Shares and lots of an audit, for plans written down by hand."""

import json

import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.records import Circle, Prediction
from napari_cdse.core.review.blind_audit import draw
from napari_cdse.core.review.review_queue import QueueItem
from napari_cdse.project.state.audit_plan import AuditPlan, within_reach

PLAN = AuditPlan("seed", 0.25, {3: 0.1, 4: 0.0}, True, "both")


def test_a_plan_comes_back_from_the_project_file():
    stored = json.loads(json.dumps(PLAN.as_setting()))
    assert AuditPlan.from_setting(stored) == PLAN
    del stored["goal"], stored["watched"]
    # Plans of before there were goals learn, and did not watch.
    older = AuditPlan.from_setting(stored)
    assert (older.goal, older.watched, older.held) == ("learn", False, PLAN.held)


@pytest.mark.parametrize("goal", ["learn", "both", "measure", "win"])
def test_a_goal_that_is_none_learns(goal):
    told = AuditPlan.from_setting(PLAN.as_setting() | {"goal": goal})
    assert told.goal == (goal if goal != "win" else "learn")


@pytest.mark.parametrize(
    "change",
    [
        {"held": [1]},
        {"held": {"x": 0.1}},
        {"held": {"1": None}},
        {"share": "much"},
        {"share": None},
    ],
)
def test_a_damaged_plan_draws_nothing(change):
    assert AuditPlan.from_setting(PLAN.as_setting() | change) == AuditPlan()
    for stored in (None, 5, [], {}, {"seed": "s"}):
        assert AuditPlan.from_setting(stored) == AuditPlan()
    assert AuditPlan().chance(1) == 0


def test_a_new_plan_draws_a_tenth_of_what_was_not_analysed_before():
    plan = AuditPlan.new([1, 2])
    assert (plan.chance(1), plan.chance(2), plan.chance(3)) == (0, 0, 0.1)
    assert (plan.watched, plan.goal) == (True, "learn")
    assert len(plan.seed) == 32
    assert plan.seed != AuditPlan.new([]).seed


def test_a_chance_is_that_of_the_micrograph_or_the_share():
    assert [PLAN.chance(key) for key in (3, 4, 5, None)] == [0.1, 0, 0.25, 0]


def test_what_has_been_in_view_can_only_become_smaller():
    larger = PLAN.with_share(0.5, [5])
    assert (larger.share, larger.held) == (0.5, {3: 0.1, 4: 0.0, 5: 0.25})
    smaller = larger.with_share(0.05, [])
    assert (smaller.share, smaller.held) == (0.05, {3: 0.05, 4: 0.0, 5: 0.05})
    assert (smaller.seed, smaller.goal) == ("seed", "both")


@pytest.mark.parametrize(("share", "good"), [(0, True), (1, True), (-0.01, False)])
def test_a_share_is_from_0_to_1(share, good):
    if good:
        assert PLAN.with_share(share, []).share == share
    for bad in (-0.01, 1.01, float("nan")):
        with pytest.raises(ParameterError, match="take one from 0 to 1"):
            PLAN.with_share(bad, [])


def test_another_goal_holds_the_chances_of_what_is_in_view():
    plan = PLAN.with_goal("measure", [5])
    assert (plan.goal, plan.share) == ("measure", 0.25)
    assert plan.held == {3: 0.1, 4: 0.0, 5: 0.25}
    with pytest.raises(ParameterError, match="take one of learn, both, measure"):
        PLAN.with_goal("win", [])


def test_chances_go_by_doubt_where_something_is_measured():
    assert PLAN.by_doubt
    assert not PLAN.with_goal("learn", []).by_doubt
    assert PLAN.with_goal("measure", []).by_doubt
    assert not PLAN.with_share(0, []).by_doubt
    assert not AuditPlan("", 0.25, {}, True, "both").by_doubt


def test_an_older_plan_that_begins_to_watch_holds_what_is_analysed():
    older = AuditPlan("seed", 0.25, {3: 0.1}, False)
    plan = older.watching([3, 5])
    assert plan.watched
    assert plan.held == {3: 0.1, 5: 0.25}


def test_a_lot_is_the_particles_and_the_seeds():
    assert PLAN.draw("p") == draw("seed", "p") != draw("seed", "q")
    assert 0 <= PLAN.draw("p") < 1


def items():
    """Six particles in three micrographs, each surer than the one before."""
    return [
        QueueItem(
            number // 2,
            f"p{number}",
            Circle(1.0, number, 1.0),
            Prediction(f"p{number}", "m", (0.5 + number / 20, 0.5 - number / 20, 0, 0)),
            0.5 if number == 5 else None,
        )
        for number in range(6)
    ]


@pytest.mark.parametrize(
    ("steps", "reached"), [(0, set()), (1, {0}), (2, {0}), (3, {0, 1}), (6, {0, 1, 2})]
)
def test_the_queue_reaches_the_most_doubtful_first_lots_aside(steps, reached):
    assert within_reach(items(), steps, ["uncertain"]) == reached
    assert within_reach(items(), steps, ["micrograph"]) == set()
    both = within_reach(items(), steps, ["uncertain", "confidence"])
    assert both >= reached
