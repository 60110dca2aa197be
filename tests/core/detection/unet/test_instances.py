"""Particles out of drawn maps: those that touch part, those at the border are whole."""

import numpy as np
import pytest

from napari_cdse.core.detection.unet.instances import find_instances
from napari_cdse.core.detection.unet.network import Maps


def maps_of(disks, shape=(120, 140), sure=0.97, noise=0.0):
    """Maps as the network draws them: a soft edge of about a sample."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    deep = np.array([r - np.hypot(rows - y, cols - x) for y, x, r in disks])
    owner = deep.argmax(0)
    # A place belongs to one disk; where two overlap their edge is half-way.
    edge = deep.max(0)
    if len(disks) > 1:
        second = np.sort(deep, axis=0)[-2]
        edge = np.minimum(edge, np.maximum((deep.max(0) - second) / 2, 0.3))
    inside = sure / (1 + np.exp(-3 * deep.max(0)))
    radius = np.array([r for *_, r in disks])[owner]
    distance = np.clip(edge / radius, 0, 1)
    rng = np.random.default_rng(0)
    inside = np.clip(inside + noise * rng.normal(size=shape), 0.001, 0.999)
    empty = np.zeros(shape, np.float32)
    return Maps(
        inside.astype(np.float32),
        empty,
        distance.astype(np.float32),
        (0.0, 0.0),
        (1.0, 1.0),
    )


def found_in(maps):
    found = find_instances(maps)
    return np.column_stack([found.centres, found.radii])


@pytest.mark.parametrize("gap", [-0.15, 0.0, 0.1])
@pytest.mark.parametrize("radii", [(10, 10), (16, 9)])
def test_touching_disks_part(gap, radii):
    apart = (1 + gap) * sum(radii)
    turn = np.deg2rad(30)
    disks = [
        (50, 45, radii[0]),
        (50 + apart * np.sin(turn), 45 + apart * np.cos(turn), radii[1]),
    ]
    found = found_in(maps_of(disks, noise=0.02))
    assert len(found) == 2
    order = np.argsort(found[:, 1])
    for row, disk in zip(found[order], disks, strict=True):
        assert row == pytest.approx(disk, abs=0.09 * sum(radii))


def test_one_disk_is_one_however_rough_its_map():
    for radius in (5, 8, 14, 20):
        found = found_in(maps_of([(60, 70, radius)], noise=0.05))
        assert len(found) == 1
        assert found[0] == pytest.approx((60, 70, radius), abs=0.5)


def test_a_disk_that_the_border_cuts_keeps_its_circle():
    for place in ((4.0, 70.0), (60.0, 136.0)):
        (row,) = found_in(maps_of([(*place, 12)]))
        assert row == pytest.approx((*place, 12), abs=1.0)


def test_strength_is_the_mean_of_the_log_odds():
    strong, weak = (
        find_instances(maps_of([(60, 70, 12)], sure=sure)).strengths[0]
        for sure in (0.99, 0.7)
    )
    assert strong > 2 * weak > 0


def test_nothing_is_found_in_an_empty_map():
    found = find_instances(maps_of([(60, 70, 12)], sure=0.05))
    assert len(found.radii) == len(found.strengths) == 0
    assert not found.numbers.any()
