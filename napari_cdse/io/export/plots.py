"""Plot the figures of a population on matplotlib figures.

Window, files and report draw with these same functions. They are to be called inside
`napari_cdse.io.export.figure_style.drawing`, which sets fonts and colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.records import CLASSES, LETTERS
from napari_cdse.core.statistics.size_distribution import (
    BY_ESTIMATE,
    PARTICLES,
    size_curves,
    size_histogram,
)
from napari_cdse.io.export.figure_style import MEANINGS, PRINT, Palette

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.core.statistics.label_history import HistoryStep
    from napari_cdse.core.statistics.micrograph_fractions import MicrographFraction
    from napari_cdse.core.statistics.size_distribution import (
        ClassSizes,
        SizeHistogram,
        SizeSummary,
    )
    from napari_cdse.core.statistics.size_trend import SizeTrend
    from napari_cdse.core.statistics.visible_defects import VisibleDefects

_MOST_NAMES = 24
"""Micrographs whose names stand on the axis; with more, their numbers do."""

_LONGEST_NAME = 18
"""Letters of a micrograph's name that are shown."""

_LETTERS_PER_INCH = 14
"""Of the words over a panel, at their size."""

_BESIDE_IN = 0.5
"""Inches beside a panel that its words do not have."""

FRACTION = "visible-defect fraction"


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Circles by class, and by who gave the class.

    Attributes
    ----------
    by_person, by_forest : mapping of str to int
    """

    by_person: Mapping[Label, int]
    by_forest: Mapping[Label, int]

    @property
    def n(self) -> int:
        """Circles with a class."""
        return sum(self.by_person.values()) + sum(self.by_forest.values())


def draw_class_counts(
    figure: Figure, counts: ClassCounts, defects: VisibleDefects, palette: Palette
) -> None:
    """Draw the circles of each class, and below them the fraction on its axis."""
    grid = figure.add_gridspec(2, 1, height_ratios=(4, 1))
    _bars(figure.add_subplot(grid[0]), counts, palette)
    _fraction_strip(figure.add_subplot(grid[1]), defects, palette)


def draw_micrographs(
    axes: Axes,
    fractions: Sequence[MicrographFraction],
    whole: VisibleDefects,
    palette: Palette = PRINT,
) -> tuple[MicrographFraction, ...]:
    """Draw the fraction of each micrograph, and the whole's behind them.

    A dot is full where the interval of its micrograph is known, and a diamond where
    that leaves the whole's fraction out.

    Returns
    -------
    tuple of MicrographFraction
        Those drawn; the place of each on the horizontal axis is its number here.
    """
    shown = tuple(each for each in fractions if each.fraction is not None)
    _whole(axes, whole, palette)
    for apart in (False, True):
        some = [
            at for at, each in enumerate(shown) if stands_apart(each, whole) is apart
        ]
        known = [at for at in some if shown[at].interval_95 is not None]
        _dots(axes, shown, known, apart, palette)
        open_ones = [at for at in some if shown[at].interval_95 is None]
        heights = [_share(shown[at]) for at in open_ones]
        axes.plot(open_ones, heights, **_marks(palette, "no", full=False))
    _name_micrographs(axes, shown)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlim(-0.7, max(len(shown), 1) - 0.3)
    axes.set_ylabel(FRACTION)
    _title(axes, _micrographs_title(shown, whole), _whole_words(whole))
    return shown


def stands_apart(one: MicrographFraction, whole: VisibleDefects) -> bool:
    """Whether a micrograph's interval leaves the fraction of all out."""
    if one.interval_95 is None or whole.fraction is None:
        return False
    low, high = one.interval_95
    return not low <= whole.fraction <= high


