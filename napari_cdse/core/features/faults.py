"""Features that measure the evidence for a planar defect, from `domains`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.domains import (
    Fringes,
    Splits,
    best_lines,
    explained_shares,
    joined,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FAULT_FEATURES = {
    "split_share": "energy explained by the best split, over that of one amplitude",
    "split_share_clean": "the same less what the background gives by chance",
    "split_gain": "log energy explained by the best split, over background",
    "split_contrast": "share of the best direction over that of the median one",
    "split_across": "best share with a line at right angles to the best one",
    "split_one_family": "largest share of a single family at the best line",
    "split_families": "families with clear evidence at the best line",
    "phase_jump": "mean phase jump at the best line, weighted by evidence, rad",
    "phase_jump_max": "largest phase jump of a family with clear evidence, rad",
    "fault_likeness": "cosine distance of that jump from 2 pi / 3, 0 at it",
    "one_sided": "mean |log| of the amplitudes' ratio at the best line (twin)",
    "line_offset": "distance of the best line from the centre, radii",
}
"""Names and meanings of the features, in the order of the columns."""
CLEAR = 6.0
"""Least evidence of a family that clearly breaks at a line, in background powers. At a
line given beforehand noise exceeds it with a chance of exp(-6), 0.25 %; but line and
ramp are chosen to be the best, and in simulated noise on perfect families 10 to 27 %
exceed it. A choice: a higher one misses weak breaks, a lower one lets noise in."""
_CHANCE = 4.0
"""Mean gain of the best split by the background's noise alone, in background powers,
which is subtracted. In simulated noise on perfect families of strength 90 to 360 it is
4.6 to 5.3 for a single family, and 2.8 to 3.9 each at the best line of two or three
families together."""
_FARTHEST_LINE = 0.6
"""Distance of the outermost line from the centre, in radii; as in `domains`."""
_MOST_LOG_RATIO = 5.0
"""Cap of |log| of the amplitudes' ratio: 150 to 1, where one side is empty. A choice:
beyond it only the background of the empty side is measured."""
_LEAST_AMPLITUDE = 1e-9
"""Least amplitude, in the background's rms, that a logarithm is taken of."""
_LEAST_SHARE = 1e-6
"""Least median share that is divided by, for families without any gain."""
_LEAST_WEIGHT = 1e-9
"""Least sum of weights that is divided by, for families without evidence."""


def fault_features(fringes: Fringes) -> dict[str, float]:
    """Compute `FAULT_FEATURES` of a patch's families; zeros where there are none."""
    return fault_features_together([fringes])[0]


def fault_features_together(fringes: Sequence[Fringes]) -> list[dict[str, float]]:
    """Do the same as `fault_features` for several patches at once."""
    some = [each for each in fringes if each.fields.size]
    rows = iter(_features(joined(some)).tolist() if some else ())
    nothing = [0.0] * len(FAULT_FEATURES)
    return [
        dict(
            zip(
                FAULT_FEATURES, next(rows) if each.fields.size else nothing, strict=True
            )
        )
        for each in fringes
    ]


def _features(fringes: Fringes) -> NDArray[np.float64]:
    """Compute `FAULT_FEATURES`, a row for each particle and a column for each."""
    splits = split(fringes)
    shares = explained_shares(fringes, splits)
    direction, line = best_lines(shares)
    # Of each family, at the line that suits its particle best.
    at = direction[fringes.particle], line[fringes.particle]
    gain = splits.gain[*at, np.arange(len(fringes.particle))]
    columns = [
        *_share_features(fringes, splits, shares, (direction, line), gain),
        *_jump_features(fringes, splits, at, gain),
        np.abs(2 * line / (shares.shape[1] - 1) - 1) * _FARTHEST_LINE,
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _share_features(
    fringes: Fringes,
    splits: Splits,
    shares: NDArray[np.float64],
    at: tuple[NDArray[np.intp], NDArray[np.intp]],
    gain: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    every = np.arange(shares.shape[-1])
    by_direction = shares.max(axis=1)
    across = (at[0] + len(by_direction) // 2) % len(by_direction)
    evidence = gain / fringes.noise
    energy = fringes.one_amplitude
    clean = np.maximum(splits.gain - _CHANCE * fringes.noise, 0)
    middle = np.maximum(np.median(by_direction, axis=0), _LEAST_SHARE)
    return [
        shares[*at, every],
        (fringes.by_particle(clean) / fringes.by_particle(energy)).max(axis=(0, 1)),
        np.log1p(fringes.by_particle(evidence)),
        by_direction.max(axis=0) / middle,
        by_direction[across, every],
        fringes.largest(gain / energy),
        fringes.by_particle((evidence > CLEAR).astype(np.float64)),
    ]


def _jump_features(
    fringes: Fringes,
    splits: Splits,
    at: tuple[NDArray[np.intp], NDArray[np.intp]],
    gain: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    left, right = splits.amplitudes(*at)
    evidence = gain / fringes.noise
    jump = np.abs(np.angle(left * right.conj()))
    largest = fringes.largest(np.where(evidence > CLEAR, jump, 0))
    ratio = np.abs(
        np.log(
            np.maximum(np.abs(left), _LEAST_AMPLITUDE)
            / np.maximum(np.abs(right), _LEAST_AMPLITUDE)
        )
    )
    weights = np.maximum(fringes.by_particle(evidence), _LEAST_WEIGHT)
    return [
        fringes.by_particle(jump * evidence) / weights,
        largest,
        1 - np.cos(largest - 2 * np.pi / 3),
        fringes.by_particle(np.minimum(ratio, _MOST_LOG_RATIO) * evidence) / weights,
    ]
