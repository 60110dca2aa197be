"""The records that the packages pass to each other; all of them are immutable.

Coordinates are (row, column) everywhere; names of lengths end in their unit.
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
"""Class of a particle.

``yes``: atomically resolved, with a visible defect. ``no``: atomically resolved,
without one. ``null``: a particle that is not resolved. ``empty``: no particle, a false
circle.
"""
CLASSES: tuple[Label, ...] = get_args(Label)
"""Class order of every probability array: yes, no, null, empty."""
LETTERS: dict[Label, str] = {"yes": "Y", "no": "N", "null": "U", "empty": "O"}
"""Letter shown beside a circle, so that classes can be told without their colours."""

Origin = Literal["confirmed", "corrected", "drawn", "imported"]
"""Where an annotation comes from.

``confirmed``: the label is the one that was in view, the circle as it was proposed.
``corrected``: label or circle differ from it. ``drawn``: the circle is the user's own.
``imported``: read from a file of labels.
"""
SelectedBy = Literal["queue", "audit", "order", "hand"]
"""How the user came to look at a particle.

``queue``: the review queue proposed it, by the forest's uncertainty. ``audit``: it was
drawn at random and judged while its prediction was hidden. ``order``: the review came
to it in another order of `napari_cdse.core.review.review_queue.Order`. ``hand``: the
user picked it.
"""

_UNBIASED_SINCE = "2026-11-28"
"""ISO 8601 date since when estimates of the pixel size have no bias."""
_EARLY_BIAS = 1.014
"""Ratio of estimated to true pixel size before that date: mean over 32 simulated
micrographs of 0.019 to 0.064 nm per px, none of which the shipped forest learnt
from."""
_LEARNT_FROM_ESTIMATES = "pixel sizes were estimated from the lattice"
"""Words in `ModelCard.trained_on` if all pixel sizes of the training were estimates."""

_PARTICLE_NAMESPACE = uuid.UUID("6f4f9f0a-7a52-5d0e-9d35-51f2a3a1c0de")
"""Namespace of candidates' ids (RFC 9562, version 5). Random, and never to be changed:
stored labels refer to particles by these ids."""


@dataclass(frozen=True, slots=True, eq=False)
class Micrograph:
    """One gray micrograph in memory.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.
    name : str
        Name in messages and tables, usually the file's stem.
    id : str
        Hexadecimal SHA-256 of the file's bytes and the frame number.
    pixel_size_nm : float or None
        Edge of a pixel, if the file or the user gave it.
    pixel_size_source : PixelSizeSource or None
        Which of them gave it; None together with ``pixel_size_nm``.
    notices : tuple of str
        What the reader changed or could not find out, one sentence each.
    scale_bar : ScaleBar or None
        One found in the picture; looked for only where no pixel size was given.
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
    """Outline of a particle; its centre is measured from the centre of pixel (0, 0)."""

    row_px: float
    col_px: float
    radius_px: float

    def moved(self, rows_px: float, cols_px: float) -> Circle:
        """Return the circle shifted down and to the right."""
        return Circle(self.row_px + rows_px, self.col_px + cols_px, self.radius_px)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A circle that the program proposes.

    Attributes
    ----------
    id : str
        Derived from micrograph, method and circle, so that window and command line
        give the same particle the same id.
    micrograph_id : str
        `Micrograph.id`.
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
        """Make a candidate whose id follows from its place, rounded to whole pixels.

        On other processors and library versions the same circle differs by some
        1e-5 px. With rounding to 0.001 px, one circle in fifty then got another id;
        with whole pixels it is about one in ten thousand. No two candidates of a
        micrograph are so close that they would share one.
        """
        place = (circle.row_px, circle.col_px, circle.radius_px)
        key = "/".join([micrograph_id, found_by, *(f"{round(px)}" for px in place)])
        particle_id = str(uuid.uuid5(_PARTICLE_NAMESPACE, key))
        return cls(particle_id, micrograph_id, circle, found_by, strength)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Class probabilities of one particle by one forest.

    Attributes
    ----------
    particle_id, model_id : str
    probabilities : tuple of 4 float
        In the order of `CLASSES`; their sum is 1.
    novelty : float or None
        Distance of the particle's features to the forest's training set as a multiple
        of the limit in `napari_cdse.core.classifier.novelty`: above 1 the forest
        extrapolates. None where the forest has no such limit. Not compared by ``==``.
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
        """Largest probability minus the second largest: 0 to 1, low if uncertain."""
        ordered = sorted(self.probabilities)
        return ordered[-1] - ordered[-2]


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotator's statement about one particle.

    A later statement replaces it; the project's history keeps all of them.

    Attributes
    ----------
    id : str
        UUID of this statement.
    particle_id : str
        The candidate's id, or a new UUID for a particle drawn by hand.
    micrograph_id : str
    circle : Circle
    label : Label or None
        None: the annotator placed the circle but has not judged its class.
    origin : Origin
    annotator : str
        Who gave the label; where there is none, who placed the circle.
    time : str
        When that was: ISO 8601, UTC. Who moved or removed a labelled circle later,
        and when, is recorded in the project's edits.
    removed : bool
        The annotator deleted the circle. The record is kept so that the next detection
        does not bring the circle back and the deletion can be undone. It is not used
        for training: the label ``empty`` is.
    shown : Prediction or None
        The forest's prediction at that time.
    selected_by : SelectedBy
    selection_chance : float or None
        Probability, 0 to 1, with which an audit drew it; None if no audit did.
    prediction_seen : bool
        Whether ``shown`` was in view before the label was given.
    deferred : bool
        The annotator looked and left it for later. An annotator's doubt is recorded
        here, not by the label ``null``.
    note : str
        The annotator's remark.
    others_seen : bool
        Whether another annotator's label was in view before this one was given.
    deferred_by : str
        Who left it for later; empty in old projects, where it is ``annotator``.
    note_by : str
        Who wrote the note last; empty in old projects.
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
    """Return four numbers as float.

    A model's id hashes these numbers as text, where 1 and 1.0 differ.
    """
    yes, no, null, empty = (float(each) for each in values)
    return yes, no, null, empty


