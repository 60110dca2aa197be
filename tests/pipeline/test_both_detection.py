"""Both ways together: which finds are whose, how far they have come, what is said."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection.false_alarms import allowed_alarms
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from napari_cdse.pipeline import both_detection

A, B, C = Circle(1.0, 2.0, 3.0), Circle(4.0, 5.0, 6.0), Circle(7.0, 8.0, 9.0)


@pytest.fixture
def given(monkeypatch):
    """What the merging is given, where each way finds what it is told."""
    calls = []

    def by_unet(prepared, where, params, progress):
        for share in (0.0, 1.0):
            progress(share)
        return [A, B], [0.9, 0.8], ("probability", "particles"), ("of the network",)

    def by_contrast(prepared, where, params, progress):
        for share in (0.0, 0.5, 1.0):
            progress(share)
        return [C], [30.0], ("contrast",)

    def merge(*finds):
        calls.append(finds)
        return [C, A], [5.0, 4.0]

    monkeypatch.setattr(both_detection, "find_by_unet", by_unet)
    monkeypatch.setattr(both_detection, "find_particles", by_contrast)
    monkeypatch.setattr(both_detection, "merge", merge)
    return calls


def test_the_network_comes_first_and_contrast_is_the_first_of_the_finds(
    given, monkeypatch
):
    prior = object()
    monkeypatch.setattr(
        both_detection, "searched_volume", lambda shape, told: (shape, told)
    )
    monkeypatch.setattr(
        both_detection, "threshold_for", lambda alarms, volume: (alarms, volume)
    )
    where = SimpleNamespace(prior=prior)
    prepared = SimpleNamespace(pixels=np.zeros((300, 420)))
    params = DetectionParams(false_alarms=0.3)
    shares = []
    found = both_detection.find_by_both(prepared, where, params, shares.append)
    assert found == (
        [C, A],
        [5.0, 4.0],
        ("contrast", "probability"),
        ("of the network",),
    )
    assert shares == [0, 0.5, 0.5, 0.75, 1]
    ((bragg, unet, threshold, told),) = given
    assert told is where
    assert (bragg.circles, bragg.strengths, bragg.map) == ([C], [30.0], "contrast")
    assert (unet.circles, unet.strengths, unet.map) == (
        [A, B],
        [0.9, 0.8],
        "probability",
    )
    alarms, volume = threshold
    assert alarms == allowed_alarms(0.3, (300, 420))
    assert volume == ((300, 420), prior)
