"""Circles against circles: overlap, one-to-one matching, precision, recall, F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle


@dataclass(frozen=True, slots=True)
class Matches:
    """Which true circles were found.

    Attributes
    ----------
    pairs : tuple of (int, int)
        Indices (truth, found) that belong together.
    missed : tuple of int
        True circles without a partner.
    false : tuple of int
        Found circles without a partner.
    """

    pairs: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]

    @property
    def precision(self) -> float:
        """Share of the found circles that are true; 0 when none was found."""
        return len(self.pairs) / max(len(self.pairs) + len(self.false), 1)

    @property
    def recall(self) -> float:
        """Share of the true circles that were found; 0 when there is none."""
        return len(self.pairs) / max(len(self.pairs) + len(self.missed), 1)


def circle_iou(a: Sequence[Circle], b: Sequence[Circle]) -> NDArray[np.float64]:
    """Area of the intersection over the area of the union, for all pairs.

    Parameters
    ----------
    a, b : sequence of Circle
        n and m circles of one micrograph, radii above 0.

    Returns
    -------
    ndarray, shape (n, m)
        Values from 0 to 1.
    """
    rows_a, cols_a, radii_a = (column[:, None] for column in _columns(a))
    rows_b, cols_b, radii_b = (column[None, :] for column in _columns(b))
    distance = np.hypot(rows_a - rows_b, cols_a - cols_b)
    shared = _lens_area(distance, radii_a + 0 * distance, radii_b + 0 * distance)
    union: NDArray[np.float64] = np.pi * (radii_a**2 + radii_b**2) - shared
    return shared / union


def match(
    truth: Sequence[Circle], found: Sequence[Circle], min_iou: float = 0.5
) -> Matches:
    """Pair circles one to one so that the sum of overlaps is as large as possible.

    Parameters
    ----------
    truth : sequence of Circle
        The true circles.
    found : sequence of Circle
        The detected ones, on the same micrograph.
    min_iou : float
        Least intersection over union of a pair. 0.5 is the convention of object
        detection (Everingham and others, Int. J. Comput. Vis. 88, 303 (2010)); for
        two concentric circles it is a ratio of radii of 0.71.
    """
    # Imported here, since it takes long and the command `predict` never gets here.
    from scipy.optimize import linear_sum_assignment

    overlap = circle_iou(truth, found)
    gain = np.where(overlap >= min_iou, overlap, 0.0)
    rows, cols = linear_sum_assignment(-gain)
    pairs = tuple(
        (int(i), int(j)) for i, j in zip(rows, cols, strict=True) if gain[i, j] > 0
    )
    seen, used = {i for i, _ in pairs}, {j for _, j in pairs}
    missed = tuple(i for i in range(len(truth)) if i not in seen)
    false = tuple(j for j in range(len(found)) if j not in used)
    return Matches(pairs, missed, false)


def _columns(circles: Sequence[Circle]) -> NDArray[np.float64]:
    values = [(c.row_px, c.col_px, c.radius_px) for c in circles]
    return np.asarray(values, dtype=np.float64).reshape(-1, 3).T


def _lens_area(
    distance: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area shared by disks of radii a and b.

    Source: E. W. Weisstein, Circle-Circle Intersection, equation 14, MathWorld,
    https://mathworld.wolfram.com/Circle-CircleIntersection.html.
    """
    area = np.pi * np.minimum(a, b) ** 2 * (distance <= np.abs(a - b))
    cut = (distance > np.abs(a - b)) & (distance < a + b)
    d, a, b = distance[cut], a[cut], b[cut]
    half_a = np.arccos(np.clip((d**2 + a**2 - b**2) / (2 * d * a), -1, 1))
    half_b = np.arccos(np.clip((d**2 + b**2 - a**2) / (2 * d * b), -1, 1))
    kite = (-d + a + b) * (d + a - b) * (d - a + b) * (d + a + b)
    area[cut] = a**2 * half_a + b**2 * half_b - np.sqrt(np.maximum(kite, 0)) / 2
    return area
