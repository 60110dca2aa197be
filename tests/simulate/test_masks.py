"""Footprints of dots whose size and place are known."""

import math

import numpy as np
import pytest

from napari_cdse.simulate import masks

RNG = np.random.default_rng(0)
BALL = RNG.uniform(-2, 2, size=(20000, 3))
BALL = BALL[np.linalg.norm(BALL, axis=1) < 2.0]


def test_a_ball_throws_a_disk():
    print_ = masks.footprint(BALL, 0.04, 160, (200.5, 80.25))
    assert print_.radius_px == pytest.approx(50, abs=3)
    assert print_.centre == pytest.approx((200.5, 80.25), abs=0.6)
    assert print_.area_px == pytest.approx(math.pi * print_.radius_px**2)


def test_the_border_cuts():
    print_ = masks.footprint(BALL, 0.04, 160, (0.0, 80.0))
    assert print_.visible_fraction((400, 400)) == pytest.approx(0.5, abs=0.02)
    mask = masks.instance_mask([print_], (400, 400))
    assert mask.sum() == pytest.approx(print_.area_px / 2, rel=0.03)


def test_overlap_is_what_two_share():
    one = masks.footprint(BALL, 0.04, 160, (100, 100))
    far = masks.footprint(BALL, 0.04, 160, (100, 300))
    near = masks.footprint(BALL, 0.04, 160, (100, 150))
    assert masks.overlap_fractions([one, far]) == [0, 0]
    shared = masks.overlap_fractions([one, near, far])
    assert shared[0] == pytest.approx(0.4, abs=0.05)  # two disks one radius apart
    assert shared[2] == 0
    mask = masks.instance_mask([one, near, far], (400, 400))
    assert set(np.unique(mask)) == {0, 1, 2, 3}


def test_gaps_between_columns_are_closed():
    flat = np.array([(x, y, 0) for x in (-0.2, 0.2) for y in (-0.2, 0.2)], float)
    mask = masks.shadow(flat, 0.04, 64, (32, 32))
    assert mask[32, 32]
    assert not mask[32, 50]
