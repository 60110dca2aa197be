"""Read a micrograph from an image file of any supported format.

`read_micrograph` looks at the first bytes of a file and hands it to the reader of its
format: `tiff`, `tia_series`, `plain.raster`, or `microscope_file` for those that
RosettaSciIO reads. It then converts the frame to gray (`frame.gray`), decides on the
pixel size (`pixel_size_tags`) and computes the micrograph's id.
"""

from __future__ import annotations

import hashlib
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import MicrographError, ParameterError
from napari_cdse.core.imaging.scale_bar import find_scale_bar
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Micrograph
from napari_cdse.io.files import name_of, open_file
from napari_cdse.io.images import microscope_file, tia_series
from napari_cdse.io.images import pixel_size_tags as calibration
from napari_cdse.io.images.frame import MEAN, Frame, gray
from napari_cdse.io.images.plain.raster import READERS, read_raster

if TYPE_CHECKING:
    from io import BufferedReader

    from napari_cdse.io.images.frame import FrameChoice

PLAIN_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")
SUFFIXES = (
    *PLAIN_SUFFIXES,
    *microscope_file.SUFFIXES,
    tia_series.SER_SUFFIX,
    tia_series.EMI_SUFFIX,
)
"""Suffixes of micrographs in a folder. How a file is read follows from its first bytes,
and from the suffix only where these tell nothing."""

_FORMATS = (
    "PNG, TIFF, JPEG, BMP, SER with its EMI and, with RosettaSciIO, DM3, DM4, EMD, "
    "HSPY and MRC can be read"
)
_UNKNOWN_FORMAT = (
    f"is of no format that is known here: {_FORMATS}. Open it in the program that "
    "wrote it and save it as TIFF, with the pixel size."
)
_NOT_AS_NAMED = (
    f"is not what its name says, or damaged: {_FORMATS}. Copy it again from its "
    "source, or save it as TIFF in the program that wrote it, with the pixel size."
)
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AGREES_WITHIN = 0.005
"""Relative difference of a given pixel size from the file's that is not reported.
Chosen: two digits of rounding."""


def read_micrograph(
    path: str | os.PathLike[str],
    *,
    pixel_size_nm: float | None = None,
    frame: FrameChoice = 0,
) -> Micrograph:
    """Read one frame of a picture or a microscope's own file as a gray micrograph.

    PNG, TIFF, JPEG, BMP and SER are read here; DM3, DM4, EMD, HSPY and MRC by
    RosettaSciIO, if it is installed. An EMI stands for the SER file beside it.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    pixel_size_nm : float, optional
        Given by a person; used instead of the one in the file.
    frame : int or str, optional
        Of a file that holds several frames: the number of one, from 0; ``"mean"`` for
        the mean of all; ``"A:B"`` for the mean of frames A to B - 1.

    Returns
    -------
    Micrograph
        ``pixels`` of shape (rows, columns), finite; ``notices`` say what was changed
        or left out.

    Raises
    ------
    MicrographError
        If there is no such file, it is not a regular file, not an image, damaged or
        too large, has no such frame, pixels that are not square, or too many pixels
        without a finite value.
    ParameterError
        If no HRTEM micrograph has this pixel size.
    """
    check_pixel_size(pixel_size_nm)
    name = name_of(path)
    with open_file(_pixel_file(path), MicrographError) as file:
        contents = _read_frame(file, name, frame)
        if pixel_size_nm is None:
            calibration.check_square(name, contents.spacing)
        identity = _identity(file, name, contents.chosen)
    pixels, changes = gray(name, contents.values)
    size_nm, source, size_notices = _pixel_size(contents, pixel_size_nm)
    notices = (
        *contents.notices,
        *_frame_notices(contents),
        *changes,
        *size_notices,
    )
    bar = find_scale_bar(pixels) if size_nm is None else None
    return Micrograph(
        pixels=pixels,
        name=_name(Path(path).stem, contents.chosen),
        id=identity,
        pixel_size_nm=size_nm,
        pixel_size_source=source,
        notices=notices if bar is None else (*notices, bar.sentence),
        scale_bar=bar,
        n_frames=contents.n_frames,
    )


