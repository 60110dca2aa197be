"""PNG, JPEG and BMP, read with Pillow."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.frame import Frame, check_size, quiet, wanted_frame

if TYPE_CHECKING:
    from io import BufferedReader

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from napari_cdse.io.images.frame import FrameChoice

# What the decoders raise on damaged files, found by truncating and flipping bytes.
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

# Pillow's own limit would stand in the way of large micrographs, and is global; so the
# readers are called directly, and the size is checked before anything is decoded.
READERS: dict[bytes, tuple[str, type[ImageFile]]] = {
    b"\x89PNG\r\n\x1a\n": ("PNG", PngImagePlugin.PngImageFile),
    b"\xff\xd8\xff": ("JPEG", JpegImagePlugin.JpegImageFile),
    b"BM": ("BMP", BmpImagePlugin.BmpImageFile),
}

_GRAY_MODES = ("1", "L", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_SAMPLE_MODES = ("LA", "RGB", "RGBA")
_PNG_DEPTH_AT = 24
"""Byte of a PNG's first chunk that holds the bits per sample; the next, the colour."""
_PNG_COLOUR_OR_ALPHA = (2, 4, 6)
_BYTES_PER_PIXEL = 4


def read_raster(
    file: BufferedReader, name: str, frame: FrameChoice, magic: bytes
) -> Frame:
    """Read a PNG, JPEG or BMP file.

    No calibration is taken from these: the densities they can state end at 0.23 nm
    per pixel (PNG) and are made for printers.

    Parameters
    ----------
    file : BufferedReader
        Opened for reading.
    name : str
        What the file is called in messages.
    frame : int or str
        There is only one.
    magic : bytes
        Key of `READERS` with which the file begins.

    Raises
    ------
    MicrographError
        Damaged, cut off, or too large.
    """
    kind, reader = READERS[magic]
    try:
        notices = _notices(file, kind)
        file.seek(0)
        with quiet(), reader(file) as image:
            check_size(name, image.height, image.width, _BYTES_PER_PIXEL)
            values, _ = wanted_frame(name, frame, 1, lambda _: _values(image))
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


def _notices(file: BufferedReader, kind: str) -> tuple[str, ...]:
    if kind == "JPEG":
        return ("JPEG changes faint fringes; use the original file if there is one.",)
    file.seek(_PNG_DEPTH_AT)
    depth_and_colour = file.read(2)
    if kind != "PNG" or len(depth_and_colour) < 2:
        return ()
    depth, colour = depth_and_colour
    if depth == 16 and colour in _PNG_COLOUR_OR_ALPHA:
        return ("Only 8 of the 16 bits of this PNG were read; save it as 16-bit gray.",)
    return ()
