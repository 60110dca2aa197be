"""What a card says of the micrographs that were learnt from, and what is worse."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import content_id, fit
from napari_cdse.core.classifier.novelty import out_of_range
from napari_cdse.core.classifier.quality_range import (
    FEWEST_MICROGRAPHS,
    TOLERANCE,
    joined_range,
    quality_range,
    worse_than_learnt,
)
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.params import ForestParams
from tests.tables import drawn_set

GOOD = MicrographQuality(
    pixel_size_nm=0.04,
    information_limit_nm=0.2,
    signal_to_noise=2.0,
    sharpness_per_px=0.22,
    white_noise=0.05,
    stretch=1.004,
    clipped=0.0003,
    flatness=1.002,
    patchiness=0.83,
    ties=0.002,
)
LEARNT = {
    "information_limit_nm": (0.12, 0.25),
    "signal_to_noise": (0.9, 60.0),
    "sharpness_per_px": (0.17, 0.34),
    "white_noise": (0.003, 0.13),
    "stretch": (1.0, 1.02),
    "clipped": (0.0, 0.001),
    "flatness": (0.98, 1.01),
    "patchiness": (0.75, 1.02),
    "ties": (0.0, 0.003),
}


@pytest.fixture(scope="module")
def model():
    params = ForestParams(trees=3, copies=0)
    return fit(drawn_set(20, 3, copies=0), params, quality_range=LEARNT)


@pytest.mark.parametrize(
    ("worse", "says"),
    [
        (
            {"information_limit_nm": 0.31},
            "It is blurred beyond what the forest has learnt from: information limit, "
            "in nm, 0.31, learnt 0.12 to 0.25.",
        ),
        (
            {"signal_to_noise": 0.5},
            "It is noisier beyond what the forest has learnt from: signal to noise of "
            "the support 0.5, learnt 0.9 to 60.",
        ),
        (
            {"sharpness_per_px": 0.13},
            "It is blurred or enlarged beyond what the forest has learnt from: "
            "sharpness, in 1/px, 0.13, learnt 0.17 to 0.34.",
        ),
        (
            {"white_noise": 0.3},
            "It is noisier beyond what the forest has learnt from: share of white "
            "noise 0.30, learnt 0.00 to 0.13.",
        ),
        (
            {"stretch": 1.1},
            "It is stretched beyond what the forest has learnt from: stretch 1.10, "
            "learnt 1.00 to 1.02.",
        ),
        (
            {"clipped": 0.0301},
            "It is clipped to black or white beyond what the forest has learnt from: "
            "share of clipped pixels 0.03, learnt 0.00 to 0.00. Open it as it was "
            "before its contrast was stretched, if you have it.",
        ),
        (
            {"flatness": 0.31},
            "It is filtered beyond what the forest has learnt from: flatness of its "
            "spectrum 0.31, learnt 0.98 to 1.01. Open it as it was before it was "
            "filtered, if you have it.",
        ),
        (
            {"patchiness": 1.4, "flatness": 0.3},
            "learnt 0.98 to 1.01; denoised beyond what the forest has learnt from: "
            "patchiness of its noise 1.40, learnt 0.75 to 1.02. Open it as it was "
            "before it was filtered, if you have it.",
        ),
        (
            {"ties": 0.0601},
            "It is smoothed by a median filter or enlarged with repeated pixels beyond "
            "what the forest has learnt from: share of tied pixels 0.06, learnt 0.00 "
            "to 0.00. Open it as it was before it was filtered, if you have it.",
        ),
        ({"stretch": 1.1, "white_noise": 0.3}, "to 0.13; stretched beyond"),
        # A tenth of what it exceeds 1 by, and little more.
        ({"stretch": 1.0221}, "stretch 1.02, learnt 1.00 to 1.02"),
    ],
)
def test_a_micrograph_worse_than_all_that_was_learnt_from_is_named(model, worse, says):
    told = worse_than_learnt(model.card, replace(GOOD, **worse))
    assert says in told
    assert told in out_of_range(model.card, 0.04, [0.5], replace(GOOD, **worse))


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"information_limit_nm": 0.1, "signal_to_noise": 900.0, "white_noise": 0.0},
        {"sharpness_per_px": 0.5, "stretch": 1.0},
        {"information_limit_nm": None, "stretch": None, "clipped": None},
        # More than any that was learnt from, and no harm.
        {"clipped": 0.03},
        {"flatness": 0.88},
        {"flatness": None, "patchiness": None, "ties": None},
        {"ties": 0.06},
        {"patchiness": 1.1},
        # A tenth beyond, to the digit.
        {"information_limit_nm": 0.25 * (1 + TOLERANCE)},
        {"sharpness_per_px": 0.17 * (1 - TOLERANCE)},
        # A stretch counts from 1, or a tenth more would be no limit.
        {"stretch": 1.0219},
    ],
)
def test_what_is_better_unknown_or_nearly_inside_is_not(model, other):
    assert worse_than_learnt(model.card, replace(GOOD, **other)) is None


def test_a_card_that_says_nothing_and_a_micrograph_that_tells_nothing(model):
    silent = replace(model.card, quality_range=None)
    assert worse_than_learnt(silent, replace(GOOD, stretch=2.0)) is None
    assert worse_than_learnt(model.card, None) is None


def test_a_card_older_than_a_figure_has_learnt_from_nothing_clipped(model):
    older = {name: each for name, each in LEARNT.items() if name != "clipped"}
    card = replace(model.card, quality_range=older)
    assert worse_than_learnt(card, replace(GOOD, clipped=0.03)) is None
    assert "0.08, learnt 0.00" in worse_than_learnt(card, replace(GOOD, clipped=0.08))
    wide = replace(card, quality_range={**older, "clipped": (0.0, 0.1)})
    assert worse_than_learnt(wide, replace(GOOD, clipped=0.1099)) is None
    assert worse_than_learnt(wide, replace(GOOD, clipped=0.1101)) is not None


def test_a_card_older_than_a_figure_has_learnt_from_nothing_filtered(model):
    older = {name: each for name, each in LEARNT.items() if name != "flatness"}
    card = replace(model.card, quality_range=older)
    assert worse_than_learnt(card, replace(GOOD, flatness=0.9)) is None
    assert "0.85, learnt 1.00" in worse_than_learnt(card, replace(GOOD, flatness=0.85))
    bare = {name: each for name, each in older.items() if name != "patchiness"}
    card = replace(model.card, quality_range=bare)
    assert worse_than_learnt(card, replace(GOOD, patchiness=1.06)) is None
    assert "learnt 0.70" in worse_than_learnt(card, replace(GOOD, patchiness=1.061))
    bare = {name: each for name, each in older.items() if name != "ties"}
    card = replace(model.card, quality_range=bare)
    assert worse_than_learnt(card, replace(GOOD, ties=0.06)) is None
    assert "learnt 0.00 to 0.00" in worse_than_learnt(card, replace(GOOD, ties=0.061))
    wide = replace(card, quality_range={**older, "flatness": (0.01, 1.0)})
    assert worse_than_learnt(wide, replace(GOOD, flatness=0.0091)) is None
    assert worse_than_learnt(wide, replace(GOOD, flatness=0.0089)) is not None


def test_who_retrains_such_a_card_keeps_what_it_has_learnt_from(model):
    older = {
        name: each
        for name, each in LEARNT.items()
        if name not in ("flatness", "clipped")
    }
    card = replace(model.card, quality_range=older)
    found = joined_range([replace(GOOD, flatness=0.02, clipped=0.2)], card)
    assert found["flatness"] == (0.02, 1.0)
    assert found["clipped"] == (0.0, 0.2)


def test_a_range_takes_as_many_micrographs_as_tell_one_in_a_hundred():
    many = [
        replace(GOOD, stretch=1 + at / 1e4, white_noise=None)
        for at in range(FEWEST_MICROGRAPHS)
    ]
    found = quality_range(many)
    assert found["stretch"] == (1.0, 1.0099)
    assert "white_noise" not in found
    assert quality_range(many[1:]) is None
    # Enough that were saved, but not of those whose spectrum tells.
    many[0] = MicrographQuality(
        0.04, clipped=0.002, flatness=0.99, patchiness=0.9, ties=0.001
    )
    assert quality_range(many) == {
        "clipped": (0.0003, 0.002),
        "flatness": (0.99, 1.002),
        "patchiness": (0.83, 0.9),
        "ties": (0.001, 0.002),
    }


def test_own_micrographs_widen_the_range_of_the_forest_below(model):
    own = [replace(GOOD, stretch=1.3)]
    found = joined_range(own, model.card)
    assert found == LEARNT | {"stretch": (1.0, 1.3)}
    # Nobody knows what that one learnt from, so nobody knows what is beyond.
    unknown = replace(model.card, quality_range=None)
    assert joined_range(own * FEWEST_MICROGRAPHS, unknown) is None
    assert joined_range(own, None) is None


def test_of_clipped_and_filtered_micrographs_only_that_counts(model):
    own = [
        replace(GOOD, stretch=1.3, white_noise=0.4, clipped=0.14),
        replace(GOOD, stretch=1.03, clipped=0.03),
        replace(GOOD, stretch=1.03, clipped=None, flatness=None),
        replace(GOOD, stretch=1.4, white_noise=0.5, flatness=0.2),
        replace(GOOD, stretch=1.5, sharpness_per_px=0.01, patchiness=1.3),
        replace(GOOD, stretch=1.6, white_noise=0.0, ties=0.12),
        replace(GOOD, stretch=1.02, flatness=0.9, patchiness=1.06, ties=0.06),
    ]
    found = joined_range(own, model.card)
    assert found == LEARNT | {
        "stretch": (1.0, 1.03),
        "clipped": (0.0, 0.14),
        "flatness": (0.2, 1.01),
        "patchiness": (0.75, 1.3),
        "ties": (0.0, 0.12),
    }


def test_micrographs_of_the_same_kind_are_rarely_called_worse():
    """By each figure one in n + 1 without the tolerance, and fewer with it."""
    rng = np.random.default_rng(0)
    drawn = np.exp(rng.normal(0, 0.15, size=(4000, 5)))
    figures = [
        MicrographQuality(0.04, 0.2 * a, 2 * b, 0.22 * c, 0.05 * d, stretch=1 + e / 99)
        for a, b, c, d, e in drawn
    ]
    card = replace(
        fit(drawn_set(20, 3, copies=0), ForestParams(trees=3, copies=0)).card,
        quality_range=quality_range(figures[:400]),
    )
    marked = [worse_than_learnt(card, one) is not None for one in figures[400:]]
    assert np.mean(marked) < 0.01


def test_the_range_is_no_part_of_what_a_model_is(model):
    silent = replace(model.card, quality_range=None)
    assert content_id(silent, model.forest) == model.card.id
