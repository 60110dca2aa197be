"""One particle as a cell shows it; without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import class_name

if TYPE_CHECKING:
    from napari_cdse.core.records import Label, Prediction
    from napari_cdse.project import MicrographEntry, Particle, Project


@dataclass(frozen=True, slots=True)
class Item:
    """One particle as its picture shows it.

    Attributes
    ----------
    particle : Particle
    micrograph : int
        Index of its micrograph in the project.
    hidden : bool
        Its prediction is kept from the user until they have judged it.
    pixel_size_nm : float or None
        Of its micrograph.
    """

    particle: Particle
    micrograph: int
    hidden: bool = False
    pixel_size_nm: float | None = None

    @property
    def id(self) -> str:
        """The particle's id."""
        return self.particle.id

    @property
    def by_person(self) -> bool:
        """Whether a person judged the class."""
        return self.particle.by_person

    @property
    def prediction(self) -> Prediction | None:
        """What the forest says, as far as it may be shown."""
        return None if self.hidden else self.particle.prediction

    @property
    def label(self) -> Label | None:
        """The class shown."""
        if self.by_person:
            return self.particle.label
        return None if self.prediction is None else self.prediction.label

    @property
    def name(self) -> str:
        """The class shown, or that there is none."""
        return class_name(self.label)

    @property
    def confidence(self) -> float | None:
        """Probability that the forest gives the class shown; None without one."""
        if self.prediction is None or self.label is None:
            return None
        return self.prediction.probabilities[CLASSES.index(self.label)]

    @property
    def deferred(self) -> bool:
        """Whether the user left it for later."""
        return self.particle.deferred

    @property
    def differs(self) -> bool:
        """Whether person and forest say different things."""
        return (
            self.by_person
            and self.prediction is not None
            and self.prediction.label != self.label
        )


def item_of(project: Project, particle: Particle, entry: MicrographEntry) -> Item:
    """Make a particle's item; its prediction is hidden where an audit wants that."""
    hidden = project.audits.hides(particle.id)
    return Item(particle, entry.index, hidden, entry.pixel_size_nm)
