"""Particles with a planar defect get the circle of perfect ones; neighbours stay."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.matching import circle_iou
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, Fault, draw

SURE = DetectionParams(false_alarms=0.01)
OUTLINE = Circle(150, 160, 62)
HOST = ((0.35, 25.0), (0.215, 62.0))
MIRRORED = ((0.35, 155.0), (0.215, 118.0))
"""The host's families mirrored by the plane, which stands upright: its twin's."""
TWIN = Fault(0.3, MIRRORED)
FAULTS = {
    "perfect": None,
    "twin": TWIN,
    "twin with the plane on the other side": Fault(-0.2, MIRRORED),
    "twin of one family": Fault(-0.2, MIRRORED[:1]),
    "stacking fault": Fault(0.1, jump_rad=2 * np.pi / 3),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_outline_gets_the_same_circle_perfect_or_not(name: str) -> None:
    families = HOST[:1] if "one family" in name else HOST
    overlaps = []
    for seed in range(4):
        dot = Dot(OUTLINE, families, amplitude=1.4, fault=FAULTS[name])
        found = detect(draw((300, 320), (dot,), seed=seed), SURE)
        assert len(found.circles) == 1
        overlaps.append(float(circle_iou([OUTLINE], found.circles)[0, 0]))
    assert min(overlaps) > 0.88
    assert np.mean(overlaps) > 0.93


@pytest.mark.parametrize("gap", [0.9, 1.0, 1.1])
@pytest.mark.parametrize("beyond", [HOST, MIRRORED, ((0.35, 100.0),)])
def test_touching_particles_are_not_joined(
    gap: float, beyond: tuple[tuple[float, float], ...]
) -> None:
    first, second = Circle(150, 130, 50), Circle(150, 130 + gap * 94, 44)
    # Lattices that meet by chance have no common phase.
    dots = (
        Dot(first, HOST, amplitude=1.5),
        Dot(second, beyond, amplitude=1.5, fault=Fault(-2.0, jump_rad=2.0)),
    )
    found = detect(draw((300, 340), dots, seed=3), SURE)
    assert len(found.circles) == 2
    overlap = circle_iou([first, second], found.circles)
    assert overlap.max(axis=1).min() > 0.6


def test_a_twin_beside_a_neighbour_is_one_of_two() -> None:
    second = Circle(150, 270, 46)
    dots = (
        Dot(OUTLINE, HOST, amplitude=1.2, fault=TWIN),
        Dot(second, ((0.35, 80.0), (0.215, 20.0)), amplitude=1.5),
    )
    found = detect(draw((300, 400), dots, seed=5), SURE)
    assert len(found.circles) == 2
    overlap = circle_iou([OUTLINE, second], found.circles)
    assert overlap.max(axis=1).min() > 0.7
