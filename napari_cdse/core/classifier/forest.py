"""The random forest: fitted by scikit-learn, kept as plain arrays.

A forest is stored as a few arrays rather than scikit-learn's own object. Loading one
neither unpickles objects nor runs compiled code on unchecked data, and a model stays
readable when scikit-learn changes its internal formats.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse import __version__
from napari_cdse.core.classifier.training_set import TrainingSet, balanced
from napari_cdse.core.classifier.tree_arrays import Forest, forest_from_trees
from napari_cdse.core.classifier.tree_growing import grow
from napari_cdse.core.errors import ModelError, TrainingError
from napari_cdse.core.records import CLASSES, ModelCard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cdse.core.features import FeatureTable
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Calibration

MIN_PARTICLES = 2
"""Fewest particles, copies not counted, of a class that is learnt. With one, no split
by micrograph could both learn and score it."""

_ID_DIGITS = 16
"""Hexadecimal digits of a model's id. A choice: with 64 bits, two of a million models
have the same id with a chance of 3e-8, and an id still fits on a line."""

_FORMER_IDS = {"e3f03c43d3b52f75": "17803ec14efa5cdd"}
"""Ids of published models from before ids followed from all of the content, by their
content ids: projects hold predictions and choices under the former."""


@dataclass(frozen=True, eq=False)
class Model:
    """A forest with its card, and what it was trained on if that is known.

    Attributes
    ----------
    card : ModelCard
    forest : Forest
    training : TrainingSet or None
    notices : tuple of str
        What was done to make it usable, one sentence each.
    stated_id : str
        The id that its file bears; empty for one that was just fitted. It is the
        card's own unless an earlier version wrote the file, or someone changed it.
    """

    card: ModelCard
    forest: Forest
    training: TrainingSet | None = None
    notices: tuple[str, ...] = ()
    stated_id: str = ""


def fit(
    training: TrainingSet,
    params: ForestParams,
    *,
    name: str = "",
    parent: str | None = None,
    trained_on: str = "",
    scores: Mapping[str, object] | None = None,
    calibration: Calibration | None = None,
    quality_range: Mapping[str, tuple[float, float]] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Fit a random forest (Breiman, Machine Learning 45, 2001).

    The same set, parameters and libraries give the same forest to the bit, on any
    number of cores and however often `progress` is asked for.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    params : ForestParams
        How the forest is grown.
    name : str
        What the person calls it.
    parent : str, optional
        Id of the model that this one goes on from.
    trained_on : str
        Provenance in words.
    scores : mapping, optional
        Cross-validated scores for the card.
    calibration : Calibration, optional
        What turns its averaged answers into probabilities, from held-out micrographs.
    quality_range : mapping, optional
        Of the micrographs it learns from; see
        `napari_cdse.core.classifier.quality_range.quality_range`.
    progress : callable, optional
        Called with 0 to 1 after every few trees; may raise `Cancelled`.

    Returns
    -------
    Model

    Raises
    ------
    TrainingError
        When no forest can be fitted to the set.
    """
    check_training(training)
    forest = fit_forest(training, params, progress)
    card = _card(training, params, name, parent, trained_on, scores or {})
    card = replace(card, calibration=calibration, quality_range=quality_range)
    return identified(Model(card, forest, training))


def identified(model: Model) -> Model:
    """Give a model the id that follows from its content."""
    card = replace(model.card, id=content_id(model.card, model.forest))
    return replace(model, card=card, stated_id=model.card.id)


def content_id(card: ModelCard, forest: Forest) -> str:
    """Return the id that follows from all that a model's answers depend on.

    Parameters
    ----------
    card : ModelCard
        Its classes, features, calibration, and the digest of the training table, by
        which novelty is told.
    forest : Forest
        All nodes of all trees.

    Returns
    -------
    str
        The first 16 hexadecimal digits of a SHA-256; for a published model the id
        under which projects know it.
    """
    said = [card.classes, card.feature_schema, card.feature_names]
    told = [*said, card.training_digest, card.temperature]
    if card.calibration is not None:
        told.append([card.calibration.weights, card.calibration.offsets])
    digest = hashlib.sha256(json.dumps(told).encode())
    for part in fields(forest):
        array = getattr(forest, part.name)
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{part.name}{little.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(little).data)
    found = digest.hexdigest()[:_ID_DIGITS]
    return _FORMER_IDS.get(found, found)


