"""Places of particles in the gallery, which stay the same while they are judged.

Items are placed by what they were when the user last sorted. A new class changes how an
item looks, not where it is, so that nothing moves while the user looks at it. Particles
that are found, drawn or predicted again are placed at once. Without Qt.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_cdse.gui.gallery.items import Choice, moved, sections

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_cdse.gui.thumbnails.item import Item


class Arrangement:
    """The gallery's items in their order.

    Attributes
    ----------
    rows : list of Item
        The items in the state in which they were placed; `present` has the current
        ones.
    sections : tuple of (str, int)
        Class and number of rows of each section, in order.
    choice : Choice
        Which items are shown, and in what order.
    """

    def __init__(self) -> None:
        self.choice = Choice()
        self.rows: list[Item] = []
        self.sections: tuple[tuple[str, int], ...] = ()
        self._present: dict[str, Item] = {}
        self._placed: dict[str, Item] = {}
        self._row_of: dict[str, int] = {}
        self._misplaced: set[str] = set()

    def __len__(self) -> int:
        """Return how many items are shown."""
        return len(self.rows)

    @property
    def present(self) -> Mapping[str, Item]:
        """Every item of the project by id, as it is now, shown or not."""
        return self._present

    @property
    def misplaced(self) -> int:
        """How many items would move, appear or disappear if all were sorted now."""
        return len(self._misplaced)

    def at(self, row: int) -> Item:
        """Return the item in a row as it is now."""
        return self._present[self.rows[row].id]

    def row_of(self, particle_id: str) -> int | None:
        """Return the row of an item; None if it is not shown."""
        return self._row_of.get(particle_id)

    def counts(self) -> Mapping[str, int]:
        """Return how many items there are of each class, shown or not, by name."""
        wanted = filter(self.choice.counts, self._present.values())
        return Counter(item.name for item in wanted)

    def choose(self, choice: Choice) -> None:
        """Change the choice, and sort all items by what they are now."""
        self.choice = choice
        self.sort()

    def sort(self) -> None:
        """Sort all items by what they are now."""
        self._placed = dict(self._present)
        self._arrange()

    # --- changes --------------------------------------------------------------

    def changed(self, items: Mapping[str, Item]) -> dict[str, Item]:
        """Return those of some items that differ from the present ones."""
        return {i: new for i, new in items.items() if self._present.get(i) != new}

    def keeps_rows(self, changed: Mapping[str, Item], gone: Collection[str]) -> bool:
        """Tell whether all rows stay the same in `update` with these arguments."""
        stays = all(self._stays(new) for new in changed.values())
        return stays and self._present.keys().isdisjoint(gone)

    def update(
        self, changed: Mapping[str, Item], gone: Collection[str] = ()
    ) -> set[int]:
        """Update some items.

        Parameters
        ----------
        changed : mapping of str to Item
            By id; all others stay as they are.
        gone : collection of str
            Ids of items that are no longer there.

        Returns
        -------
        set of int
            Rows that have to be drawn again.
        """
        keeps_rows = self.keeps_rows(changed, gone)
        for new in changed.values():
            if self._has_to_move(new):
                self._placed[new.id] = new
        self._present.update(changed)
        for particle_id in self._present.keys() & gone:
            # Its place is kept, for the case that its removal is undone.
            del self._present[particle_id]
        if keeps_rows:
            self._misplaced -= changed.keys()
            self._misplaced |= set(filter(self._is_misplaced, changed))
        else:
            self._arrange()
        return {self._row_of[i] for i in changed if i in self._row_of}

    def _stays(self, new: Item) -> bool:
        return new.id in self._present and not self._has_to_move(new)

    def _has_to_move(self, new: Item) -> bool:
        before = self._present.get(new.id) or self._placed.get(new.id)
        return before is None or moved(before, new)

    def _arrange(self) -> None:
        choice = self.choice
        placed = [self._placed[i] for i in self._present]
        self.rows = sorted(filter(choice.wants, placed), key=choice.key)
        self.sections = tuple(sections(self.rows, choice))
        self._row_of = {item.id: row for row, item in enumerate(self.rows)}
        self._misplaced = set(filter(self._is_misplaced, self._present))

    def _is_misplaced(self, particle_id: str) -> bool:
        now, then = self._present[particle_id], self._placed[particle_id]
        if now is then:
            return False
        choice = self.choice
        if choice.wants(now) != choice.wants(then):
            return True
        return choice.wants(now) and choice.key(now) != choice.key(then)
