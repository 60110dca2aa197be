"""Plot studies of a forest: learning curves, importance of features.

To be called inside `napari_cdse.io.export.figure_style.drawing`, as those of `plots`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.evaluation.learning_curve_records import ENOUGH
from napari_cdse.io.export.figure_style import PRINT, Palette, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cdse.core.evaluation.feature_importance import (
        FeatureImportance,
        Importance,
    )
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves

_COLOURS = ("#0b66b0", "#b8540a", "#4a7a12", "#7a3f9a", "#555555")
_DASHES = ("-", "--", ":", "-.", (0, (1, 3)))
"""Each order has a colour and a dash: either tells them apart."""

_HEIGHT_IN = 3.4
_ROW_IN = 0.17
"""Inches of a line of the importance figure."""

_MOST_FEATURES = 20


def learning_curves_figure(curves: LearningCurves) -> Figure:
    """Draw `draw_learning_curves` for print."""
    return drawn(
        lambda figure: draw_learning_curves(figure.subplots(), curves), _HEIGHT_IN
    )


def importance_figure(found: Importance) -> Figure:
    """Draw `draw_importance` for print, the higher the more features there are."""
    rows = len(found.families) + 1 + len(found.features[:_MOST_FEATURES])
    return drawn(
        lambda figure: draw_importance(figure.subplots(), found), 1 + rows * _ROW_IN
    )


def draw_learning_curves(
    axes: Axes, curves: LearningCurves, palette: Palette = PRINT
) -> None:
    """Draw the mean score of each order, and the middle half of the repeats as a band.

    Lowest and highest repeat lie the further apart the more there are.
    """
    for number, name in enumerate(curves.scores):
        _curve(axes, curves, name, number)
    axes.axhline(ENOUGH * curves.final, color=palette.ink, linewidth=0.8, linestyle=":")
    axes.annotate(
        f"{100 * ENOUGH:.0f} % of the final score",
        (1, ENOUGH * curves.final),
        xycoords=("axes fraction", "data"),
        xytext=(-2, -9),
        textcoords="offset points",
        ha="right",
        fontsize=7,
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("particles labelled (mean score, and the middle half of repeats)")
    axes.set_ylabel("balanced accuracy")
    axes.set_title(
        f"Balanced accuracy on held-out micrographs ({curves.repeats} repeats)"
    )
    axes.legend(loc="lower right")


def draw_importance(axes: Axes, found: Importance, palette: Palette = PRINT) -> None:
    """Draw what is lost without each family and each of the best features."""
    shown = [*found.families, None, *found.features[:_MOST_FEATURES]]
    for row, one in enumerate(shown):
        if one is not None:
            _bar(axes, row, one, palette)
    known = [(row, one) for row, one in enumerate(shown) if one is not None]
    axes.set_yticks([row for row, _ in known], [one.name for _, one in known])
    for tick, (_, one) in zip(axes.get_yticklabels(), known, strict=True):
        tick.set_fontweight("bold" if len(one.features) > 1 else "normal")
    axes.set_ylim(len(shown) - 0.3, -0.7)
    axes.axvline(0, color=palette.ink, linewidth=0.8)
    axes.set_xlabel("balanced accuracy lost when shuffled, with 95 % intervals")
    axes.set_title(
        f"Importance on held-out micrographs (of {found.balanced_accuracy:.2f}, "
        f"{found.n_micrographs} micrographs)"
    )


def _bar(axes: Axes, row: int, one: FeatureImportance, palette: Palette) -> None:
    axes.barh(row, one.loss.value, height=0.65, color=_COLOURS[0])
    ends = one.loss.interval_95
    if ends is not None:
        axes.plot(ends, [row, row], color=palette.ink, linewidth=1.6)


def _curve(axes: Axes, curves: LearningCurves, name: str, number: int) -> None:
    colour, dash = _COLOURS[number % 5], _DASHES[number % 5]
    mean = curves.mean(name)
    # A start with labels of one class has no score: the curve begins later.
    known = np.isfinite(mean)
    labels = np.array(curves.labels)[known]
    least, most = _middle_half(curves.scores[name][:, known])
    axes.fill_between(labels, least, most, color=colour, alpha=0.15, linewidth=0)
    axes.plot(labels, mean[known], color=colour, linestyle=dash, label=f"{name} order")


def _middle_half(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(runs, [0.25, 0.75], axis=0))
