"""Order of particles for review, by uncertainty and others; pure functions.

The order "uncertain" is made in these steps.

1. The most doubtful particles come first, but mixed, so that not many of a kind follow
   each other: similar ones teach the forest the same (Settles, Active Learning (2012),
   chapter 3.4).
2. Every second place goes to the particle least like the training set. A forest is not
   uncertain about a kind that it never saw; in replays of labelling, doubt alone needed
   more labels than random order.
3. Within batches, particles of one micrograph are put together.
4. Particles drawn for the audit are inserted at places that depend on their draw and on
   the review's goal alone. Their place thus reveals nothing about the prediction, and a
   user who stops half-way has labelled a random half of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from napari_cdse.core.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Prediction

    _Index = NDArray[np.intp] | tuple[NDArray[np.intp], ...]

    _Mixing = Callable[
        [Sequence["QueueItem"], Sequence["QueueItem"]], list["QueueItem"]
    ]

Order = Literal["uncertain", "micrograph", "class", "confidence", "novelty"]
ORDERS: tuple[Order, ...] = get_args(Order)

Goal = Literal["learn", "both", "measure"]
"""Purpose of a review: to give the forest the examples from which it learns most, to
measure the visible-defect fraction, or both by turns."""
GOALS: tuple[Goal, ...] = get_args(Goal)

SPREAD = 0.5
"""Penalty on a particle's margin (a difference of probabilities) if the particles just
before it are entirely like it. A choice: a larger one mixes kinds more and follows
doubt less; with 0 many of a kind follow each other."""

EXPLORE = 2
"""Every so many-th place goes to the least familiar particle, if novelty is known.

