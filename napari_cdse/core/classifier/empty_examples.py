"""Examples of ``empty``: squares of particle-free micrographs, and gaps in others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.training_set import TrainingSet, examples
from napari_cdse.core.records import Circle, Micrograph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.features.cache import FeatureSource

SQUARE_NM = 8.0
"""Edge of a square in nm; the 256 px of the pipeline of 2018 were 8 to 11 nm at its
magnification (0.030 to 0.045 nm per px)."""

MAX_SQUARES = 16
"""Squares per micrograph, as in the pipeline of 2018 (4 x 4 squares of 256 px)."""

RADII_NM = (1.2, 3.0)
"""Smallest and largest radius of an ``empty`` circle, in nm.

A choice: about those of the simulated dots, 2.5 to 6 nm across, so that the forest
cannot tell an empty circle from a particle by its size.
"""

_TRIES = 40
"""Random places tried for each gap that is wanted. A choice: more would find the last
gaps of a crowded micrograph and cost time there; fewer would leave gaps unused."""

_LARGEST_SHARE = 0.45
"""Largest radius as a share of the micrograph's shorter side: below one half, so that
the circle has room to lie somewhere."""

_SEED_BYTES = 8
"""Bytes of a digest that seed a generator: 64 bits, so that no two micrographs share
one."""


def empty_squares(
    micrograph: Micrograph,
    groups: str,
    pixel_size_nm: float,
    *,
    copies: int = 0,
    weight: float = 1.0,
    seed: int = 0,
    known: FeatureSource | None = None,
) -> TrainingSet:
    """Take an ``empty`` example in each square of a particle-free micrograph.

    A square holds one circle of a random size between `RADII_NM`, since features are
    those of circles. At most `MAX_SQUARES` are taken, spread evenly.

    Parameters
    ----------
    micrograph : Micrograph
        The pixels and their identity.
    groups : str
        Feature groups, as in ``ForestParams.features``.
    pixel_size_nm : float
        Edge of a pixel.
    copies, weight, seed, known
        As in `examples`.

    Returns
    -------
    TrainingSet
    """
    rng = _generator(micrograph, seed)
    circles = _square_circles(micrograph.shape, pixel_size_nm, rng)
    return _empty(
        micrograph, circles, groups, pixel_size_nm, copies, weight, seed, known
    )


def empty_gaps(
    micrograph: Micrograph,
    taken: Sequence[Circle],
    groups: str,
    pixel_size_nm: float,
    *,
    number: int = 8,
    copies: int = 0,
    weight: float = 1.0,
    seed: int = 0,
    known: FeatureSource | None = None,
) -> TrainingSet:
    """Take ``empty`` examples between the labelled particles of a micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        The pixels and their identity.
    taken : sequence of Circle
        All labelled particles; no example touches one.
    groups : str
        Feature groups, as in ``ForestParams.features``.
    pixel_size_nm : float
        Edge of a pixel.
    number : int
        Examples wanted; fewer come back from a crowded micrograph. The 8 are a
        choice: more teach the support better and cost time for features.
    copies, weight, seed, known
        As in `examples`.

    Returns
    -------
    TrainingSet
    """
    rng = _generator(micrograph, seed)
    circles: list[Circle] = []
    for _ in range(_TRIES * number):
        if len(circles) == number:
            break
        circle = _random_circle(micrograph.shape, pixel_size_nm, rng)
        if not any(_touch(circle, other) for other in (*taken, *circles)):
            circles.append(circle)
    return _empty(
        micrograph, circles, groups, pixel_size_nm, copies, weight, seed, known
    )


def _empty(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    groups: str,
    pixel_size_nm: float,
    copies: int,
    weight: float,
    seed: int,
    known: FeatureSource | None,
) -> TrainingSet:
    return examples(
        micrograph,
        circles,
        ["empty"] * len(circles),
        groups,
        pixel_size_nm,
        copies=copies,
        weight=weight,
        seed=seed,
        known=known,
    )


def _generator(micrograph: Micrograph, seed: int) -> np.random.Generator:
    key = hashlib.sha256(f"{seed}/{micrograph.id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(key[:_SEED_BYTES], "little"))


def _radius_px(
    shape: tuple[int, int], pixel_size_nm: float, rng: np.random.Generator
) -> float:
    # A micrograph smaller than a particle still gets a circle that fits in it.
    limit = _LARGEST_SHARE * min(shape)
    return min(float(rng.uniform(*RADII_NM)) / pixel_size_nm, limit)


def _square_circles(
    shape: tuple[int, int], pixel_size_nm: float, rng: np.random.Generator
) -> list[Circle]:
    n_rows, n_cols = (max(1, round(n * pixel_size_nm / SQUARE_NM)) for n in shape)
    centres = [
        ((row + 0.5) * shape[0] / n_rows - 0.5, (col + 0.5) * shape[1] / n_cols - 0.5)
        for row in range(n_rows)
        for col in range(n_cols)
    ]
    number = min(len(centres), MAX_SQUARES)
    chosen = np.linspace(0, len(centres) - 1, number).round().astype(int)
    radii = [_radius_px(shape, pixel_size_nm, rng) for _ in chosen]
    picked = [centres[index] for index in chosen.tolist()]
    return [Circle(r, c, size) for (r, c), size in zip(picked, radii, strict=True)]


def _random_circle(
    shape: tuple[int, int], pixel_size_nm: float, rng: np.random.Generator
) -> Circle:
    radius = _radius_px(shape, pixel_size_nm, rng)
    row, col = (float(rng.uniform(radius, n - 1 - radius)) for n in shape)
    return Circle(row, col, radius)


def _touch(one: Circle, other: Circle) -> bool:
    gap = np.hypot(one.row_px - other.row_px, one.col_px - other.col_px)
    return bool(gap < one.radius_px + other.radius_px)
