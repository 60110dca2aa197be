"""Particles out of drawn maps: those that touch part, those at the border are whole."""

import numpy as np
import pytest
from scipy import ndimage

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


def plain_maps(inside, distance=None):
    """Maps of a probability; the distance is that within what is likelier than not."""
    inside = np.asarray(inside, np.float32)
    if distance is None:
        deep = ndimage.distance_transform_edt(inside > 0.04)
        distance = deep / max(deep.max(), 1)
    distance = np.asarray(distance, np.float32)
    return Maps(inside, distance, distance, (0.0, 0.0), (1.0, 1.0))


def disk_of(radius, value, at=(40, 50), shape=(80, 100)):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return value * ((rows - at[0]) ** 2 + (cols - at[1]) ** 2 <= radius**2)


@pytest.mark.parametrize(("value", "number"), [(0.09, 0), (0.11, 1), (0.3, 1)])
def test_a_faint_particle_is_one_from_a_tenth_on(value, number):
    found = find_instances(plain_maps(disk_of(12, value)))
    assert len(found.radii) == number
    if number:
        # As large as a sure one, since its own highest probability counts.
        assert found.radii[0] == pytest.approx(12, rel=0.02)
        odds = np.log(value / (1 - value))
        assert found.strengths[0] == pytest.approx(odds, rel=1e-3)


@pytest.mark.parametrize(
    ("high", "low", "is_whole"),
    [(0.9, 0.46, True), (0.9, 0.44, False), (0.6, 0.32, True), (0.6, 0.28, False)],
)
def test_a_place_belongs_from_half_of_what_is_highest_on(high, low, is_whole):
    inside = disk_of(14, low) + disk_of(8, high - low)
    found = find_instances(plain_maps(inside))
    assert found.radii[0] == pytest.approx(14 if is_whole else 8, rel=0.03)


def test_log_odds_end_at_eight():
    for value, odds in ((1.0, 8.0), (0.9999, 8.0), (0.999, np.log(999))):
        found = find_instances(plain_maps(disk_of(12, value)))
        assert found.strengths[0] == pytest.approx(odds, rel=1e-3)


@pytest.mark.parametrize(("peak", "number"), [(0.22, 0), (0.3, 1)])
def test_a_seed_reaches_a_quarter_of_the_largest_distance(peak, number):
    inside = disk_of(14, 0.95)
    distance = peak / 0.95 * inside
    found = find_instances(plain_maps(inside, distance))
    # A plateau, smoothed at its edge only; divided by the highest probability.
    assert len(found.radii) == number


@pytest.mark.parametrize(("saddle", "number"), [(0.04, 1), (0.11, 2)])
def test_two_seeds_part_where_the_distance_sinks_enough_between_them(saddle, number):
    """Two plateaus of 0.6, one a little higher, with a trough that smoothing leaves."""
    inside = np.zeros((80, 100))
    inside[20:60, 10:90] = 1.0
    distance = 0.6 * inside
    distance[20:60, 40:60] -= saddle
    distance[20:60, 60:90] += 0.005
    found = find_instances(plain_maps(inside, distance))
    assert len(found.radii) == number
    assert found.numbers.max() == number


def test_numbers_centres_and_radii_belong_together():
    inside = disk_of(10, 0.9, (20, 25)) + disk_of(7, 0.95, (60, 75))
    found = find_instances(plain_maps(inside))
    for number, (centre, radius) in enumerate(
        zip(found.centres, found.radii, strict=True), 1
    ):
        rows, cols = np.nonzero(found.numbers == number)
        assert centre == pytest.approx((rows.mean(), cols.mean()))
        assert radius == pytest.approx(np.sqrt(len(rows) / np.pi))
    assert sorted(found.radii.tolist()) == pytest.approx([7, 10], rel=0.03)
    assert found.numbers[0, 0] == 0


@pytest.mark.parametrize(
    "at", [(-0.4, 50), (79.3, 50), (40, -0.3), (40, 99.2), (3.0, 96.0)]
)
def test_a_disk_cut_on_any_side_has_the_circle_through_its_edge(at):
    radius = 14
    (row,) = found_in(plain_maps(disk_of(radius, 0.95, at)))
    assert row == pytest.approx((*at, radius), abs=1.0)


def test_a_particle_that_only_touches_the_border_keeps_its_area():
    """A square's edge is no circle's: neither is its radius beyond three times it."""
    inside = np.zeros((80, 100))
    inside[0:3, 10:70] = 0.95
    found = find_instances(plain_maps(inside, inside))
    assert found.radii[0] == pytest.approx(np.sqrt(180 / np.pi), rel=0.02)
