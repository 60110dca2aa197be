"""Read TIFF: find the page of the micrograph, its frames and its calibration.

Only four kinds of packing are let in, because these are unpacked within a known
bound: none, deflate, LZW and PackBits.
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

# What the decoders raise on damaged files, found by truncating and flipping bytes.
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

MAX_PAGES = 10_000
"""Longest stack: the tags of a page take some 10 kB, and a small file can name
millions of pages."""

_NONE, _LZW, _DEFLATE, _PACKBITS = (1,), (5,), (8, 32946), (32773,)
_NO_PREDICTOR, _PREDICTORS = 1, (1, 2, 3)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_REDUCED = 1  # bit of NewSubfileType
_MOST_PACKED_BITS = 16
_SMALL_PIECE = 2**20
"""Pixels of a tile that is no burden, however small the picture (1024 x 1024)."""
_LONGEST_TEXT = 2**20
"""Letters of a tag that is taken apart, which takes a second. Those that programs write
have some thousand, with the notes of a whole microscope some ten thousand."""
_SAVE_PLAIN = "save it as an uncompressed TIFF."


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


def read_tiff(file: BufferedReader, name: str, frame: FrameChoice) -> Frame:
    """Read one frame of a TIFF file, or the mean of several.

    Of several pages the micrograph is the largest one with a single channel and the
    most bits; all pages of its size and kind are its frames. Thumbnails don't count.

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
        Damaged, too large, no such frame, or packed in a way that is not read.
    """
    with _opened(file, name) as (tif, complaints):
        pages = _pages(name, tif)
        frames = _frames(file, name, tif, pages)
        values, chosen = wanted_frame(name, frame, len(frames), frames.read)
        spacing = _spacing(tif, frames.first)
        notices = _notices(pages, frames) + _about_orientation(frames.first)
    if complaints.heard or frames.is_cut:
        told = "The file is damaged or cut off outside the pixels that were read."
        notices = (*notices, told)
    return Frame(values, len(frames), spacing, notices, chosen)


def count_tiff_frames(file: BufferedReader, name: str) -> int:
    """Count the frames of a TIFF file without reading pixels.

    Raises
    ------
    MicrographError
        Damaged, or not of a kind that is read.
    """
    with _opened(file, name) as (tif, _):
        return len(_frames(file, name, tif, _pages(name, tif)))


@contextlib.contextmanager
def _opened(file: BufferedReader, name: str) -> Iterator[tuple[Any, _Complaints]]:
    """Let tifffile look at a file; what it raises on damage becomes a sentence."""
    try:
        file.seek(0)  # tifffile counts from where the file stands
        with quiet(), _complaints() as complaints:
            with tifffile.TiffFile(file, is_ome=False) as tif:
                yield tif, complaints
    except DAMAGE as problem:
        raise MicrographError(
            f"{name} is a damaged or incomplete TIFF; copy it again from its source."
        ) from problem


def _pages(name: str, tif: Any) -> list[Any]:
    """Leave out thumbnails, unless there is nothing else."""
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
    """Pages of one size and kind, or frames that lie behind a single page.

    ImageJ lists only the first page of a large stack; the others follow without a
    gap. Of those that a cut file lacks one is counted, to be told as incomplete.
    """

    file: BufferedReader
    name: str
    pages: list[Any]
    n_behind_page: int = 1
    is_cut: bool = False

    @property
    def first(self) -> Any:
        """The page that stands for all."""
        return self.pages[0]

    def __len__(self) -> int:
        return max(len(self.pages), self.n_behind_page)

    def read(self, number: int) -> NDArray[Any]:
        """Read one frame, shape (rows, columns, samples)."""
        if number < len(self.pages):
            page = self.pages[number]
            layout = _check(self.file, self.name, page)
            return _shown_values(self._unpacked(page, layout), page)
        return self._read_behind(number)

    def _unpacked(self, page: Any, layout: tiff_strips.Layout) -> NDArray[Any]:
        try:
            return tiff_strips.read_page(self.file, page, layout)
        except tiff_strips.OverlongPiece as problem:
            raise MicrographError(
                f"{self.name} unpacks to far more than its size says; "
                "it is no micrograph."
            ) from problem

    def _read_behind(self, number: int) -> NDArray[Any]:
        page, layout = self.first, tiff_strips.Layout.of(self.first)
        shape = (layout.rows, layout.columns, layout.samples)
        size = math.prod(shape) * layout.dtype.itemsize
        self.file.seek(page.dataoffsets[0] + number * size)
        data = self.file.read(size)
        if len(data) < size:
            raise _incomplete(self.name)
        return _shown_values(np.frombuffer(data, layout.dtype).reshape(shape), page)


def _frames(file: BufferedReader, name: str, tif: Any, pages: list[Any]) -> _Frames:
    page = max(pages, key=_rank)  # the first of equals
    same = [one for one in pages if _kind(one) == _kind(page)]
    plain = page.compression in _NONE and not page.is_tiled
    stated = _imagej_frames(tif) if plain and len(pages) == 1 else 1
    if stated <= 1:
        return _Frames(file, name, same)
    # What is stated costs nothing; what lies in the file was written.
    room = file.seek(0, 2) - min(page.dataoffsets, default=0)
    whole = max(1, room // max(1, sum(page.databytecounts)))
    return _Frames(file, name, same, min(stated, whole + 1), is_cut=stated > whole)


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
    """Say which page was taken where that was a choice."""
    n_others = len(pages) - len(frames.pages)
    if not n_others:
        return ()
    number = next(i for i, page in enumerate(pages) if page is frames.first)
    one = len(frames.pages) == 1
    taken = f"page {number} was" if one else f"pages {number} and on were"
    return (
        f"Of the file's {len(pages)} pages (counted from 0) {taken} taken for the "
        "micrograph: the largest with one channel and the most bits.",
    )


def _about_orientation(page: Any) -> tuple[str, ...]:
    tag = page.tags.get(ORIENTATION_TAG)
    return () if tag is None else about_orientation(tag.value)


def _check(file: BufferedReader, name: str, page: Any) -> tiff_strips.Layout:
    """Refuse what is too large, cut off or of an unknown kind, before decoding."""
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
    """Say why a page is of a kind that is not read, after the file's name."""
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
    """Refuse pieces that are far larger than the picture, or too many."""
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
    """Refuse missing pieces, which must not be read as zeros."""
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
    images = _imagej_metadata(tif).get("images", 1)
    return images if isinstance(images, int) else 1


def _imagej_metadata(tif: Any) -> dict[str, Any]:
    """Read what ImageJ says of a file; nothing where it is longer than it ever is."""
    if len(tif.pages.first.description) > _LONGEST_TEXT:
        return {}
    return tif.imagej_metadata or {}


def _spacing(tif: Any, page: Any) -> calibration.StatedSpacing | None:
    def tag(code: int) -> Any:
        found = page.tags.get(code) or tif.pages.first.tags.get(code)
        if found is None or found.count > _LONGEST_TEXT:
            return None
        return found.value

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
    # The TIFF 6.0 default is the inch.
    return calibration.resolution_spacing(2 if unit is None else unit, x, y)
