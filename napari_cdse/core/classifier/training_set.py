"""Training sets: labelled circles as rows of features, with augmented copies.

Copies of a particle share its ``particle_id``; its first row is the original. A copy
has the features of the rotated and mirrored micrograph, with the circle displaced by an
error like a detector's. For groups of features that are invariant under rotation only
the circle is displaced.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.augmentation import misplaced, symmetric
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.features import FeatureTable, compute_features, groups_of
from napari_cdse.core.records import CLASSES, Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.features.cache import FeatureSource
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Label, Micrograph


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Labelled rows of features, each knowing its particle and micrograph.

    Attributes
    ----------
    table : FeatureTable
    labels : ndarray of str, shape (n_rows,)
        Each one of `CLASSES`.
    micrograph_ids : ndarray of str, shape (n_rows,)
        Content hashes, so that two files of one micrograph are one group in splits.
    particle_ids : ndarray of str, shape (n_rows,)
        A particle's first row is the original, the others are its copies.
    weights : ndarray of float64, shape (n_rows,)
        Weight of each row; a particle's weight is divided among its rows.
    pixel_sizes_nm : ndarray of float64, shape (n_rows,)
        Pixel size that each row's features were computed with.
    """

    table: FeatureTable
    labels: NDArray[np.str_]
    micrograph_ids: NDArray[np.str_]
    particle_ids: NDArray[np.str_]
    weights: NDArray[np.float64]
    pixel_sizes_nm: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse columns of different length and unknown labels.

        Raises
        ------
        TrainingError
            For either.
        """
        columns = (
            self.labels,
            self.micrograph_ids,
            self.particle_ids,
            self.weights,
            self.pixel_sizes_nm,
        )
        if any(column.shape != (len(self.table),) for column in columns):
            raise TrainingError(
                "The training set has columns of different lengths; build it anew."
            )
        unknown = sorted(set(self.labels.tolist()) - set(CLASSES))
        if unknown:
            raise TrainingError(
                f"{unknown[0]!r} is no class; label particles {', '.join(CLASSES)}."
            )

    def __len__(self) -> int:
        """Return the number of rows, copies included."""
        return len(self.table)

    @property
    def originals(self) -> NDArray[np.bool_]:
        """Mask of the rows that are no copies, shape (n_rows,)."""
        mask = np.zeros(len(self), np.bool_)
        mask[np.unique(self.particle_ids, return_index=True)[1]] = True
        return mask

    @property
    def codes(self) -> NDArray[np.intp]:
        """Number of each row's class in `CLASSES`, shape (n_rows,)."""
        return np.array([CLASSES.index(name) for name in self.labels.tolist()], np.intp)

    @property
    def class_counts(self) -> dict[str, int]:
        """Particles per class, copies not counted, classes in order."""
        labels = self.labels[self.originals]
        return {name: int(np.count_nonzero(labels == name)) for name in CLASSES}

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> TrainingSet:
        """Choose rows by number or by mask."""
        return TrainingSet(
            self.table.rows(index),
            self.labels[index],
            self.micrograph_ids[index],
            self.particle_ids[index],
            self.weights[index],
            self.pixel_sizes_nm[index],
        )

    def weighted(self, factor: float) -> TrainingSet:
        """Multiply every weight."""
        return replace(self, weights=self.weights * factor)

    def digest(self) -> str:
        """Return the SHA-256 of everything in the set, in hexadecimal."""
        digest = hashlib.sha256(self.table.schema.encode())
        digest.update("\n".join(self.table.names).encode())
        for column in (self.labels, self.micrograph_ids, self.particle_ids):
            digest.update(b"\0" + "\n".join(column.tolist()).encode())
        for numbers in (self.table.values, self.weights, self.pixel_sizes_nm):
            little = numbers.astype(numbers.dtype.newbyteorder("<"))
            digest.update(b"\0" + np.ascontiguousarray(little).tobytes())
        return digest.hexdigest()


