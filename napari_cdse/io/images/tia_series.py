"""Read series of TIA (TEM Imaging & Analysis): .ser files with their .emi file.

RosettaSciIO reads all frames of a series to tell of its first, so its header is read
here: the layout is that of C. Boothroyd, "Notes on the TIA .ser file format" (2010).
The pictures lie upside down in it.
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
"""Little-endian mark and the number of the format, 0x0197."""
SER_SUFFIX, EMI_SUFFIX = ".ser", ".emi"

MAX_FRAMES = 2**20
"""Longest series: its table of places takes 8 MB."""

_HEADER = struct.Struct("<HHHIIII")  # ends before the place of the table
_LAST_SHORT_VERSION = 528
"""Up to this version places in the file take 4 bytes, later 8."""
_PICTURES, _SPECTRA = 16674, 16672
_ELEMENT = struct.Struct("<ddIddIHII")
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
_MAX_EMI_BYTES = 2**28
_MODE = re.compile(rb"<Label>Mode</Label>\s*<Value>([^<]{0,200})</Value>")


@dataclass(frozen=True, slots=True)
class _Element:
    """One picture of a series."""

    at: int
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
        Where the file lies; an .emi beside it knows whether it shows diffraction.

    Raises
    ------
    MicrographError
        Damaged, too large, no such frame, or spectra.
    """
    places = _places(file, name)
    first = _element(file, name, places[0])

    def read(number: int) -> NDArray[Any]:
        element = _element(file, name, places[number])
        if (element.rows, element.columns) != (first.rows, first.columns):
            raise MicrographError(
                f"The frames of {name} differ in size; save the one to analyse as a "
                "file of its own."
            )
        return _values(file, name, element)

    values, chosen = wanted_frame(name, frame, len(places), read)
    unit = "1/m" if _shows_diffraction(path) else "m"
    spacing = stated_spacing("The file", first.row_m, first.col_m, unit)
    return Frame(values, len(places), spacing, (), chosen)


def count_series_frames(file: BufferedReader, name: str) -> int:
    """Count the frames of a series from its header.

    Raises
    ------
    MicrographError
        Damaged, or spectra.
    """
    return len(_places(file, name))


def series_of(path: str | os.PathLike[str]) -> Path:
    """Find the series that an .emi describes: the first one, ``STEM_1.ser``.

    Raises
    ------
    MicrographError
        Where none lies beside it.
    """
    found = series_beside(path)
    if found is None:
        raise MicrographError(
            f"{name_of(path)} only describes pictures; put the file with the pixels, "
            f"{shown(Path(path).stem)}_1{SER_SUFFIX}, beside it."
        )
    return found


def series_beside(path: str | os.PathLike[str]) -> Path | None:
    """Return the first series that belongs to an .emi; None where there is none."""
    own = Path(path)
    for number in range(1, 10):
        for suffix in (SER_SUFFIX, SER_SUFFIX.upper()):
            series = own.with_name(f"{own.stem}_{number}{suffix}")
            if os.path.isfile(series):
                return series
    return None


def description_of(path: Path) -> Path | None:
    """Return the .emi beside a series; None where there is none."""
    stem, _, number = path.stem.rpartition("_")
    description = path.with_name(stem + EMI_SUFFIX)
    beside = stem and number.isdigit() and path.suffix.lower() == SER_SUFFIX
    return description if beside and os.path.isfile(description) else None


def _places(file: BufferedReader, name: str) -> list[int]:
    """Where the pictures of a series begin in the file."""
    size = file.seek(0, 2)
    data = _bytes(file, name, 0, _HEADER.size + 8)
    _, _, version, kind, _, _, n_valid = _HEADER.unpack_from(data)
    if kind != _PICTURES:
        what = "spectra" if kind == _SPECTRA else "no pictures"
        raise MicrographError(
            f"{name} holds {what}, no micrograph; choose a file with pictures."
        )
    short = version <= _LAST_SHORT_VERSION
    table = struct.unpack_from("<I" if short else "<Q", data, _HEADER.size)[0]
    width = 4 if short else 8
    if not 0 < n_valid <= min(MAX_FRAMES, size // width):
        raise _damaged(name)
    data = _bytes(file, name, table, n_valid * width)
    offsets: list[int] = np.frombuffer(data, f"<u{width}").tolist()
    if max(offsets) + _ELEMENT.size > size:
        raise _damaged(name)
    return offsets


def _element(file: BufferedReader, name: str, at: int) -> _Element:
    fields = _ELEMENT.unpack(_bytes(file, name, at, _ELEMENT.size))
    _, col_m, _, _, row_m, _, code, columns, rows = fields
    if code not in _DTYPES:
        raise _damaged(name)
    dtype = np.dtype(_DTYPES[code])
    check_size(name, rows, columns, dtype.itemsize)
    return _Element(at + _ELEMENT.size, rows, columns, row_m, col_m, dtype)


def _values(file: BufferedReader, name: str, element: _Element) -> NDArray[Any]:
    n_bytes = element.rows * element.columns * element.dtype.itemsize
    data = _bytes(file, name, element.at, n_bytes)
    values = np.frombuffer(data, element.dtype).reshape(element.rows, element.columns)
    return values[::-1]


def _bytes(file: BufferedReader, name: str, at: int, count: int) -> bytes:
    """Read so many bytes and no fewer, without asking for more than there are."""
    if at + count > file.seek(0, 2):
        raise _damaged(name)
    file.seek(at)
    data = file.read(count)
    if len(data) < count:
        raise _damaged(name)
    return data


def _damaged(name: str) -> MicrographError:
    return MicrographError(
        f"{name} is a damaged or incomplete TIA series; copy it again from its source."
    )


def _shows_diffraction(path: Path) -> bool:
    """Whether the .emi beside a series says that the microscope was in diffraction."""
    description = description_of(path)
    if description is None:
        return False
    text = read_file(description, _MAX_EMI_BYTES, MicrographError)
    found = _MODE.search(text)
    return found is not None and b"diffraction" in found[1].lower()
