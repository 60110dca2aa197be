"""Read series of TIA (TEM Imaging & Analysis): .ser files with their .emi file.

RosettaSciIO decodes all frames of a series even for one, so the format is read here,
after C. Boothroyd, "Notes on the TIA .ser file format" (2010). A file has a header, a
table of offsets, and an element for each picture: a small header, then the rows from
bottom to top. The .emi beside it tells whether the microscope was in diffraction.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.files import name_of, read_file, shown
from napari_cdse.io.images.frame import Frame, check_size, wanted_frame
from napari_cdse.io.images.pixel_size_tags import stated_spacing

if TYPE_CHECKING:
    from io import BufferedReader

    from numpy.typing import NDArray

    from napari_cdse.io.images.frame import FrameChoice

SER_MAGIC = b"II\x97\x01"
"""Little-endian byte-order mark, and the number of the format, 0x0197."""
SER_SUFFIX, EMI_SUFFIX = ".ser", ".emi"

MAX_FRAMES = 2**20
"""Most frames of a series. Chosen: the table of offsets then takes 8 MiB."""

_HEADER = struct.Struct("<HHHIIII")
"""Byte order, format, version; type of data, type of tag; number of elements and of
those that were written. The offset of the table follows."""
_LAST_SHORT_VERSION = 528
"""Last version with offsets of 4 bytes; later ones take 8."""
_PICTURES, _SPECTRA = 16674, 16672
"""Types of data: two dimensions, one dimension."""
_ELEMENT = struct.Struct("<ddIddIHII")
"""Calibration of columns (origin, step in m, element), the same of rows; type of
numbers; columns and rows."""
_DTYPES = {
    1: "<u1",
    2: "<u2",
    3: "<u4",
    4: "<i1",
    5: "<i2",
    6: "<i4",
    7: "<f4",
    8: "<f8",
    9: "<c8",
    10: "<c16",
}
"""NumPy's types by the format's codes."""
_MAX_EMI_BYTES = 2**28
"""Largest .emi file that is read. Chosen."""
_MODE = re.compile(rb"<Label>Mode</Label>\s*<Value>([^<]{0,200})</Value>")


@dataclass(frozen=True, slots=True)
class _Element:
    """Form and place of one picture of a series.

    Attributes
    ----------
    offset : int
        Of its values in the file, in bytes.
    rows, columns : int
        Size of the picture.
    row_m, col_m : float
        Distance of rows and columns in m.
    dtype : dtype
        Type of the values in the file.
    """

    offset: int
    rows: int
    columns: int
    row_m: float
    col_m: float
    dtype: np.dtype[Any]


def read_series(
    file: BufferedReader, name: str, frame: FrameChoice, path: Path
) -> Frame:
    """Read one frame of a series, or the mean of several.

    Parameters
    ----------
    file : BufferedReader
        Opened for reading.
    name : str
        What the file is called in messages.
    frame : int or str
        As in `napari_cdse.io.images.frame.wanted_frame`.
    path : Path
        Of the file; the .emi beside it tells whether the pictures show diffraction.

    Raises
    ------
    MicrographError
        If the file is damaged or too large, holds spectra, has no such frame, or
        frames of different sizes.
    """
    offsets = _element_offsets(file, name)
    first = _element(file, name, offsets[0])

    def read(number: int) -> NDArray[Any]:
        element = _element(file, name, offsets[number])
        if (element.rows, element.columns) != (first.rows, first.columns):
            raise MicrographError(
                f"The frames of {name} differ in size; save the one to analyse as a "
                "file of its own."
            )
        return _values(file, name, element)

    values, chosen = wanted_frame(name, frame, len(offsets), read)
    unit = "1/m" if _shows_diffraction(path) else "m"
    spacing = stated_spacing("The file", first.row_m, first.col_m, unit)
    return Frame(values, len(offsets), spacing, (), chosen)


def count_series_frames(file: BufferedReader, name: str) -> int:
    """Count the frames of a series from its header.

    Raises
    ------
    MicrographError
        If the file is damaged or holds spectra.
    """
    return len(_element_offsets(file, name))


def series_of(path: str | os.PathLike[str]) -> Path:
    """Return the first series that an .emi describes, ``STEM_1.ser``.

    Raises
    ------
    MicrographError
        If there is none beside it.
    """
    series = series_beside(path)
    if series is None:
        raise MicrographError(
            f"{name_of(path)} only describes pictures; put the file with the pixels, "
            f"{shown(Path(path).stem)}_1{SER_SUFFIX}, beside it."
        )
    return series


def series_beside(path: str | os.PathLike[str]) -> Path | None:
    """Return the first series that belongs to an .emi; None if there is none."""
    description = Path(path)
    for number in range(1, 10):
        for suffix in (SER_SUFFIX, SER_SUFFIX.upper()):
            series = description.with_name(f"{description.stem}_{number}{suffix}")
            if os.path.isfile(series):
                return series
    return None


def description_of(path: Path) -> Path | None:
    """Return the .emi beside a series; None if there is none."""
    stem, _, number = path.stem.rpartition("_")
    description = path.with_name(stem + EMI_SUFFIX)
    is_series = stem and number.isdigit() and path.suffix.lower() == SER_SUFFIX
    return description if is_series and os.path.isfile(description) else None


def _element_offsets(file: BufferedReader, name: str) -> list[int]:
    """Read the table of offsets, all of which lie in the file."""
    size = file.seek(0, 2)
    data = _bytes(file, name, 0, _HEADER.size + 8)
    _, _, version, kind, _, _, n_valid = _HEADER.unpack_from(data)
    if kind != _PICTURES:
        what = "spectra" if kind == _SPECTRA else "no pictures"
        raise MicrographError(
            f"{name} holds {what}, no micrograph; choose a file with pictures."
        )
    is_short = version <= _LAST_SHORT_VERSION
    table = struct.unpack_from("<I" if is_short else "<Q", data, _HEADER.size)[0]
    offset_bytes = 4 if is_short else 8
    if not 0 < n_valid <= min(MAX_FRAMES, size // offset_bytes):
        raise _damaged(name)
    data = _bytes(file, name, table, n_valid * offset_bytes)
    offsets: list[int] = np.frombuffer(data, f"<u{offset_bytes}").tolist()
    if max(offsets) + _ELEMENT.size > size:
        raise _damaged(name)
    return offsets


def _element(file: BufferedReader, name: str, offset: int) -> _Element:
    fields = _ELEMENT.unpack(_bytes(file, name, offset, _ELEMENT.size))
    _, col_m, _, _, row_m, _, code, columns, rows = fields
    if code not in _DTYPES:
        raise _damaged(name)
    dtype = np.dtype(_DTYPES[code])
    check_size(name, rows, columns, dtype.itemsize)
    return _Element(offset + _ELEMENT.size, rows, columns, row_m, col_m, dtype)


def _values(file: BufferedReader, name: str, element: _Element) -> NDArray[Any]:
    n_bytes = element.rows * element.columns * element.dtype.itemsize
    data = _bytes(file, name, element.offset, n_bytes)
    values = np.frombuffer(data, element.dtype).reshape(element.rows, element.columns)
    return values[::-1]  # the last row comes first in the file


def _bytes(file: BufferedReader, name: str, offset: int, count: int) -> bytes:
    """Read exactly so many bytes, after checking that the file has them."""
    if offset + count > file.seek(0, 2):
        raise _damaged(name)
    file.seek(offset)
    data = file.read(count)
    if len(data) < count:
        raise _damaged(name)
    return data


def _damaged(name: str) -> MicrographError:
    return MicrographError(
        f"{name} is a damaged or incomplete TIA series; copy it again from its source."
    )


def _shows_diffraction(path: Path) -> bool:
    """Whether the .emi beside a series says that the microscope was in diffraction.

    Its calibration is then one of reciprocal lengths, although in the same fields.
    """
    description = description_of(path)
    if description is None:
        return False
    text = read_file(description, _MAX_EMI_BYTES, MicrographError)
    mode = _MODE.search(text)
    return mode is not None and b"diffraction" in mode[1].lower()
