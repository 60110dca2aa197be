"""Draw visible-defect fractions: by micrograph, sample, size, and as labels came in.

A dot is full if the interval of its fraction is known, and open otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.size_distribution import (
    BY_ESTIMATE,
)
from napari_cdse.io.export.figures.axes import (
    FRACTION,
    marker_style,
    set_title,
    use_whole_numbers,
)
from napari_cdse.io.export.figures.style import PRINT, Palette

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.core.statistics.label_history import HistoryStep
    from napari_cdse.core.statistics.micrograph_fractions import MicrographFraction
    from napari_cdse.core.statistics.size_trend import SizeTrend
    from napari_cdse.core.statistics.visible_defects import VisibleDefects


_MOST_NAMES = 24
"""Most micrographs whose names are on the axis; with more, it has numbers. Chosen: as
many names as can be read."""

_LONGEST_NAME = 18
"""Most letters of a micrograph's name that are shown. Chosen."""


def draw_micrographs(
    axes: Axes,
    fractions: Sequence[MicrographFraction],
    whole: VisibleDefects,
    palette: Palette = PRINT,
) -> tuple[MicrographFraction, ...]:
    """Draw the fraction of each micrograph, with the overall fraction as a line.

    Micrographs whose interval does not contain the overall fraction are diamonds.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    fractions : sequence of MicrographFraction
        Those without a fraction are left out.
    whole : VisibleDefects
        Overall fraction and its interval.
    palette : Palette, optional
        Colours; those for print by default.

    Returns
    -------
    tuple of MicrographFraction
        Those drawn; the index of each is its position on the horizontal axis.
    """
    shown = tuple(each for each in fractions if each.fraction is not None)
    _draw_whole(axes, whole, palette)
    for apart in (False, True):
        positions = [
            at for at, each in enumerate(shown) if stands_apart(each, whole) is apart
        ]
        known = [at for at in positions if shown[at].interval_95 is not None]
        _dots(axes, shown, known, apart, palette)
        unknown = [at for at in positions if shown[at].interval_95 is None]
        heights = [_height(shown[at]) for at in unknown]
        axes.plot(unknown, heights, **marker_style(palette, "no", full=False))
    _name_micrographs(axes, shown)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(-0.7, max(len(shown), 1) - 0.3)
    axes.set_ylabel(FRACTION)
    set_title(axes, _micrographs_title(shown, whole), _whole_words(whole))
    return shown


def stands_apart(micrograph: MicrographFraction, whole: VisibleDefects) -> bool:
    """Whether a micrograph's interval does not contain the overall fraction."""
    if micrograph.interval_95 is None or whole.fraction is None:
        return False
    low, high = micrograph.interval_95
    return not low <= whole.fraction <= high


def draw_samples(
    axes: Axes, samples: Sequence[SampleNumbers], palette: Palette = PRINT
) -> None:
    """Draw the fractions of samples, with their intervals, side by side.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    samples : sequence of SampleNumbers
        Those without a fraction have a place, but no dot.
    palette : Palette, optional
        Colours; those for print by default.
    """
    points = [
        (at, each.defects.fraction, each.defects.interval_95)
        for at, each in enumerate(samples)
        if each.defects.fraction is not None
    ]
    _error_bars(axes, points, palette)
    for full in (True, False):
        dots = [point for point in points if (point[2] is not None) is full]
        axes.plot(
            [at for at, *_ in dots],
            [fraction for _, fraction, _ in dots],
            **marker_style(palette, "yes", full),
        )
    names = [
        f"{_shortened(each.name)}\n{each.defects.n_particles} in "
        f"{each.defects.n_micrographs}"
        for each in samples
    ]
    axes.set_xticks(range(len(samples)), names, fontsize=6.5)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(-0.7, max(len(samples), 1) - 0.3)
    axes.set_ylabel(FRACTION)
    axes.set_xlabel("sample: circles in micrographs")
    without = len(samples) - sum(interval is not None for *_, interval in points)
    set_title(
        axes,
        f"Fraction by sample (n = {len(samples)}; bars: 95 %)"
        if samples
        else "Fraction by sample: no sample to show",
        f"open or missing: no interval ({without})" if without else "",
    )


