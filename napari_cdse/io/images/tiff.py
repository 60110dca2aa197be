"""TIFF frames, read with tifffile; what it cannot unpack by itself, strip by strip.

Only four kinds of packing are let in, because these are unpacked within a known
bound: none, deflate, LZW and PackBits.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images import pixel_size_tags as calibration
from napari_cdse.io.images import tiff_strips
from napari_cdse.io.images.frame import Frame, check_frame, check_size, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from numpy.typing import NDArray

# What the decoders raise on damaged files, found by truncating and flipping bytes.
DAMAGE = (
    ArithmeticError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
    tifffile.TiffFileError,
    zlib.error,
)

MAX_PAGES = 10_000
"""Longest stack: the tags of a page take some 10 kB, and a small file can name
millions of pages."""

_NONE, _LZW, _DEFLATE, _PACKBITS = (1,), (5,), (8, 32946), (32773,)
_PREDICTORS = (1, 2)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_INTERLEAVED = 1
_REDUCED = 1  # bit of NewSubfileType


class _Complaints(logging.Handler):
    """Takes what tifffile would log to the console about broken tags and pages."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember that there was something."""
        self.heard = True


@contextlib.contextmanager
def _complaints() -> Iterator[_Complaints]:
    log = logging.getLogger("tifffile")
    handler = _Complaints()
    log.addHandler(handler)
    try:
        yield handler
    finally:
        log.removeHandler(handler)


def read_tiff(file: BufferedReader, name: str, frame: int) -> Frame:
    """Read one frame of a TIFF file.

    Parameters
    ----------
    file : BufferedReader
        Opened for reading.
    name : str
        What the file is called in messages.
    frame : int
        Number of the page, from 0; thumbnails do not count.

    Raises
    ------
    MicrographError
        Damaged, too large, no such frame, or packed in a way that is not read.
    """
    try:
        with quiet(), _complaints() as complaints:
            found = _read(file, name, frame)
    except DAMAGE as problem:
        raise MicrographError(
            f"{name} is a damaged or incomplete TIFF; copy it again from its source."
        ) from problem
    if not complaints.heard:
        return found
    notice = "The file is damaged or cut off outside the pixels that were read."
    return dataclasses.replace(found, notices=(notice,))


def _read(file: BufferedReader, name: str, frame: int) -> Frame:
    file.seek(0)  # tifffile counts from where the file stands
    with tifffile.TiffFile(file, is_ome=False) as tif:
        pages = _pages(name, tif)
        if not pages:
            raise tifffile.TiffFileError("no pages")
        check_frame(name, frame, len(pages))
        page = pages[frame]
        _check(file, name, page)
        values = _shown_values(_values(file, name, page), page)
        n_frames = max(len(pages), _imagej_frames(tif))
        return Frame(values, n_frames, _spacing(tif, page))


def _pages(name: str, tif: Any) -> list[Any]:
    """Leave out thumbnails, unless there is nothing else."""
    if len(tif.pages) > MAX_PAGES:
        raise MicrographError(
            f"{name} holds {len(tif.pages)} pages, more than the {MAX_PAGES} that are "
            "looked through; save the frame to analyse as a file of its own."
        )
    pages = list(tif.pages)
    full = [page for page in pages if not page.subfiletype & _REDUCED]
    return full or pages


def _check(file: BufferedReader, name: str, page: Any) -> None:
    """Refuse what is too large, cut off or of an unknown kind, before decoding."""
    samples = page.samplesperpixel
    check_size(name, page.imagelength, page.imagewidth, samples)
    _check_kind(name, page)
    item = page.dtype.itemsize
    check_size(name, page.imagelength, page.imagewidth, samples * item)
    if page.is_tiled:
        check_size(name, page.tilelength, page.tilewidth, samples * item)
    _check_complete(file, name, page)
    if page.compression in _DEFLATE:
        _check_deflate(file, name, page, math.prod(page.chunks) * item)


def _check_kind(name: str, page: Any) -> None:
    packing = page.compression
    if packing not in _NONE + _LZW + _DEFLATE + _PACKBITS:
        kind = getattr(packing, "name", packing)
        raise MicrographError(
            f"{name} is packed with {kind}, which is not read here; "
            "save it as an uncompressed TIFF."
        )
    known = (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE)
    if page.photometric not in known or page.imagedepth != 1 or page.dtype is None:
        raise MicrographError(
            f"{name} is a TIFF of an unusual kind (colour space, depth or sample "
            "type); save it as a gray TIFF."
        )


