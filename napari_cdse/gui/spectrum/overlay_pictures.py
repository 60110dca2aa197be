"""Pictures of a square that can be laid over the micrograph; without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cdse.core.crystal.local_lattice import filtered, local_wave, strain_of
from napari_cdse.core.crystal.region_spectrum import two_families

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.crystal.local_lattice import LocalWave

    Waves = Sequence[LocalWave]

_LEAST_STRAIN = 0.01
"""Least range of the colours of strain, or of rotation in rad. A choice: the noise of a
perfect lattice stays pale."""
_STRAIN_PERCENT = 98
"""Percentile of the strain's absolute value at which colours saturate. A choice: a few
wrong values at faults do not make all others pale."""
_FILTERED_PERCENT = 99.5
"""The same of the filtered picture."""
_LEAST_RANGE = 1e-9
"""Least range of grey values, for flat squares."""
_CHOOSE_ONE = "Choose a peak: click it in the spectrum or in the table."
_CHOOSE_TWO = (
    "Strain takes two families that are not parallel: choose two peaks, and no others."
)


@dataclass(frozen=True, slots=True, eq=False)
class OverlayPicture:
    """A picture of the square.

    Attributes
    ----------
    values : ndarray of float32, shape (n, n)
        NaN is clear.
    limits : tuple of float
        Values of the first and the last colour.
    colormap : str
        One of napari's or matplotlib's.
    words : str
        What the colours mean.
    """

    values: NDArray[np.float32]
    limits: tuple[float, float]
    colormap: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A kind of picture.

    Attributes
    ----------
    name, tip : str
        Text and tooltip of the choice.
    families : int
        Number of families that it needs; with two, no others may be chosen.
    draw : callable
        Computes the picture from the local waves of the chosen families.
    """

    name: str
    tip: str
    families: int
    draw: Callable[[Waves], OverlayPicture]

    def missing(self, peaks: tuple[BraggPeak, ...]) -> str:
        """Return what the user has to choose first; empty if nothing is missing."""
        if not peaks:
            return _CHOOSE_ONE
        if self.families == 2 and (len(peaks) != 2 or two_families(peaks) is None):
            return _CHOOSE_TWO
        return ""

    def picture(
        self,
        square: NDArray[np.float32],
        peaks: tuple[BraggPeak, ...],
        smoothing_px: float,
    ) -> OverlayPicture:
        """Compute the picture.

        Parameters
        ----------
        square : ndarray of float32, shape (n, n)
            Pixels of the square.
        peaks : tuple of BraggPeak
            The chosen families; `missing` has nothing to say of them.
        smoothing_px : float
            Standard deviation of the Gaussian that determines the resolution.
        """
        return self.draw([local_wave(square, peak, smoothing_px) for peak in peaks])


def _filtered(waves: Waves) -> OverlayPicture:
    values = filtered(list(waves))
    spread = float(np.percentile(np.abs(values), _FILTERED_PERCENT))
    high = max(spread, _LEAST_RANGE)
    return OverlayPicture(values, (-high, high), "gray")


def _amplitude(waves: Waves) -> OverlayPicture:
    values = waves[0].amplitude
    high = max(float(values.max()), _LEAST_RANGE)
    words = "Yellow where the first family is strongest."
    return OverlayPicture(values, (0.0, high), "viridis", words)


def _phase(waves: Waves) -> OverlayPicture:
    words = "A whole round of colours is one distance of planes; clear: too weak."
    limits = (-math.pi, math.pi)
    return OverlayPicture(waves[0].phase_rad, limits, "twilight_shifted", words)


def _strain(
    waves: Waves, part: Literal["xx", "yy", "xy", "rotation_rad"], name: str
) -> OverlayPicture:
    """Draw a component of the strain, relative to its median in the square."""
    values = getattr(strain_of(waves[0], waves[1]), part)
    finite = values[np.isfinite(values)]
    median = float(np.median(finite)) if finite.size else 0.0
    off = np.abs(finite - median)
    spread = np.percentile(off, _STRAIN_PERCENT) if finite.size else 0.0
    high = max(float(spread), _LEAST_STRAIN)
    is_angle = part == "rotation_rad"
    end = f"{math.degrees(high):.1f}°" if is_angle else f"{100 * high:.1f} %"
    words = f"{name}: blue -{end}, white 0, red +{end} of the square's median."
    return OverlayPicture(values - median, (-high, high), "bwr", words)


OVERLAYS = (
    Overlay(
        "filtered picture",
        "Nothing but the chosen peaks, each through its mask. Filtering makes fringes "
        "of noise too: believe only what is there without it",
        1,
        _filtered,
    ),
    Overlay(
        "amplitude",
        "How strong the first chosen family is at each place",
        1,
        _amplitude,
    ),
    Overlay(
        "geometric phase",
        "Of the first chosen family (Hÿtch, Snoeck, Kilaas 1998): one colour where its "
        "planes are in step, a jump at a fault",
        1,
        _phase,
    ),
    Overlay(
        "strain along x",
        "Of the lattice that the two chosen families span, against its median in the "
        "square; x to the right",
        2,
        partial(_strain, part="xx", name="Strain along x"),
    ),
    Overlay(
        "strain along y",
        "The same, y upwards",
        2,
        partial(_strain, part="yy", name="Strain along y"),
    ),
    Overlay("shear", "The same, xy", 2, partial(_strain, part="xy", name="Shear")),
    Overlay(
        "rotation",
        "The same, anticlockwise, in degrees",
        2,
        partial(_strain, part="rotation_rad", name="Rotation"),
    ),
)
