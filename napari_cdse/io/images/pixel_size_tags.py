"""Interpret the pixel spacing that a file states: units, ImageJ, OME-XML, resolution.

`stated_spacing` makes a `PixelSpacing` of two numbers and their units, or a `NoLength`
where the unit is none of length; every reader of this package ends there. `usable` then
decides whether that is the micrograph's pixel size. The private tags of microscope
software are in `napari_cdse.io.images.tiff_vendor_tags`.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from dataclasses import dataclass
from numbers import Real

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.files import shown

SMALLEST_NM = 0.001
LARGEST_NM = 1.0
"""Limits of the pixel size of an HRTEM micrograph in nm, chosen. Below, a pixel is far
smaller than any microscope resolves; above, no lattice of CdSe is visible. The
resolution of a printer or screen (72 to 2400 dpi) would be 10 000 nm and more."""

SQUARE_WITHIN = 0.01
"""Largest relative difference of the two edges of a pixel that counts as rounding in
the file. Chosen."""

COARSEST_RESOLVING_NM = 0.175
"""Half the largest lattice spacing of CdSe, 0.351 nm of {111} in zinc blende: by the
sampling theorem no fringe is resolved with larger pixels."""

FINEST_PRINTER_NM = 2000.0
"""Edge of a pixel in nm at 12 700 dots per inch, finer than any printer or screen. A
resolution tag that states less is a microscope's."""

