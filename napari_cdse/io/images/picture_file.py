"""Save a picture that has no file of its own, as TIFF."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.files import write_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_KEPT = (np.uint8, np.uint16, np.float32)
"""Kinds of numbers that ImageJ's TIFF knows, and that are written as they are."""


def write_picture(
    path: Path, values: NDArray[Any], pixel_size_nm: float | None = None
) -> None:
    """Write a picture as TIFF, with the size of its pixels where that is known.

    Parameters
    ----------
    path : Path
        Must not be there yet, or is replaced.
    values : ndarray, shape (rows, columns) or (rows, columns, 3 or 4)
        Whole numbers that need more than 16 bits, and fractions of double precision,
        are written as fractions of single precision.
    pixel_size_nm : float, optional
        Edge of a pixel.

    Raises
    ------
    MicrographError
        If the values are complex, or the file cannot be written.
    """
    if np.iscomplexobj(values):
        raise MicrographError(
            "The image holds complex numbers; show its amplitude or phase first."
        )
    size: dict[str, Any] = {}
    if pixel_size_nm is not None:
        per_nm = 1 / pixel_size_nm
        size = {"resolution": (per_nm, per_nm), "metadata": {"unit": "nm"}}
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, _writable(values), imagej=True, **size)
    write_file(path, buffer.getvalue(), MicrographError)


def _writable(values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim == 3:
        # ImageJ's colours have 8 bits; where they have more, gray keeps all of them.
        colours = values[..., :3]
        return colours if values.dtype == np.uint8 else _writable(colours.mean(axis=-1))
    if values.dtype == bool:
        return values.astype(np.uint8)
    known = any(values.dtype == one for one in _KEPT)
    return values if known else values.astype(np.float32)
