"""The number of a project comes from how its labels were chosen."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter

import numpy as np
import pytest

from napari_cdse.core.detection.one_crystal import ONE_CRYSTAL
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.records import Candidate, Circle
from napari_cdse.core.statistics.draw_tally import draw_tallies
from napari_cdse.core.statistics.visible_defects import HALF_WIDTH
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from napari_cdse.project.components.statistics import Statistics
from napari_cdse.project.export import export
from napari_cdse.project.particle_rows import rows_of
from tests.project_tools import (
    detection,
    hand_over,
    prediction,
    put_circles,
    reopened,
    small_model,
)

GRID = [
    Circle(10.0 + 3 * n, 10.0 + 3 * m, 1.0 + n / 100)
    for n in range(20)
    for m in range(20)
]


@pytest.fixture
def project(folder):
    """Three micrographs of 400 proposals, a tenth of them drawn by lot."""
    project = Project.create_or_open(folder)
    hand_over(project)
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    for index in range(3):
        path = project.micrographs.entries[index].path
        project.micrographs.set_pixels(index, read_micrograph(path))
        put_circles(project, GRID, model.card.id, index)
    yield project
    project.close()


def drawn(project, index=0):
    particles = project.particles.of(index)
    return [one.id for one in particles if project.audits.hides(one.id)]


def free(project, index=0):
    particles = project.particles.of(index)
    return [one.id for one in particles if not project.audits.hides(one.id)]


def routes(project):
    found = [each.route for each in project.statistics.evidence()]
    return {name: found.count(name) for name in set(found)}


def test_without_labels_the_forest_has_a_share_and_the_draws_are_known(project):
    found = project.statistics.visible_defects()
    n = sum(len(drawn(project, index)) for index in range(3))
    assert (found.n_particles, found.n_micrographs) == (1200, 3)
    assert (found.n_unanswered, found.n_judged, found.n_drawn) == (n, 0, 0)
    assert found.fraction == pytest.approx(0.5)
    assert found.interval_95 is None
    assert "by the forest alone, without an interval" in found.sentence
    assert found.forests == ("small",)


def say_novel(project, odd, index=0):
    """Let the forest say of some particles that it learnt from nothing like them."""
    said = [
        dataclasses.replace(each.prediction, novelty=1.5 if each.id in odd else 0.5)
        for each in project.particles.of(index)
    ]
    project.detections.put_predictions(project.models.active_id, said)


def test_what_the_program_distrusts_is_counted_apart(project, tmp_path):
    odd = free(project)[:40]
    say_novel(project, set(odd))
    found = project.statistics.visible_defects()
    assert found.apart == {"out of range": 40}
    assert found.n_particles == 1160
    assert "40 circles are counted apart" in found.sentence
    # The queue led to some: they stand for no others, and were chosen by their doubt.
    project.edits.label(odd[:3], "yes", selected_by="queue")
    found = project.statistics.visible_defects()
    assert (found.apart, found.n_apart_judged) == ({"out of range": 40}, 3)
    assert "40 circles are counted apart (3 judged)" in found.sentence
    export(project, tmp_path / "out", include_predictions=True)
    lines = (tmp_path / "out" / "particles.csv").read_text().splitlines()
    assert sum(line.endswith(",out of range") for line in lines) == 40
    project.edits.label(odd[3:], "no", selected_by="queue")
    found = project.statistics.visible_defects()
    assert (found.apart, found.n_particles) == ({}, 1200)
    assert found.labels == {"yes": 3, "no": 37, "null": 0, "empty": 0}


@pytest.mark.parametrize("source", ["assumed", "unsure", "estimated"])
def test_circles_at_a_scale_in_doubt_or_centred_outside_are_counted_apart(
    project, source
):
    entry = project.micrographs.entries[0]
    circles = [*GRID[:50], Circle(-1.0, 50.0, 8.0), Circle(30.0, 140.0, 8.0)]
    found = [Candidate.propose(entry.id, each, "bragg", 1.0) for each in circles]
    said = [prediction(each.id, project.models.active_id, "yes", 0.9) for each in found]
    made = detection(circles, source=source)
    project.detections.put(entry.id, made, found, said)
    apart = project.statistics.visible_defects().apart
    if source == "estimated":
        assert apart == {"centre outside": 2}
    else:
        assert apart == {f"scale {source}": 52}
    # A person's scale is beyond doubt.
    project.micrographs.set_pixel_size(0.04)
    assert project.statistics.visible_defects().apart == {"centre outside": 2}


def test_draws_stand_for_others_that_the_program_distrusts_alike(project):
    """Ten judged draws of them bring all of them in, as many as they stand for."""
    lots, others = drawn(project), free(project)
    project.edits.label(lots[:9], "yes", selected_by="queue")
    say_novel(project, {*lots[:20], *others[:40]})
    found = project.statistics.visible_defects()
    assert (found.apart, found.n_drawn) == ({"out of range": 60}, 0)
    # A deleted one is judged and counted, and no table has it any more.
    project.edits.remove(lots[8:9])
    found = project.statistics.visible_defects()
    assert "60 circles are counted apart (9 judged, 1 of them by" in found.sentence
    assert found.n_apart_removed == 1
    rows = [
        row
        for entry in project.micrographs.entries
        for row in rows_of(project, entry, "m", True, project.statistics.apart())
    ]
    assert sum(row.distrust is not None for row in rows) == 60 - 1
    project.history.undo()
    project.edits.label(lots[9:10], "yes", selected_by="queue")
    found = project.statistics.visible_defects()
    assert (found.apart, found.n_particles, found.n_drawn) == ({}, 1200, 10)


def test_a_micrograph_worse_than_learnt_from_is_counted_apart(project, tmp_path):
    card = project._state.models.active_card
    learnt = dataclasses.replace(card, quality_range={"stretch": (1.0, 1.02)})
    project._store.models.replace_card(learnt)
    project.micrographs.set_pixel_size(0.04)
    table = project._state.micrographs
    for index, stretch in enumerate((1.2, 1.01)):
        quality = MicrographQuality(0.04, stretch=stretch)
        table.update(table.rows[index].key, quality=quality)
    again = reopened(project)
    assert again.statistics.visible_defects().apart == {"quality": 400}
    odd, good, unknown = again.micrographs.entries
    assert "stretched beyond what the forest has learnt from" in odd.out_of_range
    assert (good.out_of_range, unknown.out_of_range) == (None, None)
    assert unknown.quality is None
    # With another scale nothing that was told in nm holds any more.
    again.micrographs.set_pixel_size(0.05)
    assert again.statistics.visible_defects().apart == {}
    assert again.micrographs.entries[0].quality is None
    again.close()


def test_a_micrograph_that_is_one_crystal_is_counted_apart(project):
    told = json.dumps([ONE_CRYSTAL])
    project._store._database.execute(
        "UPDATE runs SET notices = ? WHERE id = "
        "(SELECT run_id FROM micrographs ORDER BY key LIMIT 1)",
        [told],
    )
    again = reopened(project)
    assert again.statistics.visible_defects().apart == {"one crystal": 400}
    again.close()


def test_each_label_counts_by_how_the_user_came_to_it(project):
    lots, others = drawn(project), free(project)
    project.edits.label(lots[:5], "yes", selected_by="queue")
    project.edits.label(lots[5:6], "no")
    project.edits.label(others[:4], "no", selected_by="queue")
    project.edits.label(others[4:7], "null", selected_by="order")
    project.edits.label(others[7:15], "yes")
    found = project.statistics.visible_defects()
    assert routes(project)["hand"] == found.n_by_hand == 8
    assert (routes(project)["queue"], routes(project)["order"]) == (4, 3)
    # Whoever judges a draw, and however: the lot had fallen before.
    assert found.n_drawn == 6
    assert found.n_judged == 13
    assert found.labels == {"yes": 5, "no": 5, "null": 3, "empty": 0}


def test_export_by_class_does_not_take_what_was_chosen_for_a_sample(project, tmp_path):
    """Who labels the defects first has labelled defects, and not found more of them."""
    for index in range(3):
        ids = [one.id for one in project.particles.of(index)]
        chosen = [each for each in free(project, index) if each in ids[::4]]
        project.edits.label(drawn(project, index), "no", selected_by="queue")
        project.edits.label(chosen, "yes")
    told = export(project, tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    defects = summary["visible_defects"]
    assert defects["n_yes"] > 1.5 * defects["n_no"]
    assert defects["n_by_hand"] == defects["n_yes"]
    assert defects["fraction"] < 0.05
    assert defects["sentence"] in "".join(told.sentences)
    assert sum(each["drawn"] for each in summary["draws"]) == defects["n_drawn"]


def test_a_draw_is_judged_as_it_was_first_and_unseen(project):
    one, *_ = drawn(project)
    project.edits.label([one], "yes", selected_by="queue")
    project.edits.label([one], "no", selected_by="queue")
    (draw,) = [
        each
        for each in project.statistics.evidence()
        if each.route == "draw" and each.judged
    ]
    assert (draw.label, draw.chance) == ("yes", 0.1)


@pytest.mark.parametrize("how", ["queue", "hand"])
def test_a_second_word_with_the_forests_in_view_leaves_the_first_of_a_draw(
    project, how
):
    """Also of a circle that was clicked at: the lot had fallen before."""
    one, other, *_ = drawn(project)
    project.edits.label([one, other], "yes", selected_by=how)
    before = project.statistics.visible_defects()
    project.edits.label([one], "no", selected_by="queue")
    assert project.particles.get(one).annotation.prediction_seen
    assert project.statistics.visible_defects() == before
    assert before.labels["yes"] == before.n_drawn == 2


def test_one_annotator_alone_has_the_number_of_all_labels(project):
    """Second thoughts, what was taken back and what was deleted included."""
    lots, others = drawn(project), free(project)
    for ids in (lots[:6], others[:6]):
        project.edits.label(ids, "yes", selected_by="queue")
        project.edits.label(ids[:2], "no", selected_by="queue")
        project.edits.remove(ids[2:3])
        project.edits.label(ids[3:4], None)
        project.edits.defer(ids[4:5])
    project.edits.label(lots[6:8], "no")
    project.edits.label(lots[6:7], "yes")
    (alone,) = project.annotators.names()
    assert project.statistics.evidence(alone) == project.statistics.evidence()


def test_a_smaller_share_hardly_changes_the_number(project):
    """What was judged at the larger one stands for as many as it did then.

    But for the few without an answer: they are weighed with others than before.
    """
    project.audits.share = 0.5
    for index, label in enumerate(("yes", "no", "no")):
        project.edits.label(drawn(project, index)[5:], label, selected_by="queue")
    before, told = project.statistics.visible_defects(), project.audits.tallies()
    assert before.n_drawn > 300
    for share in (0.05, 0):
        project.audits.share = share
        now = project.statistics.visible_defects()
        assert 0 < now.n_withdrawn <= now.n_unanswered
        assert now.fraction == pytest.approx(before.fraction, abs=0.002)
        counts = ("n_drawn", "n_draws", "n_unanswered", "n_judged", "labels")
        for name in counts:
            assert getattr(now, name) == getattr(before, name)
        assert project.audits.tallies() == told
    # Where nothing is judged any more, none is left.
    project.history.undo()
    assert not any(e.route == "draw" for e in project.statistics.evidence()[800:])


def test_a_smaller_share_withdraws_draws_where_some_were_judged(project):
    """Those of the second micrograph, judged at a half; the third begins anew."""
    project.audits.share = 0.5
    project.edits.label(drawn(project, 1)[:20], "no", selected_by="queue")
    project.audits.share = 0.1
    asked = set(drawn(project, 1))
    judged = {each.particle_id for each in project.audits.labels()}
    known = {each.particle: each for each in project.statistics.evidence()}
    second = [known[each.id] for each in project.particles.of(1)]
    draws = [each for each in second if each.route == "draw"]
    assert {each.chance for each in draws} == {0.5}
    assert {each.remaining for each in draws} == {0.2}
    assert asked == {e.particle for e in draws if not e.withdrawn} - judged
    assert 100 < sum(each.withdrawn for each in draws) < len(draws)
    third = [known[each.id] for each in project.particles.of(2)]
    assert {(each.chance, each.remaining) for each in third} == {(0.1, 1), (None, 1)}
    assert not any(each.withdrawn for each in third)
    found = project.statistics.visible_defects()
    assert found.n_withdrawn == sum(e.withdrawn and not e.judged for e in draws)


def test_rates_of_a_forest_weigh_micrographs_alike_after_a_smaller_share(project):
    """The second stands for as many as were drawn there, as the third does."""
    project.audits.share = 0.5
    first = drawn(project, 1)
    project.edits.label(first[:30], "no", selected_by="queue")
    project.audits.share = 0.1
    project.edits.label(drawn(project, 1), "no", selected_by="queue")
    lots = drawn(project, 2)
    project.edits.label(lots, "no", selected_by="queue")
    stands_for: Counter[str] = Counter()
    for each in project.audits.labels():
        stands_for[each.micrograph_id] += 1 / each.selection_chance
    ids = [each.id for each in project.micrographs.entries]
    assert stands_for[ids[1]] == pytest.approx(len(first) / 0.5)
    assert stands_for[ids[2]] == pytest.approx(len(lots) / 0.1)
    assert set(stands_for) == set(ids[1:])


def test_removed_and_deferred_draws_are_told(project):
    first, second, third, *_ = drawn(project)
    project.edits.remove([first])
    project.edits.defer([second])
    project.edits.label([third], "null", selected_by="queue")
    found = project.statistics.visible_defects()
    assert (found.n_particles, found.n_removed, found.n_skipped) == (1200, 1, 1)
    assert found.labels["empty"] == 1
    tallies = draw_tallies(project.statistics.evidence())
    assert sum(each.drawn for each in tallies) == found.n_drawn + found.n_unanswered
    assert sum(each.judged for each in tallies) == 2
    assert sum(each.removed for each in tallies) == 1
    assert sum(each.skipped for each in tallies) == 1
    assert found.draws == (
        f"2 of {found.n_draws} draws judged, 1 of them by deleting the circle (empty), "
        "1 skipped."
    )
    told = project.audits.tallies()
    assert (told.drawn, told.deleted) == (found.n_draws, 1)
    assert told.judged == {project.annotators.name: 2}
    # Deleted after all, it waits no longer.
    project.edits.remove([second])
    found = project.statistics.visible_defects()
    assert (found.n_removed, found.n_skipped, found.labels["empty"]) == (2, 0, 2)


def test_a_hand_made_project_has_its_exact_number(project, tmp_path):
    """One micrograph is left out; in each other a draw is skipped and one deleted.

    A judged draw of one in ten weighs ten, and more for those that were not answered.
    """
    for index in range(3):
        first, second, *others = drawn(project, index)
        project.edits.label(others[::2], "yes", selected_by="queue")
        project.edits.label(others[1::2], "no", selected_by="queue")
        project.edits.remove([first], selected_by="queue")
        project.edits.defer([second], selected_by="queue")
    project.exclusions.set_excluded(2, "drift")
    told = export(project, tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    defects = summary["visible_defects"]
    n = defects["n_draws"]
    assert (defects["n_drawn"], defects["n_skipped"], defects["n_removed"]) == (
        n - 2,
        2,
        2,
    )
    assert (defects["n_particles"], defects["micrographs_left_out"]) == (800, 1)
    assert defects["labels"]["empty"] == 2
    assert sum(defects["labels"].values()) == n - 2
    said, labels = project.statistics.evidence(), {"yes": (1, 1), "no": (0, 1)}
    weight = 10 * n / (n - 2)
    sums = np.zeros(2)
    for each in said:
        yes, no, *_ = each.probabilities
        sums += yes, yes + no
        if each.judged:
            sums += weight * (
                np.array(labels.get(each.label, (0, 0))) - (yes, yes + no)
            )
    assert defects["fraction"] == pytest.approx(sums[0] / sums[1])
    assert f"{n - 2} of {n} draws judged, 2 of them by deleting" in told.sentences[-1]
    (audited,) = summary["audits"]
    assert audited["accuracy"]["n"] == n - 2
    assert audited["confusion"][3] != [0, 0, 0, 0]


def test_what_was_in_view_before_there_were_lots_is_told(project):
    before = drawn(project, 1)
    project.audits.share = 0
    assert all(each.never_drawn for each in project.statistics.evidence())
    project.audits.share = 0.1
    # The first alone has been in view.
    never = [each.never_drawn for each in project.statistics.evidence()]
    assert never == 400 * [True] + 800 * [False]
    assert (drawn(project, 0), drawn(project, 1)) == ([], before)


def test_a_draw_that_was_judged_could_be_drawn_whatever_the_share_is_by_now(project):
    project.edits.label(drawn(project)[:1], "yes", selected_by="queue")
    project.audits.share = 0
    never = [each.never_drawn for each in project.statistics.evidence()]
    assert never == 400 * [False] + 800 * [True]


def test_after_a_raise_the_chance_is_that_of_by_now(project):
    # The last micrograph was never in view, and nothing was judged.
    before = project.audits.share
    (one, *_) = drawn(project, 2)
    assert project.audits.drawn_chance(one) == before
    project.audits.share = 0.5
    raised = project.audits.drawn_chance(one)
    held = project.audits.drawn_chance(drawn(project, 0)[0])
    assert (held, raised) == (0.1, 0.5)
    assert project.audits.drawn_chance(free(project, 2)[0]) is None
    chances = {each.chance for each in project.statistics.evidence()}
    assert chances == {None, 0.1, 0.5}


def test_of_what_a_forest_learnt_from_the_one_before_is_asked(project):
    ids = [one.id for one in project.particles.of(0)]
    model = small_model(1, "pupil")
    training = dataclasses.replace(
        model.training, particle_ids=np.array([*ids[:4], "a", "b", "c", "d"])
    )
    pupil = dataclasses.replace(model, training=training)
    project.models.add(pupil)
    every = [one for index in range(3) for one in project.particles.of(index)]
    project.models.keep(pupil.card.id)
    said = [prediction(one.id, pupil.card.id, "yes", 0.97) for one in every]
    project.detections.put_predictions(pupil.card.id, said)
    found = [each.probabilities for each in project.statistics.evidence()]
    sure = [told is not None and told[0] == 0.97 for told in found]
    assert not any(sure[:400])
    assert all(sure[400:])
    assert None not in found
    assert project.statistics.visible_defects().forests == ("small", "pupil")


def test_the_number_is_the_same_after_a_restart(project):
    project.edits.label(drawn(project)[:20], "yes", selected_by="queue")
    before = project.statistics.visible_defects()
    again = reopened(project)
    after = again.statistics.visible_defects()
    assert after.sentence == before.sentence
    assert after.fraction == pytest.approx(before.fraction)
    assert (after.n_drawn, after.labels) == (before.n_drawn, before.labels)
    again.close()


def test_what_was_left_out_is_no_part_of_it(project):
    project.edits.label(drawn(project, 1)[:3], "yes", selected_by="queue")
    project.exclusions.set_excluded(1, "drift")
    found = project.statistics.visible_defects()
    assert (found.n_particles, found.micrographs_left_out, found.n_drawn) == (800, 1, 0)


def steps(project):
    """Every kind of step after which the evidence may be another."""
    lots, others = drawn(project), free(project)
    edits, leave = project.edits, project.exclusions
    square = [(9.0, 9.0), (9.0, 40.0), (40.0, 40.0), (40.0, 9.0)]
    yield lambda: edits.label(lots[:4], "yes", selected_by="queue")
    yield lambda: edits.label(others[:4], "no", selected_by="queue")
    yield lambda: edits.label(lots[:1], "no", selected_by="queue")
    yield project.history.undo
    yield lambda: edits.defer(lots[4:5], selected_by="queue")
    yield lambda: edits.remove([lots[5], others[5]], selected_by="queue")
    yield lambda: leave.add_region(0, square, "ice")
    yield project.history.undo
    yield lambda: leave.set_excluded(1, "drift")
    yield project.history.undo
    yield lambda: edits.draw(Circle(60.0, 100.0, 5.0), "yes")
    yield lambda: project.micrographs.set_pixel_size(0.05)
    yield lambda: setattr(project.audits, "share", 0.5)
    yield lambda: setattr(project.audits, "goal", "measure")
    yield lambda: setattr(project.annotators, "current", "Bo")
    yield lambda: setattr(project.annotators, "hide_others", True)
    yield lambda: setattr(project.annotators, "hide_others", False)
    yield lambda: project.detections.put_predictions(
        project.models.active_id,
        [prediction(each, project.models.active_id, "empty") for each in others[:9]],
    )
    yield lambda: keep(project, small_model(1, "pupil"))


def keep(project, model):
    project.models.add(model)
    project.models.keep(model.card.id)


def test_evidence_that_was_kept_is_what_it_would_be_anew(project):
    changed = 0
    for step in steps(project):
        before = project.statistics.evidence()
        step()
        kept = project.statistics.evidence()
        parts = (project._store, project._state, project.audits, project.annotators)
        assert kept == Statistics(*parts, project.settings).evidence()
        changed += kept != before
    # All but who looks, and what they see.
    assert changed >= 14


def test_only_the_micrograph_that_was_touched_is_looked_at_again(project, monkeypatch):
    project.statistics.evidence()
    looked: list[int] = []
    find = Statistics._found_in

    def watched(self, key, *rest):
        looked.append(key)
        return find(self, key, *rest)

    monkeypatch.setattr(Statistics, "_found_in", watched)
    project.edits.label(drawn(project, 1)[:1], "yes", selected_by="queue")
    found = project.statistics.visible_defects()
    assert len(looked) == 1
    assert found.n_drawn == 1


def test_a_forest_is_barred_by_its_micrographs_too(project):
    """What it learnt from was drawn by hand and taken back: no particle knows it."""
    model = small_model(1, "pupil")
    content = project.micrographs.entries[1].id
    training = dataclasses.replace(
        model.training, micrograph_ids=np.array([content] * 4 + ["elsewhere"] * 4)
    )
    keep(project, dataclasses.replace(model, training=training))
    every = [one for index in range(3) for one in project.particles.of(index)]
    pupil = project.models.active_id
    said = [prediction(one.id, pupil, "yes", 0.97) for one in every]
    project.detections.put_predictions(pupil, said)
    sure = [each.probabilities[0] == 0.97 for each in project.statistics.evidence()]
    assert sure == [True] * 400 + [False] * 400 + [True] * 400


def test_the_width_that_is_wanted_lasts(project):
    assert project.settings.half_width == HALF_WIDTH
    project.settings.half_width = 0.1
    for wrong in (0, -0.1, 0.7, float("nan")):
        with pytest.raises(ParameterError, match="half width"):
            project.settings.half_width = wrong
    assert project.statistics.visible_defects().half_width_wanted == 0.1
    again = reopened(project)
    assert again.settings.half_width == 0.1
    again.close()
