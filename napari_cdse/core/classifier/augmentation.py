"""Copies of a training particle: turned, mirrored, and misplaced like a detection."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Micrograph

PLACE_ERROR = 0.10
"""Standard deviation of a copy's centre, per axis, as a fraction of the radius.

A choice, of the size of errors of the detection. Less, and the forest leans on features
that hold for a centred circle only; more, and copies show the neighbourhood instead of
the particle."""
RADIUS_ERROR = 0.08
"""Standard deviation of a copy's radius, as a fraction of the radius.

A choice: the detection's own radii are off by 3 to 7 % on simulated micrographs that
were kept back. It trades as `PLACE_ERROR` does."""

_SEED_BYTES = 8
"""Bytes of a digest that seed a generator: 64 bits, so that no two copies share one."""


def misplaced(circle: Circle, name: str, number: int, seed: int) -> Circle:
    """Move and resize a circle by errors that follow from seed, number and name."""
    key = hashlib.sha256(f"{seed}/{number}/{name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(key[:_SEED_BYTES], "little"))
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
    """Apply one of the eight symmetries of the square: turn by 90 degrees, mirror.

    What comes out is another content, and has another id, but for the first of them.
    """
    # Four quarter turns, and the same four mirrored.
    pixels, moved = micrograph.pixels, list(circles)
    for _ in range(number % 4):
        last = pixels.shape[1] - 1
        pixels = np.rot90(pixels)
        moved = [Circle(last - c.col_px, c.row_px, c.radius_px) for c in moved]
    if number // 4 % 2:
        last = pixels.shape[1] - 1
        pixels = pixels[:, ::-1]
        moved = [Circle(c.row_px, last - c.col_px, c.radius_px) for c in moved]
    turned = number % 8
    return replace(
        micrograph,
        pixels=np.ascontiguousarray(pixels),
        id=f"{micrograph.id}/{turned}" if turned else micrograph.id,
    ), moved


MOVE = 0.12
"""How far the other four views lie from the given circle, in radii.

A choice, about `PLACE_ERROR`: nearer, and the five answers are alike, so that nothing
is averaged; farther, and they are about circles that the forest never learnt from."""
_PLACES = ((0.0, 0.0), (MOVE, 0.0), (-MOVE, 0.0), (0.0, MOVE), (0.0, -MOVE))


def views(circles: Sequence[Circle]) -> list[Circle]:
    """List all circles as they are, then all of them moved down, up, right, left."""
    return [
        replace(
            circle,
            row_px=circle.row_px + down * circle.radius_px,
            col_px=circle.col_px + right * circle.radius_px,
        )
        for down, right in _PLACES
        for circle in circles
    ]


def mean_over_views(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the answers to `views`: from shape (5 n, 4) to shape (n, 4)."""
    stacked = probabilities.reshape(len(_PLACES), -1, probabilities.shape[1])
    averaged: NDArray[np.float64] = stacked.mean(axis=0)
    return averaged
