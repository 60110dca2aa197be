"""Read the orientation (EXIF) that a camera or viewer noted in a picture's file.

It is told and not followed: circles and label files count rows and columns as the
pixels lie in the file, and napari and ImageJ show them so.
"""

from __future__ import annotations

import struct

ORIENTATION_TAG = 274
_EXIF_MARK = b"Exif\0\0"
_SHORT = 3
_AS_IT_LIES, _LAST = 1, 8
_BYTE_ORDERS = {b"II": "<", b"MM": ">"}
_ENTRY_BYTES = 12


def exif_orientation(exif: object) -> int | None:
    """Find the orientation in EXIF data, which is a small TIFF without a picture.

    Only its first directory is looked through: a whole reader follows what entries
    name, and a hostile file can name the same bytes thousands of times.

    Parameters
    ----------
    exif : object
        Bytes, with or without the mark that begins them in a JPEG; else there is none.
    """
    if not isinstance(exif, bytes):
        return None
    data = exif.removeprefix(_EXIF_MARK)
    order = _BYTE_ORDERS.get(data[:2])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (n_entries,) = struct.unpack_from(f"{order}H", data, start)
        for at in range(start + 2, start + 2 + n_entries * _ENTRY_BYTES, _ENTRY_BYTES):
            tag, kind, n_values, value = struct.unpack_from(f"{order}HHIH", data, at)
            if (tag, kind, n_values) == (ORIENTATION_TAG, _SHORT, 1):
                return int(value)
    except struct.error:
        pass  # cut off before it
    return None


def about_orientation(orientation: object) -> tuple[str, ...]:
    """Say that the orientation was not followed, if the file has one.

    Parameters
    ----------
    orientation : object
        1 as it lies, 2 to 8 turned or mirrored (TIFF 6.0, page 36); anything else says
        nothing.
    """
    if not isinstance(orientation, int) or not _AS_IT_LIES < orientation <= _LAST:
        return ()
    return (
        f"The file asks for its picture to be turned or mirrored (orientation "
        f"{orientation}); it was left as its pixels lie, as napari and ImageJ show it, "
        "and rows and columns are counted so.",
    )
