"""Particles that a new forest classifies differently, as pairs of items; without Qt."""

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
    """One particle as the old and as the new forest classify it.

    Attributes
    ----------
    verdict : Verdict
        With the present label of a person.
    item : Item
        The particle as it is now.
    name : str
        Name of its micrograph.
    """

    verdict: Verdict
    item: Item
    name: str

    @property
    def before(self) -> Item:
        """The particle with the old forest's prediction alone."""
        return self._with_prediction(self.verdict.old)

    @property
    def after(self) -> Item:
        """The particle with the new forest's prediction alone."""
        return self._with_prediction(self.verdict.new)

    def _with_prediction(self, prediction: Prediction | None) -> Item:
        particle = replace(self.item.particle, annotation=None, prediction=prediction)
        return replace(self.item, particle=particle, hidden=False)

    @property
    def label_words(self) -> str:
        """The person's label, and whether the new forest contradicts it."""
        judged = self.verdict.judged
        if judged is None:
            return _NOT_JUDGED
        words = f"you: {judged}"
        return f"\u2260 {words}" if self.verdict.contradicts else words

    @property
    def words(self) -> str:
        """Micrograph, label and both predictions, one in each line."""
        lines = [self.name, self.label_words]
        verdict = self.verdict
        for forest, prediction in (("old", verdict.old), ("new", verdict.new)):
            if prediction is not None:
                lines.append(f"{forest}: {_probabilities(prediction)}")
        if self.verdict.contradicts:
            lines.append("The new forest contradicts your label.")
        return "\n".join(lines)


def _probabilities(prediction: Prediction) -> str:
    pairs = zip(CLASSES, prediction.probabilities, strict=True)
    return ", ".join(f"{name} {share:.2f}" for name, share in pairs)


@dataclass(frozen=True, slots=True)
class ChangedPairs:
    """The pairs that are shown, grouped by old and new class.

    Attributes
    ----------
    groups : tuple of ClassChange
    pairs : tuple of Pair
        The pairs of all groups, in their order.
    """

    groups: tuple[ClassChange, ...] = ()
    pairs: tuple[Pair, ...] = ()


def changed_pairs(project: Project, verdicts: Iterable[Verdict]) -> ChangedPairs:
    """Pair the predictions of two forests for particles that still exist.

    Parameters
    ----------
    project : Project
        Has the particles with their present labels.
    verdicts : iterable of Verdict
        Without particles whose prediction an audit hides.

    Returns
    -------
    ChangedPairs
    """
    pairs = {each.item.id: each for each in _pairs(project, verdicts)}
    groups = class_changes(each.verdict for each in pairs.values())
    order = (one.particle_id for group in groups for one in group.verdicts)
    return ChangedPairs(groups, tuple(pairs[each] for each in order))


def _pairs(project: Project, verdicts: Iterable[Verdict]) -> Iterator[Pair]:
    entries = project.micrographs.entries
    for each in verdicts:
        particle = project.particles.find(each.particle_id)
        index = project.particles.micrograph_of(each.particle_id)
        if particle is not None and index is not None:
            item = item_of(project, particle, entries[index])
            now = replace(each, judged=particle.label if item.by_person else None)
            yield Pair(now, item, entries[index].path.stem)
