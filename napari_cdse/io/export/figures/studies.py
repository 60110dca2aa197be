"""Draw studies of a forest: learning curves, and the importance of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.evaluation.learning_curve_records import ENOUGH
from napari_cdse.io.export.figures.style import PRINT, Palette, drawn

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
"""Each order of labelling has a colour and a dash, either of which identifies it."""

_HEIGHT_IN = 3.4
"""Height in inches of the figure of learning curves. Chosen by eye."""
_ROW_IN = 0.17
"""Height in inches of a row of the figure of importance. Chosen by eye."""

_MOST_FEATURES = 20
"""Most single features that are shown, the most important ones. Chosen."""


def learning_curves_figure(curves: LearningCurves) -> Figure:
    """Draw learning curves for print."""
    return drawn(
        lambda figure: draw_learning_curves(figure.subplots(), curves), _HEIGHT_IN
    )


def importance_figure(importance: Importance) -> Figure:
    """Draw the importance of features for print; its height depends on their number."""
    rows = len(importance.families) + 1 + len(importance.features[:_MOST_FEATURES])
    return drawn(
        lambda figure: draw_importance(figure.subplots(), importance),
        1 + rows * _ROW_IN,
    )


def draw_learning_curves(
    axes: Axes, curves: LearningCurves, palette: Palette = PRINT
) -> None:
    """Draw the mean score of each order of labelling against the number of labels.

    The band holds the middle half of the repeats: unlike the range, its width does not
    grow with their number.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    curves : LearningCurves
        Scores of all orders and repeats.
    palette : Palette, optional
        Colours; those for print by default.
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


def draw_importance(
    axes: Axes, importance: Importance, palette: Palette = PRINT
) -> None:
    """Draw the accuracy lost without each family, and each of the best features.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    importance : Importance
        Families are drawn above features, their names in bold.
    palette : Palette, optional
        Colours; those for print by default.
    """
    families = importance.families
    features = importance.features[:_MOST_FEATURES]
    bars = [
        *enumerate(families),
        *enumerate(features, len(families) + 1),  # an empty row between the two
    ]
    for row, each in bars:
        _bar(axes, row, each, palette)
    axes.set_yticks([row for row, _ in bars], [each.name for _, each in bars])
    for tick, (_, each) in zip(axes.get_yticklabels(), bars, strict=True):
        tick.set_fontweight("bold" if len(each.features) > 1 else "normal")
    axes.set_ylim(len(families) + 1 + len(features) - 0.3, -0.7)
    axes.axvline(0, color=palette.ink, linewidth=0.8)
    axes.set_xlabel("balanced accuracy lost when shuffled, with 95 % intervals")
    axes.set_title(
        f"Importance on held-out micrographs (of {importance.balanced_accuracy:.2f}, "
        f"{importance.n_micrographs} micrographs)"
    )


def _bar(axes: Axes, row: int, each: FeatureImportance, palette: Palette) -> None:
    axes.barh(row, each.loss.value, height=0.65, color=_COLOURS[0])
    interval = each.loss.interval_95
    if interval is not None:
        axes.plot(interval, [row, row], color=palette.ink, linewidth=1.6)


def _curve(axes: Axes, curves: LearningCurves, name: str, number: int) -> None:
    colour, dash = _COLOURS[number % 5], _DASHES[number % 5]
    mean = curves.mean(name)
    # While all labels are of one class there is no score; the curve begins later.
    known = np.isfinite(mean)
    labels = np.array(curves.labels)[known]
    least, most = _middle_half(curves.scores[name][:, known])
    axes.fill_between(labels, least, most, color=colour, alpha=0.15, linewidth=0)
    axes.plot(labels, mean[known], color=colour, linestyle=dash, label=f"{name} order")


def _middle_half(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(runs, [0.25, 0.75], axis=0))
