"""Decision trees as flat arrays: validation and prediction in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import ModelError
from napari_cdse.core.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sklearn.tree import DecisionTreeClassifier

_LEAF = -1
"""Value in place of a child or a feature at a leaf, as in scikit-learn."""

MAX_TREES = 10_000
"""Trees of a forest that is read. A choice: twice what can be asked for here; beyond
some hundred they change little, and more cost time and memory alone."""
MAX_NODES = 4_000_000
"""Nodes of all its trees, of 32 bytes each. A choice: eleven times as many as the
shipped forest has (360 000), and 128 MB at most."""
MAX_DEPTH = 1000
"""Most steps from a root to a leaf, as a prediction makes one pass for each. A choice:
trees grown on a hundred thousand rows have fewer than a hundred."""

_CHUNK_ROWS = 4096
"""Rows walked at a time. A choice: 13 MB of class shares with 200 trees; more cost
memory, fewer cost calls."""

_SUM_TOLERANCE = 1e-3
"""How far the class shares of a node may be from adding up to 1. A choice: far beyond
the rounding of float32 (some 1e-7), well below a particle's share in most leaves."""


@dataclass(frozen=True, eq=False)
class Forest:
    """A forest of classification trees, with the nodes of all trees in one list.

    Attributes
    ----------
    roots : ndarray of int32, shape (n_trees,)
        Number of each tree's first node; a tree's nodes follow its root.
    left, right : ndarray of int32, shape (n_nodes,)
        Numbers of the children, counted over all trees; -1 at a leaf.
    feature : ndarray of int32, shape (n_nodes,)
        Column that a node looks at; -1 at a leaf.
    threshold : ndarray of float32, shape (n_nodes,)
        A value up to this goes left, a larger one right.
    probability : ndarray of float32, shape (n_nodes, 4)
        Share of each class at a node, in the order of `CLASSES`.
    importance : ndarray of float64, shape (n_features,)
        Mean decrease of impurity (Breiman 2001), adding up to 1.
    """

    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    probability: NDArray[np.float32]
    importance: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Validate the arrays, so that every prediction ends, and within its tree.

        Raises
        ------
        ModelError
            Saying what is wrong with them.
        """
        _check_shapes(self)
        _check_structure(self)
        _check_values(self)

    @property
    def n_features(self) -> int:
        """Number of columns that the forest wants."""
        return len(self.importance)

    def predict_proba(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Average the trees' class shares; rows of the result add up to 1.

        Parameters
        ----------
        values : ndarray of float32, shape (n_rows, n_features)
            Features in the order of training.

        Returns
        -------
        ndarray of float64, shape (n_rows, 4)

        Raises
        ------
        ModelError
            When the number of columns is another.
        """
        if values.ndim != 2 or values.shape[1] != self.n_features:
            raise ModelError(
                f"The forest wants {self.n_features} features but was given an array "
                f"of shape {values.shape}; compute the features anew."
            )
        rows = values.astype(np.float32, copy=False)
        result = np.empty((len(rows), len(CLASSES)))
        for start in range(0, len(rows), _CHUNK_ROWS):
            stop = start + _CHUNK_ROWS
            result[start:stop] = self._average(rows[start:stop])
        return result

    def staged_proba(
        self, values: NDArray[np.float32], trees: Sequence[int]
    ) -> NDArray[np.float64]:
        """Average the first trees only, for several numbers of them.

        Parameters
        ----------
        values : ndarray of float32, shape (n_rows, n_features)
            Features in the order of training.
        trees : sequence of int
            Numbers of trees, from 1 to all.

        Returns
        -------
        ndarray of float64, shape (len(trees), n_rows, 4)
            What forests of so many trees with the same seed would say.
        """
        shares = self.probability[self._leaves(values)].astype(np.float64)
        sums = np.cumsum(shares, axis=1)[:, np.asarray(trees) - 1]
        staged = np.moveaxis(sums, 1, 0)
        return np.asarray(staged / staged.sum(axis=-1, keepdims=True))

    def _average(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        shares = self.probability[self._leaves(values)].mean(axis=1, dtype=np.float64)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def _leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Walk every row down every tree, shape (n_rows, n_trees)."""
        node = np.tile(self.roots, len(values))
        # Rows that have not reached a leaf: their places in ``node``, and their nodes.
        walking = np.flatnonzero(self.left[node] != _LEAF)
        at = node[walking]
        row = walking // len(self.roots)
        while len(walking):
            goes_left = values[row, self.feature[at]] <= self.threshold[at]
            at = np.where(goes_left, self.left[at], self.right[at])
            node[walking] = at
            inner = self.left[at] != _LEAF
            walking, at, row = walking[inner], at[inner], row[inner]
        return node.reshape(len(values), -1)


def forest_from_trees(grown: Sequence[DecisionTreeClassifier]) -> Forest:
    """Copy trees out of scikit-learn; all of them have met the same classes.

    Thresholds are rounded down to float32, which changes no decision: the features
    are float32 themselves.
    """
    trees = [member.tree_ for member in grown]
    sizes = np.array([tree.node_count for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    leaf = np.concatenate([tree.children_left for tree in trees]) == _LEAF
    return Forest(
        roots=roots,
        left=_children([tree.children_left for tree in trees], roots),
        right=_children([tree.children_right for tree in trees], roots),
        feature=_joined(leaf, [tree.feature for tree in trees], _LEAF, np.int32),
        threshold=_rounded_down(
            _joined(leaf, [tree.threshold for tree in trees], 0.0, np.float64)
        ),
        probability=_shares(trees, grown[0].classes_),
        importance=_importance(trees),
    )


def _children(
    parts: list[NDArray[np.intp]], roots: NDArray[np.int32]
) -> NDArray[np.int32]:
    moved = [
        np.where(part == _LEAF, _LEAF, part + root)
        for part, root in zip(parts, roots.tolist(), strict=True)
    ]
    return np.concatenate(moved).astype(np.int32)


def _joined(
    leaf: NDArray[np.bool_], parts: list[Any], at_leaf: float, dtype: Any
) -> Any:
    return np.where(leaf, at_leaf, np.concatenate(parts)).astype(dtype)


def _rounded_down(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    near = numbers.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > numbers, below, near)


def _shares(trees: list[Any], codes: NDArray[np.intp]) -> NDArray[np.float32]:
    known = np.concatenate([tree.value[:, 0, :] for tree in trees])
    shares = np.zeros((len(known), len(CLASSES)))
    shares[:, codes] = known / known.sum(axis=1, keepdims=True)
    return shares.astype(np.float32)


def _importance(trees: list[Any]) -> NDArray[np.float64]:
    """Average over the trees that split at all; 0 throughout where no split tells."""
    split = [tree for tree in trees if tree.node_count > 1]
    every = [tree.compute_feature_importances() for tree in split]
    # A split into halves that are alike leaves a tree to which no feature matters.
    if not np.any(every):
        return np.zeros(trees[0].n_features)
    mean = np.mean(every, axis=0)
    return np.asarray(mean / mean.sum())


def _check_shapes(forest: Forest) -> None:
    if any(getattr(forest, name).ndim != 1 for name in ("roots", "left", "importance")):
        raise _damaged("its nodes are no lists")
    n_nodes = len(forest.left)
    if n_nodes > MAX_NODES or len(forest.roots) > MAX_TREES:
        raise ModelError(
            f"The forest has {n_nodes} nodes in {len(forest.roots)} trees, more than "
            f"{MAX_NODES} in {MAX_TREES}; train it with fewer trees or larger leaves."
        )
    wanted = {
        "roots": ((len(forest.roots),), np.int32),
        "left": ((n_nodes,), np.int32),
        "right": ((n_nodes,), np.int32),
        "feature": ((n_nodes,), np.int32),
        "threshold": ((n_nodes,), np.float32),
        "probability": ((n_nodes, len(CLASSES)), np.float32),
        "importance": ((len(forest.importance),), np.float64),
    }
    for name, (shape, dtype) in wanted.items():
        array = getattr(forest, name)
        if array.shape != shape or array.dtype != dtype:
            raise _damaged(f"{name} has shape {array.shape} and type {array.dtype}")


def _check_structure(forest: Forest) -> None:
    n_nodes, roots = len(forest.left), forest.roots
    if not len(roots) or roots[0] != 0 or np.any(roots[1:] <= roots[:-1]):
        raise _damaged("its trees do not follow one another")
    if roots[-1] >= n_nodes:
        raise _damaged("a tree begins after the last node")
    leaf = forest.left == _LEAF
    if np.any(leaf != (forest.right == _LEAF)):
        raise _damaged("a node has one child")
    number = np.flatnonzero(~leaf).astype(np.int32)
    ends = np.append(roots[1:], n_nodes).astype(np.int32)
    end = ends[np.searchsorted(roots, number, "right") - 1]
    for child in (forest.left[number], forest.right[number]):
        # After its parent and in the same tree: so every walk ends, and inside.
        if np.any(child <= number) or np.any(child >= end):
            raise _damaged("a node points outside its tree or back")
    _check_parents(forest, number)
    _check_depth(forest)


def _check_parents(forest: Forest, inner: NDArray[np.int32]) -> None:
    """Refuse nodes with two parents: the number of paths could grow exponentially."""
    met = np.zeros(len(forest.left), np.bool_)
    met[forest.roots] = True
    expected = len(forest.roots)
    for child in (forest.left[inner], forest.right[inner]):
        met[child] = True
        expected += len(child)
        if np.count_nonzero(met) != expected:
            raise _damaged("a node has two parents")
    if expected != len(met):
        raise _damaged("a node belongs to no tree")


def _check_depth(forest: Forest) -> None:
    level = forest.roots
    for _ in range(MAX_DEPTH):
        level = level[forest.left[level] != _LEAF]
        if not len(level):
            return
        level = np.concatenate([forest.left[level], forest.right[level]])
    raise _damaged(f"a tree is deeper than {MAX_DEPTH} nodes")


def _check_values(forest: Forest) -> None:
    inner = forest.left != _LEAF
    looked_at = forest.feature[inner]
    if np.any(looked_at < 0) or np.any(looked_at >= forest.n_features):
        raise _damaged("a node looks at a feature that does not exist")
    if not np.isfinite(forest.threshold).all():
        raise _damaged("a threshold is no number")
    shares = forest.probability
    if not np.all((shares >= 0) & (shares <= 1)):
        raise _damaged("a share of a class is not between 0 and 1")
    if np.any(np.abs(shares.sum(axis=1) - 1) > _SUM_TOLERANCE):
        raise _damaged("the shares of the classes do not add up to 1")
    if not (np.isfinite(forest.importance) & (forest.importance >= 0)).all():
        raise _damaged("an importance is no number from 0 up")


def _damaged(what: str) -> ModelError:
    return ModelError(f"The forest is damaged ({what}); use another copy of its file.")
