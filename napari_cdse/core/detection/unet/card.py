"""The card of a network: where it comes from and what it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.detection.unet.layers import (
    INPUT_CHANNELS,
    OUTPUT_MAPS,
    OUTPUT_STRIDE,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROBE_EDGE = 64
"""Edge of `probe_input` in samples: two of the coarsest level."""
PROBE_ANSWERS = len(OUTPUT_MAPS) * (PROBE_EDGE // OUTPUT_STRIDE) ** 2


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """Where a network comes from and what it is good for.

    Attributes
    ----------
    name, trained_on, licence, created : str
    seed : int
        Start of every random choice of its training.
    weights : int
        Numbers that were learnt.
    n_micrographs, n_bare : int
        Simulated fields with particles, and of bare support, that it learnt from.
    parameters : dict
        Steps, crops a step, highest learning rate, ...
    versions : dict of str to str
        Of the libraries that it was made with.
    scores : dict
        By preset, on fields that taught nothing: Dice, F1 at IoU 0.5, radius error,
        number of fields.
    false_circles : tuple of (float, float)
        Strengths, rising, and how many circles at least that strong lie on 1000 nm**2
        of bare support, falling.
    probe : tuple of float
        What the network said to `probe_input` where it was trained, to six digits, so
        that whoever runs it can see that it is the same one.
    """

    name: str
    trained_on: str
    licence: str
    created: str
    seed: int
    weights: int
    n_micrographs: int
    n_bare: int
    parameters: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    false_circles: tuple[tuple[float, float], ...] = ()
    probe: tuple[float, ...] = ()


def probe_input() -> NDArray[np.float32]:
    """Give a fixed input, shape (2, 64, 64), of no meaning but of all frequencies."""
    count = np.arange(INPUT_CHANNELS * PROBE_EDGE**2, dtype=np.float64)
    values = 2 * np.sin(1e-3 * count**2)
    return values.reshape(INPUT_CHANNELS, PROBE_EDGE, PROBE_EDGE).astype(np.float32)
