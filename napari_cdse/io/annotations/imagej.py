"""Read and write ImageJ's regions of interest: ``.roi`` files and ``.zip`` sets.

roifile parses and packs single regions. Ovals, ellipses and round outlines (polygon,
freehand, traced) become circles; any other region is reported as a problem. The class
of a particle is a property of the region, and the first word of its name.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from napari_cdse.core.errors import LabelFileError
from napari_cdse.io.annotations.shapes import (
    HALF_PX,
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    FittedCircle,
    Shape,
    check_number,
    from_ellipse,
    from_outline,
)
from napari_cdse.io.files import name_of, read_file, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.io.export.particle_rows import ParticleRow

# Problems of a region are reported with its shape, not on the console.
logging.getLogger("roifile").addHandler(logging.NullHandler())

LIMIT_BYTES = 2**24
"""Largest file that is read. Chosen: a set of fifty thousand ovals."""
MOST_UNPACKED_BYTES = 2**26
"""Most bytes of all regions of a set together. Chosen: deflate can expand a byte to a
thousand."""
_MOST_REGION_BYTES = 2**20
"""Most bytes of a region. Chosen: an outline of eighty thousand corners."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression methods that ImageJ and roifile use."""
_SET_SUFFIX = re.compile(r"[-_. ]*roi[-_ ]?set[-_. ]*", re.IGNORECASE)
"""Part of a file's name that is not the micrograph's."""
_WORD = re.compile(r"[^\W\d_]+")
_CLASS, _REVIEWED, _NOTE = "class", "reviewed", "note"
"""Properties of a region that this program writes."""
_DAMAGE = (
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    struct.error,
)
"""Errors that roifile raises on bytes that are no region."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of all members of a set, so that equal particles give equal files."""
_OUR_START = re.compile(
    # Signature; version, flags, compression; `_DATE`; sizes; name of the first region.
    rb"PK\x03\x04.{6}\x00\x00\x21\x00.{16}(yes|no|null|empty)-\d{4,}\.roi|PK\x05\x06",
    re.DOTALL,
)
_OUTLINES = (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)
_COLOURS = {
    "yes": b"\xff\xf0\x20\xd8",
    "no": b"\xff\x66\xff\xff",
    "null": b"\xff\xff\xa8\x1a",
    "empty": b"\xff\xb4\xb8\xbb",
}
"""Colours of the classes in the window: alpha, red, green, blue."""


def read_imagej(path: Path) -> AnnotationFile:
    """Read a region, or a set of them.

    Parameters
    ----------
    path : Path
        ``NAME.roi``, ``NAME.zip`` or ``NAME_RoiSet.zip``, where NAME is that of the
        micrograph; a plain ``RoiSet.zip`` names none.

    Returns
    -------
    AnnotationFile
        Problems of single regions are noted with their shapes.

    Raises
    ------
    LabelFileError
        If the file cannot be read, is too large, or holds too many regions.
    """
    name = name_of(path)
    data = read_file(path, LIMIT_BYTES, LabelFileError)
    picture = _SET_SUFFIX.sub("", path.stem)
    if path.suffix.lower() == ".roi":
        return AnnotationFile(name, (_shape(picture, "the region", data),))
    regions = list(_unpacked(name, data))
    check_number(name, len(regions))
    shapes = tuple(_shape(picture, shown(place), roi) for place, roi in regions)
    return AnnotationFile(name, shapes)


def _unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each region of a set, within the limits."""
    remaining = MOST_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [
                each
                for each in archive.infolist()
                if each.filename.lower().endswith(".roi")
            ]
            check_number(name, len(members))
            for member in members:
                limit = min(remaining, _MOST_REGION_BYTES)
                roi = _member(name, archive, member, limit)
                remaining -= len(roi)
                yield member.filename, roi
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as problem:
        raise LabelFileError(
            f"{name} is damaged and cannot be unpacked ({shown(problem)}); save the "
            "regions in ImageJ's ROI Manager anew."
        ) from problem


def _member(
    name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int
) -> bytes:
    """Decompress one region of a set, and refuse more than ``limit`` bytes."""
    is_encrypted = member.flag_bits & 1
    if member.compress_type not in _COMPRESSIONS or is_encrypted:
        raise LabelFileError(
            f"{name} holds {shown(member.filename)} packed in a way that ImageJ does "
            "not write; save the regions in its ROI Manager anew."
        )
    with archive.open(member) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise LabelFileError(
            f"{name} holds far more than regions when it is unpacked "
            f"({shown(member.filename)}); check that it is the right file."
        )
    return data


def _shape(picture: str, place: str, data: bytes) -> Shape:
    try:
        roi = ImagejRoi.frombytes(data)
        properties = roi.properties
    except _DAMAGE:
        return Shape(picture, place, None, problem="it is no region of ImageJ")
    name = _class_name(roi.name, properties.get(_CLASS))
    note = properties.get(_NOTE)
    if properties.get(_REVIEWED) is False:
        return Shape(picture, place, None, name, NOT_REVIEWED)
    fitted = _circle(roi)
    note = "" if note is None else str(note)
    return Shape(
        picture, place, fitted.circle, name, fitted.problem, note, fitted.stretched
    )


def _class_name(region_name: str, class_property: object) -> str | None:
    """Take the class from the property, else the first word of the region's name."""
    if isinstance(class_property, str) and class_property:
        return class_property
    word = _WORD.match(region_name)
    return word[0] if word else None


