"""One particle as the gallery shows it; without Qt."""

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
    """One particle with what its cell shows.

    Attributes
    ----------
    particle : Particle
    micrograph : int
        Index of its micrograph in the project.
    hidden : bool
        Whether its prediction is hidden until the user has judged it.
    pixel_size_nm : float or None
        Pixel size of its micrograph.
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
        """The forest's prediction, if it may be shown."""
        return None if self.hidden else self.particle.prediction

    @property
    def label(self) -> Label | None:
        """The class shown."""
        if self.by_person:
            return self.particle.label
        return None if self.prediction is None else self.prediction.label

    @property
    def name(self) -> str:
        """Name of the class shown; `UNLABELLED` if there is none."""
        return class_name(self.label)

    @property
    def confidence(self) -> float | None:
        """The forest's probability of the class shown; None without a prediction."""
        if self.prediction is None or self.label is None:
            return None
        return self.prediction.probabilities[CLASSES.index(self.label)]

    @property
    def deferred(self) -> bool:
        """Whether the user left it for later."""
        return self.particle.deferred

    @property
    def differs(self) -> bool:
        """Whether a person gave another class than the forest."""
        return (
            self.by_person
            and self.prediction is not None
            and self.prediction.label != self.label
        )


def item_of(project: Project, particle: Particle, entry: MicrographEntry) -> Item:
    """Return a particle's item; an audit may hide its prediction."""
    hidden = project.audits.hides(particle.id)
    return Item(particle, entry.index, hidden, entry.pixel_size_nm)
