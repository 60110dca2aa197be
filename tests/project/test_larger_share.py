"""A larger audit share: it draws what was never in view, and stays unbiased."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.records import Annotation, Circle, Prediction
from napari_cdse.core.review.blind_audit import audit
from napari_cdse.core.review.review_queue import BATCH, QueueItem, ordered
from napari_cdse.project import Project
from napari_cdse.project.state.audit_plan import AuditPlan, within_reach
from tests.project_tools import (
    GRID,
    MODEL,
    Heard,
    hand_over,
    prediction,
    put_circles,
    use_model,
)


@pytest.fixture
def project(analysed):
    return analysed


def hidden(project, index):
    return {
        one.id for one in project.particles.of(index) if project.audits.hides(one.id)
    }


def growing(project, before):
    """Micrographs in which more is hidden with half of all drawn."""
    project.audits.share = 0.5
    return [
        index
        for index in range(3)
        if hidden(project, index) > before[index] and len(hidden(project, index)) > 150
    ]


def drawn(project):
    return [hidden(project, index) for index in range(3)]


def test_it_holds_where_no_prediction_has_been_in_view(project):
    heard, before = Heard(project), drawn(project)
    assert growing(project, before) == [1, 2]
    assert hidden(project, 0) == before[0]
    more = sum(map(len, drawn(project))) - sum(map(len, before))
    told = f"holds for 2 of 3 micrographs and draws {more} more; in the others"
    assert told in heard.of("notice")[-1]
    project.selection.open(1)
    one = min(hidden(project, 1) - before[1])
    project.edits.label([one], "yes", selected_by="queue")
    said = project.particles.get(one).annotation
    assert (said.selected_by, said.selection_chance) == ("audit", 0.5)
    assert not said.prediction_seen


def test_a_share_that_draws_nothing_more_or_fewer_is_told(project):
    heard, before = Heard(project), drawn(project)
    for index in (1, 2):
        project.selection.open(index)
        hand_over(project, index)
    project.audits.share = 0.5
    assert drawn(project) == before
    told = "holds for new micrographs and draws no more; in the others"
    assert told in heard.of("notice")[-1]
    project.audits.share = 0.05
    fewer = sum(map(len, before)) - sum(map(len, drawn(project)))
    assert fewer > 0
    assert f"smaller share draws {fewer} fewer" in heard.of("notice")[-1]
    project.audits.share = 0.5
    assert sum(map(len, before)) - sum(map(len, drawn(project))) == fewer
    assert "draws no more" in heard.of("notice")[-1]
    # Of what was judged no draw goes, so that as many fewer come up.
    project.audits.share = 0.05
    waiting = drawn(project)
    for some in waiting:
        project.edits.label(sorted(some)[:4], "no", selected_by="queue")
    project.audits.share = 0
    fewer = sum(map(len, waiting)) - 12
    assert f"draws {fewer} fewer; what was judged" in heard.of("notice")[-1]


def test_what_was_in_view_is_remembered_and_told_between_windows(project):
    before = drawn(project)
    other = Project.create_or_open(project.path)
    other.selection.open(1)
    other.close()
    assert growing(project, before) == [2]
    again = Project.create_or_open(project.path)
    assert again.audits.share == 0.5
    assert drawn(again) == drawn(project)
    again.close()


def test_another_window_hides_at_once_what_the_larger_share_draws(project):
    other = Project.create_or_open(project.path)
    heard = Heard(other)
    project.audits.share = 0.5
    other.sync.poll()
    assert drawn(other) == drawn(project)
    assert None in heard.of("particles_changed")
    other.close()


def test_a_glance_in_the_gallery_is_one_but_not_at_what_is_hidden(project):
    before = drawn(project)
    project.audits.note_in_view(before[1])
    project.audits.note_in_view(
        {min({e.id for e in project.particles.of(2)} - before[2])}
    )
    assert growing(project, before) == [1]


def test_a_micrograph_seen_before_it_was_analysed_is_not_in_view(folder):
    project = Project.create_or_open(folder)
    use_model(project)
    for index in (0, 1, 2):
        hand_over(project, index)
    hand_over(project, 0)
    for index in range(3):
        put_circles(project, GRID, MODEL, index)
    assert growing(project, drawn(project)) == [1, 2]
    project.close()


def test_an_older_project_may_have_shown_everything(project):
    before = drawn(project)
    plan = project._store.setting("audit")
    del plan["watched"]
    project._store.set_setting("audit", plan)
    other = Project.create_or_open(project.path)
    assert growing(other, before) == []
    other.close()


def test_the_doubtful_one_that_waits_because_it_was_drawn_keeps_its_chance(project):
    rng = np.random.default_rng(0)
    while True:
        (doubtful,) = put_circles(
            project, [Circle(*rng.uniform(9, 90, 2), 5.0)], MODEL, 2
        )
        if project.audits.hides(doubtful):
            break
    project.detections.put_predictions(
        MODEL, [prediction(doubtful, MODEL, "yes", 0.26)]
    )
    # After one step in doubt's order, undrawn, it would have been in view.
    first = min({each.id for each in project.particles.current} - hidden(project, 0))
    project.edits.label([first], "no", selected_by="queue")
    assert growing(project, drawn(project)) == [1]
    project.edits.label([doubtful], "no", selected_by="queue")
    assert project.particles.get(doubtful).annotation.selection_chance == 0.1


# Errors that the estimate makes


def answers(rng, micrographs, particles):
    """Predictions, and whether they are right: the less sure, the less often."""
    found, right = [], {}
    for micrograph in range(micrographs):
        doubtful = rng.beta(2, 2)
        for number in range(particles):
            margin = 0.6 * doubtful + 0.4 * rng.random()
            name, sure = f"{micrograph}-{number}", 0.5 + margin / 2
            said = Prediction(name, MODEL, (sure, 1 - sure, 0.0, 0.0))
            place = Circle(10.0 * number, 10.0, 5.0)
            found.append(QueueItem(micrograph, name, place, said))
            right[name] = rng.random() > 0.6 * (1 - margin)
    return found, right


def reviewed(rng, items, right, steps):
    """Audit labels of who raises the share on the way, and then labels all."""
    plan = AuditPlan(str(rng.random()))
    given: dict[str, Annotation] = {}

    def queue():
        for item in items:
            lot, chance = plan.draw(item.particle_id), plan.chance(item.micrograph)
            place = lot / chance if lot < chance else None
            yield QueueItem(
                item.micrograph, item.particle_id, item.circle, item.prediction, place
            )

    def label(number):
        open_ones = [
            e for e in ordered(queue(), batch=BATCH) if e.particle_id not in given
        ]
        for item in open_ones[:number]:
            given[item.particle_id] = Annotation(
                id=item.particle_id,
                particle_id=item.particle_id,
                micrograph_id=str(item.micrograph),
                circle=item.circle,
                label="yes" if right[item.particle_id] else "no",
                origin="confirmed",
                annotator="",
                time="",
                shown=item.prediction,
                selected_by="queue" if item.draw is None else "audit",
                selection_chance=item.draw and plan.chance(item.micrograph),
            )
        return {item.micrograph for item in open_ones[:number]}

    in_view = label(steps)
    in_view |= within_reach(queue(), steps, ["uncertain"])
    plan = plan.with_share(0.5, in_view)
    label(len(items))
    return list(given.values())


@pytest.mark.parametrize("steps", [0, 20])
def test_error_rates_stay_right_when_the_share_grows_on_the_way(steps):
    rng = np.random.default_rng(0)
    errors, covered = [], []
    for _ in range(60):
        items, right = answers(rng, micrographs=40, particles=10)
        truth = float(np.mean(list(right.values())))
        found = audit(reviewed(rng, items, right, steps), MODEL).accuracy
        low, high = found.interval_95
        errors.append(found.value - truth)
        covered.append(low <= truth <= high)
    # Three standard errors; the rate on the doubtful ones alone is 0.2 off.
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert np.mean(covered) > 0.9
