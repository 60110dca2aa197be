"""The record of a particle that tables, label files, figures and reports are made of.

Window, command line and scripts make the same rows, so that all write the same
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.pixel_size import PixelSizeSource

if TYPE_CHECKING:
    from napari_cdse.core.records import Circle, Label
    from napari_cdse.core.statistics.distrust import Distrust


@dataclass(frozen=True, slots=True)
class ParticleRow:
    """One particle in tables, label files, figures and reports.

    Attributes
    ----------
    micrograph : str
        Name of its micrograph.
    particle : str
        Id of the particle.
    circle : Circle
        Unrounded.
    label : {"yes", "no", "null", "empty"} or None
        The person's label, or else the forest's; None if there is neither.
    probabilities : tuple of float or None
        The forest's, in the order of `CLASSES`.
    pixel_size_nm : float or None
        Edge of a pixel.
    pixel_size_source : PixelSizeSource or None
        How the pixel size is known. Diameters in nm are given only where it is from
        the file or a person.
    by_person : bool
        Whether a person gave the label.
    micrograph_id : str
        Distinguishes micrographs of the same name.
    note : str
        A person's note.
    novelty : float or None
        Of the prediction: above 1, nothing like it was in the training set.
    distrust : str or None
        Why the particle is counted apart, see
        `napari_cdse.core.statistics.sample.divided`; None if it is not.
    fit_error : float
        Relative standard uncertainty of the diameter due to the program's fit; 0 if a
        person drew the circle.
    pixel_size_error : float
        Relative standard uncertainty of the pixel size.
    sample : str
        Sample of its micrograph; empty if it has none.
    """

    micrograph: str
    particle: str
    circle: Circle
    label: Label | None = None
    probabilities: tuple[float, float, float, float] | None = None
    pixel_size_nm: float | None = None
    pixel_size_source: PixelSizeSource | None = None
    by_person: bool = False
    micrograph_id: str = ""
    note: str = ""
    novelty: float | None = None
    distrust: Distrust | None = None
    fit_error: float = 0.0
    pixel_size_error: float = 0.0
    sample: str = ""

    @property
    def diameter_px(self) -> float:
        """Diameter in pixels."""
        return 2 * self.circle.radius_px

    @property
    def diameter_nm(self) -> float | None:
        """Diameter if the pixel size is from the file or a person, else None."""
        if self.pixel_size_nm is None or self.pixel_size_source is None:
            return None
        if not self.pixel_size_source.is_given:
            return None
        return self.diameter_px * self.pixel_size_nm

    @property
    def estimated_nm(self) -> float | None:
        """Diameter if the pixel size was estimated from the lattice, else None."""
        if self.pixel_size_source is not PixelSizeSource.ESTIMATED:
            return None
        return None if not self.pixel_size_nm else self.diameter_px * self.pixel_size_nm


def is_exported(row: ParticleRow, include_predictions: bool) -> bool:
    """Whether a particle is written to files of annotations.

    Parameters
    ----------
    row : ParticleRow
        Without a label it is not written.
    include_predictions : bool
        Write also labels that only the forest gave, except ``empty``.
    """
    if row.label is None:
        return False
    return row.by_person or (include_predictions and row.label != "empty")