def _circle(roi: ImagejRoi) -> FittedCircle:
    if roi.roitype == ROI_TYPE.OVAL:
        return _from_oval(roi)
    if roi.roitype == ROI_TYPE.FREEHAND and roi.subtype == ROI_SUBTYPE.ELLIPSE:
        return _from_axis(roi)
    if roi.roitype in _OUTLINES and roi.subtype == ROI_SUBTYPE.UNDEFINED:
        corners = roi.coordinates()
        if not np.isfinite(corners).all():
            return FittedCircle(None, NO_NUMBERS)
        return from_outline(corners[:, ::-1].astype(np.float64) - HALF_PX)
    kind = roi.roitype.name.lower()
    return FittedCircle(None, f"it is no circle and no ellipse ({kind})")


def _from_oval(roi: ImagejRoi) -> FittedCircle:
    x, y, width, height = (
        (roi.xd, roi.yd, roi.widthd, roi.heightd)
        if roi.subpixelrect
        else (roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top)
    )
    return from_ellipse(
        y + height / 2 - HALF_PX, x + width / 2 - HALF_PX, height / 2, width / 2
    )


def _from_axis(roi: ImagejRoi) -> FittedCircle:
    """Read an ellipse given by the ends of its long axis and the ratio of the axes.

    The format keeps the ratio, a float, in four bytes that mean the style of an arrow
    in other regions, and roifile parses them so.
    """
    packed = struct.pack(
        ">BBh",
        roi.arrow_style_or_aspect_ratio & 0xFF,
        roi.arrow_head_size & 0xFF,
        roi.rounded_rect_arc_size,
    )
    (ratio,) = struct.unpack(">f", packed)
    half = math.hypot(roi.x2 - roi.x1, roi.y2 - roi.y1) / 2
    row, col = (roi.y1 + roi.y2) / 2 - HALF_PX, (roi.x1 + roi.x2) / 2 - HALF_PX
    return from_ellipse(row, col, half, half * ratio)


def is_our_imagej(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_imagej` wrote.

    Other programs store the actual date of each member. An empty set counts as ours:
    nothing is lost if it is replaced.
    """
    return _OUR_START.match(start) is not None


def write_imagej(path: Path, rows: Sequence[ParticleRow]) -> None:
    """Write the particles of one micrograph as a set of ovals.

    Class, note, and whether a person gave the class are properties of a region. Its
    name begins with the class, which also determines its group and colour.

    Parameters
    ----------
    path : Path
        ``NAME_RoiSet.zip``; an existing file is replaced.
    rows : sequence of ParticleRow
        Particles, all with a class.

    Raises
    ------
    LabelFileError
        If the file cannot be written.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in enumerate(rows, 1):
            name = f"{row.label}-{number:04d}"
            member = zipfile.ZipInfo(f"{name}.roi", _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, _region(name, row).tobytes())
    write_file(path, packed.getvalue(), LabelFileError)


def _region(name: str, row: ParticleRow) -> ImagejRoi:
    circle, diameter = row.circle, 2 * row.circle.radius_px
    left = circle.col_px + HALF_PX - circle.radius_px
    top = circle.row_px + HALF_PX - circle.radius_px
    roi = ImagejRoi(
        roitype=ROI_TYPE.OVAL,
        options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION,
        name=name,
        left=math.floor(left),
        top=math.floor(top),
        right=math.ceil(left + diameter),
        bottom=math.ceil(top + diameter),
        xd=left,
        yd=top,
        widthd=diameter,
        heightd=diameter,
        stroke_color=_COLOURS[row.label or "null"],
        group=1 + list(_COLOURS).index(row.label or "null"),
    )
    properties: dict[str, object] = {
        _CLASS: row.label,
        _REVIEWED: row.by_person,
    }
    with contextlib.suppress(UnicodeEncodeError):
        # roifile writes UTF-16, which has no code for lone surrogates.
        row.note.encode("utf-16-be")
        if row.note:
            properties[_NOTE] = " ".join(row.note.split())
    roi.properties = properties
    return roi
