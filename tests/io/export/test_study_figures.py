"""Figures of studies are built, and what is drawn on them is measured."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.evaluation.feature_importance import FeatureImportance, Importance
from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
from napari_cdse.core.evaluation.scores import Difference
from napari_cdse.io.export.figures.studies import (
    importance_figure,
    learning_curves_figure,
)


def drawn(curves):
    (axes,) = learning_curves_figure(curves).axes
    orders = {
        line.get_label(): line
        for line in axes.get_lines()
        if line.get_label().endswith("order")
    }
    return axes, orders


def test_a_better_order_is_drawn_higher():
    curves = LearningCurves(
        (10, 50, 100),
        {
            "queue": np.array([[0.5, 0.8, 0.8], [0.5, 0.7, 0.8]]),
            "random": np.array([[0.5, 0.6, 0.8], [0.5, 0.5, 0.8]]),
        },
    )
    axes, orders = drawn(curves)
    queue, random = orders["queue order"], orders["random order"]
    assert list(queue.get_xdata()) == list(random.get_xdata()) == [10, 50, 100]
    assert list(queue.get_ydata()) == pytest.approx([0.5, 0.75, 0.8])
    assert list(random.get_ydata()) == pytest.approx([0.5, 0.55, 0.8])
    # Told apart by more than colour.
    assert queue.get_linestyle() != random.get_linestyle()
    # The middle half of two repeats is the middle half of what lies between them.
    band = axes.collections[0].get_paths()[0].vertices
    assert band[band[:, 0] == 50][:, 1].tolist() == pytest.approx([0.725, 0.775])
    assert "2 repeats" in axes.get_title(loc="left")
    assert len(axes.get_legend().get_texts()) == 2


def test_a_curve_begins_where_every_repeat_has_a_score():
    runs = np.array([[np.nan, 0.7, 0.8], [0.5, 0.7, 0.8]])
    _, orders = drawn(LearningCurves((10, 50, 100), {"queue": runs, "random": runs}))
    for line in orders.values():
        assert list(line.get_xdata()) == [50, 100]
        assert np.isfinite(line.get_ydata()).all()


def test_importance_is_as_long_as_what_is_lost():
    def worth(name, loss, *more, interval=True):
        ends = (loss - 0.1, loss + 0.1) if interval else None
        return FeatureImportance(name, (name, *more), Difference(loss, ends), 0.2)

    found = Importance(
        families=(worth("Bragg peaks", 0.4, "b"),),
        features=(worth("tail", 0.2), worth("inside", -0.05, interval=False)),
        balanced_accuracy=0.8,
        n_micrographs=9,
    )
    (axes,) = importance_figure(found).axes
    assert [bar.get_width() for bar in axes.patches] == [0.4, 0.2, -0.05]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == ["Bragg peaks", "tail", "inside"]
    weights = [tick.get_fontweight() for tick in axes.get_yticklabels()]
    assert weights == ["bold", "normal", "normal"]
    ends = [line.get_xdata() for line in axes.get_lines()[:-1]]
    assert np.array(ends) == pytest.approx(np.array([[0.3, 0.5], [0.1, 0.3]]))
