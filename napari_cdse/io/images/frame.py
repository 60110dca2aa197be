"""Choose a frame of an image file, and convert it to finite gray values.

All readers of this package return a `Frame` and call `check_size` before they decode,
and `wanted_frame` to choose a frame or average several. `gray` then makes the pixels of
a micrograph of its values. `frame_choice`, `choice_of`, `frames_of` and `frame_words`
convert between the forms of a choice of frames: text, numbers and words.
"""

from __future__ import annotations

import contextlib
import re
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import MicrographError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_cdse.io.images.pixel_size_tags import StatedSpacing

FrameChoice = int | str
"""Number of a frame, from 0; ``"mean"`` for the mean of all frames; ``"A:B"`` for the
mean of frames A to B - 1."""
MEAN = "mean"
_RANGE = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")

MAX_PIXELS = 2**28
"""Most pixels of a frame that is read (16384 x 16384). Chosen: no camera of an electron
microscope has more, and each array that detection makes of it takes 1 GiB in single
precision."""

MAX_BYTES = 2**31
"""Most bytes of a frame before conversion to gray. Chosen: eight for each of
`MAX_PIXELS`; refuses frames of few pixels with thousands of channels."""

LARGEST_GRAY = 1e12
"""Largest absolute gray value that counts as finite. Chosen: far above the counts of
any camera; above it a power spectrum may overflow in single precision."""

MAX_BAD_FRACTION = 0.01
"""Largest share of pixels without a finite value that are replaced; a file with more is
refused. Chosen."""

