"""From a network's maps to circles: what is kept, where it lies, what is told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection.unet import method as module
from napari_cdse.core.detection.unet.instances import Instances
from napari_cdse.core.detection.unet.method import LEARNT_NM, find_particles
from napari_cdse.core.detection.unet.network import Maps
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle

SHAPE = (100, 130)
PARAMS = DetectionParams(diameter_min_nm=2.0, diameter_max_nm=4.0, false_alarms=0.5)
PREPARED = SimpleNamespace(pixels=np.zeros(SHAPE, np.float32))
TABLE = ((0.0, 8.0), (1.0, 2.0), (2.0, 0.5))


def maps_of(step=(5.0, 5.0), origin=(2.0, 3.0), shape=(24, 30)):
    inside = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape) / 1000
    return Maps(inside, inside, inside, origin, step)


class Network:
    """Says the same of every input, and notes what it was given."""

    def __init__(self, instances, step=(5.0, 5.0)):
        self.instances, self.false_circles = instances, TABLE
        self.given, self._step = [], step

    def maps(self, given, progress):
        progress(1.0)
        self.given.append(given)
        return maps_of(self._step)


def found_by(monkeypatch, network, trusted=True, pixel_nm=0.05, params=PARAMS):
    monkeypatch.setattr(module, "network_input", lambda prepared, nm: nm)
    said = network.instances
    monkeypatch.setattr(
        module,
        "find_instances",
        lambda maps: said if isinstance(said, Instances) else said[network.given[-1]],
    )
    shares = []
    told = find_particles(network, PREPARED, pixel_nm, trusted, params, shares.append)
    return told, shares


def instances(radii, strengths, centres=None):
    count = len(radii)
    numbers = np.zeros((24, 30), np.int32)
    for at in range(count):
        numbers[2 * at, 5] = at + 1
    if centres is None:
        centres = [(4.0 + at, 6.0) for at in range(count)]
    return Instances(
        numbers,
        np.array(centres, float).reshape(-1, 2),
        np.array(radii, float),
        np.array(strengths, float),
    )


@pytest.mark.parametrize(
    ("diameter_nm", "is_kept"),
    [(1.80, False), (1.83, True), (4.39, True), (4.41, False)],
)
def test_diameters_may_leave_the_limits_by_a_tenth(monkeypatch, diameter_nm, is_kept):
    # A sample is 5 pixels of 0.05 nm.
    radius = diameter_nm / 2 / 0.25
    (circles, strengths, _, told), _ = found_by(
        monkeypatch, Network(instances([radius], [9.0]))
    )
    assert len(circles) == len(strengths) == is_kept
    assert told == ()
    if is_kept:
        assert circles[0].radius_px == pytest.approx(5 * radius)


def test_the_threshold_is_that_of_the_alarms_on_the_area_of_the_picture(monkeypatch):
    """Of a small picture the share of alarms; the area is in nm."""
    alarms = 0.5 * 100 * 130 / 512**2
    area = 100 * 130 * 0.05**2
    # A quarter for each unit of strength.
    wanted = 2 + np.log(0.5 / (alarms * 1000 / area)) / np.log(4)
    for off, number in ((-0.01, 0), (0.01, 1)):
        network = Network(instances([6.0], [wanted + off]))
        (circles, *_), _ = found_by(monkeypatch, network)
        assert len(circles) == number


def test_circles_lie_where_the_samples_do_the_strongest_first(monkeypatch):
    said = instances(
        [5.0, 6.0, 7.0, 5.0],
        [6.0, 9.0, -9.0, 7.0],
        [(4.0, 6.0), (8.5, 2.0), (1.0, 1.0), (30.0, -4.0)],
    )
    network = Network(said, (4.0, 6.0))
    (circles, strengths, layers, _), shares = found_by(monkeypatch, network)
    assert strengths == [9.0, 7.0, 6.0]
    # Of the mean step; a centre beyond the border lies on it.
    assert circles == [
        Circle(2 + 8.5 * 4, 3 + 2 * 6, 30.0),
        Circle(99.0, 0.0, 25.0),
        Circle(2 + 4 * 4, 3 + 6 * 6, 25.0),
    ]
    assert network.given == [0.05]
    assert shares == [1.0]
    probability, ranks = layers
    assert (probability.name, ranks.name) == ("U-Net probability", "U-Net particles")
    # 98 / 4 and 127 / 6 samples reach the border; the map has no more than 24 rows.
    assert probability.values.shape == ranks.values.shape == (24, 22)
    assert np.array_equal(probability.values, maps_of().interior[:24, :22])
    for each in layers:
        assert (each.origin_px, each.step_px) == ((2.0, 3.0), (4.0, 6.0))
    assert [ranks.values[2 * at, 5] for at in range(4)] == [3, 1, 0, 2]
    assert ranks.values.sum() == 6


def test_maps_end_with_the_last_sample_inside(monkeypatch):
    (_, _, layers, _), _ = found_by(monkeypatch, Network(instances([], [])))
    # (100 - 2) / 5 and (130 - 3) / 5, rounded up.
    assert layers[0].values.shape == (20, 26)


def test_of_several_sizes_that_counts_at_which_most_is_seen(monkeypatch):
    """Each size has its share of the alarms; what is not kept is no evidence."""
    few, many, strong = (
        instances([radius] * len(strengths), strengths)
        for radius, strengths in ((5.0, [9.0]), (5.0, [8.0, 8.0]), (50.0, [99.0]))
    )
    sizes = module.sizes_to_try(0.035)
    assert len(sizes) == 5
    said = dict.fromkeys(sizes, few) | {sizes[3]: many, sizes[2]: strong}
    network = Network(said)
    (circles, strengths, _, told), shares = found_by(
        monkeypatch, network, trusted=False, pixel_nm=0.035
    )
    assert strengths == [8.0, 8.0]
    assert network.given == sizes
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    low, high = min(sizes), max(sizes)
    assert told == (
        f"The U-Net was tried with 5 pixel sizes from {low:.3g} to {high:.3g} nm, as "
        f"none is sure; most particles were found with {sizes[3]:.3g} nm. Set the true "
        "one, and detect again.",
    )
    assert len(circles) == 2


def test_each_size_that_is_tried_has_its_share_of_the_alarms(monkeypatch):
    sizes = module.sizes_to_try(0.035)
    alarms = 0.5 * 100 * 130 / 512**2 / 5
    area = 100 * 130 * 0.035**2
    wanted = 2 + np.log(0.5 / (alarms * 1000 / area)) / np.log(4)
    none = instances([], [])
    for off, number in ((-0.01, 0), (0.01, 1)):
        said = dict.fromkeys(sizes, none)
        said[0.035] = instances([8.0], [wanted + off])
        (circles, _, _, told), _ = found_by(
            monkeypatch, Network(said), trusted=False, pixel_nm=0.035
        )
        assert len(circles) == number
        assert ("found no particle with any" in told[0]) == (number == 0)


def test_sizes_are_tried_within_what_the_network_was_taught_with():
    assert LEARNT_NM == (0.015, 0.078)
    assert module.sizes_to_try(0.037)[0] == 0.037
    assert module.sizes_to_try(0.1) == [0.1] or max(module.sizes_to_try(0.1)) <= 0.078