def is_id_of(model: Model, model_id: str) -> bool:
    """Tell whether an id found in a project belongs to a model.

    It does if it follows from the content. Projects of version 0.1 also hold models
    under ids that followed from training set, parameters, library versions and
    temperature; such an id is accepted unless a published model has it.

    Parameters
    ----------
    model : Model
        As it was read.
    model_id : str
        The id under which its bytes were found.
    """
    if model_id == content_id(model.card, model.forest):
        return True
    if model.card.calibration is not None or model_id in _FORMER_IDS.values():
        return False
    return model_id == _former_id(model.card)


def check_training(training: TrainingSet) -> None:
    """Raise `TrainingError` when no forest can be fitted to the set."""
    if not len(training):
        raise TrainingError("There is nothing to train on; label some particles.")
    if not np.isfinite(training.table.values).all():
        raise TrainingError(
            "The training set has features that are no numbers; compute them anew."
        )
    counts = {n: count for n, count in training.class_counts.items() if count}
    if len(counts) < 2:
        raise TrainingError(
            f"All labels are {next(iter(counts))!r}; a forest needs at least two "
            "classes to tell apart."
        )
    rare = [n for n, count in counts.items() if count < MIN_PARTICLES]
    if rare:
        raise TrainingError(
            f"Only {counts[rare[0]]} particle is labelled {rare[0]!r}; label at least "
            f"{MIN_PARTICLES} of each class that occurs."
        )


def fit_forest(
    training: TrainingSet, params: ForestParams, progress: Progress | None = None
) -> Forest:
    """Fit the bare forest, without checks and card."""
    weighted = balanced(training)
    trees = grow(
        weighted.table.values, weighted.codes, weighted.weights, params, progress
    )
    return forest_from_trees(trees)


def _card(
    training: TrainingSet,
    params: ForestParams,
    name: str,
    parent: str | None,
    trained_on: str,
    scores: Mapping[str, object],
) -> ModelCard:
    sizes = training.pixel_sizes_nm
    versions = {
        "napari-cdse": __version__,
        **{name: version(name) for name in ("scikit-learn", "numpy")},
    }
    return ModelCard(
        id="",
        name=name,
        parent=parent,
        feature_schema=training.table.schema,
        feature_names=training.table.names,
        classes=CLASSES,
        training_digest=training.digest(),
        class_counts=training.class_counts,
        n_micrographs=len(np.unique(training.micrograph_ids)),
        pixel_size_range_nm=(float(sizes.min()), float(sizes.max())),
        parameters=asdict(params),
        versions=versions,
        scores=dict(scores),
        trained_on=trained_on,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _former_id(card: ModelCard) -> str:
    """Return the id that version 0.1 gave, which says nothing about the trees."""
    told = [
        card.training_digest,
        dict(card.parameters),
        dict(card.versions),
        card.scores.get("temperature", 1.0),
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[
        :_ID_DIGITS
    ]


def predict_proba(model: Model, table: FeatureTable) -> NDArray[np.float64]:
    """Give class probabilities.

    Parameters
    ----------
    model : Model
        A fitted or loaded model.
    table : FeatureTable
        Features of the model's own schema.

    Returns
    -------
    ndarray of float64, shape (n_circles, 4)
        Columns in the order of `CLASSES`; a class that was not trained has 0.

    Raises
    ------
    ModelError
        When the features are of another schema.
    """
    if table.schema != model.card.feature_schema:
        raise ModelError(
            f"The forest wants features {model.card.feature_schema} but was given "
            f"{table.schema}; choose another forest or retrain this one."
        )
    return model.forest.predict_proba(table.values)
