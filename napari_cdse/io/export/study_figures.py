"""Figures of what was studied about a forest: learning curves, importance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.evaluation.learning_curve_records import ENOUGH
from napari_cdse.io.export.svg import (
    INK,
    LEFT,
    RIGHT,
    RULE,
    WIDTH,
    document,
    line,
    rect,
    text,
    ticks,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.evaluation.feature_importance import Importance, Worth
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves

_COLOURS = ("#0b66b0", "#b8540a", "#4a7a12", "#7a3f9a", "#555555")
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "1 2")
_TOP, _BOTTOM = 70.0, 370.0
_ROW = 19.0
_NAMES = 190.0
_MOST_FEATURES = 20


def learning_curves_svg(curves: LearningCurves) -> str:
    """Draw the mean score of each order, and the middle half of the repeats as a band.

    Lowest and highest repeat lie the further apart the more there are.
    """
    title = f"Balanced accuracy on held-out micrographs ({curves.repeats} repeats)"
    frame = _Frame.around(curves)
    parts = [*_score_axis(frame), *_label_axis(frame)]
    for number, name in enumerate(curves.scores):
        parts += _curve(curves, name, number, frame)
    y = frame.height(ENOUGH * curves.final)
    parts.append(_dashed([(LEFT, y), (RIGHT, y)], INK, "2 4", 1))
    words = f"{100 * ENOUGH:.0f} % of the final score"
    parts.append(text(RIGHT, y + 13, words, size=11, anchor="end"))
    return document(title, parts)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where labels and scores lie on the page."""

    most: int
    low: float
    high: float

    @classmethod
    def around(cls, curves: LearningCurves) -> _Frame:
        """Leave out tenths in which no curve runs."""
        every = np.concatenate(
            [
                drawn.ravel()
                for name, runs in curves.scores.items()
                for drawn in (_middle_half(runs), curves.mean(name))
            ]
        )
        low = math.floor(10 * float(np.nanmin(every))) / 10
        high = math.ceil(10 * float(np.nanmax(every))) / 10
        return cls(curves.labels[-1], low, max(high, low + 0.1))

    def right(self, count: float) -> float:
        """Place on the axis of labels."""
        return LEFT + (RIGHT - LEFT) * count / self.most

    def height(self, score: float) -> float:
        """Place on the axis of scores."""
        share = (score - self.low) / (self.high - self.low)
        return _BOTTOM - (_BOTTOM - _TOP) * share


def importance_svg(found: Importance) -> str:
    """Draw what is lost without each family and each of the best features."""
    shown = [*found.families, None, *found.features[:_MOST_FEATURES]]
    known = [one for one in shown if one is not None]
    ends = [end for one in known for end in (*_ends(one), one.loss.value)]
    low, high = min(0.0, *ends), max(0.01, *ends)
    parts = []
    for row, one in enumerate(shown):
        if one is not None:
            parts += _worth(one, _TOP + row * _ROW, low, high)
    bottom = _TOP + len(shown) * _ROW
    zero = _across(0.0, low, high)
    parts.append(line(zero, _TOP - 8, zero, bottom, INK))
    for value in (0.0, high / 2, high):
        x = _across(value, low, high)
        parts.append(text(x, bottom + 16, f"{value:.2f}", size=12))
    words = "balanced accuracy lost when shuffled, with 95 % intervals"
    parts.append(text((_NAMES + RIGHT) / 2, bottom + 36, words, size=12))
    title = (
        f"Importance on held-out micrographs (of {found.balanced_accuracy:.2f}, "
        f"{found.n_micrographs} micrographs)"
    )
    return document(title, parts, bottom + 55)


def _worth(one: Worth, y: float, low: float, high: float) -> list[str]:
    zero, end = _across(0.0, low, high), _across(one.loss.value, low, high)
    ends = [_across(each, low, high) for each in _ends(one)]
    family = len(one.features) > 1
    return [
        text(_NAMES - 10, y + 4, one.name, size=12, anchor="end", bold=family),
        rect(min(zero, end), y - 6, abs(end - zero), 12, _COLOURS[0]),
        line(ends[0], y, ends[1], y, INK, 2),
    ]


def _ends(one: Worth) -> tuple[float, float]:
    """Return the ends of the interval; the value alone where there is none."""
    return one.loss.interval_95 or (one.loss.value, one.loss.value)


def _across(value: float, low: float, high: float) -> float:
    return _NAMES + (RIGHT - _NAMES) * (value - low) / (high - low)


def _curve(curves: LearningCurves, name: str, number: int, frame: _Frame) -> list[str]:
    colour, dash = _COLOURS[number % 5], _DASHES[number % 5]
    mean = curves.mean(name)
    # A start with labels of one class has no score: the curve begins later.
    known = np.isfinite(mean)
    xs = [frame.right(count) for count in np.array(curves.labels)[known].tolist()]
    least, most = _middle_half(curves.scores[name][:, known])
    upper = [(x, frame.height(y)) for x, y in zip(xs, most, strict=True)]
    lower = [(x, frame.height(y)) for x, y in zip(xs, least, strict=True)]
    band = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*upper, *lower[::-1]))
    way = [(x, frame.height(y)) for x, y in zip(xs, mean[known], strict=True)]
    y = _BOTTOM - 18 * (len(curves.scores) - number)
    return [
        f'<polygon points="{band}" fill="{colour}" fill-opacity="0.15"/>',
        _dashed(way, colour, dash, 2.5),
        _dashed([(RIGHT - 150, y - 4), (RIGHT - 115, y - 4)], colour, dash, 2.5),
        text(RIGHT - 108, y, f"{name} order", size=12, anchor="start"),
    ]


def _middle_half(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(runs, [0.25, 0.75], axis=0))


def _dashed(
    way: Sequence[tuple[float, float]], colour: str, dash: str, width: float
) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in way)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" '
        f'stroke-width="{width:g}" stroke-dasharray="{dash}"/>'
    )


def _score_axis(frame: _Frame) -> list[str]:
    parts = []
    for tenth in range(round(10 * frame.low), round(10 * frame.high) + 1):
        y = frame.height(tenth / 10)
        parts.append(line(LEFT, y, RIGHT, y, INK if y == _BOTTOM else RULE))
        words = f"{tenth / 10:.1f}"
        parts.append(text(LEFT - 10, y + 4, words, size=12, anchor="end"))
    return parts


def _label_axis(frame: _Frame) -> list[str]:
    words = "particles labelled (mean score, and the middle half of the repeats)"
    parts = [text(WIDTH / 2, _BOTTOM + 42, words, size=14)]
    for count in ticks(frame.most, wanted=5):
        if count <= frame.most:
            x = frame.right(count)
            parts.append(line(x, _BOTTOM, x, _BOTTOM + 5, INK))
            parts.append(text(x, _BOTTOM + 20, f"{count:g}", size=12))
    return parts
