"""The rule of the classes, on drawn fringes in drawn noise."""

import math

import numpy as np
import pytest

from napari_cdse.simulate.params import Rule
from napari_cdse.simulate.truth import Defect, judge
from napari_cdse.simulate.visibility import (
    Background,
    Family,
    Look,
    background,
    defect_signal,
    look_at,
)

PIXEL = 0.04
RULE = Rule()
WHITE = Background(np.array([0.0, 1.0]), np.array([0.01, 0.01]), 0.1, 1)
ROWS, COLS = np.mgrid[:128, :128] - 64
DISK = np.hypot(ROWS, COLS) < 40


def fringes(rms, spacing_nm, angle_deg):
    k = PIXEL / spacing_nm
    angle = math.radians(angle_deg)
    along = COLS * math.cos(angle) + ROWS * math.sin(angle)
    wave = math.sqrt(2) * rms * np.cos(2 * math.pi * k * along)
    return (wave * DISK).astype(np.float32)


def test_background_of_white_noise_is_flat():
    rng = np.random.default_rng(0)
    image = rng.normal(1, 0.1, size=(512, 512)).astype(np.float32)
    image[:, 300:] += 5  # covered: must not count
    covered = np.zeros(image.shape, bool)
    covered[:, 300:] = True
    behind = background(image, covered)
    assert behind.rms == pytest.approx(0.1, rel=0.02)
    assert behind.power[2:60] == pytest.approx(0.01, rel=0.15)
    assert behind.windows == 13 * 6


def test_a_family_is_measured_where_it_was_drawn():
    look = look_at(fringes(0.05, 0.35, 30), DISK, WHITE, PIXEL, RULE)
    first = look.families[0]
    assert 1 / first.k_per_nm == pytest.approx(0.35, rel=0.02)
    assert first.angle_deg == pytest.approx(30, abs=1)
    assert pytest.approx(0.5, rel=0.12) == first.C
    area = DISK.sum()
    assert pytest.approx(0.05**2 * area / 2 / 0.01, rel=0.05) == first.S
    assert look.extra_variance == pytest.approx(0.25, rel=0.03)


def test_two_families_resolve_only_when_not_parallel():
    strong = fringes(0.06, 0.35, 10)
    crossed = look_at(strong + fringes(0.05, 0.35, 80), DISK, WHITE, PIXEL, RULE)
    assert crossed.second_margin > 1
    parallel = look_at(strong + fringes(0.05, 0.215, 14), DISK, WHITE, PIXEL, RULE)
    assert parallel.first_margin > 1
    assert parallel.second_margin < 0.2
    faint = look_at(strong + fringes(0.02, 0.35, 80), DISK, WHITE, PIXEL, RULE)
    assert faint.second_margin < 1


def test_defect_signal_in_white_noise_is_energy_over_noise():
    perfect = fringes(0.05, 0.35, 0)
    change = fringes(0.02, 0.3, 70)
    matched, ideal, changed = defect_signal(perfect + change, perfect, DISK, WHITE)
    inner = change[DISK] - change[DISK].mean()
    energy = float((inner**2).sum())
    assert matched == pytest.approx(math.sqrt(energy / 0.01), rel=1e-3)
    assert ideal == pytest.approx(matched, rel=1e-3)
    assert changed == pytest.approx(0.14, abs=0.01)


def look(first, second, variance=0.0):
    return Look((Family(1, 1, 3, 0),), first, second, variance)


@pytest.mark.parametrize(
    ("seen", "defect", "label", "visible", "borderline"),
    [
        (look(0.1, 0.0), Defect(), "null", False, False),
        (look(0.9, 0.1), Defect(), "null", True, False),
        (look(0.1, 0.0, 0.3), Defect(), "null", True, False),
        (look(3.0, 0.8), Defect(30, 30, 1), "null", True, True),
        (look(3.0, 2.0), Defect(), "no", True, False),
        (look(3.0, 2.0), Defect(30, 30, 0.5), "yes", True, False),
        (look(3.0, 2.0), Defect(30, 30, 0.05), "no", True, False),
        (look(3.0, 2.0), Defect(30, 30, 0.11), "yes", True, True),
        (look(3.0, 2.0), Defect(10, 12, 0.5), "no", True, True),
    ],
)
def test_the_class_says_what_can_be_seen(seen, defect, label, visible, borderline):
    verdict = judge(seen, defect, RULE)
    assert verdict.label == label
    assert verdict.visible == visible
    assert verdict.borderline == borderline