Measured in replays of labelling, as balanced accuracy over the first labels above that
of random order: every second place gains 0.095, every fifth 0.075 on 90 hard
micrographs, 0.054 and 0.046 on 140 of other kinds, 0.008 and -0.007 on 36 more (each
+-0.01). ``napari-cdse evaluate --learning-curve`` replays a folder's own labels.
"""

CROWDING = 0.1
"""Penalty on an unfamiliar particle for each entirely similar one before it, as a share
of all ranks. A choice: with a larger one other kinds come sooner; with a smaller one
more of a kind come, which may be artefacts of one support."""

BATCH = 20
"""Particles of the order by doubt within which those of one micrograph are put
together. A choice: so many are judged in some minutes. With a larger batch the
micrograph changes less often, but the order deviates more from that of doubt. After
each complete batch the same particles are labelled as without batches."""

_REACH = 200
"""Unfamiliar particles that are mixed; the forest is retrained before more are
labelled. A choice: more take more time without visible effect."""

_BLOCK = 50
"""Particles of about the same doubt that are mixed with each other. A choice: a larger
block has more variety and deviates more from the order of doubt."""

_RECENT = 9
"""Number of preceding particles with which a particle is compared. A choice: more take
more time, with fewer a kind comes back sooner."""

_SIZE_SCALE = 0.2
"""Natural logarithm of the ratio of radii at which similarity in size falls to 1 / e. A
choice: a ratio of 1.22; with less only equal sizes are similar, with more all are."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """What the queue needs to know of one particle.

    Attributes
    ----------
    micrograph : int
        Index of its micrograph in the project.
    particle_id : str
    circle : Circle
    prediction : Prediction or None
    draw : float or None
        If the audit has drawn it, a uniform random number from 0 to below 1, which
        determines its place; else None.
    """

    micrograph: int
    particle_id: str
    circle: Circle
    prediction: Prediction | None = None
    draw: float | None = None


def ordered(
    items: Iterable[QueueItem],
    order: Order = "uncertain",
    goal: Goal = "learn",
    batch: int = 1,
) -> list[QueueItem]:
    """Sort particles for review.

    Parameters
    ----------
    items : iterable of QueueItem
        In any order.
    order : {"uncertain", "micrograph", "class", "confidence", "novelty"}
        uncertain: the smallest margin between the two most probable classes first,
        but spread over micrographs, classes and sizes, and every second the least like
        the training set, spread as well; confidence: the largest highest probability
        first; class: as predicted, the doubtful of each first;
        novelty: the least like the training set first; particles without a
        prediction come last in these four. micrograph: by micrograph, and in each
        from top to bottom.
    goal : {"learn", "both", "measure"}
        learn: those that were drawn are spread evenly over the way; measure: they come
        first; both: every second one is drawn, as long as there are any. By
        micrograph, lots have no say.
    batch : int
        So many of the uncertain are taken micrograph by micrograph at a time. Those
        that were drawn keep the places that their draws give them.

    Returns
    -------
    list of QueueItem
        The same for the same particles, whatever order they came in. Labels play no
        part, so that nobody's place changes while they label.
    """
    if order == "micrograph":
        return sorted(items, key=_by_place)
    items = list(items)
    drawn = [item for item in items if item.draw is not None]
    ranked = sorted((i for i in items if i.draw is None), key=_KEYS[order])
    if order == "uncertain":
        known = sum(item.prediction is not None for item in ranked)
        ranked = _explored([*_spread(ranked[:known]), *ranked[known:]])
        ranked = [*_gathered(ranked[:known], batch), *ranked[known:]]
    return _MIXED[goal](ranked, drawn)


def following(
    queue: Sequence[str],
    waits: Callable[[str], bool | None],
    start: int = 0,
    passed: Collection[str] = (),
) -> Iterator[str]:
    """Yield the particles at which a review stops, once around from a start.

    Parameters
    ----------
    queue : sequence of str
        Ids of all particles in order, also of those that are done.
    waits : callable
        Called with an id; None: the review does not stop there; else whether the
        particle was left for later, so that it comes after all others.
    start : int
        Index in the queue at which to begin.
    passed : collection of str
        Ids of those passed by in this round; they come after the others.

    Yields
    ------
    str
        Ids, one at a time, since a key press needs only the first of perhaps a hundred
        thousand.
    """
    # Deferred; passed; passed and deferred.
    later: tuple[list[str], ...] = ([], [], [])
    for place in chain(range(start, len(queue)), range(start)):
        each = queue[place]
        deferred = waits(each)
        if deferred is None:
            continue
        turn = 2 * (each in passed) + deferred
        if turn:
            later[turn - 1].append(each)
        else:
            yield each
    yield from chain(*later)


def _by_place(item: QueueItem) -> tuple[object, ...]:
    circle = item.circle
    return item.micrograph, circle.row_px, circle.col_px, item.particle_id


def _by_doubt(item: QueueItem) -> tuple[object, ...]:
    prediction = item.prediction
    if prediction is None:
        return 1, 0.0, *_by_place(item)
    return 0, prediction.margin, *_by_place(item)


def _by_class(item: QueueItem) -> tuple[object, ...]:
    prediction = item.prediction
    place = len(CLASSES) if prediction is None else CLASSES.index(prediction.label)
    return place, *_by_doubt(item)


def _by_confidence(item: QueueItem) -> tuple[object, ...]:
    prediction = item.prediction
    best = 0.0 if prediction is None else max(prediction.probabilities)
    return -best, *_by_place(item)


def _by_novelty(item: QueueItem) -> tuple[object, ...]:
    prediction = item.prediction
    far = None if prediction is None else prediction.novelty
    return far is None, -(far or 0.0), *_by_doubt(item)


_KEYS: dict[Order, Callable[[QueueItem], tuple[object, ...]]] = {
    "uncertain": _by_doubt,
    "class": _by_class,
    "confidence": _by_confidence,
    "novelty": _by_novelty,
}


def _interleaved(
    ranked: Sequence[QueueItem], drawn: Sequence[QueueItem]
) -> list[QueueItem]:
    """Insert drawn particles into the ranking at the fraction that is their draw."""
    places = [((at + 0.5) / len(ranked), 0, item) for at, item in enumerate(ranked)]
    places += [(item.draw or 0.0, 1, item) for item in drawn]
    places.sort(key=lambda place: (*place[:2], place[2].particle_id))
    return [item for _, _, item in places]


def _drawn_first(
    ranked: Sequence[QueueItem], drawn: Sequence[QueueItem]
) -> list[QueueItem]:
    """Put drawn particles first, in the order of their draws."""
    return [*sorted(drawn, key=_by_draw), *ranked]


def _by_turns(
    ranked: Sequence[QueueItem], drawn: Sequence[QueueItem]
) -> list[QueueItem]:
    """Alternate drawn particles and others."""
    pairs = zip_longest(sorted(drawn, key=_by_draw), ranked)
    return [item for pair in pairs for item in pair if item is not None]


def _by_draw(item: QueueItem) -> tuple[float, str]:
    return item.draw or 0.0, item.particle_id


_MIXED: Mapping[Goal, _Mixing] = {
    "learn": _interleaved,
    "both": _by_turns,
    "measure": _drawn_first,
}


def _spread(ranked: Sequence[QueueItem]) -> list[QueueItem]:
    """Mix similar particles with others of about the same doubt.

    In each block of `_BLOCK` particles, the next one is that with the smallest margin
    plus penalty for similarity to the last ones. All blocks are processed together, so
    that thousands of particles need no more steps than one block.
    """
    # Of two particles, the more doubtful one is first in any case.
    if len(ranked) <= 2:
        return list(ranked)
    traits = _traits(ranked)
    at = np.arange(-(-len(ranked) // _BLOCK) * _BLOCK).reshape(-1, _BLOCK)
    real = at < len(ranked)
    here = traits.at(np.where(real, at, 0))
    cost = np.where(real, here.margin, np.inf)
    rows = np.arange(len(at))
    recent: list[NDArray[np.float64]] = []
    turns = []
    for _ in range(_BLOCK):
        likeness = _mean(recent) if recent else np.zeros(at.shape)
        # argmin takes the first of equals: the order is the same every time.
        chosen = np.argmin(cost + SPREAD * likeness, axis=1)
        left = np.isfinite(cost[rows, chosen])
        turns.append(np.where(left, at[rows, chosen], len(ranked)))
        cost[rows, chosen] = np.inf
        recent.append(here.likeness(here.at((rows[:, None], chosen[:, None]))))
        del recent[:-_RECENT]
    return [ranked[one] for one in np.stack(turns, axis=1).ravel() if one < len(ranked)]


def _explored(ranked: Sequence[QueueItem]) -> list[QueueItem]:
    """Give every `EXPLORE`-th place to the particle least like the training set.

    A forest is not uncertain about a kind that it never saw: it takes it for another
    one, and an order by doubt alone would not bring it up.
    """
    far = iter(_unfamiliar([item for item in ranked if _is_far(item)]))
    near = iter(ranked)
    taken: set[str] = set()
    turns: list[QueueItem] = []
    while len(turns) < len(ranked):
        turn = far if len(turns) % EXPLORE == EXPLORE - 1 else near
        item = next((one for one in turn if one.particle_id not in taken), None)
        item = item or next(one for one in near if one.particle_id not in taken)
        taken.add(item.particle_id)
        turns.append(item)
    return turns


def _gathered(ranked: Sequence[QueueItem], batch: int) -> list[QueueItem]:
    """Put the particles of one micrograph together, within each batch.

    A batch begins with the micrograph in which the last one ended, if it has any of it.
    """
    turns: list[QueueItem] = []
    for start in range(0, len(ranked), batch):
        part = ranked[start : start + batch]
        places = list(dict.fromkeys(item.micrograph for item in part))
        if turns and turns[-1].micrograph in places:
            places.remove(turns[-1].micrograph)
            places.insert(0, turns[-1].micrograph)
        turns += sorted(part, key=lambda item: places.index(item.micrograph))
    return turns


def _unfamiliar(items: Sequence[QueueItem]) -> list[QueueItem]:
    """Sort by novelty, with a penalty for similarity to those before.

    Artefacts of one support are all novel; one of a kind is enough.
    """
    ranked = sorted(items, key=_by_novelty)
    traits = _traits(ranked)
    every = np.arange(len(ranked))
    wait = every / max(len(ranked), 1)
    turns: list[int] = []
    for _ in range(min(len(ranked), _REACH)):
        turns.append(int(np.argmin(wait)))
        wait += CROWDING * traits.likeness(traits.at(every[turns[-1:]]))
        wait[turns[-1]] = np.inf
    turns += np.flatnonzero(np.isfinite(wait)).tolist()
    return [ranked[one] for one in turns]


def _is_far(item: QueueItem) -> bool:
    return item.prediction is not None and item.prediction.novelty is not None


def _mean(recent: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean similarity to the last particles, weighted to the latest."""
    weights = np.arange(1, len(recent) + 1)
    mean: NDArray[np.float64] = np.tensordot(weights / weights.sum(), recent, axes=1)
    return mean


