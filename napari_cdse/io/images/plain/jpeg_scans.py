"""Check that a JPEG holds all its pixels, after ITU-T T.81 (annex B).

The decoder fills with gray what is missing where a file was cut and closed again, and
keeps its warning to itself. So each scan gets more after its end: a whole one is
decoded as before, one that was cut takes it for what it lacks, and gives another
picture.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SCANS = 100
"""Most passes over a picture that are decoded; programs write up to about 15, and each
takes as long as the picture is large, however short it is itself. A choice."""
MAX_SEGMENTS = 10_000
"""Most parts of a file that are looked at. A choice: each holds up to 64 KiB, and
programs write some ten, or some hundred with long notes."""

_MARKER: Final = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
"""Any marker with a segment after it; restarts lie within scans."""
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7)
"""Starts of a picture in Huffman codes."""
_ARITHMETIC = (0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
"""The others. Their codes may leave out what is 0 at the end, so that nothing tells a
cut one from a whole one."""
_LOSSLESS = (0xC3, 0xC7)
"""Those of them that send differences of pixels, and no coefficients (annex H)."""
_N_COEFFICIENTS = 64
"""Of a block of 8 x 8 pixels."""
_RESTARTS = tuple(bytes((0xFF, 0xD0 + number)) for number in range(8))
_FILLING = b"\xaa\x55\x33\xcc\x99\x66" * 64
"""No marker, enough for a few blocks, and unlike the zeros that a decoder fills with.
Of 8000 cuts of small pictures of all kinds none gave the same picture with it."""


def with_filling(data: bytes) -> bytes | None:
    """Put more after the end of each scan.

    Parameters
    ----------
    data : bytes
        A JPEG file.

    Returns
    -------
    bytes or None
        A file that gives the same picture only if all scans are whole; None where that
        would say nothing.

    Raises
    ------
    ValueError
        Scans are missing, or there are more than `MAX_SCANS` or `MAX_SEGMENTS`.
    """
    pieces: list[bytes] = []
    done = n_scans = 0
    lossless = True
    wanted: set[tuple[int, int]] = set()
    for number, (kind, content, end) in enumerate(_segments(data)):
        if number == MAX_SEGMENTS:
            raise ValueError("too many segments")
        if kind in _FRAMES:
            lossless = kind in _LOSSLESS
            wanted = set() if lossless else _coefficients(content)
        elif kind == _START_OF_SCAN:
            n_scans += 1
            if n_scans > MAX_SCANS:
                raise ValueError("too many scans")
            wanted -= _sent(content)
            stop = _end_of_scan(data, end)
            pieces += [data[done:stop], _FILLING, _next_restart(data, end, stop)]
            pieces.append(_FILLING)
            done = stop
        elif kind in _ARITHMETIC:
            return None
    if wanted:
        raise ValueError("scans are missing")
    return b"".join([*pieces, data[done:]])


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Give kind, content and end of each segment up to the end of the picture."""
    at = 0
    while (found := _MARKER.search(data, at)) is not None:
        kind, at = found[1][0], found.end()
        if kind == _END_OF_IMAGE:
            return
        if kind != _START_OF_IMAGE:
            length = int.from_bytes(data[at : at + 2])
            yield kind, data[at + 2 : at + length], at + length
            at += max(length, 2)


def _coefficients(frame: bytes) -> set[tuple[int, int]]:
    """Name what all scans together must send: each component's coefficients."""
    components = frame[6 : 6 + 3 * frame[5] : 3]
    return {(one, k) for one in components for k in range(_N_COEFFICIENTS)}


def _sent(scan: bytes) -> set[tuple[int, int]]:
    """Name the coefficients that a scan sends to their last bit."""
    n_components = scan[0]
    first, last, bits = scan[1 + 2 * n_components : 4 + 2 * n_components]
    if bits % 16:
        return set()
    components = scan[1 : 1 + 2 * n_components : 2]
    within = range(first, min(last + 1, _N_COEFFICIENTS))
    return {(one, k) for one in components for k in within}


def _end_of_scan(data: bytes, start: int) -> int:
    """Find where the codes of a scan end, before the marker and what fills up to it."""
    found = _MARKER.search(data, start)
    end = len(data) if found is None else found.start()
    while end > start and data[end - 1] == 0xFF:
        end -= 1
    return end


def _next_restart(data: bytes, start: int, stop: int) -> bytes:
    """Give the marker that would come next, should whole intervals be missing."""
    places = [data.rfind(marker, start, stop) for marker in _RESTARTS]
    last = max(range(8), key=places.__getitem__)
    return _RESTARTS[0 if places[last] < 0 else (last + 1) % 8]
