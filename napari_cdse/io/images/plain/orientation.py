"""Read the orientation (EXIF) that a camera or viewer noted in an image file.

It is reported, not applied: circles and label files count rows and columns in the order
of the file, in which napari and ImageJ show them too.
"""

from __future__ import annotations

import struct

ORIENTATION_TAG = 274
_EXIF_PREFIX = b"Exif\0\0"
_SHORT = 3
"""Code of an unsigned integer of 16 bits (TIFF 6.0, page 15)."""
_UPRIGHT, _LAST_ORIENTATION = 1, 8
_BYTE_ORDERS = {b"II": "<", b"MM": ">"}
_ENTRY_BYTES = 12


def exif_orientation(exif: object) -> int | None:
    """Find the orientation in EXIF data, which have the form of a TIFF.

    Only the first directory is searched, entry by entry. A general reader follows the
    offsets in entries, and a hostile file can refer to the same bytes thousands of
    times.

    Parameters
    ----------
    exif : object
        Bytes, with or without the prefix that they have in a JPEG; anything else holds
        no orientation.

    Returns
    -------
    int or None
        Value of the tag, whatever it is; None if there is none.
    """
    if not isinstance(exif, bytes):
        return None
    data = exif.removeprefix(_EXIF_PREFIX)
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
        pass  # the data end before the tag
    return None


def about_orientation(orientation: object) -> tuple[str, ...]:
    """Report an orientation that was not applied.

    Parameters
    ----------
    orientation : object
        1 for upright, 2 to 8 for rotated or mirrored (TIFF 6.0, page 36); anything else
        is no orientation.

    Returns
    -------
    tuple of str
        One sentence, or none for an upright image.
    """
    if (
        not isinstance(orientation, int)
        or not _UPRIGHT < orientation <= _LAST_ORIENTATION
    ):
        return ()
    return (
        f"The file asks for its picture to be turned or mirrored (orientation "
        f"{orientation}); it was left as its pixels lie, as napari and ImageJ show it, "
        "and rows and columns are counted so.",
    )