@dataclass(frozen=True, slots=True, eq=False)
class _Traits:
    """Properties by which particles are compared, as arrays over all of them."""

    margin: NDArray[np.float64]
    micrograph: NDArray[np.int64]
    label: NDArray[np.intp]
    probabilities: tuple[NDArray[np.float64], ...]
    log_radius: NDArray[np.float64]

    def at(self, index: _Index) -> _Traits:
        """Return some of the particles, like indexing an array."""
        return _Traits(
            self.margin[index],
            self.micrograph[index],
            self.label[index],
            tuple(each[index] for each in self.probabilities),
            self.log_radius[index],
        )

    def likeness(self, other: _Traits) -> NDArray[np.float64]:
        """Return the similarity, 0 to 1, of each particle to that of ``other``."""
        # Class by class, since NumPy is slow to sum along an axis of four.
        pairs = zip(self.probabilities, other.probabilities, strict=True)
        apart = sum(np.abs(one - another) for one, another in pairs)
        ratio = np.abs(self.log_radius - other.log_radius)
        same: NDArray[np.float64] = (
            (self.micrograph == other.micrograph)
            + (self.label == other.label)
            + (1 - apart / 2)
            + np.exp(-ratio / _SIZE_SCALE)
        )
        # Micrograph, class, probabilities and size have equal weights.
        return same / 4


def _traits(items: Sequence[QueueItem]) -> _Traits:
    said = [item.prediction for item in items if item.prediction is not None]
    shares = np.array([each.probabilities for each in said]).reshape(-1, len(CLASSES))
    return _Traits(
        np.array([each.margin for each in said]),
        np.array([item.micrograph for item in items]),
        shares.argmax(axis=1),
        tuple(np.ascontiguousarray(each) for each in shares.T),
        np.log([item.circle.radius_px for item in items]),
    )
