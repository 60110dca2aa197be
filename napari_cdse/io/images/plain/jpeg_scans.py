"""Detect JPEG files whose scans are truncated, after ITU-T T.81 (annex B).

Where the entropy-coded data of a scan end too early, but the file ends properly, the
decoder fills the missing blocks with gray and reports nothing. `with_filling` therefore
appends bytes to the end of every scan. A complete scan decodes as before, since the
decoder does not reach them; a truncated one takes them for its missing data and gives
another image. `napari_cdse.io.images.plain.raster` decodes both files and compares.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SCANS = 100
"""Most scans that are decoded. Chosen: programs write up to about 15, and each takes
time in proportion to the image's size, however few bytes it has itself."""
MAX_SEGMENTS = 10_000
"""Most marker segments that are examined. Chosen: each holds up to 64 KiB; programs
write some ten, or some hundred with long metadata."""

_MARKER: Final = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
"""Any marker but restarts, which occur within scans."""
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7)
"""Start-of-frame markers of images in Huffman coding."""
_ARITHMETIC_FRAMES = (0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
"""Those of arithmetic coding, whose data may omit zeros at the end: a truncated scan
cannot be told from a complete one."""
_LOSSLESS_FRAMES = (0xC3, 0xC7)
"""Those of Huffman coding that send differences of pixels, and no coefficients (annex
H)."""
_N_COEFFICIENTS = 64
"""Coefficients of a block of 8 x 8 pixels."""
_RESTARTS = tuple(bytes((0xFF, 0xD0 + number)) for number in range(8))
_FILLING = b"\xaa\x55\x33\xcc\x99\x66" * 64
"""Bytes appended to a scan: they hold no marker, suffice for a few blocks, and differ
from the zeros that a decoder fills with. Of 8000 truncations of small images of all
kinds none gave the same image with it."""


def with_filling(data: bytes) -> bytes | None:
    """Append bytes to the end of each scan.

    Parameters
    ----------
    data : bytes
        A JPEG file.

    Returns
    -------
    bytes or None
        A JPEG file that gives the same image only if all scans are complete; None for
        arithmetic coding, where that holds for truncated ones too.

    Raises
    ------
    ValueError
        If scans are missing, or there are more than `MAX_SCANS` or `MAX_SEGMENTS`.
    """
    pieces: list[bytes] = []
    copied = n_scans = 0
    outstanding: set[tuple[int, int]] = set()
    for number, (kind, content, end) in enumerate(_segments(data)):
        if number == MAX_SEGMENTS:
            raise ValueError("too many segments")
        if kind in _HUFFMAN_FRAMES:
            outstanding = set() if kind in _LOSSLESS_FRAMES else _coefficients(content)
        elif kind == _START_OF_SCAN:
            n_scans += 1
            if n_scans > MAX_SCANS:
                raise ValueError("too many scans")
            outstanding -= _completed(content)
            stop = _end_of_scan(data, end)
            # With restart intervals missing, the decoder waits for the next restart.
            restart = _next_restart(data, end, stop)
            pieces += [data[copied:stop], _FILLING, restart, _FILLING]
            copied = stop
        elif kind in _ARITHMETIC_FRAMES:
            return None
    if outstanding:
        raise ValueError("scans are missing")
    return b"".join([*pieces, data[copied:]])


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield kind, content and end of each segment up to the end of the image."""
    at = 0
    while (marker := _MARKER.search(data, at)) is not None:
        kind, at = marker[1][0], marker.end()
        if kind == _END_OF_IMAGE:
            return
        if kind != _START_OF_IMAGE:
            length = int.from_bytes(data[at : at + 2])
            yield kind, data[at + 2 : at + length], at + length
            at += max(length, 2)


def _coefficients(frame: bytes) -> set[tuple[int, int]]:
    """Return (component, coefficient) for all that the scans together must send."""
    components = frame[6 : 6 + 3 * frame[5] : 3]
    return {(each, k) for each in components for k in range(_N_COEFFICIENTS)}


def _completed(scan: bytes) -> set[tuple[int, int]]:
    """Return (component, coefficient) for those that a scan sends to their last bit."""
    n_components = scan[0]
    first, last, bits = scan[1 + 2 * n_components : 4 + 2 * n_components]
    if bits % 16:
        return set()
    components = scan[1 : 1 + 2 * n_components : 2]
    within = range(first, min(last + 1, _N_COEFFICIENTS))
    return {(each, k) for each in components for k in within}


def _end_of_scan(data: bytes, start: int) -> int:
    """Find the end of a scan's data, before the fill bytes of the next marker."""
    marker = _MARKER.search(data, start)
    end = len(data) if marker is None else marker.start()
    while end > start and data[end - 1] == 0xFF:
        end -= 1
    return end


def _next_restart(data: bytes, start: int, stop: int) -> bytes:
    """Return the restart marker that follows the last one between start and stop."""
    places = [data.rfind(marker, start, stop) for marker in _RESTARTS]
    last = max(range(8), key=places.__getitem__)
    return _RESTARTS[0 if places[last] < 0 else (last + 1) % 8]
