"""Decode strips and tiles of a TIFF page within a known bound of memory.

Everything stops at the size that a piece may have by the page's own numbers, and no
more is read of it than any writer would need; so time and memory follow from the size
of the picture, whatever the file says.
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
"""Most strips or tiles that a page is cut into: 65 536 rows one by one, with room."""

_SEPARATE = 2
_REVERSED_BITS = 2
_PLAIN, _DIFFERENCE, _FLOAT_DIFFERENCE = 1, 2, 3
_PACKBITS_SLACK = 256
"""Bytes by which the last run of a PackBits strip may go beyond the strip."""
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


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
        """Take the layout from the tags of a page of tifffile."""
        rows, columns = page.imagelength, page.imagewidth
        separate = page.planarconfig == _SEPARATE and page.samplesperpixel > 1
        tiled = page.is_tiled
        return cls(
            rows=rows,
            columns=columns,
            piece_rows=page.tilelength if tiled else min(page.rowsperstrip, rows),
            piece_columns=page.tilewidth if tiled else columns,
            samples=1 if separate else page.samplesperpixel,
            planes=page.samplesperpixel if separate else 1,
            bits=page.bitspersample,
            dtype=page.dtype.newbyteorder(page.parent.byteorder),
        )

    @property
    def whole_values(self) -> bool:
        """Whether each value fills the bytes of its type."""
        return self.bits == 8 * self.dtype.itemsize

    @property
    def bytes_per_row(self) -> int:
        """Bytes of one row of a piece; rows begin with a byte."""
        return -(-self.piece_columns * self.samples * self.bits // 8)

    @property
    def n_pieces(self) -> int:
        """Number of strips or tiles that the page needs."""
        down, across = self._grid
        return self.planes * down * across

    def place(self, number: int) -> tuple[int, int, int]:
        """Plane, first row and first column of a piece."""
        down, across = self._grid
        plane, rest = divmod(number, down * across)
        top, left = divmod(rest, across)
        return plane, top * self.piece_rows, left * self.piece_columns

    @property
    def _grid(self) -> tuple[int, int]:
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
        Its packing is one of 1, 5, 8, 32773 and 32946, its predictor 1, 2 or 3.
    layout : Layout
        That of the page.

    Returns
    -------
    ndarray, shape (rows, columns, samples)

    Raises
    ------
    ValueError
        Packed bytes that make no sense or yield too little.
    zlib.error, imagecodecs.LzwError, imagecodecs.PackbitsError
        The same.
    """
    shape = (layout.planes, layout.rows, layout.columns, layout.samples)
    values = np.empty(shape, layout.dtype.newbyteorder("="))
    packing, predictor = int(page.compression), int(page.predictor)
    for number in range(layout.n_pieces):
        plane, top, left = layout.place(number)
        here = values[plane, top : top + layout.piece_rows]
        here = here[:, left : left + layout.piece_columns]
        rows = layout.piece_rows if page.is_tiled else len(here)
        file.seek(page.dataoffsets[number])
        packed = _read(file, page.databytecounts[number], layout)
        if page.fillorder == _REVERSED_BITS:
            packed = packed.translate(_REVERSED)
        data = unpack(packed, packing, rows * layout.bytes_per_row, _most(layout))
        piece = _piece(data, rows, predictor, layout)
        here[:] = piece[: here.shape[0], : here.shape[1]]
    if layout.planes == 1:
        return np.asarray(values[0])
    return np.moveaxis(values[..., 0], 0, 2)


def unpack(packed: bytes, packing: int, least: int, most: int) -> bytes:
    """Unpack one strip or tile.

    Parameters
    ----------
    packed : bytes
        The piece as it lies in the file.
    packing : int
        Value of the tag Compression: 1, 5, 8, 32773 or 32946.
    least : int
        Bytes that are needed; what comes after is dropped.
    most : int
        Bytes that a whole piece holds.

    Raises
    ------
    ValueError
        Too little, or more than a whole piece.
    """
    data = _UNPACKERS[packing](packed, most + 1)
    if len(data) < least:
        raise ValueError(f"strip holds {len(data)} bytes of {least}")
    if packing in (8, 32946) and len(data) > most:
        raise OverlongPiece
    return data[:least]


class OverlongPiece(ValueError):
    """A piece that unpacks to more than the page's numbers allow."""


def _most(layout: Layout) -> int:
    return layout.piece_rows * layout.bytes_per_row


def _read(file: BufferedReader, count: int, layout: Layout) -> bytes:
    """Read a piece, but not more than the worst packing of its values would take."""
    return file.read(min(count, 2 * _most(layout) + 4096))


def _piece(data: bytes, rows: int, predictor: int, layout: Layout) -> NDArray[Any]:
    """Turn the bytes of a piece into values of shape (rows, columns, samples)."""
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
        # The sums wrap round, as the differences did when they were written.
        whole = values.view(f"{layout.dtype.byteorder}u{layout.dtype.itemsize}")
        sums = np.cumsum(whole, axis=1, dtype=f"=u{layout.dtype.itemsize}")
        return sums.view(layout.dtype.newbyteorder("="))
    return values


def _float_values(data: bytes, rows: int, layout: Layout) -> NDArray[Any]:
    """Sum the bytes of each row, then gather each value's bytes, highest first.

    Adobe's Technical Note 3 of 2005.
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
