"""Read PNG, JPEG and BMP with Pillow, and refuse truncated files.

Pillow decodes some truncated files without an error. `_check_complete` therefore counts
the bytes of a PNG's pixels, and `jpeg_scans` tells whether a JPEG's scans are complete.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.frame import (
    MAX_PIXELS,
    Frame,
    check_size,
    quiet,
    wanted_frame,
)
from napari_cdse.io.images.plain.jpeg_scans import with_filling
from napari_cdse.io.images.plain.orientation import about_orientation, exif_orientation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from napari_cdse.io.images.frame import FrameChoice

DAMAGE = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""Errors that the decoders raise on damaged files, found by truncating files and by
flipping bytes."""

# Pillow's own limit on size is global and too low for large micrographs. So its readers
# are called directly, and the size is checked before anything is decoded.
READERS: dict[bytes, tuple[str, type[ImageFile]]] = {
    b"\x89PNG\r\n\x1a\n": ("PNG", PngImagePlugin.PngImageFile),
    b"\xff\xd8\xff": ("JPEG", JpegImagePlugin.JpegImageFile),
    b"BM": ("BMP", BmpImagePlugin.BmpImageFile),
}

_GRAY_MODES = ("1", "L", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_SAMPLE_MODES = ("LA", "RGB", "RGBA")
_PNG_DEPTH_AT = 24
"""Offset in a PNG file of the bits per sample; the colour type follows."""
_PNG_COLOUR_OR_ALPHA = (2, 4, 6)
"""Colour types with several samples."""
_BYTES_PER_PIXEL = 4
"""Most bytes of a decoded pixel, in all modes of Pillow that occur."""

_PNG_SIGNATURE_BYTES = 8
"""Bytes before the first chunk (PNG, third edition, 5.2)."""
_PNG_HEADER = struct.Struct(">II4s")
"""Content of the first chunk: columns; rows; depth, colour type, compression and filter
method."""
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples per pixel of each colour type (PNG, third edition, 11.2.1)."""
_SINGLE_PASS = ((0, 0, 1, 1),)
"""The pass of an image that is not interlaced, in the form of `_PNG_PASSES`."""
_PNG_PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
"""Passes of Adam7 interlacing (8.2): first row, first column, step of rows, step of
columns."""
_PIECE_BYTES = 2**20
"""Most bytes decompressed at a time, however far a chunk expands. Chosen."""


def read_raster(
    file: BufferedReader, name: str, frame: FrameChoice, magic: bytes
) -> Frame:
    """Read a PNG, JPEG or BMP file.

    Their resolution is not used as pixel size: it is meant for printers, and PNG cannot
    state less than 0.23 nm per pixel.

    Parameters
    ----------
    file : BufferedReader
        Opened for reading.
    name : str
        What the file is called in messages.
    frame : int or str
        0 or ``"mean"``: only the first image of a file is read.
    magic : bytes
        Key of `READERS` with which the file begins.

    Raises
    ------
    MicrographError
        If the file is damaged, truncated or too large, or has no such frame.
    """
    kind, reader = READERS[magic]
    try:
        notices = _notices(file, kind)
        filled = _filled(file) if kind == "JPEG" else None
        file.seek(0)
        with quiet(), reader(file) as image:
            check_size(name, image.height, image.width, _BYTES_PER_PIXEL)
            values, _ = wanted_frame(name, frame, 1, lambda _: _values(image))
            if filled is not None:
                _check_same(values, filled)
            if kind == "PNG" and _may_be_short(image):
                _check_complete(file)
            notices += _further_images(image)
            notices += about_orientation(exif_orientation(image.info.get("exif")))
    except DAMAGE as problem:
        raise MicrographError(
            f"{name} is a damaged or incomplete {kind} file; "
            "copy it again from its source."
        ) from problem
    return Frame(values, notices=notices)


def _values(image: ImageFile) -> NDArray[Any]:
    if image.mode in _GRAY_MODES or image.mode in _SAMPLE_MODES:
        return np.asarray(image)
    see_through = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if see_through else "RGB"))


def _further_images(image: ImageFile) -> tuple[str, ...]:
    """Report that the file holds more images than the one that is read."""
    n_pictures = getattr(image, "n_frames", 1)
    if n_pictures > 1:
        which = f"Only the first of the file's {n_pictures} pictures"
    elif "mpoffset" in image.info:  # several images in one JPEG (CIPA DC-007)
        which = "Only the first of the file's pictures"
    else:
        return ()
    return (f"{which} was read; save another as a file of its own.",)


def _filled(file: BufferedReader) -> bytes | None:
    """Read a JPEG and append bytes to each scan; see `jpeg_scans`."""
    file.seek(0)
    return with_filling(file.read(_BYTES_PER_PIXEL * MAX_PIXELS))


def _check_same(values: NDArray[Any], filled: bytes) -> None:
    """Raise `ValueError` if the bytes appended to its scans change a JPEG's image."""
    with JpegImagePlugin.JpegImageFile(io.BytesIO(filled)) as image:
        if not np.array_equal(values, _values(image)):
            raise ValueError("pixels are missing")


def _may_be_short(image: ImageFile) -> bool:
    """Whether a PNG may lack pixels, for which Pillow gives 0.

    They would be in the last row, or anywhere in an interlaced image.
    """
    return bool(image.info.get("interlace")) or not np.asarray(image)[-1].any()


def _notices(file: BufferedReader, kind: str) -> tuple[str, ...]:
    if kind == "JPEG":
        return ("JPEG changes faint fringes; use the original file if there is one.",)
    file.seek(_PNG_DEPTH_AT)
    depth_and_colour = file.read(2)
    if kind != "PNG" or len(depth_and_colour) < 2:
        return ()
    depth, colour = depth_and_colour
    if depth == 16 and colour in _PNG_COLOUR_OR_ALPHA:
        return ("Only 8 of the 16 bits of this PNG were read; save it as 16-bit grey.",)
    return ()


def _check_complete(file: BufferedReader) -> None:
    """Raise `ValueError` if the pixels of a PNG end before its last row.

    Pillow accepts a compressed stream that ends properly but too early, and gives 0 for
    the missing rows.
    """
    file.seek(_PNG_SIGNATURE_BYTES + 8)
    columns, rows, kind = _PNG_HEADER.unpack(file.read(_PNG_HEADER.size))
    (interlaced,) = file.read(1)
    bits = kind[0] * _PNG_SAMPLES[kind[1]]
    passes = _PNG_PASSES if interlaced else _SINGLE_PASS
    missing = _n_bytes(rows, columns, bits, passes)
    decompressor = zlib.decompressobj()
    for chunk in _pixel_chunks(file):
        compressed = chunk
        while compressed and missing > 0:
            missing -= len(decompressor.decompress(compressed, _PIECE_BYTES))
            compressed = decompressor.unconsumed_tail
        if missing <= 0:
            return
    raise ValueError("rows are missing")


def _n_bytes(
    rows: int, columns: int, bits: int, passes: tuple[tuple[int, int, int, int], ...]
) -> int:
    """Count the bytes of all rows, each with one for its filter."""
    total = 0
    for first_row, first_column, row_step, column_step in passes:
        n_rows = -(-(rows - first_row) // row_step)
        n_columns = -(-(columns - first_column) // column_step)
        if n_rows > 0 and n_columns > 0:
            total += n_rows * (1 + -(-n_columns * bits // 8))
    return total


def _pixel_chunks(file: BufferedReader) -> Iterator[bytes]:
    """Yield the contents of the chunks IDAT."""
    file.seek(_PNG_SIGNATURE_BYTES)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            yield file.read(length)
            file.seek(4, 1)  # checksum
        else:
            file.seek(length + 4, 1)
