"""The method `window`: classify sliding windows, then fit disks.

The pipeline of 2018 cut 128 px squares every 64 px and classified each. Here windows of
two sizes, chosen by the range of particle diameters, overlap by half. The probabilities
of both sizes are averaged into a map of where particles are; at its maxima the disk fit
of the method `bragg` finds each particle's outline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import bilinear
from napari_cdse.core.classifier.forest import predict_proba
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.bragg_contrast import fit_disks, whitened
from napari_cdse.core.detection.map_seeds import fringes_at, maxima
from napari_cdse.core.features import compute_features, groups_in
from napari_cdse.core.imaging.sliding_fft import window_grid
from napari_cdse.core.progress import part_of, span
from napari_cdse.core.records import CLASSES, Circle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.imaging.sliding_fft import WindowGrid
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph

_LEAST_EDGE_PX = 8
"""Least edge of a window: fewer pixels show no feature of a lattice."""
_SIZES = (1 / 3, 2 / 3)
"""Edges of the windows between the smallest and the largest diameter, on a logarithmic
scale. A choice: each particle is then less than 1.6 times smaller or larger than one of
them; more sizes cost time."""
_RISE = 1.0
"""Least height of a maximum of the probability map over the map's median, in robust
standard deviations of the map. A choice: lower ones are speckle, most of which the disk
fit rejects."""
_WHITENED, _CLASSIFIED = 0.05, 0.9
"""Shares of the time after which these are done, for the progress bar only."""
_EMPTY = CLASSES.index("empty")


def find_by_windows(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
    *,
    micrograph: Micrograph,
    model: Model,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...]]:
    """Classify windows of two sizes, and fit disks where they show particles.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    space : SearchSpace
        Lengths in pixels.
    params : DetectionParams
        Gives limits of diameter and false alarms.
    progress : callable
        Called with the share done; may raise `Cancelled`.
    micrograph : Micrograph
        The picture that was prepared; features are computed from its own pixels.
    model : Model
        The forest that classifies the windows.

    Returns
    -------
    circles, strengths : list
        As those of Bragg contrast.
    maps : tuple of AccumulationMap
        Probability of a particle, then of each class.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than one window.
    ModelError
        For a model whose features this version does not compute.
    """
    white, threshold = whitened(prepared, space, params.false_alarms)
    progress(_WHITENED)
    classified = []
    for number, share in enumerate(_SIZES):
        smallest, largest = space.radius_px
        radius = smallest * (largest / smallest) ** share
        step = part_of(span(progress, _WHITENED, _CLASSIFIED), number, len(_SIZES))
        classified.append(
            _classify_windows(prepared, space, 2 * radius, micrograph, model, step)
        )
    maps = _averaged(classified)
    places = maxima(maps[0], space.radius_px[0], _RISE)
    circles, strengths = fit_disks(
        white,
        space,
        fringes_at(white, space, places),
        threshold,
        span(progress, _CLASSIFIED, 1.0),
    )
    return circles, strengths, maps


def _classify_windows(
    prepared: Prepared,
    space: SearchSpace,
    edge_px: float,
    micrograph: Micrograph,
    model: Model,
    progress: Progress,
) -> tuple[WindowGrid, NDArray[np.float64]]:
    """Classify half-overlapping windows: class probabilities, shape (rows, cols, 4)."""
    shape = (prepared.pixels.shape[0], prepared.pixels.shape[1])
    edge = max(_LEAST_EDGE_PX, round(edge_px))
    edge = min(edge, *shape)
    grid = window_grid(shape, edge, max(1, edge // 2))
    # Where margins were cut off, the micrograph begins further down and right.
    down, right = prepared.origin_px
    windows = [
        Circle(float(row + down), float(col + right), edge / 2)
        for row in grid.rows_px
        for col in grid.cols_px
    ]
    table = compute_features(
        micrograph,
        windows,
        groups_in(model.card.feature_schema),
        space.prior.pixel_nm * model.card.learnt_scale,
        progress,
    )
    probabilities = predict_proba(model, table)
    return grid, probabilities.reshape(len(grid.rows_px), len(grid.cols_px), -1)


def _averaged(
    classified: list[tuple[WindowGrid, NDArray[np.float64]]],
) -> tuple[AccumulationMap, ...]:
    """Average the probabilities of all sizes on the grid of the smallest windows."""
    fine, _ = min(classified, key=lambda each: each[0].step_px)
    rows, cols = fine.rows_px, fine.cols_px
    average = np.mean(
        [
            [
                bilinear(
                    np.asarray(probabilities[..., index], dtype=np.float32),
                    (rows - grid.rows_px[0]) / grid.step_px,
                    (cols - grid.cols_px[0]) / grid.step_px,
                )
                for index in range(len(CLASSES))
            ]
            for grid, probabilities in classified
        ],
        axis=0,
    )
    layers = {"particle probability": 1 - average[_EMPTY]}
    layers |= {
        f"probability of {label}": average[index]
        for index, label in enumerate(CLASSES)
        if index != _EMPTY
    }
    step = float(fine.step_px)
    return tuple(
        AccumulationMap(
            name,
            np.asarray(values, dtype=np.float32),
            (float(rows[0]), float(cols[0])),
            (step, step),
        )
        for name, values in layers.items()
    )
