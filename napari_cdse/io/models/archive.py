"""Zip archives of NumPy arrays: looked through before anything is built from them."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import TYPE_CHECKING

from numpy.lib import format as npy

from napari_cdse.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_FILE_BYTES = 256 * 2**20
"""Largest model or training file that is opened."""
MAX_UNPACKED_BYTES = 512 * 2**20
"""Most that a file may unpack to, against archives that swell (zip bombs)."""
MAX_MEMBERS = 64
_PICKLE = b"\x80"
_JOBLIB = (b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x5d\x00", b"ZF")
_KINDS = "biufU"


def open_archive(data: bytes, source: str) -> zipfile.ZipFile:
    """Open an archive whose size and checksums are as they should be.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        What to call it in messages.

    Returns
    -------
    ZipFile
        Its members are known to unpack to `MAX_UNPACKED_BYTES` at most.

    Raises
    ------
    ModelError
        For a pickle, for anything else that is no archive, and for a damaged or
        oversized one.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise ModelError(_what_else(data, source))
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        _check_size(archive.infolist(), source)
        for member in archive.infolist():
            _read_through(archive, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as problem:
        raise damaged(source, "its archive is broken") from problem
    except RuntimeError as problem:  # zipfile's answer to a password
        raise damaged(source, "it is encrypted") from problem
    return archive


def check_arrays(archive: zipfile.ZipFile, source: str) -> None:
    """Refuse ``.npy`` members that are not plain numbers or text of the size named.

    Raises
    ------
    ModelError
        For arrays of objects, which are pickles, and of false size.
    """
    for member in archive.infolist():
        if member.filename.endswith(".npy"):
            with archive.open(member) as stream:
                _check_array(stream.read(4096), member.file_size, source)


def damaged(source: str, what: str) -> ModelError:
    """Say in a sentence that a file is damaged, and how."""
    return ModelError(f"{source} is damaged ({what}); use another copy.")


def _what_else(data: bytes, source: str) -> str:
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


def _check_size(members: Sequence[zipfile.ZipInfo], source: str) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_UNPACKED_BYTES:
        raise ModelError(
            f"{source} would unpack to {len(members)} parts and {total / 2**20:.0f} "
            "MiB, far too much for a model; do not use it."
        )
    if len({member.filename for member in members}) < len(members):
        raise damaged(source, "it names a part twice")


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as stream:
        while stream.read(2**20):  # to the end, where the checksum is compared
            pass


def _check_array(head: bytes, size: int, source: str) -> None:
    """Refuse an array of objects, or one that is not as large as it says.

    NumPy reserves what a header names before it reads, and objects are pickles.
    """
    stream = io.BytesIO(head)
    try:
        major, _ = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
    except (ValueError, SyntaxError, TypeError) as problem:
        raise damaged(source, "an array has no readable header") from problem
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise ModelError(
            f"{source} holds an array of type {dtype}, which no model needs; "
            "do not use it."
        )
    if stream.tell() + math.prod(shape) * dtype.itemsize != size:
        raise damaged(source, "an array is not as large as it says")
