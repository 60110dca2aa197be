"""Features of Bragg peaks, of families whose numbers were set by hand."""

from __future__ import annotations

from math import cos, log, radians, sin, sqrt

import numpy as np
import pytest

from napari_cdse.core.features.families import Family
from napari_cdse.core.features.peaks import best_pair, peak_features

PIXEL_NM = 0.05
NO_MARGIN = log(0.01)
"""Stands for the margin of a family that is not there."""


def family(k_per_px, angle_deg, strength, contrast):
    angle = radians(angle_deg)
    k = k_per_px * sin(angle), k_per_px * cos(angle)
    return Family(*k, strength, contrast, np.zeros((15, 15), np.complex64))


# Margins min(strength / 18, (contrast / 0.3)^2): 4, 10 / 3, 1.5 and 7 / 18.
FIRST = family(0.2, 0, 100, 0.6)
BESIDE = family(0.21, 3, 60, 0.9)
ACROSS = family(0.15, 100, 36, 0.3 * sqrt(1.5))
WEAK = family(0.25, 50, 7, 0.7)


def test_four_families_of_which_two_are_parallel():
    told = peak_features([FIRST, BESIDE, ACROSS, WEAK], PIXEL_NM)
    assert told == pytest.approx(
        {
            "strength_1": log(101),
            "strength_2": log(61),
            "strength_3": log(37),
            "strength_4": log(8),
            "contrast_1": 0.9,
            "first_margin": log(4),
            "pair_margin": log(1.5),
            "pair_strength": log(37),
            "pair_contrast": 0.3 * sqrt(1.5),
            "third_margin": log(1.5),
            "n_strong": 3,
            "n_visible": 3,
            "spacing_1": 0.25,
            "spacing_2": 1 / 3,
            "spacing_ratio": 4 / 3,
            "pair_angle": 80,
        }
    )


@pytest.mark.parametrize("others", [[], [BESIDE]])
def test_without_a_pair_its_features_say_so(others):
    told = peak_features([FIRST, *others], PIXEL_NM)
    second = 60 if others else 0
    assert told == pytest.approx(
        {
            "strength_1": log(101),
            "strength_2": log(1 + second),
            "strength_3": 0,
            "strength_4": 0,
            "contrast_1": 0.9 if others else 0.6,
            "first_margin": log(4),
            "pair_margin": NO_MARGIN,
            "pair_strength": 0,
            "pair_contrast": 0,
            "third_margin": NO_MARGIN,
            "n_strong": 1 + len(others),
            "n_visible": 1 + len(others),
            "spacing_1": 0.25,
            "spacing_2": 0,
            "spacing_ratio": 0,
            "pair_angle": 0,
        }
    )


def test_two_families_have_no_third():
    told = peak_features([ACROSS, WEAK], PIXEL_NM)
    assert told["third_margin"] == pytest.approx(NO_MARGIN)
    assert told["pair_margin"] == pytest.approx(log(7 / 18))
    assert told["pair_angle"] == pytest.approx(50)
    assert told["pair_contrast"] == pytest.approx(0.3 * sqrt(1.5))
    assert told["pair_strength"] == pytest.approx(log(8))


def test_without_any_family_nothing_stands_out():
    told = peak_features([], PIXEL_NM)
    margins = {"first_margin", "pair_margin", "third_margin"}
    assert {name for name, value in told.items() if value != 0} == margins
    assert [told[name] for name in margins] == pytest.approx([NO_MARGIN] * 3)


def test_a_family_at_the_limit_is_not_yet_strong_nor_visible():
    told = peak_features([family(0.2, 0, 8, 1.0)], PIXEL_NM)
    assert told["n_strong"] == 0
    told = peak_features([family(0.2, 0, 18, 1.0)], PIXEL_NM)
    assert (told["n_strong"], told["n_visible"]) == (1, 0)
    assert told["first_margin"] == 0


@pytest.mark.parametrize(
    ("angle_deg", "between"), [(14, 14), (16, 16), (90, 90), (164, 16), (170, 10)]
)
def test_planes_are_parallel_below_15_degrees_either_way(angle_deg, between):
    pair = family(0.2, 20, 50, 1.0), family(0.3, 20 + angle_deg, 40, 1.0)
    assert pair[0].angle_to(pair[1]) == pytest.approx(between)
    assert best_pair(list(pair)) == (pair if between >= 15 else None)


def test_the_pair_whose_weaker_member_is_clearest_is_chosen():
    assert best_pair([FIRST, BESIDE, WEAK, ACROSS]) == (FIRST, ACROSS)
    assert best_pair([WEAK, BESIDE, ACROSS]) == (BESIDE, ACROSS)