def draw_samples(
    axes: Axes, samples: Sequence[SampleNumbers], palette: Palette = PRINT
) -> None:
    """Draw the fraction of each sample with its interval, beside each other.

    A dot is full where there is an interval.
    """
    told = [
        (at, each.defects.fraction, each.defects.interval_95)
        for at, each in enumerate(samples)
        if each.defects.fraction is not None
    ]
    _error_bars(axes, told, palette)
    for full in (True, False):
        some = [point for point in told if (point[2] is not None) is full]
        axes.plot(
            [at for at, *_ in some],
            [share for _, share, _ in some],
            **_marks(palette, "yes", full),
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
    without = len(samples) - sum(ends is not None for *_, ends in told)
    _title(
        axes,
        f"Fraction by sample (n = {len(samples)}; bars: 95 %)"
        if samples
        else "Fraction by sample: no sample to show",
        f"open or missing: no interval ({without})" if without else "",
    )


def draw_sizes(figure: Figure, sizes: ClassSizes, palette: Palette = PRINT) -> None:
    """Draw the diameters of each class in a panel of its own, over one axis.

    Over the counts lie their density (full line) and the log-normal that fits
    (dashed), both as counts per bin.
    """
    every = [(size, label) for label in PARTICLES for size in sizes.sizes[label]]
    histogram = size_histogram([s for s, _ in every], [label for _, label in every])
    panels = figure.subplots(len(PARTICLES), 1, sharex=True)
    summaries = {each.label: each for each in sizes.summaries}
    for axes, label in zip(panels, PARTICLES, strict=True):
        if histogram is not None:
            _histogram(axes, histogram, sizes, label, palette)
        _title(axes, _size_words(label, summaries.get(label), sizes.unit))
        # Without any particle the axis would lie around 0, and tell negative counts.
        axes.set_ylim(0, axes.get_ylim()[1] if label in summaries else 1)
        _whole_numbers(axes)
    panels[1].set_ylabel("particles per bin")
    panels[-1].set_xlabel(f"diameter ({sizes.unit})")
    left_out = f"; {sizes.n_unknown} without a pixel size" if sizes.n_unknown else ""
    told = f"Diameter of particles in {sizes.unit} (n = {sizes.n}{left_out})"
    if sizes.by_estimate:
        told += f"\n{BY_ESTIMATE}"
    elif sizes.unit == "px" and sizes.n_micrographs > 1:
        told += "\npixels of different micrographs may differ in size"
    figure.suptitle(told, fontsize=9)


def draw_size_trend(
    axes: Axes, trend: SizeTrend, whole: VisibleDefects, palette: Palette = PRINT
) -> None:
    """Draw the fraction of each class of size, and the whole's behind them."""
    _whole(axes, whole, palette)
    known = [each for each in trend.bins if each.fraction is not None]
    points = [(each.middle, each.fraction or 0.0, each.interval_95) for each in known]
    _error_bars(axes, points, palette)
    for each, (x, y, interval) in zip(known, points, strict=True):
        axes.plot([each.low, each.high], [y, y], color=palette.rule, zorder=1)
        axes.plot([x], [y], **_marks(palette, "yes", full=interval is not None))
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
    _title(axes, _trend_title(trend), _whole_words(whole))


def draw_label_history(
    axes: Axes, history: Sequence[HistoryStep], palette: Palette = PRINT
) -> None:
    """Draw the fraction and its interval as labels came in."""
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
    _title(axes, _history_title(known))
    _whole_numbers(axes, vertical=False)


# Classes


def _bars(axes: Axes, counts: ClassCounts, palette: Palette) -> None:
    places = range(len(CLASSES))
    person = [counts.by_person[label] for label in CLASSES]
    forest = [counts.by_forest[label] for label in CLASSES]
    colours = [palette.classes[label] for label in CLASSES]
    look: dict[str, Any] = {
        "color": colours,
        "edgecolor": palette.ink,
        "linewidth": 0.6,
    }
    axes.bar(places, person, **look)
    if any(forest):
        axes.bar(places, forest, bottom=person, hatch="////", alpha=0.6, **look)
        axes.legend(handles=_who(palette), loc="best")
    for at, label in enumerate(CLASSES):
        total = person[at] + forest[at]
        axes.annotate(
            str(total),
            (at, total),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
        )
        axes.set_xticks(
            list(places),
            [f"{LETTERS[label]}  {label}\n{MEANINGS[label]}" for label in CLASSES],
        )
    axes.set_ylabel("circles")
    axes.margins(y=0.12)
    _title(axes, f"Labelled circles by class (n = {counts.n})")
    _whole_numbers(axes)


def _who(palette: Palette) -> list[Artist]:
    from matplotlib.patches import Patch

    edge: dict[str, Any] = {
        "edgecolor": palette.ink,
        "linewidth": 0.6,
        "facecolor": palette.paper,
    }
    return [
        Patch(label="judged by a person", **edge),
        Patch(label="the forest's word", hatch="////", **edge),
    ]


def _fraction_strip(axes: Axes, defects: VisibleDefects, palette: Palette) -> None:
    _title(axes, defects.sentence)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(FRACTION)
    if defects.fraction is None:
        return
    if defects.interval_95 is not None:
        axes.plot(
            defects.interval_95,
            [0, 0],
            color=palette.ink,
            marker="|",
            markersize=9,
            gid="interval",
        )
    full = defects.interval_95 is not None
    axes.plot([defects.fraction], [0], gid="fraction", **_marks(palette, "yes", full))


# Micrographs


def _dots(
    axes: Axes,
    shown: Sequence[MicrographFraction],
    places: Sequence[int],
    apart: bool,
    palette: Palette,
) -> None:
    _error_bars(
        axes, [(at, _share(shown[at]), shown[at].interval_95) for at in places], palette
    )
    look = _marks(palette, "yes" if apart else "no")
    if apart:
        look["marker"] = "D"
    axes.plot(places, [_share(shown[at]) for at in places], **look)


def _share(one: MicrographFraction) -> float:
    return math.nan if one.fraction is None else one.fraction


def _name_micrographs(axes: Axes, shown: Sequence[MicrographFraction]) -> None:
    if len(shown) > _MOST_NAMES:
        axes.set_xlabel("micrograph, in the order of the table")
        _whole_numbers(axes, vertical=False)
        return
    names = [_shortened(each.name) for each in shown]
    axes.set_xticks(range(len(shown)), names, rotation=60, ha="right", fontsize=6.5)
    for tick in axes.get_xticklabels():
        tick.set_rotation_mode("anchor")


def _shortened(name: str) -> str:
    """Keep the end, where micrographs of a series differ."""
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


def _whole(axes: Axes, whole: VisibleDefects, palette: Palette) -> None:
    if whole.fraction is None:
        return
    axes.axhline(whole.fraction, color=palette.ink, linewidth=0.9, zorder=0)
    if whole.interval_95 is not None:
        axes.axhspan(*whole.interval_95, color=palette.rule, alpha=0.5, zorder=-1)


# Sizes


def _histogram(
    axes: Axes,
    histogram: SizeHistogram,
    sizes: ClassSizes,
    label: Label,
    palette: Palette,
) -> None:
    edges = np.array(histogram.edges)
    axes.bar(
        edges[:-1],
        histogram.counts[label],
        np.diff(edges),
        align="edge",
        color=palette.classes[label],
        edgecolor=palette.ink,
        linewidth=0.4,
        alpha=0.75,
    )
    curves = size_curves(sizes.sizes[label])
    if curves is None:
        return
    unit = sizes.unit
    scale = len(sizes.sizes[label]) * float(edges[1] - edges[0])
    axes.plot(
        curves.at,
        scale * curves.density,
        color=palette.ink,
        linewidth=1,
        label="density",
    )
    fit = curves.log_normal
    words = f"{fit.median:.3g} {unit}, factor {fit.geometric_deviation:.3g}"
    axes.plot(
        curves.at,
        scale * curves.fit,
        color=palette.ink,
        linestyle="--",
        label=f"log-normal: {words}",
    )
    axes.legend(loc="upper right", fontsize=7)


def _size_words(label: Label, summary: SizeSummary | None, unit: str) -> str:
    name = f"{LETTERS[label]}  {label}: {MEANINGS[label]}"
    if summary is None:
        return f"{name} (n = 0)"
    return f"{name} (n = {summary.n}), mean {summary.mean_words(unit)}"


def _trend_title(trend: SizeTrend) -> str:
    if not trend.bins:
        return "Fraction by size: no resolved particle of known size"
    without = sum(each.interval_95 is None for each in trend.bins)
    told = "Fraction by size (bars: 95 %; below: resolved particles in each)"
    if trend.by_estimate:
        told += f"\n{BY_ESTIMATE}"
    return f"{told}\nopen: no interval ({without})" if without else told


def _history_title(history: Sequence[HistoryStep]) -> str:
    if not history:
        return "No particle is resolved"
    last = history[-1]
    told = "The fraction as labels came in (bars: 95 %)"
    if last.interval_95 is None:
        return f"{told}\n{last.labels} labels, {last.n_drawn} drawn; no interval yet"
    half = (last.interval_95[1] - last.interval_95[0]) / 2
    return (
        f"{told}\n{last.labels} labels, {last.n_drawn} of them drawn: "
        f"to within {half:.2f}"
    )


# Everywhere


def _title(axes: Axes, *lines: str) -> None:
    """Write over a panel, in as many lines as its figure's width takes."""
    width_in = axes.figure.bbox.width / axes.figure.dpi - _BESIDE_IN
    letters = max(round(_LETTERS_PER_INCH * width_in), 1)
    parts = [part for line in lines for part in line.split("\n") if part]
    axes.set_title("\n".join(fill(part, letters) for part in parts), fontsize=8)


def _whole_words(whole: VisibleDefects) -> str:
    if whole.fraction is None:
        return ""
    told = _with_interval(whole.fraction, whole.interval_95)
    return f"line{' and band' if whole.interval_95 else ''}: all, {told}"


def _marks(palette: Palette, label: Label, full: bool = True) -> dict[str, Any]:
    colour = palette.classes[label]
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": 5,
        "markeredgecolor": palette.ink if full else colour,
        "markerfacecolor": colour if full else palette.paper,
        "markeredgewidth": 0.6 if full else 1.2,
    }


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
        # Their ends need not lie on either side of the value.
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


def _whole_numbers(axes: Axes, vertical: bool = True) -> None:
    from matplotlib.ticker import MaxNLocator

    axis = axes.yaxis if vertical else axes.xaxis
    axis.set_major_locator(MaxNLocator(nbins="auto", integer=True))
