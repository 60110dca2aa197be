"""What the number says of itself, and when it has no interval."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.evidence import Evidence, cross_fitted
from napari_cdse.core.statistics.intervals import MIN_DRAWS
from napari_cdse.core.statistics.sample import (
    population,
    reach,
    sample_of,
    whole_micrographs,
)
from napari_cdse.core.statistics.size_trend import size_trend
from napari_cdse.core.statistics.visible_defects import class_counts, visible_defects
from tests.populations import population as simulated
from tests.reviews import SOUND, UNSOUND

SURE_NO = (0.1, 0.8, 0.1, 0.0)
SURE_YES = (0.7, 0.2, 0.1, 0.0)


def told(micrograph, said=SURE_NO, **others):
    return Evidence(f"m{micrograph}", said, **others)


def by_draw(micrograph, label, chance=0.5, said=SURE_NO, **others):
    return told(micrograph, said, label=label, route="draw", chance=chance, **others)


def reviewed(micrographs=6, drawn=3, rest=3):
    """A draw in so many of each micrograph, every other one a defect."""
    for m in range(micrographs):
        for n in range(drawn):
            yield by_draw(m, "yes" if (m + n) % 2 else "no")
        yield from (told(m) for _ in range(rest))


def test_no_draws_of_others_tell_of_what_could_not_be_drawn():
    """Half of the micrographs were seen before there were lots."""
    seen = [told(m, never_drawn=True) for m in range(6, 12) for _ in range(6)]
    found = visible_defects([*reviewed(), *seen])
    assert found.n_drawn == 18
    assert found.interval_95 is None
    share = 6 * 6 * 0.9 / found.resolved
    assert f"in 6 micrographs with {share:.0%} of the resolved" in found.note
    assert found.outlook == ""
    assert found.brief().endswith(found.note)
    # Few of them move the number by no more than what is worth telling.
    assert visible_defects([*reviewed(), *seen[:1]]).interval_95
    # What was judged there stands for itself.
    judged = [replace(each, label="no", route="order") for each in seen]
    assert visible_defects([*reviewed(), *judged]).interval_95
    by_size = [
        replace(each, diameter_px=1 + at % 7)
        for at, each in enumerate([*reviewed(6, 20), *seen])
    ]
    assert any("could be drawn" in one.note for one in size_trend(by_size).bins)


def test_the_forest_alone_has_a_share_and_no_interval():
    found = visible_defects([told(m) for m in range(12) for _ in range(10)])
    assert found.fraction == pytest.approx(0.1 / 0.9)
    assert found.forest_fraction == pytest.approx(found.fraction)
    assert found.interval_95 is None
    assert (
        "0.11 of the resolved particles by the forest alone, without an interval"
        in (found.sentence)
    )
    assert "can't be known without particles drawn at random" in found.sentence
    assert found.outlook.startswith(f"{MIN_DRAWS} more particles drawn at random")
    # Twelve micrographs of ten hold too few particles for any draws to do that.
    assert "takes more micrographs" in found.outlook


@pytest.mark.parametrize("chance", [0.1, 0.2, 0.3])
def test_where_nothing_is_resolved_there_is_no_fraction_of_what_rounding_leaves(chance):
    """All judged, three of five by lots: as many as the order would have come to."""
    evidence = [
        told(m, label="null", route="order") if n > 2 else by_draw(m, "null", chance)
        for m in range(6)
        for n in range(5)
    ]
    assert set(sample_of(evidence).weight.tolist()) == {1.0}
    found = visible_defects(evidence)
    assert (found.fraction, found.interval_95) == (None, None)
    assert found.sentence.startswith("No particle is resolved")


def test_draws_put_the_forest_right_and_give_the_interval_of_their_micrographs():
    found = visible_defects(reviewed())
    # Closed form: sums over micrographs, their ratio, t with 5 degrees of freedom.
    sums = np.array(
        [
            sum(
                (
                    np.array([0.1, 0.9]) + 2 * (np.array([(m + n) % 2, 1]) - [0.1, 0.9])
                    for n in range(3)
                ),
                start=3 * np.array([0.1, 0.9]),
            )
            for m in range(6)
        ]
    )
    share = sums[:, 0].sum() / sums[:, 1].sum()
    parts = sums[:, 0] - share * sums[:, 1]
    spread = np.sqrt(6 / 5 * parts @ parts) / sums[:, 1].sum()
    half = stats.t.ppf(0.975, 5) * spread / (share * (1 - share))
    assert found.fraction == pytest.approx(share)
    wanted = expit(logit(share) - half), expit(logit(share) + half)
    assert found.interval_95 == pytest.approx(wanted)
    assert (found.n_particles, found.n_micrographs) == (36, 6)
    assert (found.n_judged, found.n_drawn, found.unequal_chances) == (18, 18, False)
    assert "36 circles in 6 micrographs, 18 of them judged, 18 of these drawn" in (
        found.sentence
    )


def test_below_five_micrographs_it_says_what_it_cannot_know():
    found = visible_defects(reviewed(micrographs=4))
    assert found.fraction is not None
    assert found.interval_95 is None
    assert "can't be seen in 4 micrographs; it takes 5" in found.sentence


def test_below_ten_draws_it_says_what_it_cannot_know():
    found = visible_defects(reviewed(micrographs=9, drawn=1))
    assert (found.n_drawn, found.interval_95) == (9, None)
    assert "can't be known from 9 judged draws" in found.sentence
    assert found.outlook.startswith("1 more particle drawn at random")
    assert visible_defects(reviewed(micrographs=10, drawn=1)).interval_95 is not None


def test_a_few_draws_do_not_throw_the_fraction_to_its_end():
    """Each would stand for fifty that no lot fell on."""
    rest = [told(m, said=(0.4, 0.6, 0.0, 0.0)) for m in range(6) for _ in range(20)]
    draws = [by_draw(m, "yes", 0.02, (0.4, 0.6, 0.0, 0.0)) for m in range(2)]
    found = visible_defects([*rest, *draws])
    assert found.interval_95 is None
    assert found.fraction == pytest.approx((0.4 * 120 + 2) / 122)
    # With as many as it takes for an interval they stand for the others.
    draws = [by_draw(m % 6, "yes", 0.02, (0.4, 0.6, 0.0, 0.0)) for m in range(12)]
    found = visible_defects([*rest, *draws])
    assert found.interval_95 is not None
    assert found.fraction > 0.9


def test_one_micrograph_says_so_and_goes_into_json():
    found = visible_defects([told(0), told(0, label="yes", route="queue")])
    assert "seen in 1 micrograph; it takes 5" in found.note
    assert found.outlook == ""
    assert found.design_effect is None
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["variance"] is None


def test_what_was_judged_as_a_whole_needs_neither_forest_nor_draws():
    labels = ["yes", "no", "no", "null", "empty"]
    evidence = [
        Evidence(f"m{m}", label=label, route="hand")
        for m in range(8)
        for label in labels[m % 2 :]
    ]
    found = visible_defects(evidence)
    assert found.fraction == pytest.approx(4 / 20)
    assert found.interval_95 is not None
    assert found.n_by_hand == 0
    assert found.labels == {"yes": 4, "no": 16, "null": 8, "empty": 8}


def test_labels_chosen_by_hand_do_not_move_the_number():
    others = [told(m) for m in range(6)]
    without = visible_defects([*reviewed(), *others])
    chosen = [told(m, label="yes", route="hand") for m in range(6)]
    with_them = visible_defects([*reviewed(), *chosen])
    assert with_them.n_by_hand == 6
    assert with_them.fraction == without.fraction
    assert with_them.interval_95 == without.interval_95


def test_a_micrograph_with_one_left_for_later_was_gone_through():
    seen = [told(0, label="no", route="order"), told(0, label="yes", route="hand")]
    assert whole_micrographs([*seen, told(0, deferred=True)]) == {"m0"}
    assert whole_micrographs([*seen, told(0)]) == frozenset()
    # Lots alone make no whole.
    assert whole_micrographs([by_draw(0, "yes"), by_draw(0, "no")]) == frozenset()


def test_circles_of_people_count_where_all_was_judged():
    own = Evidence("m0", label="yes", route="hand", proposed=False)
    assert population([own, told(0)]) == [told(0)]
    whole = [own, told(0, label="no", route="order")]
    assert population(whole) == whole
    assert visible_defects([own, told(0)]).n_outside == 1


def test_draws_without_an_answer_are_stood_for_by_the_others():
    answered = [by_draw(m, "yes") for m in range(10)]
    silent = [by_draw(m, None, deferred=m < 3) for m in range(10)]
    rest = [told(m) for m in range(10) for _ in range(4)]
    found = visible_defects([*answered, *silent, *rest])
    assert (found.n_unanswered, found.n_skipped) == (10, 3)
    sample = sample_of([*answered, *silent, *rest])
    # Half of those drawn at a half: each answer stands for four.
    assert sample.weight[:10] == pytest.approx(np.full(10, 4.0))
    assert sample.weight[10:] == pytest.approx(np.zeros(50))


def test_a_drawn_circle_that_was_removed_is_no_particle():
    with_it = [*reviewed(), by_draw(0, "empty", removed=True)]
    found = visible_defects(with_it)
    assert found.n_removed == 1
    assert found.labels["empty"] == 1


def test_a_draw_that_the_queue_reached_too_stands_for_itself():
    sharp = [told(0, (0.45, 0.45, 0.1, 0.0), label="no", route="queue")] * 20
    dull = [told(0, (0.0, 0.9, 0.1, 0.0))] * 20
    draws = [by_draw(0, "yes", 0.2, each[0].probabilities) for each in (sharp, dull)]
    evidence = [*draws, *sharp, *dull]
    found = reach(evidence, np.zeros(len(evidence), int))
    assert found[:2] == pytest.approx([1, 0])
    assert sample_of(evidence).weight[:2] == pytest.approx([1, 5])
    known = [replace(draws[0], reach=0.0), *evidence[1:]]
    assert sample_of(known).weight[0] == pytest.approx(5)


def test_an_order_by_place_is_known_by_micrograph():
    seen = [told(0, label="no", route="order")] * 3 + [told(0)]
    unseen = [told(1)] * 4
    draws = [by_draw(0, "yes", 0.5), by_draw(1, "yes", 0.5)]
    weight = sample_of([*draws, *seen, *unseen]).weight
    assert weight[0] == pytest.approx((1 - 0.5 * 0.75) / 0.5)
    assert weight[1] == pytest.approx(2)


def test_a_forest_is_not_asked_of_what_it_learnt_from():
    evidence = [told(0, SURE_YES), told(1), told(2)]
    barred = cross_fitted(evidence, {"m0"})
    assert barred[0].probabilities is None
    assert barred[0].queue_doubt == pytest.approx(evidence[0].queue_doubt)
    assert barred[1:] == evidence[1:]
    # In its place stands what is said of the others.
    assert sample_of(barred).predicted[0] == pytest.approx([0.1, 0.9])


def test_a_forest_that_learnt_its_draws_would_be_believed_and_is_not():
    """It says of each draw what the person said: nothing seems to be put right."""
    learnt = [
        replace(each, probabilities=(1.0, 0, 0, 0) if each.label == "yes" else SURE_NO)
        for each in reviewed(micrographs=8)
    ]
    believed = visible_defects(learnt)
    honest = visible_defects(cross_fitted(learnt, {f"m{m}" for m in range(8)}))
    assert honest.fraction == pytest.approx(0.5)
    assert honest.interval_95[0] < 0.5 < honest.interval_95[1]
    assert believed.fraction < honest.fraction


def test_a_draw_needs_its_chance():
    with pytest.raises(ValueError, match="chance"):
        told(0, route="draw")


def test_nothing_resolved_has_no_fraction():
    nothing = visible_defects([])
    assert (nothing.fraction, nothing.interval_95) == (None, None)
    assert "no defect fraction" in nothing.sentence
    empty = visible_defects([Evidence("m", (0.0, 0.0, 1.0, 0.0))])
    assert empty.fraction is None


def test_a_draw_judged_in_view_moves_the_number_no_more_than_one_left_for_later():
    plain = list(reviewed())
    later = visible_defects([*plain, by_draw(0, None), by_draw(1, None)])
    seen = [by_draw(m, "yes", in_view=True) for m in (0, 1)]
    found = visible_defects([*plain, *seen])
    assert found.fraction == pytest.approx(later.fraction)
    assert found.interval_95 == pytest.approx(later.interval_95)
    assert found.fraction != pytest.approx(
        visible_defects([*plain, by_draw(0, "yes"), by_draw(1, "yes")]).fraction
    )
    # In a micrograph that was judged as a whole each label stands for itself.
    whole = [*(told(9, label="no", route="queue") for _ in range(3))]
    without = visible_defects([*plain, *whole, by_draw(9, "no", in_view=True)])
    with_it = visible_defects([*plain, *whole, by_draw(9, "yes", in_view=True)])
    assert with_it.labels["yes"] == without.labels["yes"] + 1
    assert with_it.fraction > without.fraction


def test_the_outlook_counts_the_draws_that_are_missing():
    rng = np.random.default_rng(4)
    evidence = []
    for m in range(30):
        for _ in range(30):
            label = "yes" if rng.random() < 0.5 else "no"
            lot = rng.random() < 0.1
            evidence.append(by_draw(m, label, 0.1) if lot else told(m))
    found = visible_defects(evidence)
    total = found.draws_for(0.05)
    assert found.n_drawn < total < found.n_particles
    assert f"About {total - found.n_drawn} more judged draws" in found.outlook
    # So many at the same variance give an interval about that wide.
    ratio = found.n_drawn / found.draws_for(found.half_width_95)
    assert ratio == pytest.approx(1, abs=0.15)
    assert found.draws_for(0.001) is None
    # The line of the window: number, interval, draws, and what more it takes.
    low, high = found.interval_95
    n = found.n_drawn
    assert found.brief(0.05) == (
        f"Visible defects {found.fraction:.2f} ({low:.2f} to {high:.2f}); {n} of {n} "
        f"draws judged. About {total - n} more judged draws would bring it to within "
        "0.05. A larger share draws more of what is unseen."
    )
    assert not found.reaches(0.05)
    assert found.reaches(0.3)
    assert found.brief(0.3).endswith("It is known to within 0.3.")
    fewer = found.draws_for(0.06) - n
    assert f"About {fewer} more judged draws would bring it to within 0.06" in (
        found.brief(0.06)
    )
    # Where enough of them wait for a label, there is nothing else to do.
    waiting = [by_draw(m, None, 0.1) for m in range(30) for _ in range(30)]
    assert "larger share" not in visible_defects([*evidence, *waiting]).brief(0.05)


def test_a_little_narrower_takes_one_draw_more():
    rng = np.random.default_rng(1)
    evidence = [
        by_draw(m, "yes" if rng.random() < 0.3 else "no", 0.5) if lot else told(m)
        for m in range(12)
        for lot in rng.random(20) < 0.5
    ]
    found = visible_defects(evidence)
    wanted = found.half_width_95 * 0.999
    assert found.draws_for(wanted) == found.n_drawn + 1
    assert found.outlook_to(wanted).startswith("About 1 more judged draw would bring")


def test_no_number_of_draws_makes_an_interval_of_no_width():
    """All micrographs alike and judged: nothing varies, and still none is promised."""
    found = visible_defects(
        Evidence(f"m{m}", label=label, route="file")
        for m in range(6)
        for label in ("yes", "no")
    )
    assert found.variance == pytest.approx(0)
    assert found.draws_for(0.0) is None


def test_the_line_says_what_it_cannot_know():
    few = visible_defects(reviewed(micrographs=4))
    assert few.brief().endswith(
        "no interval; 12 of 12 draws judged. It takes 5 micrographs to know how they "
        "differ."
    )
    assert not few.reaches(0.5)
    unsure = visible_defects(reviewed(micrographs=9, drawn=1)).brief()
    assert unsure.endswith(
        "no interval; 9 of 9 draws judged. 1 more judged draw would give one. "
        "A larger share draws more of what is unseen."
    )
    assert "no particle is resolved" in visible_defects([]).brief()


def test_it_goes_into_json():
    found = visible_defects(reviewed(), forests=("shipped",), micrographs_left_out=2)
    again = json.loads(json.dumps(found.as_dict()))
    assert again["fraction"] == found.fraction
    assert again["forests"] == ["shipped"]
    assert again["micrographs_left_out"] == 2
    assert set(again["labels"]) == set(CLASSES)
    assert again["sentence"] == found.sentence


@pytest.mark.parametrize("name", sorted(SOUND))
def test_reviews_of_all_kinds_hold_the_truth(name):
    """A small cell of ``python -m tests.benchmarks coverage``."""
    rng = np.random.default_rng(11)
    covered, fractions = 0, []
    for _ in range(40):
        found = visible_defects(
            SOUND[name](rng, simulated(rng, 0.3, 0.1, 20, "biased"))
        )
        low, high = found.interval_95
        covered += low <= 0.3 <= high
        fractions.append(found.fraction)
    assert covered >= 34
    error = np.std(fractions) / np.sqrt(len(fractions))
    assert abs(np.mean(fractions) - 0.3) < 3.5 * error + 0.01


def test_a_forest_that_is_believed_of_what_it_learnt_loses_the_truth():
    rng = np.random.default_rng(11)
    review = UNSOUND["learnt, and believed"]
    covered = 0
    for _ in range(20):
        found = visible_defects(review(rng, simulated(rng, 0.3, 0.1, 20, "biased")))
        low, high = found.interval_95
        covered += low <= 0.3 <= high
    assert covered < 14


def test_class_counts_name_every_class():
    labels = ["yes", None, "null", "yes"]
    assert class_counts(labels) == {"yes": 2, "no": 0, "null": 1, "empty": 0}
