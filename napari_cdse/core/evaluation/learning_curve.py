"""Learning curves: labelling replayed in the order of the review queue and at random.

Labels that are known already are revealed step by step, in the order of the review
queue or at random. Both start from the same few particles drawn at random, reveal the
same number at a time, and are scored on the same held-out micrographs (Settles, Active
Learning (2012), chapter 6).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import MIN_PARTICLES, fit_forest
from napari_cdse.core.classifier.novelty import novelty_reference
from napari_cdse.core.classifier.training_set import stack
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
from napari_cdse.core.evaluation.scores import score
from napari_cdse.core.evaluation.validation import (
    MIN_PER_CLASS,
    grouped_splits,
    too_few,
)
from napari_cdse.core.progress import part_of
from napari_cdse.core.records import CLASSES, Circle, Prediction
from napari_cdse.core.review.blind_audit import SHARE, draw
from napari_cdse.core.review.review_queue import QueueItem, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress

    Ranking = Callable[[Sequence[QueueItem], np.random.Generator], list[QueueItem]]

HELD_OUT = 3
"""One in how many micrographs is held out for scoring. A choice: with fewer held out
the scores scatter more, with more there is less to learn from."""

_FEWEST = 10
"""Fewest labels with which the replayed queue knows novelties. A choice: twice the
`NEIGHBOURS` of novelty; with more, the queue goes by doubt alone for longer."""

_FINE_STEPS = 5
"""Number of retrainings at equal steps; later steps grow to about a fifth of the labels
so far. A choice: more show the curve in finer steps, and cost as many fits."""


def by_chance(items: Sequence[QueueItem], rng: np.random.Generator) -> list[QueueItem]:
    """Sort particles at random."""
    return [items[index] for index in rng.permutation(len(items)).tolist()]


def by_queue(items: Sequence[QueueItem], _rng: np.random.Generator) -> list[QueueItem]:
    """Sort particles as the review queue does: by doubt, with the draws of an audit."""
    return ordered(items, "uncertain")


ORDERS: Mapping[str, Ranking] = {"queue": by_queue, "random": by_chance}


def learning_curves(
    training: TrainingSet,
    circles: Mapping[str, Circle],
    params: ForestParams,
    *,
    seeds: int = 10,
    step: int = 20,
    base: TrainingSet | None = None,
    orders: Mapping[str, Ranking] = ORDERS,
    progress: Progress | None = None,
) -> LearningCurves:
    """Replay labelling on particles whose class is known.

    Parameters
    ----------
    training : TrainingSet
        Rows of all particles, copies included.
    circles : mapping of str to Circle
        The particles that can be labelled, by id; those of a class with fewer than
        `MIN_PER_CLASS` are left out.
    params : ForestParams
        How each forest is grown; its seed is the first of `seeds`.
    seeds : int
        Number of repeats, each with other held-out micrographs and first labels. The
        10 are a choice: the interval narrows with the root of their number, and time
        grows with it.
    step : int
        Labels between two retrainings. The 20 are a choice: with fewer the order
        follows the forest sooner, at the cost of more fits.
    base : TrainingSet, optional
        Learnt from in addition to the labels, such as the shipped table; a label then
        weighs ``params.own_weight``.
    orders : mapping of str to callable, optional
        How to sort the particles not labelled yet, by name.
    progress : callable, optional
        Called with 0 to 1; may raise `Cancelled`.

    Raises
    ------
    TrainingError
        When there are too few labels or micrographs for an honest score.
    """
    pool = _scorable(training.rows(np.isin(training.particle_ids, list(circles))))
    note = too_few(pool)
    if note is not None:
        raise TrainingError(note)
    runs: dict[str, list[list[float]]] = {name: [] for name in orders}
    replays = [
        _Replay(pool, circles, replace(params, seed=params.seed + n), base)
        for n in range(seeds)
    ]
    # Repeats leave different numbers of particles to learn from: the fewest count.
    counts = _counts(min(len(one.ids) for one in replays), step)
    total = seeds * len(orders)
    for number, one in enumerate(replays):
        for place, (name, ranking) in enumerate(orders.items()):
            part = part_of(progress, number * len(orders) + place, total)
            runs[name].append(one.run(ranking, counts, part))
    return LearningCurves(counts, {n: np.array(each) for n, each in runs.items()})


def _scorable(pool: TrainingSet) -> TrainingSet:
    """Leave out classes with too few particles to be scored, such as false circles."""
    counts = pool.class_counts
    enough = [name for name in CLASSES if counts[name] >= MIN_PER_CLASS]
    return pool.rows(np.isin(pool.labels, enough))


def _counts(most: int, step: int) -> tuple[int, ...]:
    """Numbers of labels, in equal steps first, in longer ones where curves are flat."""
    counts, now = [], min(step, most)
    while now < most:
        counts.append(now)
        now += step * max(1, now // (_FINE_STEPS * step))
    return (*counts, most)


class _Replay:
    """One repeat: a split of the micrographs, and a random first choice of labels."""

    def __init__(
        self,
        pool: TrainingSet,
        circles: Mapping[str, Circle],
        params: ForestParams,
        base: TrainingSet | None,
    ) -> None:
        self._params, self._circles = params, circles
        learn, held_out = grouped_splits(pool, replace(params, folds=HELD_OUT))[0]
        self._learn, self._test = pool.rows(learn), pool.rows(held_out)
        self._base = None
        if base is not None:
            known = np.isin(base.micrograph_ids, self._test.micrograph_ids)
            self._base = base.rows(~known)
        originals = self._learn.rows(self._learn.originals)

        self._values = dict(
            zip(originals.particle_ids.tolist(), originals.table.values, strict=True)
        )
        names = np.unique(originals.micrograph_ids, return_inverse=True)[1]
        self._micrographs = dict(
            zip(originals.particle_ids.tolist(), names.tolist(), strict=True)
        )
        rng = np.random.default_rng(params.seed)
        self.ids: list[str] = rng.permutation(originals.particle_ids).tolist()

    def run(
        self, ranking: Ranking, counts: Sequence[int], progress: Progress | None
    ) -> list[float]:
        """Score after each number of labels."""
        rng = np.random.default_rng(self._params.seed)
        known = self.ids[: counts[0]]
        scores = []
        for number, following in enumerate((*counts[1:], None)):
            part = part_of(progress, number, len(counts))
            told, rest = self._taught(known, part)
            scores.append(told)
            if following is not None:
                turn = ranking(rest, rng)[: following - len(known)]
                known = [*known, *(item.particle_id for item in turn)]
        return scores

    def _taught(
        self, known: Sequence[str], progress: Progress | None
    ) -> tuple[float, list[QueueItem]]:
        """Learn from some particles; return the score and the others as queue items."""
        training = self._learnable(known)
        rest = [each for each in self.ids if each not in set(known)]
        if training is None:
            return float("nan"), [self._item(each) for each in rest]
        forest = fit_forest(training, self._params, progress)
        told = forest.predict_proba(self._test.table.values)
        accuracy = score(self._test, told, HELD_OUT).balanced_accuracy
        if not rest:
            return accuracy, []
        values = np.stack([self._values[each] for each in rest])
        shares = forest.predict_proba(values)
        near = novelty_reference(training, least=_FEWEST)
        far = np.full(len(rest), np.nan) if near is None else near.novelty(values)
        each = zip(rest, shares, far.tolist(), strict=True)
        return accuracy, [self._item(*one) for one in each]

    def _learnable(self, known: Sequence[str]) -> TrainingSet | None:
        """Rows to learn from, without classes of a single particle; None if too few."""
        rows = self._learn.rows(np.isin(self._learn.particle_ids, known))
        own = self._params.own_weight
        training = rows if self._base is None else stack(self._base, rows.weighted(own))
        counts = training.class_counts
        enough = [name for name in CLASSES if counts[name] >= MIN_PARTICLES]
        if len(enough) < 2:
            return None
        return training.rows(np.isin(training.labels, enough))

    def _item(
        self,
        particle_id: str,
        shares: NDArray[np.float64] | None = None,
        novelty: float = math.nan,
    ) -> QueueItem:
        prediction = None
        if shares is not None:
            yes, no, null, empty = (float(share) for share in shares)
            far = None if math.isnan(novelty) else float(novelty)
            prediction = Prediction(particle_id, "", (yes, no, null, empty), far)
        lot = draw(str(self._params.seed), particle_id)
        return QueueItem(
            micrograph=self._micrographs[particle_id],
            particle_id=particle_id,
            circle=self._circles[particle_id],
            prediction=prediction,
            draw=lot / SHARE if lot < SHARE else None,
        )