_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a gray value, after ITU-R BT.601."""
_WARNINGS_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Values of one frame, with the file's metadata.

    Attributes
    ----------
    values : ndarray, shape (rows, columns) or (rows, columns, samples)
        One sample is gray, two are gray and alpha, three are colour, four are colour
        and alpha.
    n_frames : int
        Number of frames in the file.
    spacing : PixelSpacing or NoLength or None
        Pixel spacing stated in the file.
    notices : tuple of str
        What a person should know of the file, one sentence each.
    chosen : int or str
        The frame or mean that was read, in the canonical form of `wanted_frame`.
    """

    values: NDArray[Any]
    n_frames: int = 1
    spacing: StatedSpacing | None = None
    notices: tuple[str, ...] = ()
    chosen: FrameChoice = 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress decoders' warnings about metadata.

    Pixels that cannot be read raise an error, so no damage goes unnoticed. Warning
    filters are global: the lock keeps two threads from restoring each other's.
    """
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check_size(name: str, rows: int, columns: int, bytes_per_pixel: int) -> None:
    """Refuse a frame that is too large, before anything is decoded.

    Parameters
    ----------
    name : str
        What the file is called in messages.
    rows, columns : int
        Size of the frame.
    bytes_per_pixel : int
        Bytes of one pixel, all samples together, once decoded.

    Raises
    ------
    MicrographError
        If it has more than `MAX_PIXELS` or `MAX_BYTES`, or no pixels.
    """
    if min(rows, columns, bytes_per_pixel) < 1:
        raise MicrographError(f"{name} has no pixels; save it again.")
    if rows * columns > MAX_PIXELS:
        raise MicrographError(
            f"{name} has {rows} x {columns} pixels, more than the "
            f"{MAX_PIXELS / 1e6:.0f} million that are read; crop or bin it."
        )
    if rows * columns * bytes_per_pixel > MAX_BYTES:
        raise MicrographError(
            f"{name} takes {bytes_per_pixel} bytes per pixel, too much for a "
            "micrograph; save it as a grey image."
        )


def frame_choice(text: str) -> FrameChoice:
    """Parse a choice of frames: ``N``, ``mean`` or ``A:B``.

    Returns
    -------
    int or str
        A number also for a range of a single frame.

    Raises
    ------
    ValueError
        For any other text, and for an empty range.
    """
    plain = text.strip().lower()
    if plain == MEAN:
        return MEAN
    limits = _RANGE.fullmatch(plain)
    if limits is None:
        return int(plain)
    first, stop = map(int, limits.groups())
    if first >= stop:
        raise ValueError(f"no frame lies in {plain}")
    return first if stop == first + 1 else f"{first}:{stop}"


def choice_of(first: int, last: int, n_frames: int) -> FrameChoice:
    """Return the canonical choice of the frames from first to last.

    Parameters
    ----------
    first, last : int
        Both inclusive.
    n_frames : int
        Number of frames in the file.

    Returns
    -------
    int or str
        A number for one frame, ``"mean"`` for all, else ``"A:B"``.
    """
    if first == last:
        return first
    if (first, last) == (0, n_frames - 1):
        return MEAN
    return f"{first}:{last + 1}"


def frames_of(choice: FrameChoice, n_frames: int) -> tuple[int, int]:
    """Return first and last frame of a canonical choice; the inverse of `choice_of`."""
    if isinstance(choice, int):
        return choice, choice
    if choice == MEAN:
        return 0, n_frames - 1
    first, stop = map(int, choice.split(":"))
    return first, stop - 1


def frame_words(choice: FrameChoice) -> str:
    """Describe a canonical choice in words, for messages."""
    if isinstance(choice, int):
        return f"frame {choice}"
    if choice == MEAN:
        return "mean of all frames"
    first, stop = map(int, choice.split(":"))
    return f"mean of frames {first} to {stop - 1}"


def wanted_frame(
    name: str,
    frame: FrameChoice,
    n_frames: int,
    read: Callable[[int], NDArray[Any]],
) -> tuple[NDArray[Any], FrameChoice]:
    """Read the chosen frame, or average several.

    Parameters
    ----------
    name : str
        What the file is called in messages.
    frame : int or str
        See `FrameChoice`.
    n_frames : int
        Number of frames in the file.
    read : callable
        From a frame's number to its values; all frames have one shape.

    Returns
    -------
    values : ndarray
        One frame as it is, or the mean in double precision.
    chosen : int or str
        The choice in canonical form: 0 if the file has a single frame, a number if a
        range holds one frame, ``"mean"`` if it holds all.

    Raises
    ------
    MicrographError
        For a frame that the file does not have.
    """
    numbers = _frame_numbers(name, frame, n_frames)
    if len(numbers) == 1:
        return read(numbers[0]), numbers[0]
    total = np.zeros(1)
    for number in numbers:
        values = read(number)
        if values.dtype.kind not in "buif":
            return values, numbers[0]  # `gray` refuses values of this type
        total = total + values
    return total / len(numbers), choice_of(numbers[0], numbers[-1], n_frames)


def _frame_numbers(name: str, frame: FrameChoice, n_frames: int) -> range:
    """Return the numbers of the chosen frames, all of them in the file."""
    try:
        choice = frame_choice(frame) if isinstance(frame, str) else frame
    except ValueError as problem:
        raise MicrographError(
            f"{frame!r} names no frame of {name}; give a number, mean, or A:B."
        ) from problem
    if choice == MEAN:
        return range(n_frames)
    if isinstance(choice, int):
        numbers = range(choice, choice + 1)
    else:
        numbers = range(*map(int, choice.split(":")))
    for number in (numbers[0], numbers[-1]):
        if not 0 <= number < n_frames:
            raise MicrographError(
                f"{name} has no frame {number}; it holds {n_frames}, counted from 0."
            )
    return numbers


def gray(name: str, values: NDArray[Any]) -> tuple[NDArray[np.float32], list[str]]:
    """Convert samples to finite gray values.

    Colour is weighted after ITU-R BT.601; where red, green and blue are equal
    everywhere, the gray value is exactly theirs. Alpha is left out. Values that are
    not finite become the median of the finite ones.

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
        What was changed, one sentence each.

    Raises
    ------
    MicrographError
        If the samples are neither gray nor colour, or more than `MAX_BAD_FRACTION` of
        them are not finite.
    """
    if values.dtype.kind not in "buif":
        raise MicrographError(
            f"{name} holds values of type {values.dtype}, which are no grey values; "
            "save it as a grey image."
        )
    pixels, notices = _one_sample(name, values)
    return _with_finite_values(name, pixels, notices)


def _one_sample(
    name: str, values: NDArray[Any]
) -> tuple[NDArray[np.float32], list[str]]:
    if values.ndim == 2:
        return _to_float32(values), []
    samples = values.shape[2]
    if samples == 1:
        return _to_float32(values[..., 0]), []
    if samples > 4:
        raise MicrographError(
            f"{name} has {samples} channels; save the one to analyse as a grey image."
        )
    has_alpha = samples in (2, 4)
    colour = values[..., : samples - has_alpha]
    return _luma(colour), _channel_notices(_is_gray(colour), has_alpha)


def _is_gray(colour: NDArray[Any]) -> bool:
    """Whether all channels are equal."""
    first = colour[..., 0]
    others = (colour[..., i] for i in range(1, colour.shape[2]))
    return all(np.array_equal(first, other) for other in others)


def _channel_notices(gray: bool, has_alpha: bool) -> list[str]:
    if gray:
        return ["The alpha channel was left out."] if has_alpha else []
    alpha = " and its alpha channel left out" if has_alpha else ""
    return [f"The image is in colour; it was turned to grey{alpha}."]


def _luma(colour: NDArray[Any]) -> NDArray[np.float32]:
    if _is_gray(colour):
        return _to_float32(colour[..., 0])
    result = np.zeros(colour.shape[:2], np.float32)
    for number, weight in enumerate(_LUMA):
        result += np.float32(weight) * _to_float32(colour[..., number])
    return result


def _to_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(values, np.float32, order="C")


def _with_finite_values(
    name: str, pixels: NDArray[np.float32], notices: list[str]
) -> tuple[NDArray[np.float32], list[str]]:
    """Replace values that are not finite by the median of the others."""
    if max(-float(pixels.min()), float(pixels.max())) <= LARGEST_GRAY:
        return pixels, notices
    good = np.abs(pixels) <= LARGEST_GRAY
    n_bad = pixels.size - int(np.count_nonzero(good))
    if n_bad > MAX_BAD_FRACTION * pixels.size:
        raise MicrographError(
            f"{name} has {n_bad} of {pixels.size} pixels without a finite value up to "
            f"{LARGEST_GRAY:g}, too many to mend; save it again from the original data."
        )
    pixels[~good] = np.median(pixels[good])
    noun = "pixel" if n_bad == 1 else "pixels"
    notice = f"{n_bad} {noun} without a finite value took the median of the others."
    return pixels, [*notices, notice]
