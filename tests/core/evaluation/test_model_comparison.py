from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.evaluation.model_comparison import (
    Verdict,
    flipped,
    fraction_change,
)
from napari_cdse.core.records import CLASSES, Prediction


def said(label: str, sure: float = 0.7) -> Prediction:
    rest = (1 - sure) / 3
    chances = tuple(sure if name == label else rest for name in CLASSES)
    return Prediction("p", "m", chances)


def verdict(number, old, new, judged=None, micrograph="a", sure=0.7):
    before = None if old is None else said(old)
    return Verdict(f"p{number:04d}", micrograph, said(new, sure), before, judged)


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


def test_the_difference_is_what_a_count_by_hand_gives():
    verdicts = [
        *(verdict(n, "yes", "yes") for n in range(3)),
        *(verdict(n, "no", "yes") for n in range(3, 5)),
        *(verdict(n, "no", "no") for n in range(5, 9)),
        verdict(9, "null", "no"),
    ]
    change = fraction_change(verdicts)
    assert change.old.fraction == pytest.approx(3 / 9)
    assert change.new.fraction == pytest.approx(5 / 10)
    assert change.difference == pytest.approx(5 / 10 - 3 / 9)
    low, high = change.interval_95
    assert low < change.difference < high
    assert "0.33 \u2192 0.50" in change.sentence
    assert "1 micrographs" in change.note


def test_a_persons_word_stands_whatever_the_forests_say():
    verdicts = [
        verdict(1, "yes", "no", judged="yes"),
        verdict(2, "no", "yes", judged="no"),
        verdict(3, None, "yes", judged="no"),
    ]
    change = fraction_change(verdicts)
    assert (change.old.n_yes, change.new.n_yes) == (1, 1)
    assert change.difference == 0
    assert change.interval_95 == (0, 0)
    assert "0.33 with either forest" in change.sentence


def test_what_the_old_forest_was_not_asked_is_left_out():
    change = fraction_change([verdict(1, "no", "no"), verdict(2, None, "yes")])
    assert change.new.n_yes == 0


def test_without_a_resolved_particle_there_is_a_sentence():
    change = fraction_change([verdict(1, "null", "yes")])
    assert change.difference is None
    assert "no particle resolved" in change.sentence


def test_micrographs_that_differ_widen_the_interval():
    """All flips in one of twelve micrographs: particles alone would be too sure."""
    verdicts = [
        verdict(n, "no", "yes" if n % 12 == 0 else "no", micrograph=str(n % 12))
        for n in range(240)
    ]
    change = fraction_change(verdicts)
    assert change.note == ""
    low, high = change.interval_95
    # 20 of 240 as if independent: +- 0.035; by micrograph 1 of 12: from 0 on.
    assert low == pytest.approx(0, abs=1e-9)
    assert high > 0.2


def test_the_interval_covers_what_was_drawn():
    """Projects with a known true change: about 95 % of the intervals must hold it."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(40):
        drawn = rng.random(150)
        flips = rng.random(150) < 0.1
        verdicts = [
            verdict(
                n,
                "yes" if share < 0.3 else "no",
                "yes" if share < 0.3 or flip else "no",
                micrograph=str(n % 15),
            )
            for n, (share, flip) in enumerate(zip(drawn, flips, strict=True))
        ]
        low, high = fraction_change(verdicts).interval_95
        inside += low <= 0.07 <= high
    assert inside >= 33
