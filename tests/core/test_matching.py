"""Circle overlap and one-to-one matching."""

import numpy as np
import pytest

from napari_cdse.core.matching import circle_iou, match
from napari_cdse.core.records import Circle


def _painted_iou(a: Circle, b: Circle) -> float:
    rows, cols = np.mgrid[0:400, 0:400] * 0.25
    inside = [np.hypot(rows - c.row_px, cols - c.col_px) <= c.radius_px for c in (a, b)]
    return float((inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum())


@pytest.mark.parametrize(
    "other",
    [Circle(50, 50, 20), Circle(60, 55, 18), Circle(50, 52, 7), Circle(80, 70, 17)],
)
def test_iou_equals_that_of_painted_disks(other: Circle) -> None:
    one = Circle(50, 50, 20)
    assert circle_iou([one], [other])[0, 0] == pytest.approx(
        _painted_iou(one, other), abs=0.01
    )


def test_iou_of_distant_circles_is_zero_and_shape_follows_input() -> None:
    overlap = circle_iou([Circle(0, 0, 5)] * 3, [Circle(90, 90, 5), Circle(0, 0, 5)])
    assert overlap.shape == (3, 2)
    assert overlap[:, 0].tolist() == [0, 0, 0]
    assert overlap[:, 1] == pytest.approx(1.0)


def test_one_circle_cannot_serve_two_particles() -> None:
    truth = [Circle(50, 50, 20), Circle(52, 52, 20)]
    found = [Circle(51, 51, 20), Circle(200, 200, 20)]
    matches = match(truth, found)
    assert len(matches.pairs) == 1
    assert len(matches.missed) == 1
    assert matches.false == (1,)
    assert matches.precision == matches.recall == 0.5


def test_matching_is_optimal_and_not_greedy() -> None:
    truth = [Circle(50, 50, 20), Circle(50, 62, 20)]
    found = [Circle(50, 58, 20), Circle(50, 70, 20)]
    assert match(truth, found, min_iou=0.4).pairs == ((0, 0), (1, 1))


def test_nothing_against_nothing() -> None:
    matches = match([], [])
    assert matches.pairs == ()
    assert matches.precision == matches.recall == 0.0


@pytest.mark.parametrize(("overlap", "pairs"), [(0.49, 0), (0.51, 1)])
def test_a_pair_takes_half_of_the_union(overlap: float, pairs: int) -> None:
    # Of two disks about one centre, the smaller one's area over the larger one's.
    inner = Circle(50, 50, 20 * overlap**0.5)
    assert len(match([Circle(50, 50, 20)], [inner]).pairs) == pairs


def test_circles_that_touch_in_one_point_share_nothing_or_the_smaller_one() -> None:
    """Rounding takes the cosines a little beyond 1 there, from within and without."""
    rng = np.random.default_rng(0)
    radii = rng.uniform(5, 40, (300, 2))
    turns = rng.uniform(0, 2 * np.pi, 300)
    for apart, wanted in (
        (radii.sum(axis=1), np.zeros(300)),
        (np.abs(np.subtract(*radii.T)), (radii.min(axis=1) / radii.max(axis=1)) ** 2),
    ):
        for sign in (-1, 1):
            distance = apart * (1 + sign * 1e-15)
            found = [
                circle_iou(
                    [Circle(0, 0, a)], [Circle(d * np.sin(t), d * np.cos(t), b)]
                )[0, 0]
                for (a, b), d, t in zip(radii, distance, turns, strict=True)
            ]
            assert found == pytest.approx(wanted, abs=1e-6)
