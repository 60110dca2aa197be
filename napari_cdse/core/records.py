"""The records that pass between the parts; all of them frozen.

Order is row before column everywhere; lengths carry their unit in the name.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.pixel_size import PixelSizeSource, ScaleBar

Label = Literal["yes", "no", "null", "empty"]
CLASSES: tuple[Label, ...] = get_args(Label)
"""Class order of every probability array: yes, no, null, empty."""
LETTERS: dict[Label, str] = {"yes": "Y", "no": "N", "null": "U", "empty": "O"}
"""The letter beside a circle; it says the class again, so that no colour has to."""

Origin = Literal["confirmed", "corrected", "drawn", "imported"]
SelectedBy = Literal["queue", "audit", "order", "hand"]

_UNBIASED_SINCE = "2026-11-28"
"""ISO 8601 date from which on estimated pixel sizes are true on the average."""
_EARLY_ESTIMATES = 1.014
"""How many times too large they were before: the mean over 32 simulated micrographs,
from 0.019 to 0.064 nm per px, none of which the shipped forest learnt from."""
_ESTIMATED = "pixel sizes were estimated from the lattice"
"""What the card of a forest says that learnt from estimates alone."""

_PARTICLE_NAMESPACE = uuid.UUID("6f4f9f0a-7a52-5d0e-9d35-51f2a3a1c0de")


@dataclass(frozen=True, slots=True, eq=False)
class Micrograph:
    """One gray micrograph in memory.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.
    name : str
        What to call it in messages and tables, usually the file's stem.
    id : str
        Hexadecimal SHA-256 of the file's bytes and the frame number.
    pixel_size_nm : float or None
        Edge of a pixel, if the file or a person said it.
    pixel_size_source : PixelSizeSource or None
        Who said it; None together with ``pixel_size_nm``.
    notices : tuple of str
        What the reader changed or could not know, one sentence each.
    scale_bar : ScaleBar or None
        One that was seen in the picture, where nobody said the pixel size.
    n_frames : int
        How many frames the file holds, of which this is one or the mean of some.
    """

    pixels: NDArray[np.float32]
    name: str
    id: str
    pixel_size_nm: float | None = None
    pixel_size_source: PixelSizeSource | None = None
    notices: tuple[str, ...] = ()
    scale_bar: ScaleBar | None = None
    n_frames: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.pixels.shape
        return rows, columns


@dataclass(frozen=True, slots=True)
class Circle:
    """Outline of a particle, in pixels from the centre of the first pixel."""

    row_px: float
    col_px: float
    radius_px: float

    def moved(self, rows_px: float, cols_px: float) -> Circle:
        """Move it down and to the right."""
        return Circle(self.row_px + rows_px, self.col_px + cols_px, self.radius_px)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A circle that the program proposes.

    Attributes
    ----------
    id : str
        Follows from micrograph, method and circle, so that window and command
        line name the same particle alike.
    micrograph_id : str
    circle : Circle
    found_by : str
        Name of the detection method.
    strength : float
        Peak of the accumulation map inside the circle, in the map's own unit.
    """

    id: str
    micrograph_id: str
    circle: Circle
    found_by: str
    strength: float = 0.0

    @classmethod
    def propose(
        cls, micrograph_id: str, circle: Circle, found_by: str, strength: float = 0.0
    ) -> Candidate:
        """Name a circle after where it was found, to whole pixels.

        Other processors and libraries put the same circle some 1e-5 px elsewhere. Of
        circles named to 0.001 px one in fifty then bore another name; to whole pixels
        it is one in some ten thousand. No two that are proposed are so alike.
        """
        place = (circle.row_px, circle.col_px, circle.radius_px)
        key = "/".join([micrograph_id, found_by, *(f"{round(px)}" for px in place)])
        particle_id = str(uuid.uuid5(_PARTICLE_NAMESPACE, key))
        return cls(particle_id, micrograph_id, circle, found_by, strength)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one forest says of one particle.

    ``probabilities`` follow `CLASSES`; they add up to 1. ``novelty`` is the distance
    to the forest's training set as a multiple of its limit, see
    `napari_cdse.core.classifier.novelty`: above 1 the forest was asked beyond what
    it knows.
    None where it cannot tell. Two predictions that say the same are equal.
    """

    particle_id: str
    model_id: str
    probabilities: tuple[float, float, float, float]
    novelty: float | None = field(default=None, compare=False)

    @property
    def label(self) -> Label:
        """The most probable class."""
        best = max(range(len(CLASSES)), key=self.probabilities.__getitem__)
        return CLASSES[best]

    @property
    def margin(self) -> float:
        """Lead of the most probable class over the next: 0 is pure doubt."""
        ordered = sorted(self.probabilities)
        return ordered[-1] - ordered[-2]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person said about one particle; a later one replaces it, none is lost.

    Attributes
    ----------
    id : str
        UUID of this statement.
    particle_id : str
        The candidate's id, or a new UUID for a particle drawn by hand.
    micrograph_id : str
    circle : Circle
    label : {"yes", "no", "null", "empty"} or None
        None: the person placed the circle but has not judged the class yet.
    origin : {"confirmed", "corrected", "drawn", "imported"}
    annotator : str
        Who gave the label; where there is none, who placed the circle.
    time : str
        When that was: ISO 8601, UTC. Who moved or removed a labelled circle later,
        and when, stands in the edit.
    removed : bool
        The person deleted the circle. It stays here so that it does not come back
        with the next detection, and so that the deletion can be undone. It is no
        training example: that is what the label ``empty`` is for.
    shown : Prediction or None
        The forest's prediction as it was on the screen.
    selected_by : {"queue", "audit", "order", "hand"}
        How the person came to look at this particle.
    selection_chance : float or None
        Chance with which an audit drew it.
    prediction_seen : bool
        Whether ``shown`` was in view before the label was given.
    deferred : bool
        The person looked and left it for later; doubt is no ``null``.
    note : str
        What the person wrote down about it.
    others_seen : bool
        Whether another annotator's label was in view before this one was given.
    deferred_by : str
        Who left it for later; the annotator in projects that do not say so.
    note_by : str
        Who wrote the note last; empty in projects that do not say so.
    """

    id: str
    particle_id: str
    micrograph_id: str
    circle: Circle
    label: Label | None
    origin: Origin
    annotator: str
    time: str
    removed: bool = False
    shown: Prediction | None = None
    selected_by: SelectedBy = "hand"
    selection_chance: float | None = None
    prediction_seen: bool = False
    deferred: bool = False
    note: str = ""
    others_seen: bool = False
    deferred_by: str = ""
    note_by: str = ""


