"""Read TIFF: find the micrograph's page, its frames and its pixel spacing.

tifffile parses the tags; pixels are decoded by `tiff_strips`, within a known bound of
memory. It knows four kinds of compression: none, deflate, LZW and PackBits. Pages of
any other kind, too large or truncated are refused here before anything is decoded.
"""

from __future__ import annotations

import contextlib
import logging
import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import tifffile

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images import pixel_size_tags as calibration
from napari_cdse.io.images import tiff_strips
from napari_cdse.io.images.frame import Frame, check_size, quiet, wanted_frame
from napari_cdse.io.images.plain.orientation import ORIENTATION_TAG, about_orientation
from napari_cdse.io.images.tiff_vendor_tags import vendor_spacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from numpy.typing import NDArray

    from napari_cdse.io.images.frame import FrameChoice

DAMAGE = (
    ArithmeticError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    imagecodecs.LzwError,
    imagecodecs.PackbitsError,
    struct.error,
    tifffile.TiffFileError,
    zlib.error,
)
"""Errors that the decoders raise on damaged files, found by truncating files and by
flipping bytes."""

MAX_PAGES = 10_000
"""Most pages of a file. Chosen: the tags of a page take some 10 kB of memory, and a
small file can name millions of pages."""

_NONE, _LZW, _DEFLATE, _PACKBITS = (1,), (5,), (8, 32946), (32773,)
_NO_PREDICTOR, _PREDICTORS = 1, (1, 2, 3)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_REDUCED = 1
"""Bit of the tag NewSubfileType that marks a thumbnail."""
_MOST_PACKED_BITS = 16
"""Most bits per value of those that do not fill whole bytes."""
_SMALL_PIECE = 2**20
"""Pixels of a tile (1024 x 1024) that is accepted however small the page. Chosen."""
_LONGEST_TEXT = 2**20
"""Longest text of a tag in characters that is parsed, which takes about a second.
Programs write some thousand, or ten thousand with all settings of a microscope."""
_SAVE_PLAIN = "save it as an uncompressed TIFF."


