"""Training sets from random numbers, where features need no micrograph."""

from __future__ import annotations

import numpy as np

from napari_cdse.core.classifier.training_set import TrainingSet
from napari_cdse.core.features import GROUPS, FeatureTable
from napari_cdse.core.records import CLASSES

NAMES = GROUPS["bragg"].names
SCHEMA = GROUPS["bragg"].schema


def drawn_set(
    n_micrographs: int = 8,
    per_class: int = 3,
    copies: int = 1,
    *,
    classes: tuple[str, ...] = CLASSES,
    signal: float = 2.0,
    mark: float = 0.0,
    seed: int = 0,
) -> TrainingSet:
    """Draw rows: `signal` tells classes, `mark` tells particles, all else is noise."""
    rng = np.random.default_rng(seed)
    values, labels, micrographs, particles = [], [], [], []
    for micrograph in range(n_micrographs):
        for name in classes:
            for number in range(per_class):
                own = mark * rng.normal(size=len(NAMES))
                for _ in range(1 + copies):
                    row = own + rng.normal(size=len(NAMES))
                    row[CLASSES.index(name)] += signal
                    values.append(row)
                    labels.append(name)
                    micrographs.append(f"{seed}-{micrograph:03d}")
                    particles.append(f"{seed}-{micrograph:03d}/{name}/{number}")
    n_rows = len(labels)
    return TrainingSet(
        FeatureTable(
            NAMES, np.array(values, np.float32).reshape(-1, len(NAMES)), SCHEMA
        ),
        np.array(labels, np.str_),
        np.array(micrographs, np.str_),
        np.array(particles, np.str_),
        np.full(n_rows, 1.0),
        np.full(n_rows, 0.04),
    )
