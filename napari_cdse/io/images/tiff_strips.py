"""Decode strips and tiles of a TIFF page within a known bound of memory.

Strips and tiles are called pieces here. Decompression of a piece stops at the size that
follows from the page's tags, and no more compressed bytes are read than the least
efficient writer needs. So time and memory depend on the size of the image alone,
whatever the file says. `napari_cdse.io.images.tiff` checks a page before it calls
`read_page`.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader

    from numpy.typing import NDArray

MAX_PIECES = 2**17
"""Most strips or tiles of a page. Chosen: twice 65 536 strips of a single row."""

_SEPARATE = 2
"""Value of the tag PlanarConfiguration: each sample in a plane of its own."""
_REVERSED_BITS = 2
"""Value of the tag FillOrder: the lowest bit of each byte comes first."""
_DIFFERENCE, _FLOAT_DIFFERENCE = 2, 3
"""Values of the tag Predictor."""
_PACKBITS_SLACK = 256
"""Bytes by which the last run of a PackBits piece may exceed it: two of the longest."""
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in reverse order."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the pixels of a page are cut into pieces.

    Attributes
    ----------
    rows, columns : int
        Size of the page.
    piece_rows, piece_columns : int
        Size of a strip or tile.
    samples : int
        Values per pixel within a piece.
    planes : int
        Planes one after another, each with pieces of its own.
    bits : int
        Bits per value in the file.
    dtype : dtype
        Type of the values, in the file's byte order.
    """

    rows: int
    columns: int
    piece_rows: int
    piece_columns: int
    samples: int
    planes: int
    bits: int
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, page: Any) -> Layout:
        """Take the layout from the tags of a page of tifffile.

        Parameters
        ----------
        page : TiffPage
            As tifffile parsed it.
        """
        rows, columns = page.imagelength, page.imagewidth
        is_separate = page.planarconfig == _SEPARATE and page.samplesperpixel > 1
        tiled = page.is_tiled
        return cls(
            rows=rows,
            columns=columns,
            piece_rows=page.tilelength if tiled else min(page.rowsperstrip, rows),
            piece_columns=page.tilewidth if tiled else columns,
            samples=1 if is_separate else page.samplesperpixel,
            planes=page.samplesperpixel if is_separate else 1,
            bits=page.bitspersample,
            dtype=page.dtype.newbyteorder(page.parent.byteorder),
        )

    @property
    def whole_values(self) -> bool:
        """Whether each value fills the bytes of its type."""
        return self.bits == 8 * self.dtype.itemsize

    @property
    def bytes_per_row(self) -> int:
        """Bytes of one row of a piece; each row begins with a new byte."""
        return -(-self.piece_columns * self.samples * self.bits // 8)

    @property
    def n_pieces(self) -> int:
        """Number of strips or tiles that the page needs."""
        down, across = self._grid
        return self.planes * down * across

    def place(self, number: int) -> tuple[int, int, int]:
        """Return plane, first row and first column of a piece.

        Parameters
        ----------
        number : int
            From 0, in the order of the file.
        """
        down, across = self._grid
        plane, rest = divmod(number, down * across)
        top, left = divmod(rest, across)
        return plane, top * self.piece_rows, left * self.piece_columns

    @property
    def _grid(self) -> tuple[int, int]:
        """Number of pieces in a column and in a row of them."""
        return (
            math.ceil(self.rows / self.piece_rows),
            math.ceil(self.columns / self.piece_columns),
        )


def read_page(file: BufferedReader, page: Any, layout: Layout) -> NDArray[Any]:
    """Read a page piece by piece.

    Parameters
    ----------
    file : BufferedReader
        Opened for reading.
    page : TiffPage
        Its compression is 1, 5, 8, 32773 or 32946, its predictor 1, 2 or 3.
    layout : Layout
        That of the page.

    Returns
    -------
    ndarray, shape (rows, columns, samples)

    Raises
    ------
    ValueError, zlib.error, imagecodecs.LzwError, imagecodecs.PackbitsError
        If compressed bytes are invalid or give too little.
    OverlongPiece
        If they give too much.
    """
    shape = (layout.planes, layout.rows, layout.columns, layout.samples)
    values = np.empty(shape, layout.dtype.newbyteorder("="))
    packing, predictor = int(page.compression), int(page.predictor)
    for number in range(layout.n_pieces):
        plane, top, left = layout.place(number)
        target = values[plane, top : top + layout.piece_rows]
        target = target[:, left : left + layout.piece_columns]
        # The last strip is shorter than others; tiles are padded to full size.
        rows = layout.piece_rows if page.is_tiled else len(target)
        file.seek(page.dataoffsets[number])
        packed = _read(file, page.databytecounts[number], layout)
        if page.fillorder == _REVERSED_BITS:
            packed = packed.translate(_REVERSED)
        data = unpack(packed, packing, rows * layout.bytes_per_row, _most(layout))
        piece = _piece(data, rows, predictor, layout)
        target[:] = piece[: target.shape[0], : target.shape[1]]
    if layout.planes == 1:
        return np.asarray(values[0])
    return np.moveaxis(values[..., 0], 0, 2)


def unpack(packed: bytes, packing: int, least: int, most: int) -> bytes:
    """Decompress one strip or tile.

    Parameters
    ----------
    packed : bytes
        The piece as it is in the file.
    packing : int
        Value of the tag Compression: 1, 5, 8, 32773 or 32946.
    least : int
        Bytes that are needed; further ones are dropped.
    most : int
        Bytes of a piece of full size.

    Returns
    -------
    bytes
        Of length ``least``.

    Raises
    ------
    ValueError
        If the piece is too short.
    OverlongPiece
        If it is longer than one of full size.
    """
    data = _UNPACKERS[packing](packed, most + 1)
    if len(data) < least:
        raise ValueError(f"strip holds {len(data)} bytes of {least}")
    if packing in (8, 32946) and len(data) > most:
        raise OverlongPiece
    return data[:least]


class OverlongPiece(ValueError):
    """A piece that decompresses to more bytes than the page's tags allow."""


def _most(layout: Layout) -> int:
    """Return the bytes of a piece of full size."""
    return layout.piece_rows * layout.bytes_per_row


def _read(file: BufferedReader, count: int, layout: Layout) -> bytes:
    """Read a piece, but no more than its least efficient compression would take."""
    return file.read(min(count, 2 * _most(layout) + 4096))


def _piece(data: bytes, rows: int, predictor: int, layout: Layout) -> NDArray[Any]:
    """Convert the bytes of a piece to values of shape (rows, columns, samples)."""
    columns, samples = layout.piece_columns, layout.samples
    if predictor == _FLOAT_DIFFERENCE:
        return _float_values(data, rows, layout)
    if not layout.whole_values:
        per_row = columns * samples
        unsigned = np.uint8 if layout.bits <= 8 else layout.dtype.newbyteorder("=")
        values = imagecodecs.packints_decode(
            data, unsigned, layout.bits, runlen=per_row
        )
        return np.asarray(values).reshape(rows, columns, samples)
    values = np.frombuffer(data, layout.dtype).reshape(rows, columns, samples)
    if predictor == _DIFFERENCE:
        # Sums overflow and wrap, as the differences did when they were written.
        whole = values.view(f"{layout.dtype.byteorder}u{layout.dtype.itemsize}")
        sums = np.cumsum(whole, axis=1, dtype=f"=u{layout.dtype.itemsize}")
        return sums.view(layout.dtype.newbyteorder("="))
    return values


def _float_values(data: bytes, rows: int, layout: Layout) -> NDArray[Any]:
    """Undo the predictor of floats: sum bytes along rows, then gather each value's.

    After Adobe Photoshop's TIFF Technical Note 3 (2005): the highest bytes of all
    values of a row come first.
    """
    columns, samples, size = layout.piece_columns, layout.samples, layout.dtype.itemsize
    bytes_ = np.frombuffer(data, np.uint8).reshape(rows, -1, samples)
    planes = np.cumsum(bytes_, axis=1, dtype=np.uint8)
    planes = planes.reshape(rows, size, columns * samples)
    gathered = np.ascontiguousarray(planes.transpose(0, 2, 1))
    return gathered.view(layout.dtype.newbyteorder(">")).reshape(rows, columns, samples)


def _as_it_is(packed: bytes, most: int) -> bytes:
    return packed[:most]


def _inflate(packed: bytes, most: int) -> bytes:
    return zlib.decompressobj().decompress(packed, most)


def _unpack_lzw(packed: bytes, most: int) -> bytes:
    return bytes(imagecodecs.lzw_decode(packed, out=most))


def _unpack_bits(packed: bytes, most: int) -> bytes:
    return bytes(imagecodecs.packbits_decode(packed, out=most + _PACKBITS_SLACK))


_UNPACKERS: dict[int, Callable[[bytes, int], bytes]] = {
    1: _as_it_is,
    5: _unpack_lzw,
    8: _inflate,
    32773: _unpack_bits,
    32946: _inflate,
}