_NM_PER_UNIT = {
    "pm": 1e-3,
    "picometer": 1e-3,
    "a": 0.1,  # also what remains of an A with a ring
    "angstrom": 0.1,
    "nm": 1.0,
    "nanometer": 1.0,
    "um": 1e3,
    "μm": 1e3,
    "mum": 1e3,
    "micron": 1e3,
    "micrometer": 1e3,
    "mikrometer": 1e3,
    "mm": 1e6,
    "millimeter": 1e6,
    "cm": 1e7,
    "centimeter": 1e7,
    "m": 1e9,
    "meter": 1e9,
    "inch": 2.54e7,
    "in": 2.54e7,
}
_NO_UNIT = ("", "1", "pixel", "pixels", "px", "none", "null")
"""What programs write as unit of an image without calibration."""
_NM_PER_RESOLUTION_UNIT = {2: 2.54e7, 3: 1e7, 4: 1e6, 5: 1e3}
"""By the value of the tag ResolutionUnit: inch, cm, and mm and µm as some programs
extend it."""
_XML_CHARACTERS = 2**20
"""Length of a description that is searched. Chosen, to bound the time."""
_OME_ELEMENT = re.compile(r"<(?:\w+:)?OME\b")
_PIXELS_ELEMENT = re.compile(r"<(?:\w+:)?Pixels\b[^>]*>")


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Edges of a pixel, as a file states them.

    Attributes
    ----------
    row_nm, col_nm : float
        Distance in nm of neighbouring rows, and of neighbouring columns.
    stated_by : str
        Part of the file that states it, as the beginning of a sentence.
    """

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
        """Whether both edges agree within rounding."""
        if self.row_nm == self.col_nm:
            return True  # also if both overflowed to infinity
        difference = abs(self.row_nm - self.col_nm)
        return difference <= SQUARE_WITHIN * max(self.row_nm, self.col_nm)

    @property
    def pixel_size_nm(self) -> float:
        """Edge in nm of a square pixel of the same area."""
        if self.row_nm == self.col_nm:
            return self.row_nm
        return math.sqrt(self.row_nm * self.col_nm)


@dataclass(frozen=True, slots=True)
class NoLength:
    """A calibration in a unit that is not one of length.

    Attributes
    ----------
    text : str
        Number and unit, for messages.
    stated_by : str
        Part of the file that states it, as the beginning of a sentence.
    """

    text: str
    stated_by: str


StatedSpacing = PixelSpacing | NoLength
"""What a file states of its pixels."""


def usable(
    spacing: StatedSpacing | None,
) -> tuple[float | None, tuple[str, ...]]:
    """Decide whether a stated spacing is used as the pixel size.

    Parameters
    ----------
    spacing : PixelSpacing or NoLength or None
        None where the file states nothing.

    Returns
    -------
    pixel_size_nm : float or None
    notices : tuple of str
        Why a stated spacing is not used, or is too coarse to be useful.
    """
    if spacing is None:
        return None, ()
    if isinstance(spacing, NoLength):
        return None, (
            f"{spacing.stated_by} says {spacing.text} per pixel, which is no length; "
            "give the pixel size yourself.",
        )
    if not spacing.believable:
        stated = f"{spacing.row_nm:.4g} x {spacing.col_nm:.4g} nm per pixel"
        return None, (
            f"{spacing.stated_by} says {stated}, which no HRTEM micrograph has; "
            "give the pixel size yourself.",
        )
    if spacing.pixel_size_nm > COARSEST_RESOLVING_NM:
        return spacing.pixel_size_nm, (
            f"{spacing.stated_by} says {spacing.pixel_size_nm:.4g} nm per pixel, too "
            f"coarse for the fringes of CdSe (at most {COARSEST_RESOLVING_NM:g} nm).",
        )
    return spacing.pixel_size_nm, ()


def check_square(name: str, spacing: StatedSpacing | None) -> None:
    """Refuse pixels that are not square, on which no circle or spacing is right.

    Parameters
    ----------
    name : str
        What the file is called in messages.
    spacing : PixelSpacing or NoLength or None
        What the file states.

    Raises
    ------
    MicrographError
        If the stated edges differ by more than rounding.
    """
    if isinstance(spacing, PixelSpacing) and not spacing.square:
        raise MicrographError(
            f"The pixels of {name} are not square ({spacing.stated_by} says "
            f"{spacing.row_nm:.4g} x {spacing.col_nm:.4g} nm per pixel); resample it "
            "to square pixels, or give the pixel size if the file is wrong."
        )


def stated_spacing(
    stated_by: str,
    row: object,
    col: object,
    unit: object,
    row_unit: object = None,
) -> StatedSpacing | None:
    """Interpret two numbers and their units.

    Parameters
    ----------
    stated_by : str
        Part of the file that states them, as the beginning of a sentence.
    row, col : object
        Distance between neighbouring rows, and between columns; numbers, or text with
        a point or a comma as decimal mark. A missing one is taken from the other.
    unit : object
        Name of the unit of length.
    row_unit : object, optional
        Unit of ``row``, if it differs.

    Returns
    -------
    PixelSpacing or NoLength or None
        None where nothing is stated: no number, 0, or 1 without a unit.
    """
    across, down = number(col), number(row)
    across = down if across is None else across
    down = across if down is None else down
    if across is None or down is None or 0 in (across, down):
        return None
    units = (unit if row_unit is None else row_unit, unit)
    lengths = [nm_per_unit(each) for each in units]
    if lengths[0] and lengths[1] and min(across, down) > 0:
        return PixelSpacing(down * lengths[0], across * lengths[1], stated_by)
    name = _unit_name(unit)
    if name in _NO_UNIT:
        if across == down == 1:
            return None
        return NoLength(f"{across:.4g} without a unit", stated_by)
    return NoLength(f"{across:.4g} {shown(str(unit).strip())}", stated_by)


def number(value: object) -> float | None:
    """Parse a number with a decimal point or comma; None if it is no finite number.

    If both marks occur, the last one is the decimal mark, and the other separates
    thousands.
    """
    if isinstance(value, str):
        value = _with_point(value)
    if isinstance(value, bool) or not isinstance(value, str | Real):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if math.isfinite(parsed) else None


def _with_point(text: str) -> str:
    plain = text.strip().strip("\0")
    if plain.rfind(",") > plain.rfind("."):
        return plain.replace(".", "").replace(",", ".")
    return plain.replace(",", "")


def imagej_spacing(unit: object, x: object, y: object) -> StatedSpacing | None:
    """Interpret the scale that ImageJ writes.

    Parameters
    ----------
    unit : object
        ``unit`` in ImageJ's description, such as ``"nm"`` or ``"micron"``.
    x, y : object
        Resolution tags: pixels per unit, as fractions.

    Returns
    -------
    PixelSpacing or NoLength or None
        None without a unit, since ImageJ writes the tags for uncalibrated images too.
    """
    if not isinstance(unit, str) or _unit_name(unit) in _NO_UNIT:
        return None
    return stated_spacing("ImageJ", _inverse(y), _inverse(x), unit)


def resolution_spacing(unit: object, x: object, y: object) -> StatedSpacing | None:
    """Interpret plain resolution tags, unless they are meant for a printer or screen.

    Parameters
    ----------
    unit : object
        Value of the tag ResolutionUnit: 2 is inch, 3 centimetre.
    x, y : object
        Pixels per unit, as fractions.

    Returns
    -------
    PixelSpacing or None
        None for pixels of `FINEST_PRINTER_NM` and more.
    """
    nm = _NM_PER_RESOLUTION_UNIT.get(unit) if isinstance(unit, int) else None
    across, down = _inverse(x), _inverse(y)
    if nm is None or across is None:
        return None
    down_nm = nm * (across if down is None else down)
    spacing = stated_spacing("The resolution tag", down_nm, nm * across, "nm")
    if isinstance(spacing, PixelSpacing) and spacing.col_nm < FINEST_PRINTER_NM:
        return spacing
    return None


def ome_spacing(description: object) -> StatedSpacing | None:
    """Read PhysicalSizeX and PhysicalSizeY of the first image in OME-XML.

    Only that element is searched for, by a regular expression: without an XML parser no
    entity can be expanded. The default unit is the micrometre (OME schema 2016-06).

    Parameters
    ----------
    description : object
        Value of the tag ImageDescription.

    Returns
    -------
    PixelSpacing or NoLength or None
        None if it is not OME-XML, or states no size.
    """
    if not isinstance(description, str):
        return None
    beginning = description[:_XML_CHARACTERS]
    pixels = _PIXELS_ELEMENT.search(beginning)
    if pixels is None or not _OME_ELEMENT.search(beginning):
        return None
    element = pixels.group()
    across, down = (_attribute(element, f"PhysicalSize{axis}") for axis in "XY")
    units = [_attribute(element, f"PhysicalSize{axis}Unit") or "um" for axis in "XY"]
    if down is None:
        units[1] = units[0]
    return stated_spacing("OME-XML", down, across, units[0], units[1])


def nm_per_unit(unit: object) -> float | None:
    """Return a unit's length in nm by its name; None if it is no unit of length."""
    if not isinstance(unit, str):
        return None
    name = _unit_name(unit)
    length_nm = _NM_PER_UNIT.get(name)
    if length_nm is None:
        length_nm = _NM_PER_UNIT.get(name.removesuffix("s"))
    return length_nm


def _unit_name(unit: object) -> str:
    """Normalise a unit's name: lower case, no accents, no brackets, "meter"."""
    # ImageJ escapes characters beyond ASCII, as in \u00B5.
    text = "" if unit is None else str(unit)
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
    letters = unicodedata.normalize("NFKD", plain)
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    name = bare.replace("\0", "").strip().strip("[]").replace("_", "").casefold()
    return re.sub(r"met(re|ro)(?=s?$)", "meter", name)


def _attribute(element: str, name: str) -> str | None:
    match = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", element)
    return None if match is None else html.unescape(match[1] or match[2] or "")


def _inverse(value: object) -> float | None:
    """Return the reciprocal of a positive number or of a fraction given as two."""
    pair = value if isinstance(value, tuple) and len(value) == 2 else (value, 1)
    numerator, denominator = (number(each) or 0.0 for each in pair)
    return denominator / numerator if numerator > 0 and denominator > 0 else None
