"""Choose, sort and section the particles that the gallery shows.

Pure functions on frozen records: no Qt, no napari.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from napari_cdse.gui.canvas.class_colours import CLASS_NAMES
from napari_cdse.gui.thumbnails.item import item_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_cdse.gui.thumbnails.item import Item
    from napari_cdse.project import Project

Sorting = Literal["surest", "doubt", "micrograph", "size"]
SORTINGS: tuple[Sorting, ...] = get_args(Sorting)
Who = Literal["anyone", "person", "forest", "differ", "later", "nobody"]
WHO: tuple[Who, ...] = get_args(Who)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which particles are shown, and in what order.

    Attributes
    ----------
    sorting : {"surest", "doubt", "micrograph", "size"}
        Order within each section.
    who : {"anyone", "person", "forest", "differ", "later", "nobody"}
        Who gave the class: "differ" if a person and the forest gave different ones,
        "later" if the particle was left for later, "nobody" if it has no class.
    names : frozenset of str
        Classes shown; may contain `UNLABELLED`.
    grouped : bool
        Whether each class has a section.
    micrograph : int or None
        Index of the only micrograph whose particles are shown; None for all.
    """

    sorting: Sorting = "surest"
    who: Who = "anyone"
    names: frozenset[str] = frozenset(CLASS_NAMES)
    grouped: bool = True
    micrograph: int | None = None

    def wants(self, item: Item) -> bool:
        """Tell whether an item is shown."""
        return item.name in self.names and self.counts(item)

    def counts(self, item: Item) -> bool:
        """Tell whether an item would be shown if its class was among ``names``."""
        here = self.micrograph in (None, item.micrograph)
        return here and _CLASSIFIED_BY[self.who](item)

    def section(self, item: Item) -> int:
        """Return the number of an item's section."""
        return CLASS_NAMES.index(item.name) if self.grouped else 0

    def key(self, item: Item) -> tuple[object, ...]:
        """Return the sort key: section, value to sort by, place in the micrograph."""
        circle = item.particle.circle
        place = (item.micrograph, circle.row_px, circle.col_px, item.id)
        return self.section(item), *_KEYS[self.sorting](item), *place


def collect(project: Project, before: Mapping[str, Item]) -> dict[str, Item]:
    """Make an item of every particle of the micrographs in use.

    Parameters
    ----------
    project : Project
        Micrographs that were left out are skipped.
    before : mapping of str to Item
        Earlier items by id; the same object is returned for an unchanged particle.
    """
    items: dict[str, Item] = {}
    for entry in project.micrographs.entries:
        if entry.excluded is None:
            for particle in project.particles.of(entry.index):
                new = item_of(project, particle, entry)
                old = before.get(particle.id)
                items[particle.id] = old if old is not None and old == new else new
    return items


def moved(old: Item, new: Item) -> bool:
    """Tell whether an item has to be placed again: not if only a label was given."""
    return (old.particle.circle, old.prediction, old.micrograph) != (
        new.particle.circle,
        new.prediction,
        new.micrograph,
    ) and not _only_revealed(old, new)


def _only_revealed(old: Item, new: Item) -> bool:
    """Tell whether a prediction is shown now because a person has judged."""
    return (
        old.hidden
        and new.by_person
        and (old.particle.circle, old.particle.prediction)
        == (new.particle.circle, new.particle.prediction)
    )


def _surest(item: Item) -> tuple[object, ...]:
    confidence = item.confidence
    return (1, 0.0) if confidence is None else (0, -confidence)


def _doubt(item: Item) -> tuple[object, ...]:
    prediction = item.prediction
    return (1, 0.0) if prediction is None else (0, prediction.margin)


def _largest(item: Item) -> tuple[object, ...]:
    radius = item.particle.circle.radius_px
    if item.pixel_size_nm is None:
        return 1, -radius
    return 0, -radius * item.pixel_size_nm


_KEYS: Mapping[Sorting, Callable[[Item], tuple[object, ...]]] = {
    "surest": _surest,
    "doubt": _doubt,
    "micrograph": lambda _item: (),
    "size": _largest,
}
_CLASSIFIED_BY: Mapping[Who, Callable[[Item], bool]] = {
    "anyone": lambda _item: True,
    "person": lambda item: item.by_person,
    "forest": lambda item: not item.by_person and item.label is not None,
    "differ": lambda item: item.differs,
    "later": lambda item: item.deferred,
    "nobody": lambda item: item.label is None,
}


def sections(rows: list[Item], choice: Choice) -> Iterator[tuple[str, int]]:
    """Yield name and length of each section of sorted items, without empty ones."""
    lengths: dict[int, int] = {}
    for item in rows:
        number = choice.section(item)
        lengths[number] = lengths.get(number, 0) + 1
    for number, length in lengths.items():
        yield (CLASS_NAMES[number] if choice.grouped else ""), length