Four = tuple[float, float, float, float]
"""One number for each class, in the order of `CLASSES`."""


def four_of(values: Iterable[float]) -> Four:
    """Give one number for each class as decimals, so that 1 and 1.0 name one model."""
    yes, no, null, empty = (float(each) for each in values)
    return yes, no, null, empty


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a forest's averaged answers into probabilities that hold.

    See `napari_cdse.core.classifier.probability_calibration`.

    Attributes
    ----------
    weights : tuple of 4 tuples of 4 float
        By class told (row) and class answered (column): what multiplies the
        logarithms of the answers.
    offsets : tuple of 4 float
        What is added for each class, in units of the natural logarithm.
    prior_weights, prior_offsets
        The same of what they were held near, before any of the particles told.
    n_particles, n_micrographs : int
        Held-out particles that it was fitted on, and their micrographs.
    below : str or None
        Id of the forest whose calibration it was held near; None for plain
        temperature.
    """

    weights: tuple[Four, Four, Four, Four]
    offsets: Four
    prior_weights: tuple[Four, Four, Four, Four]
    prior_offsets: Four
    n_particles: int
    n_micrographs: int
    below: str | None = None

    @property
    def untold(self) -> Calibration:
        """The calibration before its particles told: what the same ones start from."""
        return replace(
            self,
            weights=self.prior_weights,
            offsets=self.prior_offsets,
            n_particles=0,
            n_micrographs=0,
        )


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything one must know about a forest before believing it.

    Attributes
    ----------
    id : str
        Follows from trees, classes, features, training set and calibration; see
        `napari_cdse.core.classifier.forest.content_id`.
    name : str
        What the person calls it.
    parent : str or None
        Id of the model it was retrained from.
    feature_schema : str
        Names and versions of the feature groups, in order.
    feature_names : tuple of str
    classes : tuple of str
        Order of the probabilities.
    training_digest : str
        SHA-256 of the training table.
    class_counts : mapping of str to int
        Particles, not copies, per class.
    n_micrographs : int
        Distinct micrographs in the training set.
    pixel_size_range_nm : tuple of float or None
        Smallest and largest pixel size in the training set.
    parameters : mapping
        The forest's parameters by name.
    versions : mapping of str to str
        Libraries that made it.
    scores : mapping
        Cross-validated by micrograph; empty where too few for an honest number.
    trained_on, licence, created : str
        Provenance in words, licence, ISO 8601 time in UTC.
    calibration : Calibration or None
        None in cards written before there was one, which have a temperature among
        their scores, and where neither could be fitted.
    quality_range : mapping of str to (float, float) or None
        Lowest and highest of the figures of the micrographs that it learnt from, by
        name; see `napari_cdse.core.classifier.quality_range`. None where nobody knows.
    """

    id: str
    name: str
    parent: str | None
    feature_schema: str
    feature_names: tuple[str, ...]
    classes: tuple[str, ...]
    training_digest: str
    class_counts: Mapping[str, int]
    n_micrographs: int
    pixel_size_range_nm: tuple[float, float] | None
    parameters: Mapping[str, object]
    versions: Mapping[str, str]
    scores: Mapping[str, object] = field(default_factory=dict)
    trained_on: str = ""
    licence: str = "BSD-3-Clause"
    created: str = ""
    calibration: Calibration | None = None
    quality_range: Mapping[str, tuple[float, float]] | None = None

    @property
    def learnt_scale(self) -> float:
        """Ratio of the pixel sizes it learnt with to true ones.

        Features are told to a forest as it learnt them. Until `_UNBIASED_SINCE`,
        pixel sizes that the lattice told were too large.
        """
        early = self.created < _UNBIASED_SINCE
        return _EARLY_ESTIMATES if early and _ESTIMATED in self.trained_on else 1.0

    @property
    def temperature(self) -> float:
        """What sharpens a forest's averaged answers where it has no calibration."""
        told = self.scores.get("temperature", 1.0)
        return float(told) if isinstance(told, int | float) and told > 0 else 1.0
