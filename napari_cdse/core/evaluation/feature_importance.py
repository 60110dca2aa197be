"""Permutation importance of features, on held-out micrographs.

The decrease of impurity, which a forest reports itself, favours features with many
values and is measured on the training set. Permuting a feature among held-out particles
shows what it contributes on new ones (Breiman, Machine Learning 45 (2001); Strobl and
others, BMC Bioinformatics 8, 25 (2007)). Correlated features replace each other and
seem worthless one by one, so whole families of features are permuted as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import check_training, fit_forest
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.evaluation.scores import Difference, confusions, difference_of
from napari_cdse.core.evaluation.validation import grouped_splits, scored_rows, too_few
from napari_cdse.core.features.faults import FAULT_FEATURES
from napari_cdse.core.features.peaks import PEAK_FEATURES
from napari_cdse.core.features.profile import PROFILE_FEATURES
from napari_cdse.core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.classifier.tree_arrays import Forest
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress

REPEATS = 5
"""Permutations of each feature, over which the loss is averaged. A choice: more reduce
the scatter of the permutation, and cost as many predictions; the scatter between
micrographs, which the interval shows, remains."""

_FAMILIES = {
    "Bragg peaks": tuple(PEAK_FEATURES),
    "faults": tuple(FAULT_FEATURES),
    "profile and size": tuple(PROFILE_FEATURES),
}
_ORIGIN = {
    "pixel": "centre pixels",
    "binary": "local binary pattern",
    "fourier": "Fourier density",
    "blob": "blobs",
    "sobel": "Sobel density",
    "gray": "mean and deviation",
}


@dataclass(frozen=True, eq=False)
class FeatureImportance:
    """Importance of one feature, or of a family of them.

    Attributes
    ----------
    name : str
    features : tuple of str
        Those that were permuted together.
    loss : Difference
        Balanced accuracy lost without it.
    impurity : float
        Share of the decrease of impurity, for comparison.
    """

    name: str
    features: tuple[str, ...]
    loss: Difference
    impurity: float


@dataclass(frozen=True, eq=False)
class Importance:
    """Importance of all families and all features, the most valuable first."""

    families: tuple[FeatureImportance, ...]
    features: tuple[FeatureImportance, ...]
    balanced_accuracy: float
    n_micrographs: int


def families_of(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Group features by what they are computed from."""
    found: dict[str, list[str]] = {}
    known = {name: family for family, some in _FAMILIES.items() for name in some}
    for name in names:
        stem = name.partition("_")[0]
        found.setdefault(known.get(name) or _ORIGIN.get(stem, stem), []).append(name)
    return {family: tuple(some) for family, some in found.items()}


def importance(
    training: TrainingSet,
    params: ForestParams,
    progress: Progress | None = None,
    only: NDArray[np.str_] | None = None,
) -> Importance:
    """Measure the permutation importance of all features and families of them.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    params : ForestParams
        How the forest is grown.
    progress : callable, optional
        Called with 0 to 1; may raise `Cancelled`.
    only : ndarray of str, optional
        Ids of the particles to score; all are learnt from.

    Raises
    ------
    TrainingError
        When no forest can be fitted to the set, or there are too few labels or
        micrographs for an honest score.
    """
    check_training(training)
    mask = scored_rows(training, only) & training.originals
    note = too_few(training.rows(mask))
    if note is not None:
        raise TrainingError(note)
    names = training.table.names
    families = families_of(names)
    sets = [*families.values(), *((name,) for name in names)]
    columns = [[names.index(each) for each in some] for some in sets]
    usual, shuffled, impurity = _held_out(training, params, mask, columns, progress)
    losses = [difference_of(each, usual) for each in shuffled]
    worth = [
        FeatureImportance(name, tuple(some), loss, float(impurity[at].sum()))
        for name, some, loss, at in zip(
            [*families, *names], sets, losses, columns, strict=True
        )
    ]
    return Importance(
        families=_ranked(worth[: len(families)]),
        features=_ranked(worth[len(families) :]),
        balanced_accuracy=difference_of(np.zeros_like(usual), usual).value,
        n_micrographs=len(usual),
    )


def _ranked(worth: Sequence[FeatureImportance]) -> tuple[FeatureImportance, ...]:
    return tuple(sorted(worth, key=lambda one: -one.loss.value))


def _held_out(
    training: TrainingSet,
    params: ForestParams,
    mask: NDArray[np.bool_],
    columns: Sequence[Sequence[int]],
    progress: Progress | None,
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]], NDArray[np.float64]]:
    """Confusion by micrograph, without and with each set of columns permuted.

    Returns
    -------
    usual : ndarray of float64, shape (n_micrographs, 4, 4)
    shuffled : list of ndarray of float64
        The same for each set of columns, averaged over permutations.
    impurity : ndarray of float64, shape (n_features,)
        Impurity importance, averaged over the folds' forests.
    """
    rng = np.random.default_rng(params.seed)
    n_rows = int(np.count_nonzero(mask))
    place = np.cumsum(mask) - 1
    chosen = training.rows(mask)
    usual = np.zeros((1, n_rows), np.intp)
    shuffled = np.zeros((len(columns), REPEATS, n_rows), np.intp)
    impurity = np.zeros(len(training.table.names))
    splits = grouped_splits(training, params)
    for number, (learn, held_out) in enumerate(splits):
        step = part_of(progress, number, len(splits))
        forest = fit_forest(training.rows(learn), params, part_of(step, 0, 3))
        impurity += forest.importance / len(splits)
        rows = held_out[mask[held_out]]
        values = training.table.values[rows]
        usual[0, place[rows]] = _called(forest, values)
        for at, some in enumerate(columns):
            if step is not None:
                step((1 + 2 * at / len(columns)) / 3)
            told = _shuffled(forest, values, some, rng)
            shuffled[at][:, place[rows]] = told
    truth = chosen.codes

    def counted(told: NDArray[np.intp]) -> NDArray[np.float64]:
        each = [confusions(truth, one, chosen.micrograph_ids) for one in told]
        return np.asarray(np.mean(each, axis=0))

    return counted(usual), [counted(each) for each in shuffled], impurity


def _shuffled(
    forest: Forest,
    values: NDArray[np.float32],
    columns: Sequence[int],
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    """Predicted classes with some columns permuted together, (REPEATS, n_rows)."""
    copies = np.repeat(values[None], REPEATS, axis=0)
    for copy in copies:
        copy[:, columns] = values[rng.permutation(len(values))][:, columns]
    told = _called(forest, copies.reshape(-1, values.shape[1]))
    return told.reshape(REPEATS, len(values))


def _called(forest: Forest, values: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.asarray(forest.predict_proba(values).argmax(axis=1), np.intp)
