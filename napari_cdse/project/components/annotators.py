"""Several annotators of one project: who labelled what, and how far they agree."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from napari_cdse.core.review.annotator_agreement import Agreement, agreement
from napari_cdse.project.components.detections import ProjectFindings
from napari_cdse.project.state.annotator_labels import (
    in_dispute,
    independent,
    latest,
    own_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_cdse.core.records import Annotation, Label

_HIDE = "hide_others"


class ProjectAnnotators(ProjectFindings):
    """Labels by annotator; see `Project`."""

    @property
    def hide_others(self) -> bool:
        """Whether what other annotators said is out of view, as in a blind test.

        Their particles look as if nobody had judged them or left them for later, and
        their notes show once this annotator has given her label. Training, agreement
        and `counts` go on as before, and whatever is stored stays stored.
        """
        return self._hide_others

    @hide_others.setter
    def hide_others(self, hide: bool) -> None:
        if hide == self._hide_others:
            return
        self._hide_others = hide
        self._look()
        if not self.read_only:
            self._store.set_setting(f"{_HIDE}/{self._login}", hide)

    def look_as_last_time(self) -> None:
        """Hide other annotators' labels if this login had them hidden."""
        self.hide_others = bool(self._store.setting(f"{_HIDE}/{self._login}", False))

    def annotators(self) -> tuple[str, ...]:
        """Return who gave labels that are in force, busiest first.

        The labels of imported label files count as those of one annotator.
        """
        counts = Counter(name for *_, said in self._said() for name in latest(said))
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    def labels_of(self, particle_id: str) -> Mapping[str, Annotation]:
        """Return the label that each annotator stands by, oldest first."""
        return latest(self.said_of(particle_id))

    def said_in_view(self, particle_id: str) -> tuple[Annotation, ...]:
        """Return what was said of a particle, as far as this annotator may see it."""
        said = self.said_of(particle_id)
        return own_words(said, self.annotator) if self.hide_others else said

    def agreements(self) -> tuple[Agreement, ...]:
        """Compare each two annotators who labelled the same particles.

        Only labels that were given without seeing the other's are compared; removed
        circles and what was left out are not. Two people without a particle in
        common are told so where there are no others.
        """
        common: dict[tuple[str, str], list[tuple[str, Label, Label]]] = {}
        for micrograph, _, said in self._said():
            given = independent(said)
            for pair in combinations(sorted(given), 2):
                first, second = (given[name].label for name in pair)
                if first and second:
                    rows = common.setdefault(pair, [])
                    rows.append((micrograph, first, second))
        names = sorted(self.annotators())
        if not common and len(names) == 2:
            common[names[0], names[1]] = []
        return tuple(_compared(pair, rows) for pair, rows in sorted(common.items()))

    def disagreements(self) -> tuple[str, ...]:
        """Return the particles on which annotators differ, in the table's order.

        One that somebody labelled with the differing labels in view is settled, and
        not among them.
        """
        return tuple(each for _, each, said in self._said() if in_dispute(said))

    # Inside

    def _said(self) -> Iterator[tuple[str, str, tuple[Annotation, ...]]]:
        """Yield micrograph, id and statements of each particle that is in use."""
        for row in self._catalog.rows:
            if row.excluded is None:
                for particle_id in self._present(row.key):
                    said = self.said_of(particle_id)
                    if said:
                        yield str(row.key), particle_id, said


def _compared(pair: tuple[str, str], rows: list[tuple[str, Label, Label]]) -> Agreement:
    return agreement(
        [first for _, first, _ in rows],
        [second for _, _, second in rows],
        [micrograph for micrograph, _, _ in rows],
        pair,
    )
