"""Read pixel sizes from the private TIFF tags of microscope and camera software.

One function for each vendor; tifffile parses the tags. What the entries mean is taken
from RosettaSciIO's TIFF reader and from Bio-Formats.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from napari_cdse.io.images.pixel_size_tags import number, stated_spacing

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.io.images.pixel_size_tags import StatedSpacing

    Tags = Callable[[int], Any]

_IMAGE_WIDTH, _DESCRIPTION, _MAKE = 256, 270, 271
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_SIS_INI, _SIS = 33471, 33560
_ZEISS = 34118
_FEI_SFEG, _FEI_HELIOS, _FEI_XML = 34680, 34682, 34683
_TVIPS = 37706
_GATAN_X_UNIT, _GATAN_Y_UNIT, _GATAN_X, _GATAN_Y = 65003, 65004, 65009, 65010

_NM_PER_M = 1e9
_M_PER_RESOLUTION_UNIT = {2: 0.0254, 3: 0.01}
_ZEISS_REFERENCE_WIDTH = 1024
"""Columns of the image that the unnamed pixel size in CZ_SEM refers to."""
_XML_CHARACTERS = 2**20
"""Length of XML that is searched. Chosen, to bound the time."""


def vendor_spacing(tags: Tags) -> StatedSpacing | None:
    """Find the pixel spacing that a microscope's or camera's software stored.

    Parameters
    ----------
    tags : callable
        From the number of a tag to its value; None for one that is missing.

    Returns
    -------
    PixelSpacing or NoLength or None
        Of the first vendor whose tags state a spacing.
    """
    for read in (_gatan, _fei, _fei_xml, _sis, _tvips, _zeiss, _jeol):
        spacing = read(tags)
        if spacing is not None:
            return spacing
    return None


def _gatan(tags: Tags) -> StatedSpacing | None:
    return stated_spacing(
        "DigitalMicrograph",
        tags(_GATAN_Y),
        tags(_GATAN_X),
        tags(_GATAN_X_UNIT),
        tags(_GATAN_Y_UNIT),
    )


def _fei(tags: Tags) -> StatedSpacing | None:
    """Find PixelWidth in any section of the INI text: Scan, EScan or IScan."""
    for code in (_FEI_HELIOS, _FEI_SFEG):
        sections = tags(code)
        for section in sections.values() if isinstance(sections, dict) else ():
            if isinstance(section, dict) and "PixelWidth" in section:
                width, height = section["PixelWidth"], section.get("PixelHeight")
                return stated_spacing("The FEI tag", height, width, "m")
    return None


def _fei_xml(tags: Tags) -> StatedSpacing | None:
    xml = _text(tags(_FEI_XML))
    inside = re.search(r"<PixelSize\b[^>]*>(.*?)</PixelSize>", xml, re.DOTALL)
    if inside is None:
        return None
    edges = [
        re.search(rf"<{axis}\b([^>]*)>([^<]*)</{axis}>", inside[1]) for axis in "XY"
    ]
    across, down = (None if edge is None else edge[2] for edge in edges)
    matches = [
        None if edge is None else re.search(r"unit=[\"']([^\"']*)", edge[1])
        for edge in edges
    ]
    unit, row_unit = ("m" if match is None else match[1] for match in matches)
    return stated_spacing("The FEI tag", down, across, unit, row_unit)


def _sis(tags: Tags) -> StatedSpacing | None:
    for code in (_SIS, _SIS_INI):
        entries = tags(code)
        if isinstance(entries, dict) and "pixelsizex" in entries:
            across, down = entries["pixelsizex"], entries.get("pixelsizey")
            return stated_spacing("The Olympus SIS tag", down, across, "m")
    return None


def _tvips(tags: Tags) -> StatedSpacing | None:
    entries = tags(_TVIPS)
    if not isinstance(entries, dict):
        return None
    across, down = entries.get("PixelSizeX"), entries.get("PixelSizeY")
    return stated_spacing("The TVIPS tag", down, across, "nm")


def _zeiss(tags: Tags) -> StatedSpacing | None:
    """Read CZ_SEM, preferably its unnamed number: more digits, in no local format."""
    entries = tags(_ZEISS)
    if not isinstance(entries, dict):
        return None
    unnamed, columns = entries.get("", ()), number(tags(_IMAGE_WIDTH))
    edge = number(unnamed[3]) if len(unnamed) > 3 else None
    if edge and columns:
        edge *= _ZEISS_REFERENCE_WIDTH / columns
        return stated_spacing("The Zeiss tag", edge, edge, "m")
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        named = entries.get(key, ())
        if len(named) > 2:
            return stated_spacing("The Zeiss tag", named[1], named[1], named[2])
    return None


def _jeol(tags: Tags) -> StatedSpacing | None:
    """Read the XML of JEOL's software: a length per pixel, or a magnification."""
    xml = _text(tags(_DESCRIPTION))
    if "TemReporter" not in xml:
        return None
    length = _element(xml, "a_LengthPerPixel")
    if length is not None:
        diffraction = _element(xml, "a_MeasurementUnitType") == "UnitType_Diffraction"
        unit = "1/nm" if diffraction else "nm"
        return stated_spacing("The JEOL description", length, length, unit)
    magnification = number(_element(xml, "SelectorValue"))
    metres = _M_PER_RESOLUTION_UNIT.get(tags(_RESOLUTION_UNIT) or 2)
    if not magnification or metres is None or _element(xml, "ModeString") != "MAG":
        return None
    scale = metres / magnification * _NM_PER_M
    down, across = (_scaled(scale, tags(at)) for at in (_Y_RESOLUTION, _X_RESOLUTION))
    return stated_spacing("The JEOL description", down, across, "nm")


def _scaled(scale: float, resolution: object) -> float | None:
    """Return the edge of a pixel from a fraction of pixels per unit of resolution."""
    if not isinstance(resolution, tuple) or len(resolution) != 2:
        return None
    numerator, denominator = map(number, resolution)
    if not numerator or not denominator:
        return None
    return scale * denominator / numerator


def _element(xml: str, name: str) -> str | None:
    match = re.search(rf"<{name}\b[^>]*>([^<]*)</{name}>", xml)
    return None if match is None else match[1].strip()


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value[:_XML_CHARACTERS] if isinstance(value, str) else ""
