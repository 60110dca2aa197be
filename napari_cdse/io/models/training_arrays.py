"""Convert training sets to the plain arrays of a model file, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.training_set import TrainingSet
from napari_cdse.core.errors import CdseError
from napari_cdse.core.features import FeatureTable
from napari_cdse.io.models.archive import damaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.generic]]

_KINDS = {
    "schema": ("U", 0),
    "names": ("U", 1),
    "values": ("f", 2),
    "labels": ("U", 1),
    "micrograph_ids": ("U", 1),
    "particle_ids": ("U", 1),
    "weights": ("f", 1),
    "pixel_sizes_nm": ("f", 1),
}


def to_arrays(training: TrainingSet) -> dict[str, NDArray[np.generic]]:
    """Convert a training set to plain arrays by name."""
    table = training.table
    return {
        "schema": np.array(table.schema),
        "names": np.array(table.names, dtype=np.str_),
        "values": table.values,
        "labels": training.labels,
        "micrograph_ids": training.micrograph_ids,
        "particle_ids": training.particle_ids,
        "weights": training.weights,
        "pixel_sizes_nm": training.pixel_sizes_nm,
    }


def from_arrays(arrays: Arrays, source: str) -> TrainingSet:
    """Convert plain arrays to a training set.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        As from `to_arrays`.
    source : str
        What the model file is called in messages.

    Raises
    ------
    ModelError
        If an array is missing, of another type or shape, or not finite.
    """
    for name, (kind, dimensions) in _KINDS.items():
        array = arrays.get(name)
        if array is None or array.dtype.kind != kind or array.ndim != dimensions:
            raise damaged(source, f"{name!r} of its training table is missing or odd")
        if kind == "f" and not np.isfinite(array).all():
            raise damaged(source, f"{name!r} of its training table holds no numbers")
    try:
        return _assemble(arrays)
    except CdseError as problem:
        raise damaged(source, "the parts of its training table differ") from problem


def _assemble(arrays: Arrays) -> TrainingSet:
    values = arrays["values"].astype(np.float32, copy=False)
    names = tuple(str(name) for name in arrays["names"].tolist())
    return TrainingSet(
        FeatureTable(names, values, str(arrays["schema"])),
        arrays["labels"].astype(np.str_, copy=False),
        arrays["micrograph_ids"].astype(np.str_, copy=False),
        arrays["particle_ids"].astype(np.str_, copy=False),
        arrays["weights"].astype(np.float64, copy=False),
        arrays["pixel_sizes_nm"].astype(np.float64, copy=False),
    )
