"""Grow the trees of a random forest with scikit-learn, each on its own bootstrap.

``RandomForestClassifier`` is not used, for two reasons. It resets and restores the
warning filters of the whole process for each tree, in several threads at once, so that
one thread may restore what another has just reset: filters are lost, and every later
fit warns. And its bootstrap depends on its version; here it is always that of
scikit-learn 1.9 (rows drawn with chances proportional to their weights), so that the
same labels give the same forest.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.tree import DecisionTreeClassifier

    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress

BATCH_TREES = 10
"""Trees grown between two reports of progress, at which work can be cancelled. A
choice: fewer leave cores idle at the end of each batch, more react later."""


def grow(
    values: NDArray[np.float32],
    codes: NDArray[np.intp],
    weights: NDArray[np.float64],
    params: ForestParams,
    progress: Progress | None = None,
) -> list[DecisionTreeClassifier]:
    """Grow the trees of a random forest (Breiman, Machine Learning 45, 2001).

    Parameters
    ----------
    values : ndarray of float32, shape (n_rows, n_features)
        Features.
    codes : ndarray of int, shape (n_rows,)
        Class of each row.
    weights : ndarray of float64, shape (n_rows,)
        How often a row is drawn, relative to the others.
    params : ForestParams
        How the forest is grown.
    progress : callable, optional
        Called with 0 to 1 after every few trees; may raise `Cancelled`.

    Returns
    -------
    list of DecisionTreeClassifier
        The same ones on any number of cores; the first few of a larger forest are
        those of a smaller one.
    """
    chances = weights / weights.sum()
    rng = np.random.RandomState(params.seed)
    seeds = rng.randint(np.iinfo(np.int32).max, size=params.trees).tolist()
    trees: list[DecisionTreeClassifier] = []
    # Only who grows trees waits for it.
    from joblib import Parallel, delayed

    # Threads: scikit-learn lets go of the interpreter's lock while a tree grows.
    # A tree adds a filter of its own for a moment, which may stay behind.
    with warnings.catch_warnings(), Parallel(n_jobs=-1, prefer="threads") as together:
        for start in range(0, params.trees, BATCH_TREES):
            batch = seeds[start : start + BATCH_TREES]
            trees += together(
                delayed(_grown)(values, codes, chances, params, seed) for seed in batch
            )
            if progress is not None:
                progress(len(trees) / params.trees)
    return trees


def _grown(
    values: NDArray[np.float32],
    codes: NDArray[np.intp],
    chances: NDArray[np.float64],
    params: ForestParams,
    seed: int,
) -> DecisionTreeClassifier:
    n_rows = len(values)
    drawn = np.random.RandomState(seed).choice(n_rows, n_rows, p=chances)
    split = params.split_features
    # Only who grows trees waits for scikit-learn.
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(
        criterion=params.criterion,
        max_features=int(split) if split.isdigit() else split,
        min_samples_leaf=params.min_leaf,
        random_state=seed,
    )
    return tree.fit(values, codes, sample_weight=np.bincount(drawn, minlength=n_rows))
