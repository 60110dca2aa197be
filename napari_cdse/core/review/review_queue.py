"""Order of particles for review, by uncertainty and others; pure functions.

The doubtful come first, but not ten of a kind in a row: neighbours on one support
teach the forest the same thing (Settles, Active Learning (2012), chapter 3.4). Half the
way belongs to what is least like all that the forest learnt from: it has no doubts
about a class that it never met, and in replays of labelling, doubt alone needed more
labels than chance did. Those that an audit has drawn take places which follow from
their draw and the review's goal alone, so that the place gives nothing of the
prediction away, and so that whoever stops half-way has labelled a random half of them.
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
"""What a review is for: examples from which the forest learns most, the
visible-defect fraction, or both in turn."""
GOALS: tuple[Goal, ...] = get_args(Goal)

SPREAD = 0.5
"""Margin, in probability, that a particle may lose its turn to, if all those just
before are like it. A choice: a larger one mixes kinds and goes less by doubt, 0 goes by
doubt alone and brings many of a kind in a row."""

EXPLORE = 2
"""One particle in so many is the least familiar one, where that is known.

Measured in replays of labelling, as balanced accuracy over the first labels above that
of random order: every second place gains 0.095, every fifth 0.075 on 90 hard
micrographs, 0.054 and 0.046 on 140 of other kinds, 0.008 and -0.007 on 36 more (each
+-0.01). ``napari-cdse evaluate --learning-curve`` replays a folder's own labels.
"""

CROWDING = 0.1
"""Share of all particles that the least familiar lets pass for each like it before. A
choice: a larger one goes on to other kinds sooner, a smaller one shows more of a kind
that may be artefacts of one support."""

BATCH = 20
"""Most doubtful ones that are gone through micrograph by micrograph before the next as
many. A choice: so many are judged in some minutes, before a forest would be made anew.
A larger batch changes the micrograph less often and strays farther from the order of
doubt. After each batch the same are labelled as without it."""

_REACH = 200
"""Unfamiliar ones that are mixed; nobody labels more before the forest is another. A
choice: more cost time in proportion and change nothing that is seen."""

_BLOCK = 50
"""Particles of about the same doubt that are mixed with each other. A choice: a larger
block finds more variety and strays farther from the order of doubt."""

_RECENT = 9
"""Particles before that likeness is counted to. A choice: more look farther back and
cost time, fewer let a kind come back sooner."""

_SIZE_SCALE = 0.2
"""Logarithm of the ratio of radii over which likeness in size falls to 1 / e. A choice:
a ratio of 1.22; less, and only equals count as alike, more, and size tells nothing."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One particle as the queue sees it.

    Attributes
    ----------
    micrograph : int
        Place of its micrograph in the project.
    particle_id : str
    circle : Circle
    prediction : Prediction or None
    draw : float or None
        Even from 0 to below 1 if an audit has drawn it, whatever its chance was: its
        place in orders that would follow the prediction.
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
    """Go through what is to be looked at, from some place on and once around.

    Parameters
    ----------
    queue : sequence of str
        Ids of all particles in order, those that are done too.
    waits : callable
        None for one that is not worth stopping at; else whether it was left for
        later: those come after all others.
    start : int
        Where to begin in the queue.
    passed : collection of str
        Those seen in this round: they come again after the deferred.

    Yields
    ------
    str
        Asked for one at a time: of a hundred thousand, a key needs the first.
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
    """Give those drawn the share of the way that their draw says."""
    places = [((at + 0.5) / len(ranked), 0, item) for at, item in enumerate(ranked)]
    places += [(item.draw or 0.0, 1, item) for item in drawn]
    places.sort(key=lambda place: (*place[:2], place[2].particle_id))
    return [item for _, _, item in places]


def _drawn_first(
    ranked: Sequence[QueueItem], drawn: Sequence[QueueItem]
) -> list[QueueItem]:
    """Put those drawn ahead of all others, by their draws."""
    return [*sorted(drawn, key=_by_draw), *ranked]


def _by_turns(
    ranked: Sequence[QueueItem], drawn: Sequence[QueueItem]
) -> list[QueueItem]:
    """Take one that was drawn and another by turns."""
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
    """Mix up what is alike, among particles of about the same doubt.

    All blocks of fifty go forward together, one step at a time: thousands of
    particles cost as few steps as fifty.
    """
    # Of two, the more doubtful is first in any case.
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
    """Give every so many-th place to the particle least like the training set.

    A forest has no doubts about a class that it never met: it calls it another one,
    and an order by doubt alone does not come to it.
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
    """Bring together what lies in one micrograph, within each batch.

    A batch begins in the micrograph that the one before ended in, if it comes there.
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
    """Sort by novelty, but let each one taken put off all that are like it.

    What is strange on one support is strange all together: one of a kind will do.
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
    """Average likeness to the last few; the later ones weigh more."""
    weights = np.arange(1, len(recent) + 1)
    mean: NDArray[np.float64] = np.tensordot(weights / weights.sum(), recent, axes=1)
    return mean


@dataclass(frozen=True, slots=True, eq=False)
class _Traits:
    """What makes particles alike, as arrays over all of them."""

    margin: NDArray[np.float64]
    micrograph: NDArray[np.int64]
    label: NDArray[np.intp]
    probabilities: tuple[NDArray[np.float64], ...]
    log_radius: NDArray[np.float64]

    def at(self, index: _Index) -> _Traits:
        """Take out some particles, in any arrangement."""
        return _Traits(
            self.margin[index],
            self.micrograph[index],
            self.label[index],
            tuple(each[index] for each in self.probabilities),
            self.log_radius[index],
        )

    def likeness(self, other: _Traits) -> NDArray[np.float64]:
        """Say from 0 to 1 how alike particles are to others beside them."""
        # Class by class: numpy is slow to add up along an axis of four.
        pairs = zip(self.probabilities, other.probabilities, strict=True)
        apart = sum(np.abs(one - another) for one, another in pairs)
        ratio = np.abs(self.log_radius - other.log_radius)
        same: NDArray[np.float64] = (
            (self.micrograph == other.micrograph)
            + (self.label == other.label)
            + (1 - apart / 2)
            + np.exp(-ratio / _SIZE_SCALE)
        )
        # Micrograph, class, probabilities and size count alike.
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
