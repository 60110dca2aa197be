"""Which particle is worth looking at next; pure functions on frozen items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from napari_cdse.core.records import Circle, Prediction

Order = Literal["uncertain", "micrograph"]
ORDERS: tuple[Order, ...] = get_args(Order)


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
    """

    micrograph: int
    particle_id: str
    circle: Circle
    prediction: Prediction | None = None


def ordered(items: Iterable[QueueItem], order: Order = "uncertain") -> list[QueueItem]:
    """Sort particles for review.

    Parameters
    ----------
    items : iterable of QueueItem
        In any order.
    order : {"uncertain", "micrograph"}
        uncertain: the smallest margin between the two most probable classes first,
        particles without a prediction last; micrograph: by micrograph, and in each
        from top to bottom.

    Returns
    -------
    list of QueueItem
        The same for the same particles, whatever order they came in. Labels play no
        part, so that nobody's place changes while she labels.
    """
    return sorted(items, key=_KEYS[order])


def step(
    queue: Sequence[str],
    current: str | None,
    open_ids: Collection[str],
    forward: bool = True,
) -> str | None:
    """Find the next particle that is still open, from where one stands.

    Parameters
    ----------
    queue : sequence of str
        Ids of all particles in order, labelled ones too.
    current : str or None
        Where one stands; None, or an id that isn't in the queue: at its start.
    open_ids : collection of str
        Those worth stopping at.
    forward : bool
        Towards the end or towards the start; either way on around at the end.

    Returns
    -------
    str or None
        None if no other particle is open.
    """
    at = queue.index(current) if current in queue else None
    if at is None:
        way = queue if forward else queue[::-1]
    elif forward:
        way = [*queue[at + 1 :], *queue[:at]]
    else:
        way = [*queue[:at][::-1], *queue[at + 1 :][::-1]]
    return next((each for each in way if each in open_ids), None)


def _by_place(item: QueueItem) -> tuple[object, ...]:
    circle = item.circle
    return item.micrograph, circle.row_px, circle.col_px, item.particle_id


def _by_doubt(item: QueueItem) -> tuple[object, ...]:
    prediction = item.prediction
    if prediction is None:
        return 1, 0.0, *_by_place(item)
    return 0, prediction.margin, *_by_place(item)


_KEYS: dict[Order, Callable[[QueueItem], tuple[object, ...]]] = {
    "uncertain": _by_doubt,
    "micrograph": _by_place,
}
