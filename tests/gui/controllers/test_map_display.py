"""The maps over the open micrograph: at hand, of that micrograph, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.gui.controllers.map_display import MapCache
from napari_cdse.pipeline import find
from napari_cdse.tasks import maps as work
from napari_cdse.tasks.maps import MapIdentity
from tests.gui.conftest import put_circles, settle, wait_for_pixels


def a_map(value: float, side: int = 8) -> tuple[AccumulationMap, ...]:
    values = np.full((side, side), value, dtype=np.float32)
    return (AccumulationMap("Bragg contrast", values, (0, 0), (1, 1)),)


def named(number: int, workspace) -> MapIdentity:
    params = workspace.project.settings.detection
    return MapIdentity(f"content {number}", None, None, params, None)


@pytest.fixture
def three(workspace, qtbot, forest):
    """Circles in all three micrographs, the first one open, no detection in memory."""
    for index in (1, 2, 0):
        workspace.navigation.open_micrograph(index)
        wait_for_pixels(workspace, qtbot)
        if index:
            put_circles(workspace, forest)
    settle(workspace, qtbot)
    workspace.project.detections._detections.clear()
    return workspace


def shown(workspace) -> list[np.ndarray]:
    return [layer.data.copy() for layer in workspace.canvas.layers.maps]


def truth(workspace) -> list[np.ndarray]:
    """What detection gives for the micrograph that is open."""
    params = workspace.project.settings.detection
    return [one.values for one in find(workspace.session.micrograph, None, params).maps]


def assert_same(some, others) -> None:
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_maps_of_the_batch_are_there_before_their_micrographs(
    three, qtbot, monkeypatch
):
    three.navigation.set_order("micrograph", "all")
    settle(three, qtbot)
    monkeypatch.setattr(work, "mapping", lambda *_: pytest.fail("made when opened"))
    for index in (1, 2):
        three.navigation.open_micrograph(index)
        # The pixels were read ahead, so nothing had to be waited for.
        assert three.session.micrograph is not None
        for one, other in zip(shown(three), truth(three), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
        settle(three, qtbot)


def test_maps_that_come_late_are_not_laid_over_another_micrograph(three, qtbot):
    display = three.detection.maps
    other = MapIdentity.of(
        three.session.micrograph, None, three.project.settings.detection
    )
    three.navigation.open_micrograph(1)
    wait_for_pixels(three, qtbot)
    before = shown(three)
    assert before
    # As the worker of the micrograph before would, once for its place in the list...
    display._on_maps(0, other, a_map(1000.0))
    assert_same(shown(three), before)
    # ... and once for a file that is another one by now.
    display._on_maps(1, other, a_map(1000.0))
    assert_same(shown(three), before)


def test_those_unused_for_longest_leave_the_memory_first(workspace):
    known = MapCache(most_bytes=3 * 8 * 8 * 4)
    names = [named(number, workspace) for number in range(4)]
    for number, name in enumerate(names[:3]):
        known.put(name, a_map(number))
    assert known.get(names[0]) is not None
    known.put(names[3], a_map(3))
    assert [name in known for name in names] == [True, False, True, True]
    # One put twice counts once.
    known.put(names[3], a_map(3))
    assert [name in known for name in names] == [True, False, True, True]
    known.put(names[1], a_map(1, side=100))
    assert not any(name in known for name in names)
