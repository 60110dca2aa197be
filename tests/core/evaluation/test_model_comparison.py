from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.evaluation.model_comparison import (
    Verdict,
    class_changes,
    flipped,
    fraction_change,
)
from napari_cdse.core.records import CLASSES, Prediction
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.visible_defects import visible_defects


def said(label: str, sure: float = 0.7) -> Prediction:
    rest = (1 - sure) / 3
    chances = tuple(sure if name == label else rest for name in CLASSES)
    return Prediction("p", "m", chances)


def verdict(number, old, new, judged=None, micrograph="a", sure=0.7):
    before = None if old is None else said(old)
    return Verdict(f"p{number:04d}", micrograph, said(new, sure), before, judged)


def test_circles_that_were_deleted_answer_their_draws():
    drawn = [
        replace(
            verdict(n, "no", "no", micrograph=f"m{n % 6}"),
            evidence=Evidence(f"m{n % 6}", None, "no", "draw", 0.5),
        )
        for n in range(12)
    ]
    gone = [
        Evidence(f"m{n}", None, "empty", "draw", 0.5, removed=True) for n in range(6)
    ]
    change = fraction_change(drawn, deleted=gone)
    for found in (change.old, change.new):
        assert (found.n_particles, found.n_drawn, found.n_removed) == (18, 18, 6)


def test_what_flips_comes_surest_first():
    verdicts = [
        verdict(1, "yes", "no", sure=0.5),
        verdict(2, "yes", "yes"),
        verdict(3, "null", "yes", sure=0.9),
        verdict(4, None, "yes"),
        verdict(5, "yes", "no", sure=0.5),
    ]
    assert [each.particle_id for each in flipped(verdicts)] == [
        "p0003",
        "p0001",
        "p0005",
    ]


def test_changes_are_grouped_and_what_contradicts_a_person_comes_first():
    verdicts = [
        *(verdict(n, "no", "null", sure=0.9) for n in range(4)),
        verdict(10, "yes", "no", sure=0.9),
        verdict(11, "yes", "no", judged="yes", sure=0.5),
        verdict(12, "yes", "no", judged="no", sure=0.8),
        verdict(13, "no", "no", judged="yes"),
        verdict(14, None, "no", judged="yes"),
    ]
    told = class_changes(verdicts)
    assert [each.sentence for each in told] == [
        "yes \u2192 no, 3, 1 of them against your label",
        "no \u2192 null, 4",
    ]
    ids = [[one.particle_id for one in each.verdicts] for each in told]
    assert ids[0] == ["p0011", "p0010", "p0012"]
    assert ids[1] == ["p0000", "p0001", "p0002", "p0003"]
    assert class_changes([]) == ()


def expected(verdicts, which):
    told = np.array([getattr(each, which).probabilities for each in verdicts])
    return told[:, 0].sum() / told[:, :2].sum()


def test_the_shares_are_what_the_forests_expect_and_have_no_interval():
    verdicts = [
        *(verdict(n, "yes", "yes") for n in range(3)),
        *(verdict(n, "no", "yes") for n in range(3, 5)),
        *(verdict(n, "no", "no") for n in range(5, 9)),
        verdict(9, "null", "no"),
    ]
    change = fraction_change(verdicts)
    assert change.old_share == pytest.approx(expected(verdicts, "old"))
    assert change.new_share == pytest.approx(expected(verdicts, "new"))
    assert change.difference == pytest.approx(change.new_share - change.old_share)
    assert change.new.interval_95 is None
    assert "0.38 \u2192 0.50, without an interval." in change.sentence


def reviewed(micrographs=8, draws=4, rest=6, word="yes"):
    """Both forests say no of all, but the new one of the drawn ones what they are."""
    for m in range(micrographs):
        for n in range(draws + rest):
            truth = "yes" if (m + n) % 2 else "no"
            lot = n < draws
            known = Evidence(
                f"m{m}",
                label=truth if lot else None,
                route="draw" if lot else "none",
                chance=0.4 if lot else None,
            )
            yield Verdict(
                f"p{m}-{n}",
                f"m{m}",
                said(truth if lot else "no"),
                said("no"),
                truth if lot else None,
                known,
            )


def test_draws_put_both_forests_right():
    verdicts = list(reviewed())
    change = fraction_change(verdicts)
    wanted = visible_defects(
        replace(each.evidence, probabilities=each.old.probabilities)
        for each in verdicts
    )
    assert change.old.interval_95 == wanted.interval_95
    low, high = change.old.interval_95
    assert low < 0.5 < high
    assert "put right by your draws" in change.sentence


def test_a_forest_is_not_believed_of_what_it_learnt_from():
    verdicts = list(reviewed())
    learnt = {each.micrograph for each in verdicts}
    believed = fraction_change(verdicts)
    honest = fraction_change(verdicts, learned_by_new=learnt)
    # It knows the draws, so they seem to have nothing to put right.
    assert believed.new.fraction < 0.45
    assert honest.new.fraction == pytest.approx(0.5, abs=0.01)


def test_what_the_old_forest_was_not_asked_is_left_out():
    change = fraction_change([verdict(1, "no", "no"), verdict(2, None, "yes")])
    assert change.new.n_particles == 1


def test_without_a_resolved_particle_there_is_a_sentence():
    nothing = Prediction("p", "m", (0.0, 0.0, 1.0, 0.0))
    change = fraction_change([Verdict("p", "a", nothing, nothing)])
    assert change.difference is None
    assert "no particle resolved" in change.sentence
