"""Which particles are drawn for the audit, and with what chance."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_cdse.core.audit import SHARE, draw
from napari_cdse.core.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """How a project draws its audits.

    Attributes
    ----------
    seed : str
        The project's own; empty: nothing is drawn.
    share : float
        Share drawn in micrographs that are analysed from now on.
    held : mapping of int to float
        Share by micrograph key, where predictions have been in view under an earlier
        share: what was once shown is not drawn any more, so it never grows.
    """

    seed: str = ""
    share: float = SHARE
    held: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def new(cls, analysed: Iterable[int]) -> AuditPlan:
        """Make the plan of a project; what was analysed before has been in view."""
        return cls(uuid.uuid4().hex, SHARE, dict.fromkeys(analysed, 0.0))

    @classmethod
    def from_setting(cls, stored: Any) -> AuditPlan:
        """Read a plan as the project file keeps it; draw nothing if it is damaged."""
        try:
            held = {int(key): float(share) for key, share in stored["held"].items()}
            return cls(str(stored["seed"]), float(stored["share"]), held)
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()

    def as_setting(self) -> dict[str, Any]:
        """Write the plan for the project file."""
        held = {str(key): share for key, share in self.held.items()}
        return {"seed": self.seed, "share": self.share, "held": held}

    def with_share(self, share: float, analysed: Iterable[int]) -> AuditPlan:
        """Take another share; in analysed micrographs it can only become smaller.

        Raises
        ------
        ParameterError
            Outside 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ParameterError(
                f"{share:g} is no share of the particles; take one from 0 to 1."
            )
        held = {key: min(self.chance(key), share) for key in {*analysed, *self.held}}
        return replace(self, share=share, held=held)

    def chance(self, key: int | None) -> float:
        """Return the chance with which a micrograph's particles are drawn."""
        if not self.seed or key is None:
            return 0.0
        return self.held.get(key, self.share)

    def draw(self, particle_id: str) -> float:
        """Return a particle's lot; it is drawn if that lies below its chance."""
        return draw(self.seed, particle_id)