def count_frames(path: str | os.PathLike[str]) -> int:
    """Count the frames of a file from its header, without reading pixels.

    Parameters
    ----------
    path : str or path-like
        Name of the file.

    Raises
    ------
    MicrographError
        If the file cannot be read, or is damaged.
    """
    name = name_of(path)
    with open_file(_pixel_file(path), MicrographError) as file:
        start = _start(file, name)
        if start[:4] in _TIFF_MAGIC:
            from napari_cdse.io.images.tiff import count_tiff_frames

            return count_tiff_frames(file, name)
        if start.startswith(tia_series.SER_MAGIC):
            return tia_series.count_series_frames(file, name)
        if start.startswith(tuple(READERS)):
            return 1
        kind = microscope_file.kind_of(start, Path(file.name).suffix)
        if kind is None:
            raise unknown_format(path)
        return microscope_file.count_microscope_frames(file.name, name, kind)


def micrograph_id(path: str | os.PathLike[str], frame: FrameChoice = 0) -> str:
    """Compute the id of a micrograph without decoding it.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    frame : int or str, optional
        The choice in canonical form; see `napari_cdse.io.images.frame.choice_of`.

    Returns
    -------
    str
        Hexadecimal SHA-256 of the file's bytes and the choice of frames.

    Raises
    ------
    MicrographError
        If the file cannot be read.
    """
    with open_file(_pixel_file(path), MicrographError) as file:
        return _identity(file, name_of(path), frame)


def content_digest(path: str | os.PathLike[str]) -> str:
    """Compute a digest of all bytes that a micrograph is read from.

    Parameters
    ----------
    path : str or path-like
        Name of the file.

    Returns
    -------
    str
        Hexadecimal SHA-256 of the file, and of the .emi file beside a series, if there
        is one.

    Raises
    ------
    MicrographError
        If the file cannot be read.
    """
    pixels, *descriptions = files_of(path)
    digest = _file_digest(pixels)
    if not descriptions:
        return digest
    (description,) = descriptions
    return hashlib.sha256((digest + _file_digest(description)).encode()).hexdigest()


