"""Read and write ImageJ's regions of interest: ``.roi`` files and ``.zip`` sets.

Read and written by roifile. Ovals and ellipses become circles, and so do outlines
(polygon, freehand, traced) that are round; all others are told.
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
    Shape,
    check_number,
    from_ellipse,
    from_outline,
)
from napari_cdse.io.files import name_of, read_file, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.records import Circle
    from napari_cdse.io.export.export import ParticleRow

    Found = tuple[Circle | None, str, bool]

# What is odd about a region is told with its place, not on the console.
logging.getLogger("roifile").addHandler(logging.NullHandler())

LIMIT_BYTES = 2**24
"""A set of fifty thousand ovals."""
MOST_UNPACKED_BYTES = 2**26
"""Of a whole set; deflate makes a thousand bytes of one."""
_MOST_IN_A_ROI_BYTES = 2**20
"""An outline of eighty thousand corners."""
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What ImageJ and roifile write."""
_SET = re.compile(r"[-_. ]*roi[-_ ]?set[-_. ]*", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_CLASS, _REVIEWED, _NOTE = "class", "reviewed", "note"
"""Properties of a region that hold what its name cannot."""
_BROKEN = (
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    struct.error,
)
"""What roifile raises on bytes that are no region."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all files within a set, so that the same particles make the same bytes."""
_OUR_START = re.compile(
    # Signature, version, flags, packing; midnight of 1 January 1980 (`_DATE`).
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
"""Of outlines as in the window: alpha, red, green, blue."""


def read_imagej(path: Path) -> AnnotationFile:
    """Read a region or a set of them, which lie in the micrograph of the file's name.

    ``NAME.roi``, ``NAME.zip`` and ``NAME_RoiSet.zip`` belong to NAME; a plain
    ``RoiSet.zip`` names no micrograph.

    Parameters
    ----------
    path : Path
        ``.roi`` or ``.zip``.

    Raises
    ------
    LabelFileError
        If it is none, or too large. What is wrong with one region stands with it.
    """
    name = name_of(path)
    data = read_file(path, LIMIT_BYTES, LabelFileError)
    picture = _SET.sub("", path.stem)
    if path.suffix.lower() == ".roi":
        return AnnotationFile(name, (_shape(picture, "the region", data),))
    regions = list(_unpacked(name, data))
    check_number(name, len(regions))
    shapes = tuple(_shape(picture, shown(place), roi) for place, roi in regions)
    return AnnotationFile(name, shapes)


def _unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    left = MOST_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [
                each
                for each in archive.infolist()
                if each.filename.lower().endswith(".roi")
            ]
            check_number(name, len(members))
            for member in members:
                limit = min(left, _MOST_IN_A_ROI_BYTES)
                roi = _member(name, archive, member, limit)
                left -= len(roi)
                yield member.filename, roi
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as problem:
        raise LabelFileError(
            f"{name} is damaged and cannot be unpacked ({shown(problem)}); save the "
            "regions in ImageJ's ROI Manager anew."
        ) from problem


def _member(
    name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int
) -> bytes:
    if member.compress_type not in _PACKINGS or member.flag_bits & 1:
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
    except _BROKEN:
        return Shape(picture, place, None, problem="it is no region of ImageJ")
    name = _class_name(roi.name, properties.get(_CLASS))
    note = properties.get(_NOTE)
    if properties.get(_REVIEWED) is False:
        return Shape(picture, place, None, name, NOT_REVIEWED)
    circle, problem, stretched = _circle(roi)
    note = "" if note is None else str(note)
    return Shape(picture, place, circle, name, problem, note, stretched)


def _class_name(name: str, told: object) -> str | None:
    """Take the class from the property, else the first word of the region's name."""
    if isinstance(told, str) and told:
        return told
    found = _WORD.match(name)
    return found[0] if found else None


def _circle(roi: ImagejRoi) -> Found:
    if roi.roitype == ROI_TYPE.OVAL:
        return _from_oval(roi)
    if roi.roitype == ROI_TYPE.FREEHAND and roi.subtype == ROI_SUBTYPE.ELLIPSE:
        return _from_axis(roi)
    if roi.roitype in _OUTLINES and roi.subtype == ROI_SUBTYPE.UNDEFINED:
        corners = roi.coordinates()
        if not np.isfinite(corners).all():
            return None, NO_NUMBERS, False
        return from_outline(corners[:, ::-1].astype(np.float64) - HALF_PX)
    kind = roi.roitype.name.lower()
    return None, f"it is no circle and no ellipse ({kind})", False


def _from_oval(roi: ImagejRoi) -> Found:
    x, y, width, height = (
        (roi.xd, roi.yd, roi.widthd, roi.heightd)
        if roi.subpixelrect
        else (roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top)
    )
    return from_ellipse(
        y + height / 2 - HALF_PX, x + width / 2 - HALF_PX, height / 2, width / 2
    )


def _from_axis(roi: ImagejRoi) -> Found:
    """Read an ellipse given by the ends of its long axis and the ratio of both.

    The ratio takes the four bytes that hold the heads of an arrow elsewhere.
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


# Out


def is_our_imagej(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_imagej` wrote.

    Whatever else writes a set dates its members; one without any region tells nobody's.
    """
    return _OUR_START.match(start) is not None


def write_imagej(path: Path, rows: Sequence[ParticleRow]) -> None:
    """Write the set of regions of one micrograph, an oval each.

    Class, whether a person gave it, and the note are properties of the region; its name
    begins with the class, and its group and colour follow it.

    Parameters
    ----------
    path : Path
        ``NAME_RoiSet.zip``.
    rows : sequence of ParticleRow
        Those that have a class.

    Raises
    ------
    LabelFileError
        The file cannot be written.
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
        # Lone halves of letters, which file names may hold, have no UTF-16.
        row.note.encode("utf-16-be")
        if row.note:
            properties[_NOTE] = " ".join(row.note.split())
    roi.properties = properties
    return roi
