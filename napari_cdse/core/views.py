"""A particle looked at from five places, for a steadier answer.

No detector puts a circle exactly, and a fault near the edge shows in one circle and
not in the next. So the forest is asked about the circle itself and about the same one
moved a little up, down, left and right, and its answers are averaged. It is trained on
single circles: misplaced copies teach it more than averaged ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

MOVE = 0.12
"""How far the other four lie from the given circle, in radii."""
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


def over_views(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the answers to `views`: from shape (5 n, 4) to shape (n, 4)."""
    stacked = probabilities.reshape(len(_PLACES), -1, probabilities.shape[1])
    averaged: NDArray[np.float64] = stacked.mean(axis=0)
    return averaged
