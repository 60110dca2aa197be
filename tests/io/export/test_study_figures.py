"""Figures of studies, read back as XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from napari_cdse.core.evaluation.feature_importance import Importance, Worth
from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
from napari_cdse.core.evaluation.scores import Difference
from napari_cdse.io.export.study_figures import importance_svg, learning_curves_svg

SVG = "{http://www.w3.org/2000/svg}"


def texts(root) -> list[str]:
    return [each.text for each in root.iter(f"{SVG}text")]


def test_a_better_order_is_drawn_higher():
    curves = LearningCurves(
        (10, 50, 100),
        {
            "queue": np.array([[0.5, 0.8, 0.8], [0.5, 0.7, 0.8]]),
            "random": np.array([[0.5, 0.6, 0.8], [0.5, 0.5, 0.8]]),
        },
    )
    root = ET.fromstring(learning_curves_svg(curves))
    ways = [
        [tuple(map(float, point.split(","))) for point in each.get("points").split()]
        for each in root.iter(f"{SVG}polyline")
    ]
    queue, random = (way for way in ways if len(way) == 3)
    assert [x for x, _ in queue] == [x for x, _ in random] == [124.0, 340.0, 610.0]
    assert queue[1][1] < random[1][1]
    assert queue[2] == random[2]
    bands = [each.get("points").split() for each in root.iter(f"{SVG}polygon")]
    assert [len(each) for each in bands] == [6, 6]
    # The middle half of two repeats is the middle half of what lies between them.
    between = [float(point.split(",")[1]) for point in (bands[0][1], bands[0][4])]
    height = abs(between[1] - between[0])
    tenth = abs(queue[0][1] - queue[2][1]) / 3
    assert height == pytest.approx(tenth / 2, abs=0.2)
    assert "queue order" in texts(root)
    assert "2 repeats" in root.find(f"{SVG}title").text


def test_a_curve_begins_where_every_repeat_has_a_score():
    runs = np.array([[np.nan, 0.7, 0.8], [0.5, 0.7, 0.8]])
    curves = LearningCurves((10, 50, 100), {"queue": runs, "random": runs})
    drawn = learning_curves_svg(curves)
    assert "nan" not in drawn
    ways = ET.fromstring(drawn).iter(f"{SVG}polyline")
    assert any(way.get("points").startswith("340.0,") for way in ways)


def test_importance_is_as_long_as_what_is_lost():
    def worth(name, loss, *more):
        return Worth(
            name, (name, *more), Difference(loss, (loss - 0.1, loss + 0.1)), 0.2
        )

    found = Importance(
        families=(worth("Bragg peaks", 0.4, "b"),),
        features=(worth("tail", 0.2), worth("inside", -0.05)),
        balanced_accuracy=0.8,
        n_micrographs=9,
    )
    root = ET.fromstring(importance_svg(found))
    bars = [
        (float(each.get("x")), float(each.get("width")))
        for each in root.iter(f"{SVG}rect")
        if each.get("x")
    ]
    zero = bars[0][0]
    assert bars[0][1] == pytest.approx(2 * bars[1][1], abs=0.2)
    assert bars[2][0] < zero
    assert bars[2][0] + bars[2][1] == pytest.approx(zero, abs=0.2)
    assert {"Bragg peaks", "tail", "inside"} <= set(texts(root))
