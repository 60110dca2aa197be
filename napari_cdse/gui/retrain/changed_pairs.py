"""Particles that a new forest classifies differently, as pairs of items.

No Qt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cdse.core.evaluation.model_comparison import class_changes
from napari_cdse.core.records import CLASSES
from napari_cdse.gui.thumbnails.item import Item, item_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_cdse.core.evaluation.model_comparison import ClassChange, Verdict
    from napari_cdse.core.records import Prediction
    from napari_cdse.project import Project

_NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Pair:
    """One particle as either forest sees it.

    Attributes
    ----------
    verdict : Verdict
        With what a person says of it now.
    item : Item
        The particle as it is now.
    name : str
        Of its micrograph.
    """

    verdict: Verdict
    item: Item
    name: str

    @property
    def before(self) -> Item:
        """It, as the old forest alone sees it."""
        return self._told(self.verdict.old)

    @property
    def after(self) -> Item:
        """It, as the new forest alone sees it."""
        return self._told(self.verdict.new)

    def _told(self, prediction: Prediction | None) -> Item:
        particle = replace(self.item.particle, annotation=None, prediction=prediction)
        return replace(self.item, particle=particle, hidden=False)

    @property
    def you(self) -> str:
        """What a person said, and whether the new forest says otherwise."""
        judged = self.verdict.judged
        if judged is None:
            return _NOT_JUDGED
        told = f"you: {judged}"
        return f"\u2260 {told}" if self.verdict.contradicts else told

    @property
    def words(self) -> str:
        """All that is known of it, a line for each."""
        lines = [self.name, self.you]
        for who, said in (("old", self.verdict.old), ("new", self.verdict.new)):
            if said is not None:
                lines.append(f"{who}: {_shares(said)}")
        if self.verdict.contradicts:
            lines.append("The new forest contradicts your label.")
        return "\n".join(lines)


def _shares(said: Prediction) -> str:
    told = zip(CLASSES, said.probabilities, strict=True)
    return ", ".join(f"{name} {share:.2f}" for name, share in told)


@dataclass(frozen=True, slots=True)
class ChangedPairs:
    """The pairs that are shown, in groups.

    Attributes
    ----------
    groups : tuple of ClassChange
    pairs : tuple of Pair
        Of all groups, in their order.
    """

    groups: tuple[ClassChange, ...] = ()
    pairs: tuple[Pair, ...] = ()


def changed_pairs(project: Project, verdicts: Iterable[Verdict]) -> ChangedPairs:
    """Pair what two forests say of the particles that are still there.

    Parameters
    ----------
    project : Project
        Tells how the particles are now, and what a person says of them.
    verdicts : iterable of Verdict
        Those that an audit hides are not among them.

    Returns
    -------
    ChangedPairs
    """
    known = {each.item.id: each for each in _known(project, verdicts)}
    groups = class_changes(each.verdict for each in known.values())
    order = (one.particle_id for group in groups for one in group.verdicts)
    return ChangedPairs(groups, tuple(known[each] for each in order))


def _known(project: Project, verdicts: Iterable[Verdict]) -> Iterator[Pair]:
    entries = project.micrographs.entries
    for each in verdicts:
        particle = project.particles.find(each.particle_id)
        index = project.particles.micrograph_of(each.particle_id)
        if particle is not None and index is not None:
            item = item_of(project, particle, entries[index])
            now = replace(each, judged=particle.label if item.by_person else None)
            yield Pair(now, item, entries[index].path.stem)
