"""Statistics of a project: visible-defect fraction, sizes, and their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cdse.core.classifier.quality_range import worse_than_learnt
from napari_cdse.core.detection.one_crystal import ONE_CRYSTAL
from napari_cdse.core.errors import ModelError
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.review.blind_audit import counts, given_unseen
from napari_cdse.core.review.particle_evidence import evidence_of
from napari_cdse.core.statistics.distrust import distrust_of
from napari_cdse.core.statistics.overview import Overview, overview
from napari_cdse.core.statistics.sample import divided
from napari_cdse.core.statistics.sensitivity import Variant, sensitivity
from napari_cdse.core.statistics.visible_defects import visible_defects
from napari_cdse.project.state.annotator_labels import own_statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cdse.core.records import Annotation, Circle, ModelCard, Prediction
    from napari_cdse.core.statistics.distrust import Distrust
    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.io.store.store import MicrographRow, Store
    from napari_cdse.project.components.annotators import Annotators
    from napari_cdse.project.components.audits import Audits
    from napari_cdse.project.components.settings import Settings
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.records import Particle


_Doubts = Callable[["Circle", float | None], "Distrust | None"]
"""Says of a circle and its novelty why the program distrusts its own word."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Evidence of one micrograph, and what it follows from."""

    shown: Mapping[str, Particle]
    now: tuple[object, ...]
    evidence: list[Evidence]


@dataclass(frozen=True, slots=True)
class _TrainingIds:
    """What a forest learnt from: ids of particles, and micrographs by content."""

    particles: frozenset[str]
    micrographs: frozenset[str]


