"""Analyse one micrograph: detect particles and classify them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.augmentation import views
from napari_cdse.core.classifier.novelty import novelty, out_of_range
from napari_cdse.core.classifier.probability_calibration import predict_calibrated
from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.features import compute_features, groups_in
from napari_cdse.core.imaging.pixel_size_estimate import pixel_size_for
from napari_cdse.core.progress import span
from napari_cdse.core.records import Candidate, Circle, Micrograph, Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.features.cache import KnownFeatures
    from napari_cdse.core.material import Material
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress

_DETECTION_SHARE = 0.5
"""Share of the progress bar for detection; the rest is classification. A guess."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One micrograph, its circles and their predictions.

    Attributes
    ----------
    micrograph : Micrograph
    detection : Detection
    candidates : tuple of Candidate
        One per circle of the detection, in its order.
    predictions : tuple of Prediction
        One per candidate; none when no model was given.
    out_of_range : str or None
        A sentence if the micrograph is unlike those that the model learnt from.
    """

    micrograph: Micrograph
    detection: Detection
    candidates: tuple[Candidate, ...]
    predictions: tuple[Prediction, ...]
    out_of_range: str | None = None


def analyse(
    micrograph: Micrograph,
    model: Model | None,
    params: DetectionParams,
    progress: Progress | None = None,
) -> Analysis:
    """Detect the particles of one micrograph and classify them.

    Parameters
    ----------
    micrograph : Micrograph
        Shape (rows, columns).
    model : Model or None
        Without one, the particles stay unclassified.
    params : DetectionParams
        Method, window, band and limits.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.

    Raises
    ------
    MicrographError
        For an image in which nothing can be looked for.
    ModelError
        For a model whose features this version does not compute.
    """
    step = span(progress, 0.0, _DETECTION_SHARE)
    detection = find(micrograph, model, params, step)
    candidates = tuple(
        Candidate.propose(micrograph.id, circle, detection.found_by, strength)
        for circle, strength in zip(detection.circles, detection.strengths, strict=True)
    )
    if model is None:
        return Analysis(micrograph, detection, candidates, ())
    ids = [candidate.id for candidate in candidates]
    size_nm = detection.pixel_size_nm
    step = span(progress, _DETECTION_SHARE, 1.0)
    predictions = predict(micrograph, ids, detection.circles, model, size_nm, step)
    strange = [each.novelty for each in predictions]
    note = out_of_range(model.card, size_nm, strange, detection.quality)
    return Analysis(micrograph, detection, candidates, predictions, note)


def find(
    micrograph: Micrograph,
    model: Model | None,
    params: DetectionParams,
    progress: Progress | None = None,
) -> Detection:
    """Detect by the method that ``params`` names.

    Parameters are those of `analyse`.

    Raises
    ------
    ParameterError
        If the method needs a forest and there is none.
    """
    return detect(micrograph, params, progress, model)


def predict(
    micrograph: Micrograph,
    particle_ids: Sequence[str],
    circles: Sequence[Circle],
    model: Model,
    pixel_size_nm: float | None = None,
    progress: Progress | None = None,
    known: KnownFeatures | None = None,
    material: Material | None = None,
) -> tuple[Prediction, ...]:
    """Classify given circles with a forest.

    Features are computed in five `views` of each circle; the forest's probabilities are
    averaged over them and calibrated. The novelty is that of the circle itself.

    Parameters
    ----------
    micrograph : Micrograph
        The picture they lie in.
    particle_ids : sequence of str
        One id for each circle.
    circles : sequence of Circle
        Any number, in pixels.
    model : Model
        Its card names the features it needs.
    pixel_size_nm : float, optional
        Pixel size for the features' windows; by default the micrograph's own, or else
        the estimate from its lattice.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.
    known : KnownFeatures, optional
        Cache of features.
    material : Material, optional
        The lattice for that estimate; CdSe without it.

    Raises
    ------
    ModelError
        For a model whose features this version does not compute.
    """
    if not circles:
        return ()
    scale = pixel_size_nm or pixel_size_for(micrograph, material)[0].nm
    groups = groups_in(model.card.feature_schema)
    compute = compute_features if known is None else known.compute
    learnt = scale * model.card.learnt_scale
    table = compute(micrograph, views(circles), groups, learnt, progress)
    shares: list[list[float]] = predict_calibrated(model, table).tolist()
    strange = novelty(model, table.rows(np.arange(len(circles))))
    return tuple(
        Prediction(name, model.card.id, (yes, no, null, empty), far)
        for name, (yes, no, null, empty), far in zip(
            particle_ids, shares, strange, strict=True
        )
    )
