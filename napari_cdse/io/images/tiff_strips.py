"""Packed strips of a TIFF file that tifffile leaves to an optional library.

LZW, PackBits and the floating-point predictor after the TIFF 6.0 specification and
Adobe's Technical Note 3 of 2005. Everything stops at the size that a strip may have.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

_CLEAR, _END, _FIRST_FREE = 256, 257, 258
_SHORTEST, _LONGEST = 9, 12
_TABLE_SIZE = 2**_LONGEST
_DIFFERENCE, _FLOAT_DIFFERENCE = 2, 3
_SINGLE = tuple(bytes((value,)) for value in range(256))


def unpack(packed: bytes, packing: int, most: int) -> bytes:
    """Unpack one strip.

    Parameters
    ----------
    packed : bytes
        The strip as it lies in the file.
    packing : int
        Value of the tag Compression: 5, 8, 32773 or 32946.
    most : int
        Bytes that the strip holds; what comes after is dropped.

    Raises
    ------
    ValueError
        The codes make no sense, or yield too little.
    zlib.error
        The same, for deflate.
    """
    data = _UNPACKERS[packing](packed, most)
    if len(data) < most:
        raise ValueError(f"strip holds {len(data)} bytes of {most}")
    return data[:most]


def unpacked_size(packed: bytes, most: int) -> int:
    """Count what deflated bytes unpack to, but stop soon after `most`."""
    return len(_inflate(packed, most + 1))


def values_of(
    data: bytes, dtype: DTypeLike, rows: int, columns: int, samples: int, predictor: int
) -> NDArray[Any]:
    """Turn the bytes of a strip into values of shape (rows, columns, samples)."""
    kind = np.dtype(dtype)
    if predictor == _FLOAT_DIFFERENCE:
        return _float_values(data, kind, rows, columns, samples)
    values = np.frombuffer(data, kind).reshape(rows, columns, samples)
    if predictor == _DIFFERENCE:
        # The sums wrap round, as the differences did when they were written.
        return np.cumsum(values, axis=1, dtype=kind.newbyteorder("="))
    return values


def _float_values(
    data: bytes, kind: np.dtype[Any], rows: int, columns: int, samples: int
) -> NDArray[Any]:
    """Sum the bytes of each row, then gather each value's bytes, highest first."""
    bytes_ = np.frombuffer(data, np.uint8).reshape(rows, -1, samples)
    planes = np.cumsum(bytes_, axis=1, dtype=np.uint8)
    planes = planes.reshape(rows, kind.itemsize, columns * samples)
    gathered = np.ascontiguousarray(planes.transpose(0, 2, 1))
    return gathered.view(kind.newbyteorder(">")).reshape(rows, columns, samples)


def _inflate(packed: bytes, most: int) -> bytes:
    return zlib.decompressobj().decompress(packed, most)


def _unpack_bits(packed: bytes, most: int) -> bytes:
    result = bytearray()
    at = 0
    while at < len(packed) and len(result) < most:
        head = packed[at]
        if head < 128:
            result += packed[at + 1 : at + 2 + head]
            at += 2 + head
        elif head > 128:
            result += packed[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at += 1
    return bytes(result)


def _unpack_lzw(packed: bytes, most: int) -> bytes:
    """Follow the codes, highest bit first; widths grow one code early."""
    table = [*_SINGLE, b"", b""]
    result = bytearray()
    buffer, n_bits, width, previous = 0, 0, _SHORTEST, b""
    for byte in packed:
        buffer, n_bits = buffer << 8 | byte, n_bits + 8
        if n_bits < width:
            continue
        n_bits -= width
        code = buffer >> n_bits
        buffer &= (1 << n_bits) - 1
        if code == _END or len(result) >= most:
            break
        if code == _CLEAR:
            del table[_FIRST_FREE:]
            width, previous = _SHORTEST, b""
            continue
        previous = _next_entry(table, code, previous)
        result += previous
        if len(table) >= (1 << width) - 1 and width < _LONGEST:
            width += 1
    return bytes(result)


def _next_entry(table: list[bytes], code: int, previous: bytes) -> bytes:
    """Look a code up and extend the table by what the writer did at this point."""
    if code < len(table):
        entry = table[code]
    elif code == len(table) and previous:
        entry = previous + previous[:1]
    else:
        raise ValueError(f"LZW code {code} is not in the table")
    if previous:
        if len(table) >= _TABLE_SIZE:
            raise ValueError("the LZW table is full")
        table.append(previous + entry[:1])
    return entry


_UNPACKERS: dict[int, Callable[[bytes, int], bytes]] = {
    5: _unpack_lzw,
    8: _inflate,
    32773: _unpack_bits,
    32946: _inflate,
}
