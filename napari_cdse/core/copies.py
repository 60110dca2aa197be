"""Copies of a training particle: turned, mirrored, and misplaced like a detection."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.records import Micrograph

PLACE_ERROR = 0.10
"""Standard deviation of a copy's centre, per axis, as a fraction of the radius."""
RADIUS_ERROR = 0.08
"""Standard deviation of a copy's radius, as a fraction of the radius."""


def misplaced(circle: Circle, name: str, number: int, seed: int) -> Circle:
    """Move and resize a circle by errors that follow from seed, number and name."""
    key = hashlib.sha256(f"{seed}/{number}/{name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(key[:8], "little"))
    down, right, larger = rng.normal(size=3)
    radius = circle.radius_px
    return Circle(
        circle.row_px + PLACE_ERROR * radius * down,
        circle.col_px + PLACE_ERROR * radius * right,
        radius * float(np.exp(RADIUS_ERROR * larger)),
    )


def symmetric(
    micrograph: Micrograph, circles: Sequence[Circle], number: int
) -> tuple[Micrograph, list[Circle]]:
    """Apply one of the eight symmetries of the square: turn by 90 degrees, mirror."""
    pixels, moved = micrograph.pixels, list(circles)
    for _ in range(number % 4):
        last = pixels.shape[1] - 1
        pixels = np.rot90(pixels)
        moved = [Circle(last - c.col_px, c.row_px, c.radius_px) for c in moved]
    if number // 4 % 2:
        last = pixels.shape[1] - 1
        pixels = pixels[:, ::-1]
        moved = [Circle(c.row_px, last - c.col_px, c.radius_px) for c in moved]
    return replace(micrograph, pixels=np.ascontiguousarray(pixels)), moved