def files_of(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Return the files that a micrograph is read from.

    Parameters
    ----------
    path : str or path-like
        Name of the file.

    Returns
    -------
    tuple of Path
        First the file that holds the pixels, then the .emi file beside a series, if
        there is one.

    Raises
    ------
    MicrographError
        For an .emi file whose series is missing.
    """
    pixels = Path(_pixel_file(path))
    description = tia_series.description_of(pixels)
    return (pixels,) if description is None else (pixels, description)


def check_pixel_size(pixel_size_nm: float | None) -> None:
    """Refuse a pixel size that no HRTEM micrograph has.

    Parameters
    ----------
    pixel_size_nm : float or None
        None, where nobody gave one, is accepted.

    Raises
    ------
    ParameterError
        Outside `SMALLEST_NM` to `LARGEST_NM` of `pixel_size_tags`.
    """
    low, high = calibration.SMALLEST_NM, calibration.LARGEST_NM
    if pixel_size_nm is None:
        return
    if not (math.isfinite(pixel_size_nm) and low <= pixel_size_nm <= high):
        raise ParameterError(
            f"A pixel size of {pixel_size_nm:g} nm is not possible here; "
            f"give a value from {low:g} to {high:g} nm per pixel."
        )


def _file_digest(path: Path) -> str:
    with open_file(path, MicrographError) as file:
        return _digest(file, name_of(path)).hexdigest()


def _pixel_file(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Return the file that holds the pixels: for an .emi file, the series beside it."""
    if Path(path).suffix.lower() == tia_series.EMI_SUFFIX and os.path.isfile(path):
        return tia_series.series_of(path)
    return path


def _read_frame(file: BufferedReader, name: str, frame: FrameChoice) -> Frame:
    start = _start(file, name)
    if start[:4] in _TIFF_MAGIC:
        # Imported here, since tifffile takes time and other formats do not need it.
        from napari_cdse.io.images.tiff import read_tiff

        return read_tiff(file, name, frame)
    if start.startswith(tia_series.SER_MAGIC):
        return tia_series.read_series(file, name, frame, Path(file.name))
    for magic in READERS:
        if start.startswith(magic):
            return read_raster(file, name, frame, magic)
    kind = microscope_file.kind_of(start, Path(file.name).suffix)
    if kind is None:
        raise unknown_format(name)
    return microscope_file.read_microscope_file(file.name, name, kind, frame)


def unknown_format(path: str | os.PathLike[str]) -> MicrographError:
    """Make the error for a file of no supported format.

    Parameters
    ----------
    path : str or path-like
        Its suffix decides the advice: a supported one means that the file is damaged
        or misnamed.
    """
    is_suffix_known = str(path).lower().endswith(SUFFIXES)
    return MicrographError(
        f"{name_of(path)} {_NOT_AS_NAMED if is_suffix_known else _UNKNOWN_FORMAT}"
    )


def _start(file: BufferedReader, name: str) -> bytes:
    """Read the first bytes, which identify the format."""
    try:
        start = file.read(microscope_file.START_BYTES)
    except OSError as problem:
        raise _disk_error(name) from problem
    if not start:
        raise MicrographError(f"{name} is empty; copy it again from its source.")
    return start


def _identity(file: BufferedReader, name: str, frame: FrameChoice) -> str:
    digest = _digest(file, name)
    digest.update(f"frame {frame}".encode())
    return digest.hexdigest()


def _digest(file: BufferedReader, name: str) -> hashlib._Hash:
    """Hash all bytes of a file."""
    try:
        file.seek(0)
        return hashlib.file_digest(file, "sha256")
    except OSError as problem:
        raise _disk_error(name) from problem


def _disk_error(name: str) -> MicrographError:
    return MicrographError(
        f"{name} cannot be read from its disk; copy it again from its source."
    )


def _pixel_size(
    contents: Frame, by_person_nm: float | None
) -> tuple[float | None, PixelSizeSource | None, tuple[str, ...]]:
    """Decide on the pixel size: value in nm, where it comes from, and notices."""
    if by_person_nm is not None:
        notices = _disagreement(contents.spacing, by_person_nm)
        return by_person_nm, PixelSizeSource.PERSON, notices
    by_file_nm, notices = calibration.usable(contents.spacing)
    return by_file_nm, None if by_file_nm is None else PixelSizeSource.FILE, notices


def _disagreement(
    stated: calibration.StatedSpacing | None, by_person_nm: float
) -> tuple[str, ...]:
    """Report a person's pixel size that differs from a plausible one in the file."""
    if not isinstance(stated, calibration.PixelSpacing) or not stated.believable:
        return ()
    if not stated.square:
        return (
            f"The file says that pixels are not square ({stated.row_nm:.4g} x "
            f"{stated.col_nm:.4g} nm); {by_person_nm:.4g} nm was given and is used.",
        )
    by_file_nm = stated.pixel_size_nm
    if math.isclose(by_file_nm, by_person_nm, rel_tol=_AGREES_WITHIN):
        return ()
    notice = (
        f"The file says {by_file_nm:.4g} nm per pixel; "
        f"{by_person_nm:.4g} nm was given and is used."
    )
    return (notice,)


def _name(stem: str, chosen: FrameChoice) -> str:
    if chosen == 0:
        return stem
    if isinstance(chosen, int):
        return f"{stem}_frame{chosen}"
    if chosen == MEAN:
        return f"{stem}_mean"
    first, stop = map(int, chosen.split(":"))
    return f"{stem}_mean{first}-{stop - 1}"


def _frame_notices(contents: Frame) -> tuple[str, ...]:
    """Say which of several frames was read."""
    chosen, n_frames = contents.chosen, contents.n_frames
    if n_frames == 1:
        return ()
    if isinstance(chosen, int):
        return (
            f"Only frame {chosen} of the file's {n_frames} frames (counted from 0) was "
            "read; the window's slider or --frame takes another, or the mean of some.",
        )
    if chosen == MEAN:
        return (f"The mean of the file's {n_frames} frames was read.",)
    first, stop = map(int, chosen.split(":"))
    return (
        f"The mean of frames {first} to {stop - 1} of the file's {n_frames} frames "
        "(counted from 0) was read.",
    )
