"""One frame as it lies in a file, and how it becomes gray and finite."""

from __future__ import annotations

import contextlib
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import MicrographError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cdse.io.images.pixel_size_tags import PixelSpacing

MAX_PIXELS = 2**28
"""Largest frame that is read (16384 x 16384): each array that detection makes of it
takes 1 GiB, and no camera of an electron microscope has more."""

MAX_BYTES = 2**31
"""Largest frame in bytes before it becomes gray; holds back frames of few pixels with
thousands of channels."""

LARGEST_GRAY = 1e12
"""What is beyond counts as infinite: no camera counts so far, and a power spectrum in
single precision would overflow."""

MAX_BAD_FRACTION = 0.01
"""Share of pixels without a finite value that is mended; more is no micrograph."""

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_WARNINGS_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Values of one frame with what the file says about them.

    Attributes
    ----------
    values : ndarray, shape (rows, columns) or (rows, columns, samples)
        One sample is gray, two are gray and alpha, three colour, four colour and
        alpha.
    n_frames : int
        Frames in the file.
    spacing : PixelSpacing or None
        Calibration in the file.
    notices : tuple of str
        One sentence each.
    """

    values: NDArray[Any]
    n_frames: int = 1
    spacing: PixelSpacing | None = None
    notices: tuple[str, ...] = ()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the decoders' warnings about odd metadata from the console.

    Pixels that cannot be read raise an error, so nothing that matters is lost. The
    lock keeps two reading threads from restoring each other's filters.
    """
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check_size(name: str, rows: int, columns: int, bytes_per_pixel: int) -> None:
    """Refuse a frame that is too large, before anything is decoded.

    Raises
    ------
    MicrographError
        More than `MAX_PIXELS` or `MAX_BYTES`, or without pixels.
    """
    if rows < 1 or columns < 1:
        raise MicrographError(f"{name} has no pixels; save it again.")
    if rows * columns > MAX_PIXELS:
        raise MicrographError(
            f"{name} has {rows} x {columns} pixels, more than the "
            f"{MAX_PIXELS / 1e6:.0f} million that are read; crop or bin it."
        )
    if rows * columns * bytes_per_pixel > MAX_BYTES:
        raise MicrographError(
            f"{name} takes {bytes_per_pixel} bytes per pixel, too much for a "
            "micrograph; save it as a gray image."
        )


def check_frame(name: str, frame: int, n_frames: int) -> None:
    """Refuse a frame number that the file does not have.

    Raises
    ------
    MicrographError
        With the number of frames in the file.
    """
    if not 0 <= frame < n_frames:
        raise MicrographError(
            f"{name} has no frame {frame}; it holds {n_frames}, counted from 0."
        )


def gray(name: str, values: NDArray[Any]) -> tuple[NDArray[np.float32], list[str]]:
    """Turn samples into finite gray values.

    Colour is weighted after ITU-R BT.601; where red, green and blue are equal the
    gray value is exactly theirs. Alpha is left out. Values that are not finite become
    the median of the finite ones.

    Parameters
    ----------
    name : str
        What the frame is called in messages.
    values : ndarray, shape (rows, columns) or (rows, columns, samples)
        As in `Frame`.

    Returns
    -------
    pixels : ndarray of float32, shape (rows, columns)
    notices : list of str

    Raises
    ------
    MicrographError
        Samples that are no gray or colour, or too many values that are not finite.
    """
    if values.dtype.kind not in "buif":
        raise MicrographError(
            f"{name} holds values of type {values.dtype}, which are no gray values; "
            "save it as a gray image."
        )
    pixels, notices = _one_sample(name, values)
    return _mended(name, pixels, notices)


def _one_sample(
    name: str, values: NDArray[Any]
) -> tuple[NDArray[np.float32], list[str]]:
    if values.ndim == 2:
        return _to_float32(values), []
    samples = values.shape[2]
    if samples == 1:
        return _to_float32(values[..., 0]), []
    if samples == 2:
        notice = "The alpha channel was left out."
        return _to_float32(values[..., 0]), [notice]
    if samples in (3, 4):
        return _luma(values[..., :3]), _colour_notices(samples)
    raise MicrographError(
        f"{name} has {samples} channels; save the one to analyse as a gray image."
    )


def _colour_notices(samples: int) -> list[str]:
    alpha = " and its alpha channel left out" if samples == 4 else ""
    return [f"The image is in colour; it was turned to gray{alpha}."]


def _luma(values: NDArray[Any]) -> NDArray[np.float32]:
    red, green, blue = (values[..., i] for i in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return _to_float32(red)
    result = np.zeros(red.shape, np.float32)
    for weight, channel in zip(_LUMA, (red, green, blue), strict=True):
        result += np.float32(weight) * _to_float32(channel)
    return result


def _to_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(values, np.float32, order="C")


def _mended(
    name: str, pixels: NDArray[np.float32], notices: list[str]
) -> tuple[NDArray[np.float32], list[str]]:
    if max(-float(pixels.min()), float(pixels.max())) <= LARGEST_GRAY:
        return pixels, notices
    good = np.abs(pixels) <= LARGEST_GRAY
    n_bad = pixels.size - int(np.count_nonzero(good))
    if n_bad > MAX_BAD_FRACTION * pixels.size:
        raise MicrographError(
            f"{name} has {n_bad} of {pixels.size} pixels without a finite value, "
            "too many to mend; save it again from the original data."
        )
    pixels[~good] = np.median(pixels[good])
    noun = "pixel" if n_bad == 1 else "pixels"
    notice = f"{n_bad} {noun} without a finite value took the median of the others."
    return pixels, [*notices, notice]
