"""Read zip archives of NumPy arrays, checked before any array is created.

NumPy's own reader is not used on untrusted files, see `_read_header`. Sizes of members
are limited before anything is decompressed.
"""

from __future__ import annotations

import io
import math
import re
import struct
import sys
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import ModelError
from napari_cdse.io.files import shown
from napari_cdse.io.models.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SCHEMA = "schema.json"
"""Name of the only member that is no array."""
_PICKLE = b"\x80"
_JOBLIB = (b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x5d\x00", b"ZF")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    KeyError,
    ValueError,  # negative offsets, names in no encoding
    OSError,
    OverflowError,
)
"""Errors that zipfile raises on damaged archives."""
_MAGIC = re.compile(rb"\x93NUMPY([\x01-\x03])\x00", re.DOTALL)
_HEADER = re.compile(
    r"\{'descr': '([^']{1,40})', 'fortran_order': (True|False), "
    r"'shape': \(((?:[0-9]{1,20}, ?){0,3}(?:[0-9]{1,20})?)\), \} *\n"
)
"""Header as ``numpy.save`` writes it for an array of a plain type."""
_KINDS = "biufU"
"""Kinds of types that are read: numbers and text."""
_LONGEST_HEADER = 4096
"""Longest header that is read, in bytes. Chosen."""


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """Header of an array.

    Attributes
    ----------
    dtype : dtype
        Type of its entries.
    shape : tuple of int
        Its shape.
    fortran : bool
        Whether the first index varies fastest.
    start : int
        Offset of the entries in the member, in bytes.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int


def open_archive(data: bytes, source: str) -> zipfile.ZipFile:
    """Open an archive, and check number and sizes of its members.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        What it is called in messages.

    Returns
    -------
    ZipFile
        Its members decompress to `LIMITS` at most. Checksums are compared by
        `read_member`.

    Raises
    ------
    ModelError
        If it is a pickle or anything else than an archive, damaged, or too large.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise ModelError(_why_no_archive(data, source))
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        _check_members(archive.infolist(), len(data), source)
    except _BROKEN as problem:
        raise damaged(source, "its archive is broken") from problem
    return archive


def check_arrays(archive: zipfile.ZipFile, source: str) -> None:
    """Refuse members other than arrays of numbers or text.

    Every member but the schema is checked, whatever its name.

    Parameters
    ----------
    archive : ZipFile
        From `open_archive`.
    source : str
        What it is called in messages.

    Raises
    ------
    ModelError
        For arrays of objects, which are pickles, and for arrays whose size differs
        from what their header says.
    """
    for member in archive.infolist():
        if member.filename != SCHEMA:
            head = _head(archive, member, source)
            _read_header(head, member.file_size, source)


