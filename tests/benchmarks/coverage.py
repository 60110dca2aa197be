"""How often intervals of 95 % hold the truth: ``python -m tests.benchmarks coverage``.

Populations of known truth are reviewed by the project's own code thousands of times.
A quarter of an hour on two cores; ``--quick`` repeats each cell a tenth as often.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from joblib import Parallel, delayed

from napari_cdse.core.evaluation.scores import balanced_of, difference_of, interval_of
from napari_cdse.core.records import CLASSES
from napari_cdse.core.review.annotator_agreement import agreement, cohen_kappa
from napari_cdse.core.statistics.difference_estimator import difference
from napari_cdse.core.statistics.sample import Sample
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.populations import (
    FORESTS,
    Population,
    confusions,
    drawn,
    drawn_at_best,
    drawn_with,
    population,
)
from tests.reviews import SOUND, UNSOUND

REPEATS = 2000
WORKERS = 2

FRACTIONS = (0.05, 0.2, 0.4, 0.6)
CORRELATIONS = (0.0, 0.1, 0.3)
REVIEWS = ((5, 30), (10, 30), (20, 60), (50, 60), (50, 150))
"""Micrographs, and judged draws to expect."""

SCORED = (3, 5, 10)
"""Micrographs with labels, for scores and agreement."""

GOAL, FLOOR = (0.94, 0.96), 0.93
WIDTH_GOAL = 0.8


@dataclass(frozen=True)
class Cell:
    """One population and review, and what came of it with equal and unequal chances."""

    micrographs: int
    draws: int
    fraction: float
    correlation: float
    forest: str
    coverage: tuple[float, float] = (0, 0)
    width: tuple[float, float] = (0, 0)
    bias: tuple[float, float] = (0, 0)
    found_correlation: float = 0.0
    by_draws: tuple[float, float] = (0, 0)
    best_width: float = 0.0
    width_of_all: float = 0.0

    @property
    def narrowing(self) -> float:
        return self.width[1] / self.width[0]

    @property
    def least(self) -> float:
        """Of the ratio of widths, if what the forest is worth were known exactly."""
        return self.best_width / self.width[0]

    @property
    def of_all(self) -> float:
        """Of the ratio of widths, if every particle were judged."""
        return self.width_of_all / self.width[0]

    @property
    def narrowing_by_draws(self) -> float:
        """Of that part of the standard deviation that more draws make smaller."""
        return self.by_draws[1] / self.by_draws[0]


def show(quick: bool) -> None:
    """Print all parts as they come."""
    repeats = REPEATS // 10 if quick else REPEATS
    _show_scores(repeats)
    _show_reviews(repeats)
    _show_fraction(repeats)


def cells() -> Iterator[Cell]:
    """Yield what is to be simulated."""
    for (micrographs, draws), fraction, correlation, forest in product(
        REVIEWS, FRACTIONS, CORRELATIONS, FORESTS
    ):
        yield Cell(micrographs, draws, fraction, correlation, forest)


def simulated(cell: Cell, repeats: int, seed: int = 7) -> Cell:
    """Review so many populations of a cell."""
    told = []
    for unequal in (False, True):
        rng = np.random.default_rng(seed)
        told.append([_one(rng, cell, unequal) for _ in range(repeats)])
    table = np.array(told)
    covered = (table[..., 0] <= cell.fraction) & (cell.fraction <= table[..., 1])
    return Cell(
        cell.micrographs,
        cell.draws,
        cell.fraction,
        cell.correlation,
        cell.forest,
        coverage=tuple(covered.mean(axis=1)),
        width=tuple(np.median(table[..., 1] - table[..., 0], axis=1)),
        bias=tuple(table[..., 2].mean(axis=1) - cell.fraction),
        found_correlation=float(table[0, :, 3].mean()),
        by_draws=tuple(np.median(table[..., 4], axis=1)),
        best_width=_median_width(cell, repeats, seed, _at_best),
        width_of_all=_median_width(cell, repeats, seed, _all_judged),
    )


def _median_width(
    cell: Cell,
    repeats: int,
    seed: int,
    review: Callable[[np.random.Generator, Cell, Population], Sample],
) -> float:
    rng = np.random.default_rng(seed)
    intervals = []
    for _ in range(repeats):
        found = _population(rng, cell)
        intervals.append(difference(review(rng, cell, found)).interval_95)
    return float(np.median([high - low for low, high in intervals]))


def _at_best(rng: np.random.Generator, cell: Cell, found: Population) -> Sample:
    return drawn_at_best(rng, found, cell.draws, cell.forest, cell.fraction)


def _all_judged(rng: np.random.Generator, cell: Cell, found: Population) -> Sample:
    return drawn_with(rng, found, np.ones(found.micrograph.size))


def _population(rng: np.random.Generator, cell: Cell) -> Population:
    return population(
        rng, cell.fraction, cell.correlation, cell.micrographs, cell.forest
    )


def _one(
    rng: np.random.Generator, cell: Cell, unequal: bool
) -> tuple[float, float, float, float, float]:
    found = _population(rng, cell)
    told = difference(drawn(rng, found, cell.draws, unequal=unequal))
    by_draws = float(np.sqrt(told.by_draws))
    return (*told.interval_95, told.share, told.correlation or 0.0, by_draws)


def _show_scores(repeats: int) -> None:
    print(f"\nScores and agreement, {repeats} samples a line; coverage")
    print(
        f"{'micrographs':>11s}{'balanced accuracy':>20s}{'difference':>12s}"
        f"{'kappa':>8s}{'agreement':>11s}"
    )
    for each in _parallel(scored, ((number, repeats) for number in SCORED)):
        print(each)


def scored(micrographs: int, repeats: int) -> str:
    """Score and compare on so many samples; a line of the table."""
    many = confusions(np.random.default_rng(1), 4000)[0].sum(axis=0)
    truth = (
        float(balanced_of(many)),
        0.0,
        float(cohen_kappa(many)),
        float(np.trace(many) / many.sum()),
    )
    rng = np.random.default_rng(8)
    found = [_score_intervals(*confusions(rng, micrographs)) for _ in range(repeats)]
    columns = list(zip(*found, strict=True))
    told = [_covered(column, true) for column, true in zip(columns, truth, strict=True)]
    return f"{micrographs:11d}{told[0]:>20s}{told[1]:>12s}{told[2]:>8s}{told[3]:>11s}"


def _score_intervals(old: np.ndarray, new: np.ndarray):
    at, truth, told = np.nonzero(old)
    times = old[at, truth, told]
    labels = [
        [CLASSES[each] for each in np.repeat(side, times)] for side in (truth, told)
    ]
    both = agreement(*labels, np.repeat(at, times).astype(str).tolist())
    return (
        interval_of(old),
        difference_of(old, new).interval_95,
        both.kappa_95,
        both.observed_95,
    )


def _covered(intervals: Iterable[tuple[float, float] | None], truth: float) -> str:
    known = [each for each in intervals if each is not None]
    if not known:
        return "none"
    return f"{np.mean([low <= truth <= high for low, high in known]):.3f}"


def _show_reviews(repeats: int) -> None:
    print(
        f"\nReviews of all kinds, {repeats // 2} populations a line: 20 micrographs, "
        "60 draws, fraction 0.3, correlation 0.1"
    )
    print(f"{'forest and review':42s}{'coverage':>10s}{'width':>8s}{'bias':>9s}")
    jobs = [
        (forest, name, repeats // 2)
        for forest in ("biased", "right")
        for name in (*SOUND, *UNSOUND)
    ]
    for line in _parallel(reviewed, jobs):
        print(line)


def reviewed(forest: str, name: str, repeats: int) -> str:
    """Review so many populations in one way; a line of the table."""
    rng = np.random.default_rng(3)
    review = (SOUND | UNSOUND)[name]
    found = [
        visible_defects(review(rng, population(rng, 0.3, 0.1, 20, forest)))
        for _ in range(repeats)
    ]
    low, high = np.array([each.interval_95 for each in found]).T
    bias = np.mean([each.fraction for each in found]) - 0.3
    covered = np.mean((low <= 0.3) & (high >= 0.3))
    told = f"{covered:10.3f}{np.median(high - low):8.2f}{bias:+9.3f}"
    return f"{f'{forest}: {name}':42s}{told}"


def _show_fraction(repeats: int) -> None:
    print(
        f"\nVisible-defect fraction, {repeats} populations a cell; equal | unequal "
        "chances"
    )
    print(
        f"{'micrographs draws fraction corr. forest':42s}{'coverage':>15s}"
        f"{'width':>15s}{'bias':>17s}{'ratio':>7s}{'least':>7s}{'all':>6s}{'corr.':>7s}"
    )
    done = list(_parallel(simulated, ((each, repeats) for each in cells())))
    for each in done:
        print(_line(each))
    _judge(done)


def _parallel(run: Callable[..., object], jobs: Iterable[tuple[object, ...]]):
    workers = Parallel(WORKERS, return_as="generator")
    return workers(delayed(run)(*job) for job in jobs)


def _line(cell: Cell) -> str:
    name = (
        f"{cell.micrographs:11d} {cell.draws:5d} {cell.fraction:8.2f} "
        f"{cell.correlation:5.1f} {cell.forest}"
    )
    sound = cell.micrographs >= 10 and cell.draws >= 30
    low = sound and min(cell.coverage) < FLOOR
    return (
        f"{name:42s}{_pair(cell.coverage, '.3f')}{_pair(cell.width, '.2f')}"
        f"  {_pair(cell.bias, '+.3f')}{cell.narrowing:7.2f}"
        f"{cell.least:7.2f}{cell.of_all:6.2f}{cell.found_correlation:7.2f}"
        f"{'  too low' if low else ''}"
    )


def _pair(values: tuple[float, float], form: str) -> str:
    return "".join(f"{format(value, form):>8s}" for value in values)


def _judge(done: list[Cell]) -> None:
    """Say what the goals are worth over all cells."""
    coverage = np.array([c for each in done for c in each.coverage])
    sound = np.array([c for e in done if e.micrographs >= 10 for c in e.coverage])
    inside = np.mean((coverage >= GOAL[0]) & (coverage <= GOAL[1]))
    print(
        f"Coverage {coverage.mean():.3f} on average, {coverage.min():.3f} to "
        f"{coverage.max():.3f}; within {GOAL[0]} to {GOAL[1]} in {inside:.0%} of the "
        f"cells, below {GOAL[0]} in {np.mean(coverage < GOAL[0]):.0%}, above "
        f"{GOAL[1]} in {np.mean(coverage > GOAL[1]):.0%}."
    )
    print(
        f"With 10 micrographs and 30 draws or more: lowest {sound.min():.3f}, below "
        f"{FLOOR} in {np.count_nonzero(sound < FLOOR)} of {sound.size} cells."
    )
    for forest in FORESTS:
        ratios = np.array([each.narrowing for each in done if each.forest == forest])
        rare = np.array(
            [e.narrowing for e in done if e.forest == forest and e.fraction <= 0.2]
        )
        print(
            f"Width with unequal chances, forest {forest}: {np.median(ratios):.2f} of "
            f"that with equal ones ({np.median(rare):.2f} for fractions up to 0.2); at "
            f"most {WIDTH_GOAL} in {np.mean(ratios <= WIDTH_GOAL):.0%} of the cells."
        )
        parts = [each.narrowing_by_draws for each in done if each.forest == forest]
        least = np.array([each.least for each in done if each.forest == forest])
        of_all = np.array([each.of_all for each in done if each.forest == forest])
        print(
            f"  With the chances of one who knows what the forest is worth: "
            f"{np.median(least):.2f}; at most {WIDTH_GOAL} in "
            f"{np.mean(least <= WIDTH_GOAL):.0%}. With every particle judged: "
            f"{np.median(of_all):.2f}; at most {WIDTH_GOAL} in "
            f"{np.mean(of_all <= WIDTH_GOAL):.0%}."
        )
        print(
            f"  The part of it that draws make smaller: {np.median(parts):.2f}; what "
            "micrographs differ by stays as it is."
        )
