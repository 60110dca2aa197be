"""What CONTRIBUTING.md shows works as it stands there."""

import numpy as np
import pytest

from napari_cdse.core import features
from napari_cdse.core.detection import registry
from napari_cdse.core.detection.methods import detect
from napari_cdse.core.features import compute_features
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw
from tests.drawn_particles import PIXEL_NM, micrograph_of
from tests.recipes import module_of, recipe


def test_the_detection_method_finds_a_drawn_particle(monkeypatch):
    module_of("napari_cdse/core/detection/local_variance.py", monkeypatch)
    entry = recipe("napari_cdse/core/detection/registry.py")
    method = eval(entry, vars(registry))
    monkeypatch.setitem(registry.METHODS, method.name, method)
    circle = Circle(180.0, 330.0, 55.0)
    drawn = draw((300, 460), (Dot(circle, amplitude=3.0),), seed=4)
    found = detect(drawn, DetectionParams(method=method.name))
    nearest = min(
        np.hypot(each.row_px - circle.row_px, each.col_px - circle.col_px)
        for each in found.circles
    )
    assert found.found_by == method.name
    assert nearest < circle.radius_px / 2


def test_the_feature_group_is_learnt_from_beside_another(monkeypatch):
    group = module_of("napari_cdse/core/features/grey_values.py", monkeypatch).GREY
    monkeypatch.setattr(features, "GROUPS", {**features.GROUPS, group.name: group})
    micrograph, circles = micrograph_of(["no", "empty"], seed=0)
    table = compute_features(micrograph, circles, "bragg+grey", PIXEL_NM)
    assert table.schema.endswith("+grey/1")
    resolved, bare = table.values[:, table.names.index("grey_deviation")]
    assert resolved > bare > 0
    brighter = micrograph.__class__(micrograph.pixels + 500, "brighter", "0")
    again = compute_features(brighter, circles, "grey", PIXEL_NM)
    assert again.values == pytest.approx(table.values[:, -2:], abs=1e-3)
