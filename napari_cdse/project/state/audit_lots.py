"""The lots of a project's audit: which particles are drawn, with which chance.

See `napari_cdse.project.state.audit_plan` for what a lot is and what a chance follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.project.state.audit_plan import AuditPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.project.state.particle_state import ParticleState
    from napari_cdse.project.state.records import Particle


class AuditLots:
    """Tells of each particle whether it is drawn; computed from plan and chances.

    Parameters
    ----------
    particles : ParticleState

    Attributes
    ----------
    plan : AuditPlan
    chances : mapping of str to float
        Chances, 0 to 1, of the particles that have one of their own, by id.
    version : int
        Grows whenever plan or chances change.
    """

    def __init__(self, particles: ParticleState) -> None:
        self._particles = particles
        self.plan = AuditPlan()
        self.chances: Mapping[str, float] = {}
        self.version = 0
        self._clear_caches()

    def replace(self, plan: AuditPlan, chances: Mapping[str, float]) -> bool:
        """Take another plan and other chances; False if they are the same."""
        if (plan, chances) == (self.plan, self.chances):
            return False
        self.plan, self.chances = plan, chances
        self.version += 1
        self._clear_caches()
        return True

    def chance(self, particle_id: str) -> float:
        """Return a particle's own chance, or that of its whole micrograph."""
        own = self.chances.get(particle_id) if self.plan.seed else None
        if own is not None:
            return own
        return self.plan.chance(self._particles.key(particle_id))

    def drawn_lot(self, particle_id: str, chance: float | None = None) -> float | None:
        """Return the lot of a particle if it is drawn, else None.

        Parameters
        ----------
        particle_id : str
            Drawn or imported ones are never drawn for the audit.
        chance : float, optional
            With which it is drawn; by default `chance`.
        """
        chance = self.chance(particle_id) if chance is None else chance
        if not chance:
            return None
        lot = self._lots.get(particle_id)
        if lot is None:
            lot = self._lots[particle_id] = self.plan.draw(particle_id)
        drawn = lot < chance and self._particles.is_proposed(particle_id)
        return lot if drawn else None

    def drawn_chance(self, particle_id: str) -> float | None:
        """Return the chance with which a particle was drawn; None if it was not.

        After the share was raised it is the new one, even for particles judged before.
        After it was lowered the old one still holds where particles of the micrograph
        were judged: they represent the micrograph at that chance only.
        """
        chance = self._largest_chance(particle_id)
        return None if self.drawn_lot(particle_id, chance) is None else chance

    def remaining(self, particle_id: str) -> float:
        """Return the share of the draws of a micrograph that are still asked, 0 to 1.

        Below 1 only where the share was lowered after some had been judged.
        """
        largest = self._largest_chance(particle_id)
        return self.chance(particle_id) / largest if largest else 1.0

    def is_withdrawn(self, particle_id: str) -> bool:
        """Tell whether a particle was drawn, and is not asked any more.

        It counts as drawn, as `drawn_chance` says, but the lowered share leaves it out.
        """
        drawn = self.drawn_chance(particle_id) is not None
        return drawn and self.drawn_lot(particle_id) is None

    def may_draw(self, particle_id: str) -> bool:
        """Tell whether the audit may draw a particle, or might have drawn it."""
        return self._largest_chance(particle_id) > 0 and (
            self._particles.is_proposed(particle_id)
        )

    def _clear_caches(self) -> None:
        # Lots by particle id, which cost a hash each; and the result of
        # `_judged_chance` by key, with the particles it was computed from.
        self._lots: dict[str, float] = {}
        self._judged: dict[int, tuple[Mapping[str, Particle], float]] = {}

    def _largest_chance(self, particle_id: str) -> float:
        """Return the present chance, or a larger one at which some were judged."""
        chance = self.chance(particle_id)
        if particle_id in self.chances:
            return chance
        return max(chance, self._judged_chance(self._particles.key(particle_id)))

    def _judged_chance(self, key: int | None) -> float:
        """Return the largest chance at which particles of a micrograph were judged.

        Only particles without a chance of their own count.
        """
        if key is None or not self.plan.seed:
            return 0.0
        shown = self._particles.particles(key)
        kept = self._judged.get(key)
        if kept is None or kept[0] is not shown:
            kept = self._judged[key] = shown, self._find_judged_chance(key)
        return kept[1]

    def _find_judged_chance(self, key: int) -> float:
        found = {
            each.particle_id: each.selection_chance or 0.0
            for each in self._particles.audited(key)
            if each.particle_id not in self.chances
        }
        # If the plan was lost and made anew, its seed is another, and the lots of now
        # say nothing of those draws.
        lots_hold = all(self.plan.draw(one) < chance for one, chance in found.items())
        return max(found.values(), default=0.0) if lots_hold else 0.0
