"""Read the pixel size from a file's tags: units, ImageJ, OME-XML."""

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
"""Pixel sizes of an HRTEM micrograph lie between: below, no lens resolves anything;
above, no lattice of CdSe can be seen. A printer's resolution (72 to 2400 dpi) gives
10 000 nm and more."""

SQUARE_WITHIN = 0.01
"""Relative difference of the two edges that rounding in a file explains."""

COARSEST_RESOLVING_NM = 0.175
"""Half the largest spacing of CdSe, 0.351 nm of {111} in zinc blende: with larger
pixels no fringe is sampled (Nyquist)."""

FINEST_PRINTER_NM = 2000.0
"""Edge of a pixel at 12 700 dots per inch, finer than any printer or screen: what a
resolution tag states below was meant for a microscope."""

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
        if self.row_nm == self.col_nm:
            return True  # also where both are too large for a number
        difference = abs(self.row_nm - self.col_nm)
        return difference <= SQUARE_WITHIN * max(self.row_nm, self.col_nm)

    @property
    def pixel_size_nm(self) -> float:
        """Edge of the square pixel."""
        if self.row_nm == self.col_nm:
            return self.row_nm
        return math.sqrt(self.row_nm * self.col_nm)


@dataclass(frozen=True, slots=True)
class NoLength:
    """A calibration that is no length, as it stands in the file."""

    text: str
    stated_by: str


StatedSpacing = PixelSpacing | NoLength


def usable(
    spacing: StatedSpacing | None,
) -> tuple[float | None, tuple[str, ...]]:
    """Decide whether a stated spacing is the pixel size.

    Returns
    -------
    pixel_size_nm : float or None
    notices : tuple of str
        Why a stated spacing was left out, or is of little use.
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
    """Refuse pixels that are not square: no circle or spacing is right on them.

    Raises
    ------
    MicrographError
        With the edges that the file states.
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
    """Make sense of two numbers and their units.

    Parameters
    ----------
    stated_by : str
        Who says so, as the beginning of a sentence.
    row, col : object
        Distance between neighbouring rows, and between columns; numbers, or text with
        a point or a comma as decimal mark. A missing one is like the other.
    unit : object
        Name of the unit of length.
    row_unit : object, optional
        Unit of ``row`` where it differs.

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
    lengths = [nm_per_unit(one) for one in units]
    if lengths[0] and lengths[1] and min(across, down) > 0:
        return PixelSpacing(down * lengths[0], across * lengths[1], stated_by)
    name = _unit_name(unit)
    if name in _NO_UNIT:
        if across == down == 1:
            return None
        return NoLength(f"{across:.4g} without a unit", stated_by)
    return NoLength(f"{across:.4g} {shown(str(unit).strip())}", stated_by)


def number(value: object) -> float | None:
    """Read a number as programs write it anywhere; None if it is no finite one.

    Where both point and comma stand in it, the last one is the decimal mark.
    """
    if isinstance(value, str):
        value = _with_point(value)
    if isinstance(value, bool) or not isinstance(value, str | Real):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _with_point(text: str) -> str:
    plain = text.strip().strip("\0")
    if plain.rfind(",") > plain.rfind("."):
        return plain.replace(".", "").replace(",", ".")
    return plain.replace(",", "")


def imagej_spacing(unit: object, x: object, y: object) -> StatedSpacing | None:
    """Read the scale that ImageJ writes.

    Parameters
    ----------
    unit : object
        ``unit`` in ImageJ's description, such as ``"nm"`` or ``"micron"``.
    x, y : object
        Resolution tags: pixels per unit, as fractions.

    Returns
    -------
    PixelSpacing or NoLength or None
        None where there is no unit: the tags then mean nothing.
    """
    if not isinstance(unit, str) or _unit_name(unit) in _NO_UNIT:
        return None
    return stated_spacing("ImageJ", _inverse(y), _inverse(x), unit)


def resolution_spacing(unit: object, x: object, y: object) -> StatedSpacing | None:
    """Read plain resolution tags, if they are a microscope's and not a printer's.

    Parameters
    ----------
    unit : object
        Value of the tag ResolutionUnit: 2 is inch, 3 centimetre.
    x, y : object
        Pixels per unit, as fractions.
    """
    nm = _NM_PER_RESOLUTION_UNIT.get(unit) if isinstance(unit, int) else None
    across, down = _inverse(x), _inverse(y)
    if nm is None or across is None:
        return None
    down_nm = nm * (across if down is None else down)
    found = stated_spacing("The resolution tag", down_nm, nm * across, "nm")
    if isinstance(found, PixelSpacing) and found.col_nm < FINEST_PRINTER_NM:
        return found
    return None


def ome_spacing(description: object) -> StatedSpacing | None:
    """Read PhysicalSizeX and PhysicalSizeY of the first image in OME-XML.

    Only that one element is looked at: no XML parser, hence nothing to expand. The
    unit is the micrometre where none is given (OME schema 2016-06).
    """
    if not isinstance(description, str):
        return None
    beginning = description[:_XML_CHARACTERS]
    found = _PIXELS_ELEMENT.search(beginning)
    if found is None or not _OME_ELEMENT.search(beginning):
        return None
    element = found.group()
    across, down = (_attribute(element, f"PhysicalSize{axis}") for axis in "XY")
    units = [_attribute(element, f"PhysicalSize{axis}Unit") or "um" for axis in "XY"]
    if down is None:
        units[1] = units[0]
    return stated_spacing("OME-XML", down, across, units[0], units[1])


def nm_per_unit(unit: object) -> float | None:
    """Length of a unit by its name; None if it names no length."""
    if not isinstance(unit, str):
        return None
    name = _unit_name(unit)
    found = _NM_PER_UNIT.get(name)
    return found if found is not None else _NM_PER_UNIT.get(name.removesuffix("s"))


def _unit_name(unit: object) -> str:
    """Bring the names of a unit to one: no accents, brackets, capitals."""
    # ImageJ writes characters beyond ASCII as \u00B5.
    text = "" if unit is None else str(unit)
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
    letters = unicodedata.normalize("NFKD", plain)
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    name = bare.replace("\0", "").strip().strip("[]").replace("_", "").casefold()
    return re.sub(r"met(re|ro)(?=s?$)", "meter", name)


def _attribute(element: str, name: str) -> str | None:
    found = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", element)
    return None if found is None else html.unescape(found[1] or found[2] or "")


def _inverse(value: object) -> float | None:
    """Length of a pixel from pixels per length, as a number or a fraction."""
    over: object
    over, under = value if isinstance(value, tuple) and len(value) == 2 else (value, 1)
    top, bottom = number(over) or 0.0, number(under) or 0.0
    return bottom / top if top > 0 and bottom > 0 else None
