"""Augmentation: rotated, mirrored and displaced copies of training particles.

Also the five views of a circle over which a forest's answers are averaged.
"""

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

A choice, about the errors of detection. With less, the forest relies on features that
need a centred circle; with more, copies show the neighbourhood instead of the particle.
"""
RADIUS_ERROR = 0.08
"""Standard deviation of a copy's radius, as a fraction of the radius.

A choice: detected radii are off by 3 to 7 % on held-out simulated micrographs. More or
less has the same effects as for `PLACE_ERROR`."""

_SEED_BYTES = 8
"""Bytes of a digest that seed a random generator: with 64 bits no two copies share
it."""


def misplaced(circle: Circle, name: str, number: int, seed: int) -> Circle:
    """Displace and resize a circle by random errors, as a detection would.

    The errors follow from ``seed``, the copy's ``number`` and the particle's ``name``.
    """
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
    """Apply one of the eight symmetries of the square to a micrograph and its circles.

    Parameters
    ----------
    micrograph : Micrograph
        Not changed.
    circles : sequence of Circle
        In the micrograph.
    number : int
        0 to 3: quarter turns; 4 to 7: the same, then mirrored. 0 is the identity.

    Returns
    -------
    Micrograph
        With an id of its own unless it is the same, as its content differs.
    list of Circle
    """
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
"""Displacement of the other four views from the given circle, in radii.

A choice, about `PLACE_ERROR`: with less the five answers are alike, and averaging gains
nothing; with more they are about circles unlike those the forest learnt from."""
_PLACES = ((0.0, 0.0), (MOVE, 0.0), (-MOVE, 0.0), (0.0, MOVE), (0.0, -MOVE))


def views(circles: Sequence[Circle]) -> list[Circle]:
    """List all circles as they are, then all displaced down, up, right and left."""
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