@dataclass(frozen=True, slots=True)
class Calibration:
    """Affine map of a forest's log-probabilities that calibrates them.

    The model and its fit: `napari_cdse.core.classifier.probability_calibration`.

    Attributes
    ----------
    weights : tuple of 4 tuples of 4 float
        Factors of the forest's log-probabilities. Row: class of the result; column:
        class of the forest's output.
    offsets : tuple of 4 float
        Added for each class, in units of the natural logarithm.
    prior_weights, prior_offsets
        Means of the priors of weights and offsets.
    n_particles, n_micrographs : int
        Held-out particles that it was fitted to, and their micrographs.
    below : str or None
        Id of the forest whose calibration is the prior; None if the prior is plain
        temperature scaling.
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
        """The prior alone, as if no particle had been fitted.

        Whoever fits to the same particles again starts from it, so that they do not
        count twice.
        """
        return replace(
            self,
            weights=self.prior_weights,
            offsets=self.prior_offsets,
            n_particles=0,
            n_micrographs=0,
        )


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a forest was made of and how well it did (a model card).

    Attributes
    ----------
    id : str
        Hash of trees, classes, features, training set and calibration; see
        `napari_cdse.core.classifier.forest.content_id`.
    name : str
        The user's name for it.
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
        Fields of `napari_cdse.core.params.ForestParams` by name.
    versions : mapping of str to str
        Libraries that made it, with their versions.
    scores : mapping
        Cross-validated by micrograph; empty where there are too few micrographs.
    trained_on, licence, created : str
        Provenance in words, licence, ISO 8601 time in UTC.
    calibration : Calibration or None
        None if it could not be fitted, and in cards of early versions, whose scores
        hold a temperature instead.
    quality_range : mapping of str to (float, float) or None
        Lowest and highest value of each quality figure over the micrographs that it
        learnt from; see `napari_cdse.core.classifier.quality_range`. None if unknown.
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
        """Ratio of the pixel sizes in its training to true ones.

        Until `_UNBIASED_SINCE`, pixel sizes estimated from the lattice were too large.
        A forest that learnt from such estimates must get its features at pixel sizes
        with the same bias: true ones times this ratio.
        """
        is_early = self.created < _UNBIASED_SINCE
        is_biased = is_early and _LEARNT_FROM_ESTIMATES in self.trained_on
        return _EARLY_BIAS if is_biased else 1.0

    @property
    def temperature(self) -> float:
        """Divisor of its log-probabilities if it has no calibration; 1 if unknown."""
        told = self.scores.get("temperature", 1.0)
        return float(told) if isinstance(told, int | float) and told > 0 else 1.0
