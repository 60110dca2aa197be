"""How large a pixel is, and how that is known: five states that are never mixed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

TYPICAL_PIXEL_SIZE_NM = 0.037
"""Pixel size in nm, assumed where nothing tells.

A choice: at 370 000 times, the usual magnification for quantum dots, fringes tell 0.03
to 0.045 nm. A wrong one puts windows and bands beside the lattice; users are asked.
"""

MAX_PIXEL_SIZE_ERROR = 0.2
"""Largest standard uncertainty of a given pixel size that can be stated, relative. A
choice: a magnification that is off by more was not calibrated at all."""

REFERENCE_ERROR = 0.0015
"""Relative uncertainty of the lattice that estimates are made by, common to all:
lattice constants of dots, rest of the interpolation. A choice: 0.1 % lie between zinc
blende and wurtzite."""


class PixelSizeSource(StrEnum):
    """How a pixel size is known.

    The first two calibrate: lengths in nm are told with them alone. An estimate sets
    windows and bands; the last two set them too, for want of better, and what is found
    with them is not to be trusted before a person gives the number.
    """

    FILE = "file"
    """From the file."""
    PERSON = "person"
    """Set by a person."""
    ESTIMATED = "estimated"
    """From the lattice, with an uncertainty that holds."""
    UNSURE = "unsure"
    """From few fringes, or from some that fit another size too."""
    ASSUMED = "assumed"
    """Nothing to go by."""

    @property
    def is_given(self) -> bool:
        """Whether file or person said it, so that lengths in nm may be told."""
        return self in (PixelSizeSource.FILE, PixelSizeSource.PERSON)

    @property
    def is_trusted(self) -> bool:
        """Whether windows, bands and spacings can rest on it."""
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
        What the fringes fit next best, where that leaves it unsure.
    """

    nm: float
    source: PixelSizeSource
    uncertainty: float | None = None
    other_nm: float | None = None

    @property
    def own_uncertainty(self) -> float:
        """What an estimate errs by alone, relative: not together with all others."""
        told = self.uncertainty or 0.0
        return math.sqrt(max(told**2 - REFERENCE_ERROR**2, 0.0))

    def __str__(self) -> str:
        """Say size and state in words."""
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
        Row and column of the outer edges of its first and last pixel, on its middle.
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
        """What to ask the user."""
        return f"Bar of {self.length_px} px found: how long is it?"

    @property
    def sentence(self) -> str:
        """The same, with what to do about it."""
        return (
            f"A bar of {self.length_px} px was found in the picture: if it is a scale "
            f"bar, its length in nm divided by {self.length_px} is the pixel size to "
            "set."
        )
