"""The drawn micrographs of the window's tests: five particles of known kind in each."""

from __future__ import annotations

import numpy as np

from napari_cdse.core.records import Circle

SHAPE = (240, 320)
PIXEL_NM = 0.04
CIRCLES = (
    Circle(60.0, 60.0, 30.0),
    Circle(60.0, 160.0, 28.0),
    Circle(60.0, 260.0, 26.0),
    Circle(170.0, 80.0, 32.0),
    Circle(170.0, 220.0, 30.0),
)
PROBABILITIES = (
    (0.90, 0.05, 0.03, 0.02),
    (0.10, 0.80, 0.05, 0.05),
    (0.05, 0.10, 0.75, 0.10),
    (0.40, 0.35, 0.15, 0.10),
    (0.02, 0.03, 0.05, 0.90),
)


def draw(seed: int) -> np.ndarray:
    """Speckle with a lattice of two families in the first two and the fourth circle."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    image = rng.normal(128.0, 12.0, SHAPE)
    period = 0.35 / PIXEL_NM
    for number in (0, 1, 3):
        circle = CIRCLES[number]
        inside = np.hypot(rows - circle.row_px, cols - circle.col_px) < circle.radius_px
        angle = rng.uniform(0, np.pi)
        for turn in (angle, angle + 1.23):
            wave = np.sin(
                2 * np.pi * (rows * np.cos(turn) + cols * np.sin(turn)) / period
            )
            image += inside * 18.0 * wave
    return np.clip(image, 0, 255).astype(np.uint8)
