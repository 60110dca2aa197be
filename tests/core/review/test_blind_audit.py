"""Error rates come from audits alone, and are right where the truth is known."""

import itertools

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.records import CLASSES, Annotation, Circle, Prediction
from napari_cdse.core.review.blind_audit import MIN_AUDITED, audit, audits, draw
from napari_cdse.core.statistics.intervals import wilson_interval

NUMBERS = itertools.count()


def said(label, model="forest"):
    chances = tuple(0.7 if each == label else 0.1 for each in CLASSES)
    return Prediction("p", model, chances)


def labelled(truth, shown, chance=0.1, model="forest", **others):
    values = {"selected_by": "audit", "selection_chance": chance} | others
    number = next(NUMBERS)
    micrograph = values.pop("micrograph", f"m{number % 8}")
    return Annotation(
        id=f"a{number}",
        particle_id=f"p{number}",
        micrograph_id=micrograph,
        circle=Circle(0.0, 0.0, 5.0),
        label=truth,
        origin="confirmed",
        annotator="Ada",
        time=f"2026-01-01T00:00:{number:06}",
        shown=None if shown is None else said(shown, model),
        **values,
    )


def test_accuracy_recall_and_precision_of_a_known_table():
    annotations = [
        *(labelled("yes", "yes") for _ in range(12)),
        *(labelled("yes", "no") for _ in range(4)),
        *(labelled("no", "no") for _ in range(8)),
        *(labelled("null", "no") for _ in range(2)),
    ]
    found = audit(annotations, "forest")
    assert found.accuracy.value == pytest.approx(20 / 26)
    low, high = found.accuracy.interval_95
    assert found.recall["yes"].value == pytest.approx(12 / 16)
    assert found.precision["no"].value == pytest.approx(8 / 14)
    assert found.confusion == ((12, 4, 0, 0), (0, 8, 0, 0), (0, 2, 0, 0), (0, 0, 0, 0))
    # Two particles are no rate, and none at all neither.
    assert (found.recall["null"].n, found.recall["null"].value) == (2, None)
    assert (found.recall["empty"].n, found.recall["empty"].value) == (0, None)
    assert f"0.77 ({low:.2f} to {high:.2f}, 95 %) of 26 particles" in found.sentence


def test_the_interval_is_that_of_as_many_independent_particles():
    """Ten micrographs of four: half of them with two mistakes, the others with none."""
    annotations = [
        labelled("yes", "no" if m % 2 and n < 2 else "yes", micrograph=f"m{m}")
        for m in range(10)
        for n in range(4)
    ]
    found = audit(annotations, "forest").accuracy
    assert found.value == pytest.approx(0.75)
    variance = 10 / 9 * 10 * (1 / 40) ** 2
    t = stats.t.ppf(0.975, 9)
    n = 0.75 * 0.25 / variance * (stats.norm.ppf(0.975) / t) ** 2
    assert found.interval_95 == pytest.approx(wilson_interval(0.75 * n, n))


