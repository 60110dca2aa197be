"""The third way to circles: sliding windows, each classified, neighbours merged.

The pipeline of 2018 cut 128 px squares every 64 px and classified each. Here the window
is set in nm, holds a circle (features are those of circles), and windows that touch and
have the same class become one particle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_cdse.core.classifier.forest import predict_proba
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.methods import Detection
from napari_cdse.core.features import compute_features, groups_in
from napari_cdse.core.imaging.pixel_size_estimate import pixel_size_for
from napari_cdse.core.imaging.sliding_fft import WindowGrid, window_grid
from napari_cdse.core.records import CLASSES, Circle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph

METHOD = "window"
_LEAST_EDGE_PX = 8
"""Edge of a window at least: fewer pixels show no feature of a lattice."""
_EMPTY = CLASSES.index("empty")


def detect_by_windows(
    micrograph: Micrograph,
    model: Model,
    params: DetectionParams,
    progress: Progress | None = None,
) -> Detection:
    """Classify a window at every half window, and merge neighbours of one class.

    The window's edge lies half-way between the smallest and the largest particle.

    Parameters
    ----------
    micrograph : Micrograph
        Any shape of at least one window.
    model : Model
        The forest that judges the windows.
    params : DetectionParams
        Its limits of diameter are used.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than one window.
    ModelError
        For a model whose features this version does not compute.
    """
    size, notices = pixel_size_for(micrograph, params.material)
    size_nm = size.nm
    middle_nm = (params.diameter_min_nm + params.diameter_max_nm) / 2
    edge_px = max(_LEAST_EDGE_PX, round(middle_nm / size_nm))
    grid = window_grid(micrograph.shape, edge_px, max(1, edge_px // 2))
    groups = groups_in(model.card.feature_schema)
    learnt_nm = size_nm * model.card.learnt_scale
    rows = []
    for done, windows in enumerate(_rows(grid)):
        if progress is not None:
            progress(done / len(grid.rows_px))
        table = compute_features(micrograph, windows, groups, learnt_nm)
        rows.append(predict_proba(model, table))
    probabilities = np.stack(rows)
    smallest, largest = params.diameter_min_nm / 2, params.diameter_max_nm / 2
    radii_px = smallest / size_nm, largest / size_nm
    circles, strengths = _merged(probabilities, grid, radii_px)
    return Detection(
        circles,
        strengths,
        METHOD,
        (_map(probabilities, grid),),
        size,
        edge_px,
        notices,
    )


def _rows(grid: WindowGrid) -> Iterator[list[Circle]]:
    radius = grid.window_px / 2
    for row in grid.rows_px:
        yield [Circle(float(row), float(col), radius) for col in grid.cols_px]


def _map(probabilities: NDArray[np.float64], grid: WindowGrid) -> AccumulationMap:
    step = float(grid.step_px)
    return AccumulationMap(
        "particle probability",
        (1 - probabilities[..., _EMPTY]).astype(np.float32),
        (float(grid.rows_px[0]), float(grid.cols_px[0])),
        (_spacing(grid.rows_px, step), _spacing(grid.cols_px, step)),
    )


def _spacing(centres: NDArray[np.float64], otherwise: float) -> float:
    return float(centres[1] - centres[0]) if len(centres) > 1 else otherwise


def _merged(
    probabilities: NDArray[np.float64],
    grid: WindowGrid,
    radii_px: tuple[float, float],
) -> tuple[tuple[Circle, ...], tuple[float, ...]]:
    """Join neighbouring windows of one class; most probable particles first."""
    called = probabilities.argmax(axis=-1)
    found: list[tuple[float, Circle]] = []
    for index in range(len(CLASSES)):
        if index == _EMPTY:
            continue
        regions, count = ndimage.label(called == index)
        for number in range(1, count + 1):
            weights = np.where(regions == number, probabilities[..., index], 0.0)
            found.append((float(weights.max()), _circle(weights, grid, radii_px)))
    found.sort(key=lambda each: -each[0])
    circles = tuple(circle for _, circle in found)
    return circles, tuple(strength for strength, _ in found)


def _circle(
    weights: NDArray[np.float64], grid: WindowGrid, radii_px: tuple[float, float]
) -> Circle:
    """Outline a region: its weighted middle, and the disk of the windows' area."""
    total = weights.sum()
    row = float((weights.sum(axis=1) * grid.rows_px).sum() / total)
    col = float((weights.sum(axis=0) * grid.cols_px).sum() / total)
    area = np.count_nonzero(weights) * grid.step_px**2
    radius = float(np.clip(np.sqrt(area / np.pi), *radii_px))
    rows, cols = grid.shape
    return Circle(
        min(max(row, 0.0), rows - 1.0), min(max(col, 0.0), cols - 1.0), radius
    )
