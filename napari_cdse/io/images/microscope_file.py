"""Read microscopes' own file formats with RosettaSciIO, in a separate process."""

from __future__ import annotations

import functools
import importlib.util
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.frame import Frame
from napari_cdse.io.images.pixel_size_tags import stated_spacing
from napari_cdse.io.images.rosetta_process import ROSETTA, ReadingFailed, StartFailed

if TYPE_CHECKING:
    from napari_cdse.io.images.frame import FrameChoice

SUFFIXES = (".dm3", ".dm4", ".emd", ".hspy", ".mrc", ".mrcs")
"""Endings of the files that need RosettaSciIO."""

INSTALL = 'pip install "napari-cdse[microscopes]"'
"""The line that installs RosettaSciIO."""

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_DM_VERSIONS = (b"\0\0\0\3", b"\0\0\0\4")
_MRC_MARK, _MRC_MARK_AT = b"MAP ", 208
START_BYTES = _MRC_MARK_AT + len(_MRC_MARK)
"""Bytes at the beginning by which the kind of a file is known."""

_NAMES = {
    "dm": "DigitalMicrograph file",
    "emd": "EMD file",
    "hspy": "HyperSpy file",
    "mrc": "MRC file",
}


def kind_of(start: bytes, suffix: str) -> str | None:
    """Know a microscope's own format by how a file begins, or else by its ending.

    Parameters
    ----------
    start : bytes
        The first `START_BYTES` of the file.
    suffix : str
        Ending of its name.

    Returns
    -------
    {"dm", "emd", "hspy", "mrc"} or None
    """
    ending = suffix.lower()
    if start.startswith(_HDF5_MAGIC):
        return "hspy" if ending == ".hspy" else "emd"
    if start.startswith(_DM_VERSIONS) and ending in (".dm3", ".dm4"):
        return "dm"
    if start[_MRC_MARK_AT:] == _MRC_MARK:
        return "mrc"
    by_name = {".dm3": "dm", ".dm4": "dm", ".mrc": "mrc", ".mrcs": "mrc"}
    return by_name.get(ending, "emd" if ending == ".emd" else None)


@functools.cache
def is_readable() -> bool:
    """Whether RosettaSciIO is installed, with what it needs for HDF5."""
    return all(importlib.util.find_spec(one) for one in ("rsciio", "h5py"))


def read_microscope_file(
    path: str | os.PathLike[str], name: str, kind: str, frame: FrameChoice
) -> Frame:
    """Read one frame of a file, or the mean of several.

    Parameters
    ----------
    path : str or path-like
        A regular file.
    name : str
        What the file is called in messages.
    kind : {"dm", "emd", "hspy", "mrc"}
        See `kind_of`.
    frame : int or str
        As in `napari_cdse.io.images.frame.wanted_frame`.

    Raises
    ------
    MicrographError
        RosettaSciIO is not installed, or the file is damaged, too large, without a
        picture or without such a frame.
    """
    found, pixels = _ask(path, name, kind, frame)
    values = np.frombuffer(pixels, found["dtype"]).reshape(found["shape"])
    (row, row_unit), (col, col_unit) = found["axes"]
    return Frame(
        values,
        found["n_frames"],
        stated_spacing("The file", row, col, col_unit or "", row_unit or ""),
        tuple(found["notices"]),
        found["chosen"],
    )


def count_microscope_frames(path: str | os.PathLike[str], name: str, kind: str) -> int:
    """Count the frames of a file from its header.

    Raises
    ------
    MicrographError
        As for `read_microscope_file`.
    """
    found, _ = _ask(path, name, kind, None)
    return int(found["n_frames"])


def _ask(
    path: str | os.PathLike[str], name: str, kind: str, frame: FrameChoice | None
) -> tuple[dict[str, Any], bytes]:
    if not is_readable():
        raise MicrographError(
            f"{name} is a {_NAMES[kind]}, which RosettaSciIO reads: install it with "
            f"{INSTALL} and try again."
        )
    request = {
        "path": os.path.abspath(path),
        "name": name,
        "kind": kind,
        "frame": frame,
    }
    try:
        found, pixels = ROSETTA.ask(request)
    except StartFailed as problem:
        raise MicrographError(
            f"{name} was not read, because RosettaSciIO does not start; install it "
            f"again with {INSTALL}."
        ) from problem
    except ReadingFailed as problem:
        raise MicrographError(_failure(name, kind, problem.seconds)) from problem
    if "problem" in found:
        raise MicrographError(found["problem"])
    if "memory" in found:
        raise MicrographError(
            f"{name} takes far more memory than a {_NAMES[kind]} of its size; "
            "copy it again from its source, or save it as TIFF."
        )
    if "damaged" in found:
        raise MicrographError(_failure(name, kind, None))
    return found, pixels


def _failure(name: str, kind: str, seconds: float | None) -> str:
    if seconds is not None:
        return (
            f"{name} could not be read within {seconds:.0f} s; copy it to a fast disk, "
            "or again from its source."
        )
    return (
        f"{name} is a damaged or incomplete {_NAMES[kind]}; "
        "copy it again from its source."
    )
