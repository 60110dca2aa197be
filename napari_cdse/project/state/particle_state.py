"""Particles of a project in memory: proposals, overlaid by annotations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.matching import circle_iou
from napari_cdse.core.regions import Region, left_out, region_of
from napari_cdse.core.review.blind_audit import counts
from napari_cdse.project.state.annotator_labels import author, own_view, renamed
from napari_cdse.project.state.records import Particle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari_cdse.core.records import Annotation, Candidate, Circle, Prediction
    from napari_cdse.io.store.micrograph_changes import MicrographChange, Value
    from napari_cdse.io.store.records import Change, Edit

SAME_PARTICLE_IOU = 0.3
"""Intersection over union from which a new proposal and an annotated circle count as
the same particle. A choice: less than the 0.5 that `napari_cdse.core.matching` scores
with, so that a circle that was moved or resized is recognised too."""


class ParticleState:
    """Annotations, latest candidates and the active model's predictions.

    The particles shown depend on these three and on the regions left out, and on
    nothing else, so that undo, a restart and another window give the same result. A
    candidate is not shown where it overlaps a circle that was annotated or removed
    before it was detected: later detections neither override users' labels nor bring
    deleted circles back.
    """

    def __init__(self) -> None:
        self._names: Mapping[str, str] = {}
        self._viewer = ""
        self._is_hidden: Callable[[str], bool] | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        # By particle id. A statement is None where an edit took all of them back;
        # beside each lies the frame that was read then.
        self._annotations: dict[str, Annotation] = {}
        self._first_run: dict[str, int] = {}
        self._predictions: dict[str, dict[Circle, Prediction]] = {}
        self._keys: dict[str, int] = {}
        self._judged: dict[str, set[str]] = {}
        self._statements: dict[str, list[Annotation | None]] = {}
        self._frames_at: dict[str, list[Value]] = {}
        # By micrograph key; the last two are computed from all others when needed.
        self._annotated: dict[int, set[str]] = {}
        self._candidates: dict[int, tuple[Candidate, ...]] = {}
        self._runs: dict[int, int] = {}
        self._regions: dict[int, dict[str, Region]] = {}
        self._frames: dict[int, Value] = {}
        self._shown: dict[int, dict[str, Particle]] = {}
        self._left_out: dict[int, int] = {}

    # What is there

    def particles(self, key: int) -> Mapping[str, Particle]:
        """Return the particles of one micrograph by id; the order never changes."""
        if key not in self._shown:
            everything = list(self._build(key))
            kept = self._in_view(key, everything)
            self._shown[key] = {each.id: each for each in kept}
            self._left_out[key] = len(everything) - len(kept)
        return self._shown[key]

    def regions(self, key: int) -> tuple[Region, ...]:
        """Return the regions of one micrograph that are left out, oldest first."""
        return tuple(self._regions.get(key, {}).values())

    def left_out(self, key: int) -> int:
        """Return how many circles of one micrograph lie in regions left out."""
        self.particles(key)
        return self._left_out[key]

    def find(self, particle_id: str) -> Particle | None:
        """Return a particle wherever it lies; None if it is not shown."""
        key = self._keys.get(particle_id)
        return None if key is None else self.particles(key).get(particle_id)

    def get(self, particle_id: str) -> Particle:
        """Return a particle wherever it lies.

        Raises
        ------
        StoreError
            If there is no such circle any more.
        """
        particle = self.find(particle_id)
        if particle is None:
            raise StoreError(
                "This circle is no longer in the project; choose another one."
            )
        return particle

    def stored(self, particle_id: str) -> Particle | None:
        """Return a particle with its annotation, even if the viewer must not see it."""
        particle = self.find(particle_id)
        if particle is None or not self.hides(particle_id):
            return particle
        return replace(particle, annotation=self._annotations.get(particle_id))

    def hides(self, particle_id: str) -> bool:
        """Tell whether other annotators' statements on a particle are hidden."""
        return self._is_hidden is not None and self._is_hidden(particle_id)

    @property
    def may_hide(self) -> bool:
        """Whether statements on some particles may be hidden."""
        return self._is_hidden is not None

    def set_viewer(
        self, annotator: str, is_hidden: Callable[[str], bool] | None
    ) -> None:
        """Choose for whom particles are shown, and what is hidden from them.

        Parameters
        ----------
        annotator : str
            The present annotator.
        is_hidden : callable or None
            Tells of a particle's id whether other annotators' statements on it are
            hidden; None: nothing is.
        """
        self._viewer, self._is_hidden = annotator, is_hidden
        self.rebuild_views()

    def rebuild_views(self) -> None:
        """Compute the shown particles anew, after `hides` has changed."""
        self._shown.clear()

    def key(self, particle_id: str) -> int | None:
        """Return the key of the micrograph that a particle lies in."""
        return self._keys.get(particle_id)

    def annotation(self, particle_id: str) -> Annotation | None:
        """Return the annotation in force, also of a particle that was removed."""
        return self._annotations.get(particle_id)

    def annotations(self, key: int) -> list[Annotation]:
        """Return one micrograph's annotations, those of removed circles too."""
        return [self._annotations[i] for i in sorted(self._annotated.get(key, ()))]

    def removed(self, key: int) -> list[Particle]:
        """Return the proposals of one micrograph that users removed.

        They have their predictions. Those in regions that are left out are not among
        them.
        """
        gone = [
            each
            for each in self.annotations(key)
            if each.removed and self.is_proposed(each.particle_id)
        ]
        out = left_out(self.regions(key), [each.circle for each in gone]).tolist()
        return [
            self._with_prediction(each.particle_id, each.circle, each)
            for each, aside in zip(gone, out, strict=True)
            if not aside
        ]

    def statements(self, particle_id: str) -> tuple[Annotation, ...]:
        """Return every statement in force about a particle, oldest first."""
        found = self._statements.get(particle_id, ())
        return tuple(each for each in found if each is not None)

    def count_judged_on_other_frames(self) -> int:
        """Count particles whose class was last judged on another frame of the file.

        One that was moved, noted or judged again on the present frame does not count.
        """
        return sum(
            each.by_person and self._frames_at[each.id][-1:] != [choice]
            for key, choice in self._frames.items()
            for each in self.particles(key).values()
        )

    def run(self, key: int) -> int | None:
        """Return the latest detection of a micrograph."""
        return self._runs.get(key)

    def analysed(self) -> tuple[int, ...]:
        """Return the keys of the micrographs that have a detection."""
        return tuple(self._runs)

    def annotated(self) -> set[int]:
        """Return the keys of the micrographs with annotations."""
        return {key for key, ids in self._annotated.items() if ids}

    def is_proposed(self, particle_id: str) -> bool:
        """Tell whether the program proposed a particle: not drawn and not imported.

        An imported particle stays one when it is judged again: no audit could draw it,
        since its prediction had been in view. The exception is a particle that was
        judged unseen before a label for it was imported.
        """
        annotation = self._annotations.get(particle_id)
        if annotation is None or annotation.origin in ("drawn", "imported"):
            return annotation is None
        said = self.statements(particle_id)
        return said[0].origin != "imported" or any(map(counts, said))

    def judged(self, key: int) -> Iterator[Annotation]:
        """Yield the annotations of one micrograph's particles that have a class."""
        for particle_id in self.particles(key):
            each = self.stored(particle_id)
            if each is not None and each.annotation is not None and each.by_person:
                yield each.annotation

    def judges(self, particle_id: str) -> frozenset[str]:
        """Return who ever gave a particle a class, even if it was taken back."""
        return frozenset(self._judged.get(particle_id, ()))

    def judged_in_turn(self) -> set[str]:
        """Return the particles judged when the queue or an order came to them."""
        return {
            each
            for each, said in self._statements.items()
            if any(one and one.label and one.selected_by != "hand" for one in said)
        }

    def audited(
        self, key: int, usable: Callable[[Annotation], bool] = counts
    ) -> list[Annotation]:
        """Return the first unseen label of each particle that still has a label.

        One whose circle was deleted since is ``removed``: it stands for ``empty``.

        Parameters
        ----------
        key : int
            Of the micrograph.
        usable : callable, optional
            Picks statements; by default those from which the forest's error rate may
            be estimated.
        """
        first = {
            each: next(filter(usable, self.statements(each)), None)
            for each in sorted(self._annotated.get(key, ()))
        }
        return [
            replace(one, removed=self._annotations[each].removed)
            for each, one in first.items()
            if one is not None and self._still_judged(each)
        ]

    def _still_judged(self, particle_id: str) -> bool:
        """Tell whether a particle has a class, or was deleted; not if left out."""
        now = self._annotations.get(particle_id)
        if now is None:
            return False
        if now.removed:
            return region_of(self.regions(self._keys[particle_id]), now.circle) is None
        there = self.stored(particle_id)
        return there is not None and there.by_person

    def latest_run(self) -> int:
        """Return the newest detection that is in force; 0 before the first."""
        return max(self._runs.values(), default=0)

    # What changes it

    def use_names(self, names: Mapping[str, str]) -> None:
        """Rename annotators in all statements that are loaded from now on.

        Parameters
        ----------
        names : mapping of str to str
            The new name by that under which something was stated.
        """
        self._names = dict(names)

    def load(self, edits: Iterable[Edit]) -> None:
        """Apply edits in order."""
        for edit in edits:
            self.apply(edit.changes, edit.after_run)
            self.apply_micrograph_changes(edit.micrograph_changes)

    def note_undone(self, edits: Iterable[Edit]) -> None:
        """Record who judged particles in edits that were undone; see `judges`."""
        for edit in edits:
            self._note_judged(edit.changes)

    def apply(self, changes: Iterable[Change], after_run: int) -> set[int]:
        """Make the changes of an edit; return the keys of what they touched."""
        touched = set()
        changes = tuple(changes)
        self._note_judged(changes)
        for change in changes:
            if change.before is None:
                self._first_run[change.particle_id] = after_run
            after = renamed(change.after, self._names)
            self._set(change.particle_id, change.micrograph_key, after)
            self._statements.setdefault(change.particle_id, []).append(after)
            frame = self._frames.get(change.micrograph_key)
            self._frames_at.setdefault(change.particle_id, []).append(frame)
            touched.add(change.micrograph_key)
        return touched

    def take_back(self, changes: Sequence[Change]) -> set[int]:
        """Undo the changes of an edit; return the keys of what they touched."""
        touched = set()
        for change in reversed(changes):
            said = self._statements[change.particle_id]
            said.pop()
            self._frames_at[change.particle_id].pop()
            # None before the edit may mean a label that was imported since: imports
            # are put below all edits.
            told = renamed(change.before, self._names)
            before = told or (said[-1] if said else None)
            self._set(change.particle_id, change.micrograph_key, before)
            touched.add(change.micrograph_key)
        return touched

    def apply_micrograph_changes(self, changes: Iterable[MicrographChange]) -> None:
        """Apply changes of regions left out and of the frames that are read.

        Other changes of micrographs do not concern particles and are ignored.
        """
        for change in changes:
            key = change.micrograph_key
            if key is None:
                continue
            if change.what == "frame":
                self._frames[key] = change.after
            elif change.what == "region":
                self._set_region(key, change)

    def _set_region(self, key: int, change: MicrographChange) -> None:
        mine = self._regions.setdefault(key, {})
        mine.pop(change.region_id, None)
        if isinstance(change.after, Region):
            mine[change.region_id] = change.after
        self._shown.pop(key, None)

    def set_candidates(
        self, key: int, run_id: int, candidates: Sequence[Candidate]
    ) -> None:
        """Replace the candidates of a micrograph by those of a new detection."""
        self._runs[key] = run_id
        self._candidates[key] = tuple(candidates)
        for candidate in candidates:
            self._keys[candidate.id] = key
        self._shown.pop(key, None)

    def drop_candidates(self, key: int) -> None:
        """Forget a micrograph's detection, which was made on other pixels."""
        self._runs.pop(key, None)
        self._candidates.pop(key, None)
        self._shown.pop(key, None)

    def set_predictions(
        self, predictions: Iterable[tuple[Circle, Prediction]], *, anew: bool = False
    ) -> set[int]:
        """Add the active model's predictions, each with the circle it is for.

        Parameters
        ----------
        predictions : iterable of (Circle, Prediction)
            The circle is that of the time when it was predicted.
        anew : bool
            Forget all others first.

        Returns
        -------
        set of int
            Keys of the micrographs concerned.
        """
        if anew:
            self._predictions.clear()
            self._shown.clear()
        touched = set()
        for circle, prediction in predictions:
            known = self._predictions.setdefault(prediction.particle_id, {})
            known[circle] = prediction
            key = self._keys.get(prediction.particle_id)
            if key is not None:
                self._shown.pop(key, None)
                touched.add(key)
        return touched

    def name_micrograph(self, key: int, micrograph_id: str) -> None:
        """Write a content id that has become known into the annotations."""
        for particle_id in self._annotated.get(key, ()):
            annotation = self._annotations[particle_id]
            self._annotations[particle_id] = replace(
                annotation, micrograph_id=micrograph_id
            )
        self._shown.pop(key, None)

    # Inside

    def _note_judged(self, changes: Iterable[Change]) -> None:
        for each in changes:
            after = renamed(each.after, self._names)
            if after is not None and after.label is not None:
                self._judged.setdefault(each.particle_id, set()).add(author(after))

    def _set(self, particle_id: str, key: int, annotation: Annotation | None) -> None:
        mine = self._annotated.setdefault(key, set())
        if annotation is None:
            self._annotations.pop(particle_id, None)
            mine.discard(particle_id)
        else:
            self._annotations[particle_id] = annotation
            mine.add(particle_id)
        self._keys[particle_id] = key
        self._shown.pop(key, None)

    def _in_view(self, key: int, everything: list[Particle]) -> list[Particle]:
        """Leave aside what lies in regions that are left out; most have none."""
        regions = self.regions(key)
        if not regions:
            return everything
        out = left_out(regions, [each.circle for each in everything]).tolist()
        return [each for each, aside in zip(everything, out, strict=True) if not aside]

    def _build(self, key: int) -> Iterable[Particle]:
        candidates = self._candidates.get(key, ())
        annotated = self._annotated.get(key, set())
        hidden = self._hidden(key, candidates, annotated)
        for candidate in candidates:
            if candidate.id in annotated:
                yield from self._annotated_particle(candidate.id)
            elif candidate.id not in hidden:
                yield self._with_prediction(candidate.id, candidate.circle)
        # Sorted, so that the order is the same after a restart.
        for particle_id in sorted(annotated - {each.id for each in candidates}):
            yield from self._annotated_particle(particle_id)

    def _annotated_particle(self, particle_id: str) -> Iterable[Particle]:
        annotation = self._annotations[particle_id]
        if annotation.removed:
            return
        view: Annotation | None = annotation
        if self.hides(particle_id):
            view = own_view(annotation, self.statements(particle_id), self._viewer)
        yield self._with_prediction(particle_id, annotation.circle, view)

    def _with_prediction(
        self, particle_id: str, circle: Circle, view: Annotation | None = None
    ) -> Particle:
        known = self._predictions.get(particle_id)
        said = None if known is None else known.get(circle)
        return Particle(particle_id, circle, view, said)

    def _hidden(
        self, key: int, candidates: Sequence[Candidate], annotated: set[str]
    ) -> set[str]:
        """Find the candidates that overlap circles annotated before the detection."""
        run = self._runs.get(key, 0)
        proposed = {each.id for each in candidates}
        standing = [i for i in annotated - proposed if self._first_run[i] < run]
        if not standing or not candidates:
            return set()
        circles = [self._annotations[i].circle for i in standing]
        overlap = circle_iou([each.circle for each in candidates], circles)
        yielding = overlap.max(axis=1) >= SAME_PARTICLE_IOU
        pairs = zip(candidates, yielding.tolist(), strict=True)
        return {each.id for each, yields in pairs if yields}
