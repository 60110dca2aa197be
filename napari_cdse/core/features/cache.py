"""Cache of feature rows, from one retraining to the next.

A row takes milliseconds to compute, and each retraining needs those of all labelled
particles, thousands in a large project.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_cdse.core.features import compute_features, names_of, schema_of
from napari_cdse.core.features.feature_table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

    Key = tuple[str, str, float, Circle]
    Rows = Mapping[tuple[float, Circle], NDArray[np.float32]]

MOST_BYTES = 200 * 2**20
"""Bytes of all rows together. A choice: over a million rows of the physical features;
more take memory from micrographs, fewer are computed again."""


class FeatureSource(Protocol):
    """Provides features of circles, computed or cached."""

    def compute(
        self,
        micrograph: Micrograph,
        circles: Sequence[Circle],
        groups: str,
        pixel_size_nm: float,
        progress: Progress | None = None,
    ) -> FeatureTable:
        """Give what `compute_features` gives, which tells of parameters and errors."""


class KnownFeatures:
    """Computes features of circles and caches them (least recently used go first).

    The key is the micrograph's content, the schema, the pixel size and the circle: all
    that a row depends on.

    Parameters
    ----------
    most_bytes : int
        Of all rows together.

    Attributes
    ----------
    n_computed : int
        Rows that were not known when they were asked for.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self.n_computed = 0
        self._rows: OrderedDict[Key, NDArray[np.float32]] = OrderedDict()

    def compute(
        self,
        micrograph: Micrograph,
        circles: Sequence[Circle],
        groups: str,
        pixel_size_nm: float,
        progress: Progress | None = None,
    ) -> FeatureTable:
        """Give what `compute_features` gives, which tells of parameters and errors."""
        if not circles:
            return compute_features(micrograph, circles, groups, pixel_size_nm)
        schema = schema_of(groups)
        keys = [(micrograph.id, schema, pixel_size_nm, circle) for circle in circles]
        new = [key[-1] for key in dict.fromkeys(keys) if key not in self._rows]
        if new:
            table = compute_features(micrograph, new, groups, pixel_size_nm, progress)
            # Copies: a view would keep the rows of all the others.
            rows = (row.copy() for row in table.values)
            sizes = ((pixel_size_nm, circle) for circle in new)
            self.n_computed += len(new)
            self.add(micrograph.id, schema, dict(zip(sizes, rows, strict=True)))
        values = np.stack([self._rows[key] for key in keys])
        for key in keys:
            self._rows.move_to_end(key)
        self._forget()
        return FeatureTable(names_of(groups), values, schema)

    def add(self, micrograph_id: str, schema: str, rows: Rows) -> None:
        """Put rows into the cache that were computed elsewhere.

        Parameters
        ----------
        micrograph_id : str
            Of its content.
        schema : str
            Of the features, as `schema_of` names it.
        rows : mapping of (float, Circle) to ndarray of float32, shape (n_features,)
            By pixel size in nm and circle.
        """
        for (size_nm, circle), row in rows.items():
            key = (micrograph_id, schema, size_nm, circle)
            if key not in self._rows:
                self._rows[key] = row
                self._bytes += row.nbytes

    def rows(self, micrograph_id: str, schema: str) -> Rows:
        """Return a micrograph's cached rows as `add` takes them, last used last."""
        return {
            (size_nm, circle): row
            for (other, its, size_nm, circle), row in self._rows.items()
            if (other, its) == (micrograph_id, schema)
        }

    def _forget(self) -> None:
        while self._bytes > self._most_bytes:
            self._bytes -= self._rows.popitem(last=False)[1].nbytes