def test_likeness_within_micrographs_widens_the_interval():
    alike, mixed = (
        audit(
            [
                labelled(
                    "yes",
                    "yes" if (n // 8 if by else n) % 3 else "no",
                    micrograph=f"m{n // 8}",
                )
                for n in range(96)
            ],
            "forest",
        ).accuracy
        for by in (True, False)
    )
    assert alike.value == pytest.approx(mixed.value, abs=0.01)
    assert np.ptp(alike.interval_95) > 2 * np.ptp(mixed.interval_95)


def test_few_micrographs_have_a_rate_and_no_interval():
    found = audit(
        [labelled("yes", "yes", micrograph=f"m{n % 4}") for n in range(40)], "forest"
    )
    assert (found.accuracy.value, found.accuracy.interval_95) == (1.0, None)
    assert "right in 1.00 of 40 particles" in found.sentence
    assert "they lie in 4" in found.sentence


def test_only_labels_given_unseen_after_a_draw_count():
    good = labelled("yes", "yes")
    bad = [
        labelled("yes", "yes", selected_by="queue"),
        labelled("yes", "yes", selected_by="hand", selection_chance=None),
        labelled("yes", "yes", prediction_seen=True),
        labelled("yes", "yes", chance=None),
        labelled("yes", None),
        labelled(None, "yes"),
    ]
    found = audit([good, *bad], "forest")
    assert found.accuracy.n == 1


def test_too_few_are_a_sentence_and_no_number():
    found = audit([labelled("yes", "yes") for _ in range(MIN_AUDITED - 1)], "forest")
    assert found.accuracy.value is None
    assert found.accuracy.interval_95 is None
    assert "19 of at least 20" in found.sentence


def test_each_forest_has_its_own():
    annotations = [labelled("yes", "no", model="old") for _ in range(25)]
    annotations += [labelled("yes", "yes", model="new") for _ in range(25)]
    first, second = audits(annotations)
    assert (first.model_id, first.accuracy.value) == ("old", 0.0)
    assert (second.model_id, second.accuracy.value) == ("new", 1.0)
    assert audits([]) == ()


def test_different_chances_are_weighed_and_the_interval_covers_the_truth():
    """Half of the population is drawn five times as often, and easier."""
    rng = np.random.default_rng(5)
    easy = rng.random(2000) < 0.95
    hard = rng.random(2000) < 0.55
    truth = np.concatenate([easy, hard]).mean()
    covered, values, plain = 0, [], []
    for _ in range(200):
        annotations = [
            labelled("yes", "yes" if right else "no", chance)
            for rights, chance in ((easy, 0.1), (hard, 0.02))
            for right in rights[rng.random(2000) < chance]
        ]
        found = audit(annotations, "forest").accuracy
        values.append(found.value)
        plain.append(np.mean([a.shown.label == "yes" for a in annotations]))
        covered += found.interval_95[0] <= truth <= found.interval_95[1]
    assert np.mean(values) == pytest.approx(truth, abs=0.01)
    assert abs(np.mean(plain) - truth) > 0.1
    assert covered / 200 > 0.93


def test_lots_are_even_and_the_same_for_ever():
    lots = np.array([draw("seed", f"p{n}") for n in range(20_000)])
    assert lots.min() >= 0
    assert lots.max() < 1
    counts, _ = np.histogram(lots, 10, (0, 1))
    assert np.abs(counts - 2000).max() < 200
    assert draw("seed", "p7") == lots[7] == pytest.approx(0.433008899)
    others = np.array([draw("another", f"p{n}") for n in range(20_000)])
    assert abs(np.corrcoef(lots, others)[0, 1]) < 0.03


def test_a_forest_without_a_mistake_has_the_interval_of_so_many_particles():
    """Equal chances: forty particles, less what eight micrographs leave open."""
    found = audit(
        [labelled("no", "no", micrograph=f"m{n % 8}") for n in range(40)], "forest"
    )
    effective = 40 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 7)) ** 2
    assert found.accuracy.interval_95 == pytest.approx(
        wilson_interval(effective, effective)
    )
    # Unequal ones tell as much as fewer (Kish): (sum of weights)^2 / sum of squares.
    uneven = [
        labelled("no", "no", 0.1 if n % 2 else 0.3, micrograph=f"m{n % 8}")
        for n in range(40)
    ]
    weights = [10.0, 10 / 3] * 20
    fewer = effective / 40 * sum(weights) ** 2 / sum(w * w for w in weights)
    assert audit(uneven, "forest").accuracy.interval_95 == pytest.approx(
        wilson_interval(fewer, fewer)
    )


def test_no_mistake_is_no_mistake_at_whatever_chances():
    """Sums of odd weights round; the share of all of them is 1 nevertheless."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        chances = rng.uniform(0.03, 0.4, 30)
        found = audit(
            [
                labelled("no", "no", float(each), micrograph=f"m{n % 8}")
                for n, each in enumerate(chances)
            ],
            "forest",
        )
        assert found.accuracy.value == found.recall["no"].value == 1
        fewer = (1 / chances).sum() ** 2 / (1 / chances**2).sum()
        fewer *= (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 7)) ** 2
        assert found.accuracy.interval_95 == pytest.approx(
            wilson_interval(fewer, fewer)
        )


def test_an_interval_takes_five_micrographs():
    def found(micrographs):
        some = [
            labelled("no", "no", micrograph=f"m{n % micrographs}") for n in range(40)
        ]
        return audit(some, "forest")

    assert found(5).accuracy.interval_95 is not None
    assert found(4).accuracy.interval_95 is None
    assert "in 5 micrographs; they lie in 4." in found(4).note
