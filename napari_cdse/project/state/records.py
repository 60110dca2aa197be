"""Immutable records in which a project shows its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cdse.core.material import Material
    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.core.records import Annotation, Circle, Label, Prediction
    from napari_cdse.core.regions import Region
    from napari_cdse.io.images.frame import FrameChoice


@dataclass(frozen=True, slots=True)
class Particle:
    """One circle as it is now: a proposal with the users' changes.

    Attributes
    ----------
    id : str
    circle : Circle
        The user's if it was drawn or moved, else the detector's.
    annotation : Annotation or None
    prediction : Prediction or None
        The active model's for exactly this circle; None if there is none yet or the
        circle was changed since.
    """

    id: str
    circle: Circle
    annotation: Annotation | None = None
    prediction: Prediction | None = None

    @property
    def label(self) -> Label | None:
        """The user's class, else the forest's, else None."""
        if self.annotation is not None and self.annotation.label is not None:
            return self.annotation.label
        return None if self.prediction is None else self.prediction.label

    @property
    def by_person(self) -> bool:
        """Whether a user judged the class."""
        return self.annotation is not None and self.annotation.label is not None

    @property
    def deferred(self) -> bool:
        """Whether a user left it for later, and nobody judged it."""
        said = self.annotation
        return said is not None and said.deferred and not self.by_person


@dataclass(frozen=True, slots=True)
class MicrographEntry:
    """One row of the table of micrographs.

    Attributes
    ----------
    index : int
        Its place in the table.
    name : str
        File name.
    path : Path
    id : str or None
        `napari_cdse.core.records.Micrograph.id`; None until it was first read.
    found : int
        Circles shown.
    reviewed : int
        Circles whose class a user judged.
    deferred : int
        Circles that a user left for later.
    resolved : int
        Circles that a user labelled ``yes`` or ``no``.
    defects : int
        Circles that a user labelled ``yes``.
    analysed : bool
        Whether a detection has been made.
    problem : str or None
        A sentence for the user, if something is wrong with the file.
    excluded : str or None
        Why it was left out; None: it is in use.
    pixel_size : PixelSize or None
        As far as known without reading the file.
    shape : tuple of int or None
        Rows and columns; None until the pixels were read for the first time.
    looked_at : bool
        A label file says that a user looked at it, particles or none.
    frame : int or str
        See `napari_cdse.io.images.frame.FrameChoice`.
    left_out : int
        Circles in regions that were left out; ``found`` is without them.
    regions : tuple of Region
        Those regions.
    out_of_range : str or None
        How it differs from the micrographs that the forest in use learnt from.
    sample : str or None
        Name of its sample; None if nobody gave one.
    quality : MicrographQuality or None
        As measured by the latest detection.
    """

    index: int
    name: str
    path: Path
    id: str | None = None
    found: int = 0
    reviewed: int = 0
    deferred: int = 0
    resolved: int = 0
    defects: int = 0
    analysed: bool = False
    problem: str | None = None
    excluded: str | None = None
    pixel_size: PixelSize | None = None
    shape: tuple[int, int] | None = None
    looked_at: bool = False
    frame: FrameChoice = 0
    left_out: int = 0
    regions: tuple[Region, ...] = ()
    out_of_range: str | None = None
    sample: str | None = None
    quality: MicrographQuality | None = None

    @property
    def pixel_size_nm(self) -> float | None:
        """Edge of a pixel in nm, however it is known."""
        return None if self.pixel_size is None else self.pixel_size.nm


class LabelledMicrograph(NamedTuple):
    """A micrograph with the particles whose class a user judged.

    Attributes
    ----------
    path : Path
    frame : int or str
    id : str or None
        None until the pixels were read for the first time.
    pixel_size_nm : float or None
        As the user set it; None: that of the file or an estimate is used.
    annotations : tuple of Annotation
        With a label, and not removed.
    material : Material or None
        Lattice for the estimate of the pixel size; None for CdSe.
    quality : MicrographQuality or None
        As measured by the latest detection.
    """

    path: Path
    frame: FrameChoice
    id: str | None
    pixel_size_nm: float | None
    annotations: tuple[Annotation, ...]
    material: Material | None = None
    quality: MicrographQuality | None = None

    @property
    def circles(self) -> tuple[Circle, ...]:
        """The annotations' circles."""
        return tuple(each.circle for each in self.annotations)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The annotations' classes."""
        return tuple(each.label for each in self.annotations if each.label is not None)

    @property
    def particle_ids(self) -> tuple[str, ...]:
        """The annotations' particles."""
        return tuple(each.particle_id for each in self.annotations)


@dataclass(frozen=True, slots=True)
class Position:
    """Place in a queue, like number 37 of 412; counted from 1, 0 if not in it."""

    number: int
    total: int

    def __str__(self) -> str:
        """Write as 37/412."""
        return f"{self.number}/{self.total}"