def read_member(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    """Read a member to its end, where its checksum is compared.

    Parameters
    ----------
    archive : ZipFile
        From `open_archive`.
    name : str
        Name of the member.
    source : str
        What the archive is called in messages.

    Raises
    ------
    ModelError
        If it is missing or damaged.
    """
    try:
        return archive.read(name)
    except _BROKEN as problem:
        raise damaged(source, "its archive is broken") from problem


def read_array(archive: zipfile.ZipFile, name: str, source: str) -> NDArray[Any]:
    """Read one array, without evaluating anything in it.

    Parameters
    ----------
    archive : ZipFile
        From `open_archive`.
    name : str
        Name of the member.
    source : str
        What the archive is called in messages.

    Raises
    ------
    ModelError
        As for `check_arrays`, and for text that is not Unicode.
    """
    data = read_member(archive, name, source)
    header = _read_header(data[:_LONGEST_HEADER], len(data), source)
    flat = np.frombuffer(
        data, header.dtype, count=math.prod(header.shape), offset=header.start
    )
    if flat.dtype.kind == "U" and not _is_text(flat):
        raise damaged(source, "a text in it has characters that do not exist")
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def _is_text(texts: NDArray[np.str_]) -> bool:
    """Whether all code points are valid; Python relies on it without checking."""
    codes = texts.view(np.dtype("u4").newbyteorder(texts.dtype.byteorder))
    surrogates = (codes >= 0xD800) & (codes <= 0xDFFF)
    return not np.any(surrogates | (codes > sys.maxunicode))


def damaged(source: str, what: str) -> ModelError:
    """Make the error for a damaged file; ``what`` says how it is damaged."""
    return ModelError(f"{source} is damaged ({what}); use another copy.")


def check_unpacked(n_bytes: int, source: str) -> None:
    """Raise `ModelError` for a model of more bytes than `LIMITS` allow."""
    if n_bytes > LIMITS.unpacked_bytes:
        raise ModelError(
            f"{source} holds {n_bytes / 2**20:.0f} MiB, more than the "
            f"{LIMITS.unpacked_bytes / 2**20:.0f} MiB that a model may have; train it "
            "with fewer trees or fewer copies."
        )


def _why_no_archive(data: bytes, source: str) -> str:
    """Say what a file is that is no archive."""
    if not data:
        return f"{source} is empty; use another copy."
    if data.startswith(_PICKLE):
        return (
            f"{source} is a pickle, which can run anything when it is opened; "
            "use a model saved by napari-cdse (.skops)."
        )
    if data.startswith(_JOBLIB):
        return (
            f"{source} is compressed as joblib compresses pickles, which can run "
            "anything when opened; use a model saved by napari-cdse (.skops)."
        )
    if data.startswith(b"PK"):
        return f"{source} is cut off; use another copy."
    return f"{source} is no model file; use a model saved by napari-cdse (.skops)."


def _check_members(
    members: Sequence[zipfile.ZipInfo], n_bytes: int, source: str
) -> None:
    """Check what the directory of an archive says of its members."""
    total = sum(member.file_size for member in members)
    if len(members) > LIMITS.members or total > LIMITS.unpacked_bytes:
        raise ModelError(
            f"{source} would unpack to {len(members)} parts and {total / 2**20:.0f} "
            "MiB, far too much for a model; do not use it."
        )
    names = {member.filename for member in members}
    if len(names) < len(members):
        raise damaged(source, "it names a part twice")
    if sum(member.compress_size for member in members) > n_bytes:
        raise damaged(source, "its parts lie over one another")
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise damaged(source, "it is encrypted")
        if member.compress_type not in _METHODS:
            raise damaged(source, "it is packed in a way that no model is")
        if member.filename == SCHEMA and member.file_size > LIMITS.schema_bytes:
            raise damaged(source, "its schema is too long")


def _head(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: str) -> bytes:
    try:
        with archive.open(member) as stream:
            return stream.read(_LONGEST_HEADER)
    except _BROKEN as problem:
        raise damaged(source, "its archive is broken") from problem


def _read_header(head: bytes, size: int, source: str) -> ArrayHeader:
    """Parse the header of an array, and refuse types that no model needs.

    `numpy.load` is unsafe on a false header: it reserves the memory that the header
    names, evaluates it as a Python literal, and accepts texts of length 0, so that
    millions of entries take no bytes.
    """
    text, start = _header_text(head, source)
    fields = _HEADER.fullmatch(text)
    if fields is None:
        raise _odd_header(text, source)
    dtype = _dtype(fields[1], source)
    shape = tuple(int(number) for number in fields[3].split(",") if number.strip())
    count = math.prod(shape)
    if start + count * dtype.itemsize != size:
        raise damaged(source, "an array is not as large as it says")
    return ArrayHeader(dtype, shape, fields[2] == "True", start)


def _header_text(head: bytes, source: str) -> tuple[str, int]:
    """Return the text of a header, and the offset of the entries after it."""
    magic = _MAGIC.match(head)
    if magic is None or len(head) < 12:
        raise damaged(source, "an array has no readable header")
    # From version 2 on the header's length takes four bytes instead of two.
    wide = magic[1] != b"\x01"
    (length,) = struct.unpack_from("<I" if wide else "<H", head, 8)
    begin = 12 if wide else 10
    return head[begin : begin + length].decode("latin-1"), begin + length


def _odd_header(text: str, source: str) -> ModelError:
    if "'descr': [" in text:
        return ModelError(
            f"{source} holds an array of several fields, which no model needs; do not "
            "use it."
        )
    return damaged(source, "an array has no readable header")


def _dtype(name: str, source: str) -> np.dtype[Any]:
    try:
        dtype = np.dtype(name)
    except (TypeError, ValueError, SyntaxError) as problem:
        raise damaged(source, "an array has no readable header") from problem
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise ModelError(
            f"{source} holds an array of type {shown(dtype)}, which no model needs; "
            "do not use it."
        )
    longest = 4 * LIMITS.text_characters if dtype.kind == "U" else 8
    if not 0 < dtype.itemsize <= longest:
        raise damaged(source, f"an array has entries of {dtype.itemsize} bytes")
    return dtype
