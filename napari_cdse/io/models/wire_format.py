"""Read and write the wire format of protocol buffers, as far as ONNX needs it.

A message is a sequence of fields, each with a number, a kind and a value (Protocol
Buffers documentation, "Encoding"). `fields` only splits a message; the caller decides
which numbers it may have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = int | bytes

_VARINT, _BYTES = 0, 2
_LONGEST_VARINT = 10
"""Most bytes of a number of 64 bits, with seven bits in each."""


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Split a message into its fields.

    Parameters
    ----------
    data : bytes
        The message.

    Yields
    ------
    int
        Number of a field.
    int or bytes
        Its value: an unsigned number of 64 bits, or bytes.

    Raises
    ------
    ModelError
        If the message is truncated, or has a field of a kind that ONNX does not need;
        a clause that the caller completes.
    """
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        kind, field = key & 7, key >> 3
        if kind == _VARINT:
            value, at = _number(data, at)
            yield field, value
        elif kind == _BYTES:
            length, at = _number(data, at)
            if length > len(data) - at:
                raise ModelError("it is cut off or no ONNX file")
            yield field, data[at : at + length]
            at += length
        else:
            raise ModelError("it has fields that no model needs, or is no ONNX file")


def message(*parts: tuple[int, Value | str]) -> bytes:
    """Encode fields, given as (number, value), as a message."""
    out = bytearray()
    for field, value in parts:
        if isinstance(value, int):
            out += _as_varint(field << 3 | _VARINT) + _as_varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            out += _as_varint(field << 3 | _BYTES) + _as_varint(len(content)) + content
    return bytes(out)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, at + count + 1
    raise ModelError("it is cut off or no ONNX file")


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