def _check_complete(file: BufferedReader, name: str, page: Any) -> None:
    """Refuse missing pieces, which the decoder would fill with zeros."""
    size = file.seek(0, 2)
    counts, offsets = page.databytecounts, page.dataoffsets
    pieces = list(zip(offsets, counts, strict=False))
    complete = all(count > 0 and at + count <= size for at, count in pieces)
    if page.compression in _NONE and complete:
        needed = math.prod(page.shaped) * page.bitspersample // 8
        complete = sum(counts) >= needed
    if not pieces or not complete or len(pieces) < math.prod(page.chunked):
        raise MicrographError(
            f"{name} is incomplete: part of its pixels is missing; "
            "copy it again from its source."
        )


def _check_deflate(file: BufferedReader, name: str, page: Any, most: int) -> None:
    """Unpack each piece up to what it may hold; tifffile would not stop there."""
    for at, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        file.seek(at)
        if tiff_strips.unpacked_size(file.read(count), most) > most:
            raise MicrographError(
                f"{name} unpacks to far more than its size says; it is no micrograph."
            )


def _values(file: BufferedReader, name: str, page: Any) -> NDArray[Any]:
    """Decode to (rows, columns, samples)."""
    if page.compression in _NONE + _DEFLATE and page.predictor in _PREDICTORS:
        values = page.asarray(squeeze=False, maxworkers=1)[:, 0]
        # (planes, rows, columns, interleaved samples); one of the two is 1.
        return values[0] if values.shape[0] == 1 else np.moveaxis(values[..., 0], 0, 2)
    return _values_in_strips(file, name, page)


def _values_in_strips(file: BufferedReader, name: str, page: Any) -> NDArray[Any]:
    rows, columns, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    whole = page.bitspersample == 8 * page.dtype.itemsize and page.fillorder == 1
    interleaved = samples == 1 or page.planarconfig == _INTERLEAVED
    if page.is_tiled or not whole or not interleaved:
        raise MicrographError(
            f"{name} is packed in a way that is not read for its layout; "
            "save it as an uncompressed TIFF."
        )
    dtype = page.dtype.newbyteorder(page.parent.byteorder)
    values = np.empty((rows, columns, samples), page.dtype)
    per_row = columns * samples * dtype.itemsize
    for strip, top in enumerate(range(0, rows, page.rowsperstrip)):
        n = min(page.rowsperstrip, rows - top)
        file.seek(page.dataoffsets[strip])
        packed = file.read(page.databytecounts[strip])
        data = tiff_strips.unpack(packed, int(page.compression), n * per_row)
        values[top : top + n] = tiff_strips.values_of(
            data, dtype, n, columns, samples, page.predictor
        )
    return values


def _shown_values(values: NDArray[Any], page: Any) -> NDArray[Any]:
    """Apply the palette, or turn round what counts white as zero."""
    if page.photometric == _PALETTE:
        return np.asarray(np.moveaxis(page.colormap, 0, -1)[values[..., 0]])
    if page.photometric != _WHITE_IS_ZERO:
        return values
    if values.dtype.kind == "u":
        return np.asarray(values.dtype.type(2**page.bitspersample - 1) - values)
    return np.asarray(~values if values.dtype.kind in "ib" else -values)


def _imagej_frames(tif: Any) -> int:
    """Count the frames of an ImageJ stack that lists only its first page."""
    images = (tif.imagej_metadata or {}).get("images", 1)
    return images if isinstance(images, int) else 1


def _spacing(tif: Any, page: Any) -> calibration.PixelSpacing | None:
    x, y = _tag(page, "XResolution"), _tag(page, "YResolution")
    if tif.imagej_metadata is not None:
        length = tif.imagej_metadata.get("unit")
        return calibration.imagej_spacing(length, x, y)
    stated = calibration.ome_spacing(tif.pages.first.description)
    if stated is not None:
        return stated
    unit = _tag(page, "ResolutionUnit")
    # The TIFF 6.0 default is the inch.
    return calibration.resolution_spacing(2 if unit is None else unit, x, y)


def _tag(page: Any, name: str) -> Any:
    tag = page.tags.get(name)
    return None if tag is None else tag.value