def examples(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    labels: Sequence[Label],
    groups: str,
    pixel_size_nm: float,
    *,
    particle_ids: Sequence[str] | None = None,
    copies: int = 0,
    weight: float = 1.0,
    seed: int = 0,
    progress: Progress | None = None,
    known: FeatureSource | None = None,
) -> TrainingSet:
    """Turn the labelled circles of one micrograph into training rows.

    Parameters
    ----------
    micrograph : Micrograph
        The pixels and their identity.
    circles, labels : sequence
        One label for each circle.
    groups : str
        Feature groups, as in ``ForestParams.features``.
    pixel_size_nm : float
        Edge of a pixel.
    particle_ids : sequence of str, optional
        Names of the particles; follow from micrograph and circle if left out.
    copies : int
        Copies added per particle, 0 to 7.
    weight : float
        Weight of each particle, divided among its rows.
    seed : int
        Seed of the copies' errors. A particle's copies depend on this and its name
        only, not on other particles.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.
    known : FeatureSource, optional
        Computes the features or has them cached.

    Returns
    -------
    TrainingSet
        Originals first, then the first copy of each, and so on.

    Raises
    ------
    TrainingError
        When the numbers of circles, labels and names differ.
    """
    names = particle_ids if particle_ids is not None else _named(micrograph, circles)
    if not len(circles) == len(labels) == len(names):
        raise TrainingError(
            f"{micrograph.name}: {len(circles)} circles, {len(labels)} labels and "
            f"{len(names)} names do not go together; give one of each per particle."
        )
    views = [list(circles)]
    for number in range(1, copies + 1):
        pairs = zip(circles, names, strict=True)
        views.append([misplaced(c, n, number, seed) for c, n in pairs])
    table = _features(micrograph, views, groups, pixel_size_nm, progress, known)
    return _assemble(table, micrograph, labels, names, weight, pixel_size_nm)


def _features(
    micrograph: Micrograph,
    views: Sequence[Sequence[Circle]],
    groups: str,
    pixel_size_nm: float,
    progress: Progress | None,
    known: FeatureSource | None,
) -> FeatureTable:
    compute = compute_features if known is None else known.compute
    if all(group.invariant for group in groups_of(groups)):
        every = [circle for view in views for circle in view]
        return compute(micrograph, every, groups, pixel_size_nm, progress)
    turned = (symmetric(micrograph, v, number) for number, v in enumerate(views))
    tables = [compute(*view, groups, pixel_size_nm, progress) for view in turned]
    values = np.concatenate([table.values for table in tables])
    return FeatureTable(tables[0].names, values, tables[0].schema)


def _named(micrograph: Micrograph, circles: Sequence[Circle]) -> list[str]:
    return [Candidate.propose(micrograph.id, c, "label").id for c in circles]


def _assemble(
    table: FeatureTable,
    micrograph: Micrograph,
    labels: Sequence[Label],
    names: Sequence[str],
    weight: float,
    pixel_size_nm: float,
) -> TrainingSet:
    n_rows = len(table)
    repeats = n_rows // max(len(labels), 1)
    return TrainingSet(
        table,
        np.tile(_text(labels), repeats),
        np.full(n_rows, micrograph.id),
        np.tile(_text(names), repeats),
        np.full(n_rows, weight / max(repeats, 1)),
        np.full(n_rows, float(pixel_size_nm)),
    )


def _text(words: Sequence[str]) -> NDArray[np.str_]:
    return np.asarray(words, dtype=np.str_)


def join(*sets: TrainingSet) -> TrainingSet:
    """Join training sets; a particle in several sets keeps its rows of the last one.

    Raises
    ------
    TrainingError
        When there is none, or their features differ.
    """
    if not sets:
        raise TrainingError("There is nothing to train on; label some particles.")
    schemas = sorted({part.table.schema for part in sets})
    if len(schemas) > 1:
        raise TrainingError(
            f"Features {schemas[0]} and {schemas[1]} cannot be joined; "
            "compute both with the same feature groups."
        )
    return stack(*_without_repeats(sets))


def _without_repeats(sets: Sequence[TrainingSet]) -> list[TrainingSet]:
    kept: list[TrainingSet] = []
    seen: set[str] = set()
    for part in reversed(sets):
        names = part.particle_ids.tolist()
        kept.append(part.rows(np.array([name not in seen for name in names], np.bool_)))
        seen.update(names)
    return kept[::-1]


def stack(*parts: TrainingSet) -> TrainingSet:
    """Concatenate training sets of the same features, keeping all rows.

    If a particle is in several sets, its later rows are copies of the first one.
    """
    first = parts[0].table
    return TrainingSet(
        FeatureTable(
            first.names,
            np.concatenate([part.table.values for part in parts]),
            first.schema,
        ),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.micrograph_ids for part in parts]),
        np.concatenate([part.particle_ids for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.pixel_sizes_nm for part in parts]),
    )


def balanced(training: TrainingSet) -> TrainingSet:
    """Scale the weights so that every class that occurs has the same total weight.

    The pipeline of 2018 drew the same number of particles of each class instead, and
    so discarded some; weights keep them all.
    """
    weights = training.weights.copy()
    present = [name for name in CLASSES if np.any(training.labels == name)]
    for name in present:
        rows = training.labels == name
        share = weights[rows].sum()
        weights[rows] *= len(weights) / (len(present) * share) if share > 0 else 0.0
    return replace(training, weights=weights)