class Statistics:
    """Estimates over all micrographs that are not left out.

    Of each micrograph the newest forest is asked that did not learn from it: a forest
    knows its own examples too well to be put right by them.

    Parameters
    ----------
    store : Store
        Keeps the predictions of earlier forests.
    state : ProjectState
    audits : Audits
        Say on which particles a lot fell.
    annotators : Annotators
        Who gave labels.
    settings : Settings
        How narrow an interval is wanted.
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        audits: Audits,
        annotators: Annotators,
        settings: Settings,
    ) -> None:
        self._store = store
        self._table = state.micrographs
        self._particles = state.particles
        self._models = state.models
        self._audits = audits
        self._annotators = annotators
        self._settings = settings
        self._learned: dict[str, _TrainingIds | None] = {}
        self._kept: dict[int, _Kept] = {}
        self._crystals: tuple[int, frozenset[int]] = (0, frozenset())

    def visible_defects(self) -> VisibleDefects:
        """Estimate the visible-defect fraction, with its interval where it has one."""
        return self.estimate(self.evidence())

    def overview(self, names: Mapping[int, str] | None = None) -> Overview:
        """Estimate the fraction, and that by micrograph, by size and as labels came.

        Parameters
        ----------
        names : mapping of int to str, optional
            What to call the micrographs, by index; their file names without it.
        """
        evidence = self.evidence()
        return overview(evidence, self.estimate(evidence), self.names(names))

    def names(self, names: Mapping[int, str] | None = None) -> dict[str, str]:
        """Return what to call the micrographs, by their id in the evidence.

        Parameters
        ----------
        names : mapping of int to str, optional
            By index; their file names without it.
        """
        return {
            str(row.key): (names or {}).get(at) or self._table.path(row).name
            for at, row in enumerate(self._table.rows)
        }

    def index_of(self, micrograph: str) -> int | None:
        """Return the index of a micrograph that the evidence speaks of."""
        for at, row in enumerate(self._table.rows):
            if str(row.key) == micrograph:
                return at
        return None

    def estimate(self, evidence: Sequence[Evidence]) -> VisibleDefects:
        """Estimate the fraction from what `evidence` returned, or a part of it."""
        rows = self._table.rows
        used = [row for row in rows if row.excluded is None]
        forests = self._forests()
        names = {card.id: card.name or card.id[:12] for card in self._models.cards}
        asked = [one for one in dict.fromkeys(forests.values()) if one is not None]
        return visible_defects(
            evidence,
            forests=[names.get(each, each[:12]) for each in asked],
            micrographs_left_out=len(rows) - len(used),
            circles_left_out=sum(self._particles.left_out(row.key) for row in used),
            half_width=self._settings.half_width,
        )

    def cards(self) -> list[ModelCard]:
        """Return the cards of the forests that are asked, the one in use first."""
        asked = set(self._forests().values())
        return [card for card in self._models.cards if card.id in asked]

    def sensitivity(self) -> tuple[Variant, ...]:
        """Estimate the fraction under each annotator, range and threshold."""
        return sensitivity(
            self.evidence(),
            {name: self.evidence(name) for name in self._annotators.names()},
        )

    def evidence(self, annotator: str | None = None) -> list[Evidence]:
        """Return what is known of every particle of the micrographs in use.

        Parameters
        ----------
        annotator : str, optional
            Only this one's labels count; those that stand without it.
        """
        find = self._known_in if annotator is None else self._found_in
        return [
            each
            for key, forest in self._forests().items()
            for each in find(key, forest, annotator)
        ]

    def _known_in(self, key: int, forest: str | None, _: str | None) -> list[Evidence]:
        """Return the evidence of a micrograph, found anew only where it is another.

        A label changes one micrograph of many, and a project shows its number all the
        time. The state makes another mapping of particles whenever any of them, what
        was said of them, or what is left out of them changes.
        """
        row = self._table.row(key)
        known = (row.pixel_size, row.quality)
        now = (forest, self._models.active_id, self._audits.version, known)
        shown = self._particles.particles(key)
        kept = self._kept.get(key)
        if kept is None or kept.shown is not shown or kept.now != now:
            kept = _Kept(shown, now, self._found_in(key, forest, None))
            self._kept[key] = kept
        return kept.evidence

    def _found_in(
        self, key: int, forest: str | None, annotator: str | None
    ) -> list[Evidence]:
        population = list(self._population(key))
        earlier = self._earlier_predictions(forest, population)
        doubts = self._doubts(key, forest)
        standing = self._standing_labels(key)
        found = []
        for one in population:
            said = earlier.get(one.id) if earlier is not None else one.prediction
            known = self._evidence(key, one, said, standing, annotator)
            why = doubts(one.circle, None if said is None else said.novelty)
            found.append(replace(known, distrust=why))
        return found

    def _standing_labels(self, key: int) -> dict[str, Annotation]:
        """Return what counts of particles of which a first word counts, by particle.

        Of a draw that is the first that was given unseen, however its giver came to
        it: the lot had fallen before.
        """
        audited = {each.particle_id: each for each in self._particles.audited(key)}
        unseen = self._particles.audited(key, given_unseen)
        drawn = self._audits.drawn_chance
        return audited | {
            each.particle_id: each for each in unseen if drawn(each.particle_id)
        }

    def _evidence(
        self,
        key: int,
        particle: Particle,
        prediction: Prediction | None,
        standing: dict[str, Annotation],
        annotator: str | None,
    ) -> Evidence:
        said = self._particles.statements(particle.id)
        annotation = standing.get(particle.id, particle.annotation)
        chance = self._audits.drawn_chance(particle.id)
        if annotator is not None:
            said = own_statements(said, annotator)
            annotation = _alone(said, particle, given_unseen if chance else counts)
        known = evidence_of(
            str(key),
            prediction,
            annotation,
            chance=chance,
            from_file=bool(said) and said[0].origin == "imported",
        )
        diameter_px = 2 * particle.circle.radius_px
        return replace(
            known,
            remaining=1.0 if chance is None else self._audits.remaining(particle.id),
            withdrawn=self._audits.is_withdrawn(particle.id),
            diameter_px=diameter_px,
            diameter_nm=self._in_nm(key, diameter_px),
            estimated_nm=self._by_estimate(key, diameter_px),
            never_drawn=known.route != "draw"
            and not self._audits.may_draw(particle.id),
            judged_at="" if annotation is None else annotation.time,
            particle=particle.id,
        )

    def apart(self) -> dict[str, Distrust]:
        """Return the particles that are counted apart, by id, and why.

        See `napari_cdse.core.statistics.sample.divided`.
        """
        _, apart = divided(self.evidence())
        return {each.particle: each.distrust for each in apart if each.distrust}

    def _doubts(self, key: int, forest: str | None) -> _Doubts:
        row = self._table.row(key)
        shape = row.shape or row.labels_shape
        scale = None if row.pixel_size is None else row.pixel_size.source
        one_crystal = key in self._one_crystal()
        poor = self._is_poor(row, forest)
        return lambda circle, novelty: distrust_of(
            circle, shape, novelty, scale=scale, one_crystal=one_crystal, poor=poor
        )

    def _is_poor(self, row: MicrographRow, forest: str | None) -> bool:
        """Whether a micrograph is worse than those that a forest learnt from."""
        card = next((one for one in self._models.cards if one.id == forest), None)
        if card is None:
            return False
        return worse_than_learnt(card, row.present_quality) is not None

    def _one_crystal(self) -> frozenset[int]:
        """Return the micrographs whose detection said that they are one crystal."""
        # Known in memory: another program may hold the file while the number is shown.
        latest = self._particles.latest_run()
        if self._crystals[0] != latest:
            runs = self._store.findings.latest_runs().items()
            keys = frozenset(key for key, run in runs if ONE_CRYSTAL in run.notices)
            self._crystals = (latest, keys)
        return self._crystals[1]

    def _in_nm(self, key: int, length_px: float) -> float | None:
        """Return a length in nm; None where the pixel size is an estimate at best."""
        told = self._table.row(key).pixel_size
        if told is None or not told.source.is_given:
            return None
        return length_px * told.nm

    def _by_estimate(self, key: int, length_px: float) -> float | None:
        """Return a length in nm where the lattice alone tells the pixel size."""
        told = self._table.row(key).pixel_size
        if told is None or told.source is not PixelSizeSource.ESTIMATED:
            return None
        return length_px * told.nm

    def _population(self, key: int) -> Iterator[Particle]:
        """Yield the particles of a micrograph, proposals that were removed too.

        With what was said of them, whoever may see that.
        """
        for each in self._particles.particles(key):
            stored = self._particles.stored(each)
            if stored is not None:
                yield stored
        yield from self._particles.removed(key)

    def _forests(self) -> dict[int, str | None]:
        """Choose the forest to ask, by micrograph; None where all learnt from it."""
        used = [row.key for row in self._table.rows if row.excluded is None]
        chosen: dict[int, str | None] = dict.fromkeys(used)
        for model_id in self._newest_first():
            left = [key for key, forest in chosen.items() if forest is None]
            if not left:
                break
            barred = self._barred(model_id)
            chosen.update({key: model_id for key in left if key not in barred})
        return chosen

    def _newest_first(self) -> Iterator[str]:
        """Yield the forest in use, then what was kept before it, the latest first."""
        active = self._models.active_id
        if active is not None:
            yield active
        yield from (each for each in self._models.earlier_choices if each != active)

    def _barred(self, model_id: str) -> set[int]:
        """Return the micrographs that a forest learnt from."""
        if self._models.role(model_id) == "shipped":
            return set()
        if model_id not in self._learned:
            self._learned[model_id] = self._training_ids(model_id)
        ids = self._learned[model_id]
        if ids is None:
            # Nobody knows what it learnt from: it may be all that was labelled.
            return {row.key for row in self._table.rows if self._labelled(row.key)}
        # By the micrograph's content too: a particle that was drawn by hand and is gone
        # is known to nobody, and its forest remembers the micrograph all the same.
        keys = [self._particles.key(each) for each in ids.particles]
        keys += [self._table.key_of_id(each) for each in ids.micrographs]
        return {key for key in keys if key is not None}

    def _labelled(self, key: int) -> bool:
        return any(each.label for each in self._particles.annotations(key))

    def _training_ids(self, model_id: str) -> _TrainingIds | None:
        try:
            model = self._models.get(model_id)
        except ModelError:
            return None
        if model is None or model.training is None:
            return None
        table = model.training
        return _TrainingIds(
            frozenset(table.particle_ids.tolist()),
            frozenset(table.micrograph_ids.tolist()),
        )

    def _earlier_predictions(
        self, forest: str | None, particles: Sequence[Particle]
    ) -> dict[str, Prediction] | None:
        """Read what a forest said that is not in use any more; None for the one in use.

        Nothing where there is no forest to ask.
        """
        if forest is None:
            return {}
        if forest == self._models.active_id:
            return None
        ids = [each.id for each in particles]
        told = self._store.findings.predictions_of(forest, ids)
        return {said.particle_id: said for _, said in told}


def _alone(
    own: Sequence[Annotation],
    particle: Particle,
    usable: Callable[[Annotation], bool],
) -> Annotation | None:
    """Return what one annotator stands by: the first usable label, else the latest.

    One that was taken back stands no more, and one whose circle was deleted is
    ``removed``. Where they said nothing, a circle that someone drew is still no
    proposal.
    """
    if own:
        last, first = own[-1], next(filter(usable, own), None)
        if first is None or (last.label is None and not last.removed):
            return last
        return replace(first, removed=last.removed)
    told = particle.annotation
    if told is None or told.origin != "drawn":
        return None
    return replace(told, label=None, removed=False, deferred=False)