def draw_size_trend(
    axes: Axes, trend: SizeTrend, whole: VisibleDefects, palette: Palette = PRINT
) -> None:
    """Draw the fraction in each range of diameters, and the overall one as a line.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    trend : SizeTrend
        Ranges without a fraction are left out.
    whole : VisibleDefects
        Overall fraction and its interval.
    palette : Palette, optional
        Colours; those for print by default.
    """
    _draw_whole(axes, whole, palette)
    known = [each for each in trend.bins if each.fraction is not None]
    points = [(each.middle, each.fraction or 0.0, each.interval_95) for each in known]
    _error_bars(axes, points, palette)
    for each, (x, y, interval) in zip(known, points, strict=True):
        axes.plot([each.low, each.high], [y, y], color=palette.rule, zorder=1)
        axes.plot([x], [y], **marker_style(palette, "yes", full=interval is not None))
        axes.annotate(
            f"{each.resolved:.0f}",
            (x, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=6.5,
        )
    axes.set_ylim(-0.1, 1.03)
    axes.set_xlabel(f"diameter ({trend.unit})")
    axes.set_ylabel(FRACTION)
    set_title(axes, _trend_title(trend), _whole_words(whole))


def draw_label_history(
    axes: Axes, history: Sequence[HistoryStep], palette: Palette = PRINT
) -> None:
    """Draw the fraction and its interval against the number of labels.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    history : sequence of HistoryStep
        In order of time; steps without a fraction are left out.
    palette : Palette, optional
        Colours; those for print by default.
    """
    known = [each for each in history if each.fraction is not None]
    labels = [each.labels for each in known]
    axes.plot(
        labels,
        [each.fraction for each in known if each.fraction is not None],
        marker="o",
        markersize=3.5,
        color=palette.classes["yes"],
    )
    _error_bars(
        axes,
        [(each.labels, each.fraction or 0.0, each.interval_95) for each in known],
        palette,
    )
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("labels given")
    axes.set_ylabel(FRACTION)
    set_title(axes, _history_title(known))
    use_whole_numbers(axes, vertical=False)


def _dots(
    axes: Axes,
    shown: Sequence[MicrographFraction],
    places: Sequence[int],
    apart: bool,
    palette: Palette,
) -> None:
    _error_bars(
        axes,
        [(at, _height(shown[at]), shown[at].interval_95) for at in places],
        palette,
    )
    style = marker_style(palette, "yes" if apart else "no")
    if apart:
        style["marker"] = "D"
    axes.plot(places, [_height(shown[at]) for at in places], **style)


def _height(micrograph: MicrographFraction) -> float:
    return math.nan if micrograph.fraction is None else micrograph.fraction


def _name_micrographs(axes: Axes, shown: Sequence[MicrographFraction]) -> None:
    if len(shown) > _MOST_NAMES:
        axes.set_xlabel("micrograph, in the order of the table")
        use_whole_numbers(axes, vertical=False)
        return
    names = [_shortened(each.name) for each in shown]
    axes.set_xticks(range(len(shown)), names, rotation=60, ha="right", fontsize=6.5)
    for tick in axes.get_xticklabels():
        tick.set_rotation_mode("anchor")


def _shortened(name: str) -> str:
    """Shorten a name from its start: micrographs of a series differ at the end."""
    plain = "".join(char if char.isprintable() else "?" for char in name)
    return plain if len(plain) <= _LONGEST_NAME else f"…{plain[1 - _LONGEST_NAME :]}"


def _micrographs_title(
    shown: Sequence[MicrographFraction], whole: VisibleDefects
) -> str:
    apart = sum(stands_apart(each, whole) for each in shown)
    known = sum(each.interval_95 is not None for each in shown)
    title = f"Fraction by micrograph (n = {len(shown)}; bars: 95 %)"
    if not known:
        return f"{title}\nopen: by the forest; no interval without draws"
    return (
        f"{title}\ndiamonds: apart from the whole, {apart} of {known} "
        f"(by chance alone about {0.05 * known:.0f})"
    )


def _draw_whole(axes: Axes, whole: VisibleDefects, palette: Palette) -> None:
    if whole.fraction is None:
        return
    axes.axhline(whole.fraction, color=palette.ink, linewidth=0.9, zorder=0)
    if whole.interval_95 is not None:
        axes.axhspan(*whole.interval_95, color=palette.rule, alpha=0.5, zorder=-1)


def _trend_title(trend: SizeTrend) -> str:
    if not trend.bins:
        return "Fraction by size: no resolved particle of known size"
    without = sum(each.interval_95 is None for each in trend.bins)
    title = "Fraction by size (bars: 95 %; below: resolved particles in each)"
    if trend.by_estimate:
        title += f"\n{BY_ESTIMATE}"
    return f"{title}\nopen: no interval ({without})" if without else title


def _history_title(history: Sequence[HistoryStep]) -> str:
    if not history:
        return "No particle is resolved"
    last = history[-1]
    title = "The fraction as labels came in (bars: 95 %)"
    if last.interval_95 is None:
        return f"{title}\n{last.labels} labels, {last.n_drawn} drawn; no interval yet"
    half_width = (last.interval_95[1] - last.interval_95[0]) / 2
    return (
        f"{title}\n{last.labels} labels, {last.n_drawn} of them drawn: "
        f"to within {half_width:.2f}"
    )


def _whole_words(whole: VisibleDefects) -> str:
    if whole.fraction is None:
        return ""
    numbers = _with_interval(whole.fraction, whole.interval_95)
    return f"line{' and band' if whole.interval_95 else ''}: all, {numbers}"


def _error_bars(
    axes: Axes, points: Sequence[tuple[float, float, Interval | None]], palette: Palette
) -> None:
    """Draw the intervals of points (x, y, interval) that have one."""
    known = [(x, y, ends) for x, y, ends in points if ends is not None]
    if not known:
        return
    y = np.array([height for _, height, _ in known])
    low, high = np.array([ends for *_, ends in known]).T
    axes.errorbar(
        [x for x, _, _ in known],
        y,
        # An interval need not contain the value, but bars have no negative length.
        yerr=np.maximum([y - low, high - y], 0),
        linestyle="none",
        color=palette.ink,
        linewidth=0.9,
        capsize=2,
        zorder=1.5,
    )


def _with_interval(value: float, interval: Interval | None) -> str:
    if interval is None:
        return f"{value:.2f}, without an interval"
    return f"{value:.2f} ({interval[0]:.2f} to {interval[1]:.2f}, 95 %)"
