"""Save an image from memory as TIFF, with its pixel size.

The window uses it for images that were opened in napari without a file, since a
project refers to files.
"""

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

_IMAGEJ_TYPES = (np.uint8, np.uint16, np.float32)
"""Types of numbers that ImageJ's TIFF can hold."""


def write_picture(
    path: Path, values: NDArray[Any], pixel_size_nm: float | None = None
) -> None:
    """Write an image as TIFF that ImageJ understands.

    Parameters
    ----------
    path : Path
        An existing file is replaced.
    values : ndarray, shape (rows, columns) or (rows, columns, 3 or 4)
        Integers of more than 16 bits and numbers of double precision are written in
        single precision; colours of more than 8 bits as their mean.
    pixel_size_nm : float, optional
        Edge of a pixel in nm, stored where it is given.

    Raises
    ------
    MicrographError
        If the values are complex, or the file cannot be written.
    """
    if np.iscomplexobj(values):
        raise MicrographError(
            "The image holds complex numbers; show its amplitude or phase first."
        )
    scale: dict[str, Any] = {}
    if pixel_size_nm is not None:
        per_nm = 1 / pixel_size_nm
        scale = {"resolution": (per_nm, per_nm), "metadata": {"unit": "nm"}}
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, _writable(values), imagej=True, **scale)
    write_file(path, buffer.getvalue(), MicrographError)


def _writable(values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim == 3:
        # ImageJ's colours have 8 bits; conversion to gray preserves more.
        colours = values[..., :3]
        return colours if values.dtype == np.uint8 else _writable(colours.mean(axis=-1))
    if values.dtype == bool:
        return values.astype(np.uint8)
    is_known = any(values.dtype == each for each in _IMAGEJ_TYPES)
    return values if is_known else values.astype(np.float32)
