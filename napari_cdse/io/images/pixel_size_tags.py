"""The pixel size that a TIFF file states: ImageJ, OME-XML, resolution tags."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

SMALLEST_NM = 0.001
LARGEST_NM = 1.0
"""Pixel sizes of an HRTEM micrograph lie between: below, no lens resolves anything;
above, no lattice of CdSe can be seen. A printer's resolution (72 to 2400 dpi) gives
10 000 nm and more."""

SQUARE_WITHIN = 0.01
"""Relative difference of the two edges that rounding in a file explains."""

_NM_PER_UNIT = {
    "pm": 1e-3,
    "picometer": 1e-3,
    "å": 0.1,
    "a": 0.1,
    "angstrom": 0.1,
    "ångström": 0.1,
    "nm": 1.0,
    "nanometer": 1.0,
    "um": 1e3,
    "μm": 1e3,
    "micron": 1e3,
    "micrometer": 1e3,
    "mm": 1e6,
    "millimeter": 1e6,
    "cm": 1e7,
    "centimeter": 1e7,
    "m": 1e9,
    "meter": 1e9,
    "inch": 2.54e7,
    "in": 2.54e7,
}
_NM_PER_RESOLUTION_UNIT = {2: 2.54e7, 3: 1e7, 4: 1e6, 5: 1e3}
_XML_CHARACTERS = 2**20
_OME_ELEMENT = re.compile(r"<(?:\w+:)?OME\b")
_PIXELS_ELEMENT = re.compile(r"<(?:\w+:)?Pixels\b[^>]*>")


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Edges of a pixel as a file states them, and where in the file it does."""

    row_nm: float
    col_nm: float
    stated_by: str

    @property
    def believable(self) -> bool:
        """Whether an HRTEM micrograph can have such pixels."""
        edges = (self.row_nm, self.col_nm)
        return all(SMALLEST_NM <= edge <= LARGEST_NM for edge in edges)

    @property
    def square(self) -> bool:
        """Whether both edges are the same but for rounding."""
        difference = abs(self.row_nm - self.col_nm)
        return difference <= SQUARE_WITHIN * max(self.row_nm, self.col_nm)

    @property
    def pixel_size_nm(self) -> float:
        """Edge of the square pixel."""
        if self.row_nm == self.col_nm:
            return self.row_nm
        return math.sqrt(self.row_nm * self.col_nm)


def usable(
    spacing: PixelSpacing | None,
) -> tuple[float | None, tuple[str, ...]]:
    """Decide whether a stated spacing is the pixel size.

    Returns
    -------
    pixel_size_nm : float or None
    notices : tuple of str
        Why a stated spacing was left out.
    """
    if spacing is None:
        return None, ()
    stated = f"{spacing.row_nm:.4g} x {spacing.col_nm:.4g} nm per pixel"
    if not spacing.believable:
        return None, (
            f"{spacing.stated_by} says {stated}, which no HRTEM micrograph has; "
            "give the pixel size yourself.",
        )
    if not spacing.square:
        return None, (
            f"The pixels are not square ({spacing.stated_by} says {stated}), so no "
            "pixel size was taken; resample the micrograph to square pixels.",
        )
    return spacing.pixel_size_nm, ()


def imagej_spacing(unit: object, x: object, y: object) -> PixelSpacing | None:
    """Read the scale that ImageJ writes.

    Parameters
    ----------
    unit : object
        ``unit`` in ImageJ's description, such as ``"nm"`` or ``"micron"``.
    x, y : object
        Resolution tags: pixels per unit, as fractions.

    Returns
    -------
    PixelSpacing or None
        None where the unit is no length.
    """
    nm = nm_per_unit(unit)
    return None if nm is None else _spacing_from_resolution(nm, x, y, "ImageJ")


def resolution_spacing(unit: object, x: object, y: object) -> PixelSpacing | None:
    """Read plain resolution tags, if they are a microscope's and not a printer's.

    Parameters
    ----------
    unit : object
        Value of the tag ResolutionUnit: 2 is inch, 3 centimetre.
    x, y : object
        Pixels per unit, as fractions.
    """
    nm = _NM_PER_RESOLUTION_UNIT.get(unit) if isinstance(unit, int) else None
    if nm is None:
        return None
    spacing = _spacing_from_resolution(nm, x, y, "The resolution tag")
    return spacing if spacing and spacing.believable else None


def ome_spacing(description: object) -> PixelSpacing | None:
    """Read PhysicalSizeX and PhysicalSizeY of the first image in OME-XML.

    Only that one element is looked at: no XML parser, hence nothing to expand. The
    unit is the micrometre where none is given (OME schema 2016-06).
    """
    if not isinstance(description, str):
        return None
    beginning = description[:_XML_CHARACTERS]
    element = _PIXELS_ELEMENT.search(beginning)
    if element is None or not _OME_ELEMENT.search(beginning):
        return None
    col_nm = _ome_length(element.group(), "X")
    row_nm = _ome_length(element.group(), "Y")
    if col_nm is None:
        return None
    return PixelSpacing(row_nm or col_nm, col_nm, "OME-XML")


def nm_per_unit(unit: object) -> float | None:
    """Length of a unit by its name; None if it names no length."""
    if not isinstance(unit, str):
        return None
    # ImageJ writes characters beyond ASCII as \u00B5.
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), unit)
    name = unicodedata.normalize("NFKC", plain).strip().strip("\0").casefold()
    name = name.replace("metre", "meter")
    found = _NM_PER_UNIT.get(name)
    return found if found is not None else _NM_PER_UNIT.get(name.removesuffix("s"))


def _ome_length(element: str, axis: str) -> float | None:
    value = _attribute(element, f"PhysicalSize{axis}")
    unit = _attribute(element, f"PhysicalSize{axis}Unit")
    nm = nm_per_unit("um" if unit is None else unit)
    number = _positive(value)
    return None if nm is None or number is None else number * nm


def _attribute(element: str, name: str) -> str | None:
    found = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", element)
    return None if found is None else html.unescape(found[1] or found[2] or "")


def _spacing_from_resolution(
    nm: float, x: object, y: object, stated_by: str
) -> PixelSpacing | None:
    per_column, per_row = _fraction(x), _fraction(y)
    if per_column is None:
        return None
    return PixelSpacing(nm / (per_row or per_column), nm / per_column, stated_by)


def _fraction(value: object) -> float | None:
    if isinstance(value, tuple) and len(value) == 2:
        over, under = _positive(value[0]), _positive(value[1])
        return over / under if over and under else None
    return _positive(value)


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None
