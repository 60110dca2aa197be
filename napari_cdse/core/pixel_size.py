"""The pixel size, and which of five sources it is known from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

TYPICAL_PIXEL_SIZE_NM = 0.037
"""Pixel size in nm, assumed where neither file, user nor fringes give one.

A choice: at 370 000 times, the usual magnification for quantum dots, fringes show 0.03
to 0.045 nm. With a wrong one, the search misses the lattice; hence the user is asked.
"""

MAX_PIXEL_SIZE_ERROR = 0.2
"""Largest standard uncertainty of a given pixel size that can be stated, relative. A
choice: a magnification that is off by more was not calibrated at all."""

REFERENCE_ERROR = 0.0015
"""Relative standard uncertainty that all estimates have in common: that of the lattice
constants of dots, and what is left of the interpolation's bias. A choice: the lattice
constants of zinc blende and wurtzite differ by 0.1 %."""


class PixelSizeSource(StrEnum):
    """How a pixel size is known.

    Only the first two are a calibration, with which lengths in nm are reported. The
    other three set the search's windows and bands; what is found with the last two is
    not to be trusted until the user gives the number.
    """

    FILE = "file"
    """From the file's metadata."""
    PERSON = "person"
    """Set by the user."""
    ESTIMATED = "estimated"
    """From the spacings of fringes, with a known uncertainty."""
    UNSURE = "unsure"
    """From few fringes, or from some that fit another size too."""
    ASSUMED = "assumed"
    """`TYPICAL_PIXEL_SIZE_NM`: nothing was known."""

    @property
    def is_given(self) -> bool:
        """Whether file or user gave it, so that lengths in nm may be reported."""
        return self in (PixelSizeSource.FILE, PixelSizeSource.PERSON)

    @property
    def is_trusted(self) -> bool:
        """Whether it is given or a sure estimate."""
        return self.is_given or self is PixelSizeSource.ESTIMATED


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Edge of a pixel and how it is known.

    Attributes
    ----------
    nm : float
        Edge of a pixel.
    source : PixelSizeSource
    uncertainty : float or None
        Relative standard uncertainty of an estimate; None in all other states.
    other_nm : float or None
        Pixel size that fits the fringes second best, if that makes it unsure.
    """

    nm: float
    source: PixelSizeSource
    uncertainty: float | None = None
    other_nm: float | None = None

    @property
    def own_uncertainty(self) -> float:
        """Relative uncertainty of this estimate alone, without the common part.

        The common part is `REFERENCE_ERROR`; it does not average out over micrographs.
        """
        told = self.uncertainty or 0.0
        return math.sqrt(max(told**2 - REFERENCE_ERROR**2, 0.0))

    def __str__(self) -> str:
        """Return size and source as text for the user."""
        size = f"{self.nm:.4g} nm/px"
        match self.source:
            case PixelSizeSource.FILE:
                return f"{size}, from the file"
            case PixelSizeSource.PERSON:
                return f"{size}, set by a person"
            case PixelSizeSource.ESTIMATED:
                return f"{self._with_uncertainty()} nm/px, estimated from the lattice"
            case PixelSizeSource.UNSURE:
                return f"{self._candidates()} nm/px, unsure: please set it"
            case PixelSizeSource.ASSUMED:
                return f"{size} is assumed, nothing tells it: please set it"

    def _with_uncertainty(self) -> str:
        if self.uncertainty is None:
            return f"{self.nm:.4f}"
        return f"{self.nm:.4f} ± {max(self.nm * self.uncertainty, 1e-4):.4f}"

    def _candidates(self) -> str:
        if self.other_nm is None:
            return f"perhaps {self.nm:.4f}"
        return f"{self.nm:.4f} or {self.other_nm:.4f}"


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A straight bar drawn into a picture, black or white.

    Attributes
    ----------
    start_px, end_px : tuple of float
        Row and column of the middles of its two short sides.
    length_px : int
        Pixels along it.
    thickness_px : int
        Pixels across it.
    """

    start_px: tuple[float, float]
    end_px: tuple[float, float]
    length_px: int
    thickness_px: int

    @property
    def question(self) -> str:
        """Short question to the user."""
        return f"Bar of {self.length_px} px found: how long is it?"

    @property
    def sentence(self) -> str:
        """Full sentence for logs and notices: what was found, and what to do."""
        return (
            f"A bar of {self.length_px} px was found in the picture: if it is a scale "
            f"bar, its length in nm divided by {self.length_px} is the pixel size to "
            "set."
        )
