"""Read microscopes' own file formats with RosettaSciIO, in a separate process.

`kind_of` recognises a format. Files are then read by the helper process that
`rosetta_process` starts and `rosetta_helper` runs; here its answers become a `Frame`,
and its failures errors with advice.
"""

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
"""Suffixes of the files that need RosettaSciIO."""

INSTALL = 'pip install "napari-cdse[microscopes]"'
"""Command that installs RosettaSciIO."""

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_DM_VERSIONS = (b"\0\0\0\3", b"\0\0\0\4")
_MRC_MARK, _MRC_MARK_AT = b"MAP ", 208
START_BYTES = _MRC_MARK_AT + len(_MRC_MARK)
"""Length of the beginning of a file that identifies its format: up to the mark of MRC,
the last one."""

_NAMES = {
    "dm": "DigitalMicrograph file",
    "emd": "EMD file",
    "hspy": "HyperSpy file",
    "mrc": "MRC file",
}


def kind_of(start: bytes, suffix: str) -> str | None:
    """Recognise a microscope's format by a file's first bytes, or else by its suffix.

    Parameters
    ----------
    start : bytes
        The first `START_BYTES` of the file.
    suffix : str
        With its dot.

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
    """Whether RosettaSciIO is installed, and h5py, which it needs for HDF5."""
    return all(importlib.util.find_spec(package) for package in ("rsciio", "h5py"))


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
    answer, pixels = _ask(path, name, kind, frame)
    values = np.frombuffer(pixels, answer["dtype"]).reshape(answer["shape"])
    (row, row_unit), (col, col_unit) = answer["axes"]
    return Frame(
        values,
        answer["n_frames"],
        stated_spacing("The file", row, col, col_unit or "", row_unit or ""),
        tuple(answer["notices"]),
        answer["chosen"],
    )


def count_microscope_frames(path: str | os.PathLike[str], name: str, kind: str) -> int:
    """Count the frames of a file from its header.

    Raises
    ------
    MicrographError
        As for `read_microscope_file`.
    """
    answer, _ = _ask(path, name, kind, None)
    return int(answer["n_frames"])


def _ask(
    path: str | os.PathLike[str], name: str, kind: str, frame: FrameChoice | None
) -> tuple[dict[str, Any], bytes]:
    """Have the helper process read a frame, or the header alone where it is None."""
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
        answer, pixels = ROSETTA.ask(request)
    except StartFailed as problem:
        raise MicrographError(
            f"{name} was not read, because RosettaSciIO does not start; install it "
            f"again with {INSTALL}."
        ) from problem
    except ReadingFailed as problem:
        raise MicrographError(_failure(name, kind, problem.seconds)) from problem
    _check_answer(answer, name, kind)
    return answer, pixels


def _check_answer(answer: dict[str, Any], name: str, kind: str) -> None:
    """Raise the error that the helper process reports, if it does."""
    if "problem" in answer:
        raise MicrographError(answer["problem"])
    if "memory" in answer:
        raise MicrographError(
            f"{name} takes far more memory than a {_NAMES[kind]} of its size; "
            "copy it again from its source, or save it as TIFF."
        )
    if "damaged" in answer:
        raise MicrographError(_failure(name, kind, None))


def _failure(name: str, kind: str, seconds: float | None) -> str:
    """Describe a timeout after so many seconds, or damage where there was none."""
    if seconds is not None:
        return (
            f"{name} could not be read within {seconds:.0f} s; copy it to a fast disk, "
            "or again from its source."
        )
    return (
        f"{name} is a damaged or incomplete {_NAMES[kind]}; "
        "copy it again from its source."
    )
