"""Threshold of strength for an expected number of false circles on bare support."""

from __future__ import annotations

import math

import numpy as np

AREA_NM2 = 1000.0
"""Area of bare support that the card's numbers are for."""
_USUAL_STRENGTH = 0.0
"""Log odds of a place as likely inside as outside: what counts where bare support shows
fewer circles than are allowed, or where there is no table."""
_LEAST_FALL = 0.1
"""Least fall of the logarithm of the number with strength that is carried on beyond
the table. A choice: so slow a fall makes the threshold high rather than low."""


def threshold_for(
    false_alarms: float, area_nm2: float, table: tuple[tuple[float, float], ...]
) -> float:
    """Strength above which so many circles are expected on bare support.

    The logarithm of their number falls about straight with strength; between the
    points of the table it is interpolated, and beyond its last two carried on.

    Parameters
    ----------
    false_alarms : float
        Circles on the whole micrograph.
    area_nm2 : float
        Area of the micrograph.
    table : tuple of (float, float)
        Strengths, rising, and circles at least that strong on 1000 nm**2, falling.
    """
    if not table:
        return _USUAL_STRENGTH
    strengths = np.array([point[0] for point in table])
    logs = np.log([point[1] for point in table])
    wanted = math.log(false_alarms * AREA_NM2 / max(area_nm2, 1.0))
    if wanted >= logs[0]:
        # More than were ever seen: all that is likelier inside than outside may come.
        return min(float(strengths[0]), _USUAL_STRENGTH)
    if wanted > logs[-1]:
        return float(np.interp(-wanted, -logs, strengths))
    fall = _LEAST_FALL
    if len(table) > 1:
        run = strengths[-1] - strengths[-2]
        fall = max(fall, float((logs[-2] - logs[-1]) / run))
    return float(strengths[-1] + (logs[-1] - wanted) / fall)