class _ErrorLog(logging.Handler):
    """Notes whether tifffile logs an error about tags or pages, instead of showing it.

    Attributes
    ----------
    has_errors : bool
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.has_errors = False

    def emit(self, record: logging.LogRecord) -> None:
        """Note that there was an error."""
        self.has_errors = True


@contextlib.contextmanager
def _error_log() -> Iterator[_ErrorLog]:
    log = logging.getLogger("tifffile")
    handler = _ErrorLog()
    log.addHandler(handler)
    try:
        yield handler
    finally:
        log.removeHandler(handler)


def read_tiff(file: BufferedReader, name: str, frame: FrameChoice) -> Frame:
    """Read one frame of a TIFF file, or the mean of several.

    Of several pages the micrograph is the largest one with a single channel and the
    most bits; all pages of its size and kind are its frames. Thumbnails are left out.

    Parameters
    ----------
    file : BufferedReader
        Opened for reading.
    name : str
        What the file is called in messages.
    frame : int or str
        As in `napari_cdse.io.images.frame.wanted_frame`.

    Raises
    ------
    MicrographError
        If the file is damaged, too large or of a kind that is not supported, or has no
        such frame.
    """
    with _opened(file, name) as (tif, log):
        pages = _pages(name, tif)
        frames = _frames(file, name, tif, pages)
        values, chosen = wanted_frame(name, frame, len(frames), frames.read)
        spacing = _spacing(tif, frames.first)
        notices = _notices(pages, frames) + _about_orientation(frames.first)
    if log.has_errors or frames.is_truncated:
        damage = "The file is damaged or cut off outside the pixels that were read."
        notices = (*notices, damage)
    return Frame(values, len(frames), spacing, notices, chosen)


def count_tiff_frames(file: BufferedReader, name: str) -> int:
    """Count the frames of a TIFF file without reading pixels.

    Raises
    ------
    MicrographError
        If the file is damaged or of a kind that is not supported.
    """
    with _opened(file, name) as (tif, _):
        return len(_frames(file, name, tif, _pages(name, tif)))


@contextlib.contextmanager
def _opened(file: BufferedReader, name: str) -> Iterator[tuple[Any, _ErrorLog]]:
    """Open a file with tifffile; errors of damaged files become `MicrographError`."""
    try:
        file.seek(0)  # tifffile counts offsets from the current position
        with quiet(), _error_log() as log:
            with tifffile.TiffFile(file, is_ome=False) as tif:
                yield tif, log
    except DAMAGE as problem:
        raise MicrographError(
            f"{name} is a damaged or incomplete TIFF; copy it again from its source."
        ) from problem


def _pages(name: str, tif: Any) -> list[Any]:
    """Return all pages but thumbnails, or thumbnails if there is nothing else."""
    if len(tif.pages) > MAX_PAGES:
        raise MicrographError(
            f"{name} holds {len(tif.pages)} pages, more than the {MAX_PAGES} that are "
            "looked through; save the frame to analyse as a file of its own."
        )
    pages = list(tif.pages)
    full = [page for page in pages if not page.subfiletype & _REDUCED]
    if not pages:
        raise tifffile.TiffFileError("no pages")
    return full or pages


@dataclass(frozen=True, slots=True)
class _Frames:
    """Pages of one size and kind, or frames that follow a single page.

    ImageJ lists only the first page of a large stack; the pixels of the others follow
    without a gap.

    Attributes
    ----------
    file : BufferedReader
    name : str
        What the file is called in messages.
    pages : list of TiffPage
    n_contiguous : int
        Frames from the only page on. In a truncated file one of the missing frames
        counts too, so that reading it raises an error that says so.
    is_truncated : bool
        Whether the file lacks some of the frames.
    """

    file: BufferedReader
    name: str
    pages: list[Any]
    n_contiguous: int = 1
    is_truncated: bool = False

    @property
    def first(self) -> Any:
        """The first page, whose tags hold for all."""
        return self.pages[0]

    def __len__(self) -> int:
        return max(len(self.pages), self.n_contiguous)

    def read(self, number: int) -> NDArray[Any]:
        """Read one frame.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        ndarray, shape (rows, columns, samples)

        Raises
        ------
        MicrographError
            If the page is refused, or its pixels are missing.
        """
        if number < len(self.pages):
            page = self.pages[number]
            layout = _check(self.file, self.name, page)
            return _shown_values(self._unpacked(page, layout), page)
        return self._read_contiguous(number)

    def _unpacked(self, page: Any, layout: tiff_strips.Layout) -> NDArray[Any]:
        try:
            return tiff_strips.read_page(self.file, page, layout)
        except tiff_strips.OverlongPiece as problem:
            raise MicrographError(
                f"{self.name} unpacks to far more than its size says; "
                "it is no micrograph."
            ) from problem

    def _read_contiguous(self, number: int) -> NDArray[Any]:
        page, layout = self.first, tiff_strips.Layout.of(self.first)
        shape = (layout.rows, layout.columns, layout.samples)
        size = math.prod(shape) * layout.dtype.itemsize
        self.file.seek(page.dataoffsets[0] + number * size)
        data = self.file.read(size)
        if len(data) < size:
            raise _incomplete(self.name)
        return _shown_values(np.frombuffer(data, layout.dtype).reshape(shape), page)


def _frames(file: BufferedReader, name: str, tif: Any, pages: list[Any]) -> _Frames:
    """Find the frames of the micrograph among a file's pages."""
    page = max(pages, key=_rank)  # the first of equals
    same_kind = [each for each in pages if _kind(each) == _kind(page)]
    is_plain = page.compression in _NONE and not page.is_tiled
    stated = _imagej_frames(tif) if is_plain and len(pages) == 1 else 1
    if stated <= 1:
        return _Frames(file, name, same_kind)
    # A file may state any number; only as many can be read as it has bytes for.
    available = file.seek(0, 2) - min(page.dataoffsets, default=0)
    present = max(1, available // max(1, sum(page.databytecounts)))
    return _Frames(
        file,
        name,
        same_kind,
        n_contiguous=min(stated, present + 1),
        is_truncated=stated > present,
    )


def _rank(page: Any) -> tuple[bool, bool, int, int]:
    """Order pages by how likely they are the micrograph."""
    gray = page.samplesperpixel == 1 and page.photometric != _PALETTE
    n_pixels = page.imagelength * page.imagewidth
    return _why_not_read(page) is None, gray, n_pixels, page.bitspersample


def _kind(page: Any) -> tuple[object, ...]:
    return (
        page.imagelength,
        page.imagewidth,
        page.samplesperpixel,
        page.bitspersample,
        page.dtype,
        page.photometric,
    )


def _notices(pages: list[Any], frames: _Frames) -> tuple[str, ...]:
    """Report which of several pages was taken for the micrograph."""
    n_others = len(pages) - len(frames.pages)
    if not n_others:
        return ()
    number = next(i for i, page in enumerate(pages) if page is frames.first)
    is_single = len(frames.pages) == 1
    taken = f"page {number} was" if is_single else f"pages {number} and on were"
    return (
        f"Of the file's {len(pages)} pages (counted from 0) {taken} taken for the "
        "micrograph: the largest with one channel and the most bits.",
    )


def _about_orientation(page: Any) -> tuple[str, ...]:
    tag = page.tags.get(ORIENTATION_TAG)
    return () if tag is None else about_orientation(tag.value)


def _check(file: BufferedReader, name: str, page: Any) -> tiff_strips.Layout:
    """Refuse a page that is too large, truncated or of an unsupported kind."""
    samples = page.samplesperpixel
    check_size(name, page.imagelength, page.imagewidth, samples)
    reason = _why_not_read(page)
    if reason is not None:
        raise MicrographError(f"{name} {reason}")
    item = page.dtype.itemsize
    check_size(name, page.imagelength, page.imagewidth, samples * item)
    layout = tiff_strips.Layout.of(page)
    _check_pieces(name, layout)
    _check_complete(file, name, page, layout)
    return layout


def _why_not_read(page: Any) -> str | None:
    """Say why a page's kind is not supported, after the file's name; None if it is."""
    packing = page.compression
    if packing not in _NONE + _LZW + _DEFLATE + _PACKBITS:
        kind = getattr(packing, "name", packing)
        return f"is packed with {kind}, which is not read here; " + _SAVE_PLAIN
    known = (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE)
    if page.photometric not in known or page.imagedepth != 1 or page.dtype is None:
        return (
            "is a TIFF of an unusual kind (colour space, depth or sample type); "
            "save it as a grey TIFF."
        )
    packed = page.bitspersample != 8 * page.dtype.itemsize
    unsigned = page.dtype.kind in "ub" and page.bitspersample <= _MOST_PACKED_BITS
    if packed and (not unsigned or page.predictor != _NO_PREDICTOR):
        return f"has {page.bitspersample}-bit values that are not read; " + _SAVE_PLAIN
    if page.predictor not in _PREDICTORS:
        return f"is packed with predictor {page.predictor}; " + _SAVE_PLAIN
    return None


def _check_pieces(name: str, layout: tiff_strips.Layout) -> None:
    """Refuse strips and tiles that are far larger than the page, or too many."""
    if min(layout.piece_rows, layout.piece_columns, layout.bits) < 1:
        raise ValueError("a piece without pixels")
    piece = layout.piece_rows * layout.piece_columns
    too_large = piece > max(4 * layout.rows * layout.columns, _SMALL_PIECE)
    if too_large or layout.n_pieces > tiff_strips.MAX_PIECES:
        raise MicrographError(
            f"{name} is cut into pieces that no program writes "
            f"({layout.n_pieces} of {layout.piece_rows} x {layout.piece_columns} "
            f"pixels); {_SAVE_PLAIN}"
        )


def _check_complete(
    file: BufferedReader, name: str, page: Any, layout: tiff_strips.Layout
) -> None:
    """Refuse a page with strips or tiles missing, which would be read as zeros."""
    size = file.seek(0, 2)
    pieces = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    complete = all(count > 0 and at + count <= size for at, count in pieces)
    if len(pieces) < layout.n_pieces or not complete:
        raise _incomplete(name)


def _incomplete(name: str) -> MicrographError:
    return MicrographError(
        f"{name} is incomplete: part of its pixels is missing; "
        "copy it again from its source."
    )


def _shown_values(values: NDArray[Any], page: Any) -> NDArray[Any]:
    """Apply the palette, or invert values that count white as zero."""
    if page.photometric == _PALETTE:
        return np.asarray(np.moveaxis(page.colormap, 0, -1)[values[..., 0]])
    if page.photometric != _WHITE_IS_ZERO:
        return values
    if values.dtype.kind == "u":
        return np.asarray(values.dtype.type(2**page.bitspersample - 1) - values)
    return np.asarray(~values if values.dtype.kind in "ib" else -values)


def _imagej_frames(tif: Any) -> int:
    """Return how many frames ImageJ's description states."""
    images = _imagej_metadata(tif).get("images", 1)
    return images if isinstance(images, int) else 1


def _imagej_metadata(tif: Any) -> dict[str, Any]:
    """Parse ImageJ's description; empty if there is none, or it is too long."""
    if len(tif.pages.first.description) > _LONGEST_TEXT:
        return {}
    return tif.imagej_metadata or {}


def _spacing(tif: Any, page: Any) -> calibration.StatedSpacing | None:
    """Find the pixel spacing: vendor's tags, ImageJ, OME-XML, then resolution tags."""

    def tag(code: int) -> Any:
        entry = page.tags.get(code) or tif.pages.first.tags.get(code)
        if entry is None or entry.count > _LONGEST_TEXT:
            return None
        return entry.value

    by_vendor = vendor_spacing(tag)
    if by_vendor is not None:
        return by_vendor
    x, y, unit = (tag(code) for code in (282, 283, 296))
    by_imagej = _imagej_metadata(tif)
    if by_imagej:
        return calibration.imagej_spacing(by_imagej.get("unit"), x, y)
    stated = calibration.ome_spacing(tif.pages.first.description)
    if stated is not None:
        return stated
    # TIFF 6.0: the unit is the inch where the tag is missing.
    return calibration.resolution_spacing(2 if unit is None else unit, x, y)
