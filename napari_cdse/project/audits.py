"""The audit of a project: what is hidden, and what may stand for an error rate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.project.audit_plan import AuditPlan
from napari_cdse.project.steps import ProjectSteps

if TYPE_CHECKING:
    from napari_cdse.core.records import Annotation
    from napari_cdse.project.particles import Particle

_AUDIT = "audit"


class ProjectAudits(ProjectSteps):
    """Particles drawn at random and judged unseen; see `Project`."""

    def hides(self, particle_id: str) -> bool:
        """Tell whether a particle's prediction must not be shown yet.

        It is one that the program proposed, that was drawn by chance alone and that
        nobody has ever judged. Whatever shows predictions asks this first, or shows
        the particle `as_seen`.
        """
        return self._lot(particle_id) is not None and not self._state.was_judged(
            particle_id
        )

    def as_seen(self, particle: Particle) -> Particle:
        """Return a particle as a person may see it: maybe without its prediction."""
        if particle.prediction is None or not self.hides(particle.id):
            return particle
        return replace(particle, prediction=None)

    def audited(self) -> list[Annotation]:
        """Return the first labels of particles that were judged unseen.

        A label that was changed afterwards, with the prediction in view, counts as
        it was given first. Particles without a label, or without a circle, are left
        out.
        """
        return self._state.audited()

    @property
    def audit_share(self) -> float:
        """Share of the particles that is drawn for the audit, from 0 to 1."""
        return self._audit.share

    @audit_share.setter
    def audit_share(self, share: float) -> None:
        plan = self._audit.with_share(share, self._state.analysed())
        self._store.set_setting(_AUDIT, plan.as_setting())
        grown = share > self._audit.share and bool(self._state.analysed())
        self._audit = plan
        self._lots.clear()
        self._forget_order()
        self.particles_changed.emit(None)
        if grown:
            self.notice.emit(
                "The larger share holds for micrographs that are analysed from now "
                "on; in the others the predictions have been in view."
            )

    # Inside

    _audit: AuditPlan
    _lots: dict[str, float]

    def _load(self) -> None:
        super()._load()
        stored = self._store.setting(_AUDIT)
        self._lots = {}
        self._audit = AuditPlan.from_setting(stored)
        if stored is None and not self.read_only:
            plan = AuditPlan.new(self._state.analysed())
            # Without room for it nothing is drawn, and all else works.
            with suppress(StoreError):
                self._store.set_setting(_AUDIT, plan.as_setting())
                self._audit = plan

    def _lot(self, particle_id: str) -> float | None:
        """Return the lot of a particle that was drawn; None for one that was not."""
        chance = self._audit.chance(self._state.key(particle_id))
        if not chance:
            return None
        lot = self._lots.get(particle_id)
        if lot is None:
            lot = self._lots[particle_id] = self._audit.draw(particle_id)
        return lot if lot < chance and self._state.is_proposed(particle_id) else None

    def _chances(self, particle_ids: set[str]) -> dict[str, float]:
        """Return the chances of those among some particles that are hidden now."""
        return {
            each: self._audit.chance(self._state.key(each))
            for each in particle_ids
            if self.hides(each)
        }
