"""The helper process that reads files with RosettaSciIO, one after another.

Each line of the standard input asks for a file. The answer is a line that says what
was found, and, where pixels are asked for, their bytes after a second line. Between
the two the one who asks learns how long the pixels may take. Everything is JSON but
the pixels.
"""

from __future__ import annotations

import gc
import json
import math
import os
import struct
import sys
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.frame import MAX_BYTES, check_size, wanted_frame
from napari_cdse.io.images.process_limits import limit_computing, limit_memory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedWriter

    from numpy.typing import NDArray

    Dataset = dict[str, Any]

# What the library raises on damaged files, found by truncating and flipping bytes.
# Anything else ends this process, which is a message too.
DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

HEADER_MEMORY = 2**29
"""Bytes that a header may take, besides twice the file: text, tags, thumbnails."""
HEADER_COMPUTING_S = 2.0
HEADER_BYTES_PER_SECOND = 1e7
"""Time that a header may be computed on: so long, and as long as a file of its size
takes byte by byte. Choices: real headers take 0.05 s, one that lets a library run in
circles takes for ever, and a slow disk takes none of it."""
_FRAMES_IN_MEMORY = 4
"""Copies of a frame that are held at once, at most: read, swapped, summed, sent."""

_ENERGIES = ("ev", "kev", "mev")
_RGB = ("R", "G", "B")
_MODES = (0, 1, 2, 3, 4, 6, 12, 101)
_MRC_BYTES = {0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2}
"""Bytes per pixel in each mode of MRC that is read."""
_MRC_HEADER_BYTES = 1024
_BIG_ENDIAN_STAMP = 0x11
_ANGSTROM_NM = 0.1


def main() -> None:
    """Answer until the standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not come between the answers.
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    _load_library()
    gc.freeze()  # what is loaded stays; a collection need not look at it
    _send(answers, {"ready": True})
    for line in sys.stdin.buffer:
        try:
            _answer(json.loads(line), answers)
        except MemoryError:
            _send(answers, {"memory": True})
            return


def _load_library() -> None:
    """Take the time of the imports before the first file is asked for."""
    import rsciio.digitalmicrograph
    import rsciio.emd
    import rsciio.hspy
    import rsciio.mrc  # noqa: F401


def _library_errors() -> tuple[type[Exception], ...]:
    """Errors that the library and what it stands on define."""
    import box
    import pint
    from rsciio import exceptions

    own = (one for one in vars(exceptions).values() if isinstance(one, type))
    errors = tuple(one for one in own if issubclass(one, Exception))
    return (*errors, box.BoxError, pint.PintError)


def _answer(request: dict[str, Any], answers: BufferedWriter) -> None:
    name = request["name"]
    damage: tuple[type[Exception], ...] = DAMAGE + _library_errors()
    pixels = b""
    try:
        message, pixels = _read(request, name, answers)
    except MicrographError as problem:
        message = {"problem": str(problem)}
    except damage as problem:
        message = {"damaged": repr(problem)[:500]}
    _close_files()
    _send(answers, message, pixels)


def _close_files() -> None:
    """Close what the library keeps open of lazy files, before anyone hears of it.

    HDF5 would take a file that was changed meanwhile for the one it has open, and
    Windows would let nobody rename it.
    """
    import h5py

    gc.collect()  # graphs of dask hold on to their files in circles
    kinds = h5py.h5f.OBJ_FILE | h5py.h5f.OBJ_GROUP | h5py.h5f.OBJ_DATASET
    for one in h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, kinds):
        if one.valid:
            h5py.File(h5py.h5i.get_file_id(one)).close()


def _read(
    request: dict[str, Any], name: str, answers: BufferedWriter
) -> tuple[dict[str, Any], bytes]:
    """Read a file; what is known of it is sent before its pixels are read."""
    path, frame, kind = Path(request["path"]), request["frame"], request["kind"]
    size = path.stat().st_size
    limit_memory(HEADER_MEMORY + 2 * min(size, MAX_BYTES))
    limit_computing(HEADER_COMPUTING_S + size / HEADER_BYTES_PER_SECOND)
    dataset, notices = _micrograph(name, _open(path, name, kind))
    data = _without_single(dataset["data"])
    n_frames = data.shape[0] if data.ndim == 3 else 1
    rows, columns = data.shape[-2:]
    check_size(name, rows, columns, data.dtype.itemsize)
    about_scale = _about_scale(dataset, kind)
    found = {
        "n_frames": n_frames,
        "axes": [_axis(axis) for axis in _axes(dataset)[-2:]],
        "frame_bytes": rows * columns * data.dtype.itemsize,
        "notices": notices + about_scale,
    }
    if frame is None:
        return found, b""
    _send(answers, found)
    limit_computing(math.inf)  # the one who asks waits as long as pixels may take
    limit_memory(HEADER_MEMORY + _FRAMES_IN_MEMORY * rows * columns * 8)
    swapped = dataset.get("swapped", False)

    def read(number: int) -> NDArray[Any]:
        values = _frame(data, number)
        return values.byteswap() if swapped else values

    values, chosen = wanted_frame(name, frame, n_frames, read)
    picture = {"chosen": chosen, "shape": values.shape, "dtype": values.dtype.str}
    return picture, values.tobytes()


def _send(
    answers: BufferedWriter, message: dict[str, Any], pixels: bytes = b""
) -> None:
    answers.write(json.dumps(message, default=str).encode() + b"\n" + pixels)
    answers.flush()


def _open(path: Path, name: str, kind: str) -> list[Dataset]:
    """Let the library read a header; pixels stay in the file where it can."""
    if kind == "mrc":
        return _open_mrc(path)
    if kind == "dm":
        from rsciio.digitalmicrograph import file_reader
    else:
        _check_own_data(path, name)
        if kind == "hspy":
            from rsciio.hspy import file_reader
        else:
            from rsciio.emd import file_reader
    options = {"select_type": "images"} if kind == "emd" else {}
    try:
        return list(file_reader(str(path), lazy=True, **options))
    except ValueError:
        # Pictures in colour, and those in one piece within HDF5, are read whole or
        # not at all.
        if path.stat().st_size > MAX_BYTES:
            raise MicrographError(
                f"{name} is damaged, or can only be read whole and is too large for "
                "that; save the frame to analyse as TIFF."
            ) from None
        limit_computing(math.inf)  # pixels, too
        return list(file_reader(str(path), **options))


def _check_own_data(path: Path, name: str) -> None:
    """Refuse HDF5 that fetches data out of other files, pipes and devices among them.

    Raises
    ------
    MicrographError
        For links to other files, and for numbers that lie in them.
    """
    import h5py

    def elsewhere(_: str, found: Any) -> bool | None:
        if isinstance(found, h5py.Dataset):
            return found.external is not None or found.is_virtual or None
        return isinstance(found, h5py.ExternalLink) or None

    with h5py.File(path, "r") as file:
        if file.visititems(elsewhere) or file.visititems_links(elsewhere):
            raise MicrographError(
                f"{name} takes data from other files, as no program of a microscope "
                "writes; save the picture as TIFF."
            )


def _open_mrc(path: Path) -> list[Dataset]:
    from rsciio.mrc import file_reader

    header = _mrc_header(path)
    order = _mrc_order(header)
    _check_mrc(header, order, path.stat().st_size)
    # Without the last option other files beside a movie would be read too.
    found = file_reader(str(path), lazy=True, endianness=order, metadata_file=None)
    # The library (0.15) reads the header in this order, but not the pixels.
    swapped = order == ">" and all(one["data"].dtype.isnative for one in found)
    return [one | {"swapped": swapped} for one in found]


def _mrc_header(path: Path) -> bytes:
    with path.open("rb") as file:
        header = file.read(_MRC_HEADER_BYTES)
    if len(header) < _MRC_HEADER_BYTES:
        raise ValueError("no header")
    return header


def _check_mrc(header: bytes, order: str, size: int) -> None:
    """Refuse more pixels than the file holds, which the library would lay out first."""
    columns, rows, sections, mode = struct.unpack_from(f"{order}4i", header)
    (extended,) = struct.unpack_from(f"{order}i", header, 92)
    n_bytes = columns * rows * sections * _MRC_BYTES.get(mode, 1)
    if min(columns, rows, sections) < 1 or extended < 0:
        raise ValueError("no pixels")
    if _MRC_HEADER_BYTES + extended + n_bytes > size:
        raise ValueError("pixels are missing")


def _mrc_order(header: bytes) -> str:
    """Byte order after the machine stamp, or after which mode makes sense."""
    if header[212] == _BIG_ENDIAN_STAMP:
        return ">"
    little, big = (struct.unpack_from(f"{order}i", header, 12)[0] for order in "<>")
    return ">" if little not in _MODES and big in _MODES else "<"


def _micrograph(name: str, datasets: Sequence[Dataset]) -> tuple[Dataset, list[str]]:
    """Choose the largest gray picture with most bits among what a file holds."""
    reasons = [_why_no_picture(one) for one in datasets]
    pictures = [one for one, why in zip(datasets, reasons, strict=True) if why is None]
    if not pictures:
        what = next((why for why in reasons if why), "no picture")
        raise MicrographError(
            f"{name} holds {what}, no micrograph; choose a file with a picture."
        )
    chosen = max(pictures, key=_rank)
    if len(pictures) == 1:
        return chosen, []
    title = chosen.get("metadata", {}).get("General", {}).get("title")
    named = f" ({title})" if title else ""
    return chosen, [
        f"The file holds {len(pictures)} pictures; the largest one with most bits "
        f"was taken{named}."
    ]


def _why_no_picture(dataset: Dataset) -> str | None:
    """Say what a data set is if it is no picture or stack of pictures."""
    data: Any = dataset.get("data")
    if not hasattr(data, "shape") or not hasattr(data, "dtype"):
        return "no picture"
    axes = _axes(dataset)
    signal = [axis for axis in axes if axis.get("navigate") is False]
    spectral = any(_is_energy(axis) for axis in axes)
    if spectral or data.ndim < 2 or (len(signal) == 1 and len(axes) > 1):
        return "a spectrum"
    if data.dtype.kind == "c":
        return "a complex picture such as a Fourier transform"
    if _without_single(data).ndim > 3:
        return "a scan of pictures in four dimensions"
    if data.dtype.names is not None and not set(_RGB) <= set(data.dtype.names):
        return "a table"
    if data.dtype.names is None and data.dtype.kind not in "buif":
        return "no numbers"
    return None


def _is_energy(axis: dict[str, Any]) -> bool:
    name, unit = str(axis.get("name", "")), str(axis.get("units", ""))
    return unit.strip().lower() in _ENERGIES or name.lower().startswith("energy")


def _rank(dataset: Dataset) -> tuple[bool, int, int]:
    data = dataset["data"]
    gray = data.dtype.names is None
    return gray, int(np.prod(data.shape[-2:])), data.dtype.itemsize


def _without_single(data: Any) -> Any:
    """Leave out leading axes of one entry."""
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    return data


def _axes(dataset: Dataset) -> list[dict[str, Any]]:
    axes = dataset.get("axes", ())
    return [axis for axis in axes if isinstance(axis, dict)]


def _axis(axis: dict[str, Any]) -> list[float | str | None]:
    """Scale and unit of an axis, as far as they are a number and a text."""
    scale, unit = axis.get("scale"), axis.get("units")
    number = float(scale) if isinstance(scale, int | float | np.number) else None
    return [number, None if unit is None else str(unit)]


def _about_scale(dataset: Dataset, kind: str) -> list[str]:
    """Say where a scale is what a program writes that knows none."""
    if kind != "mrc":
        return []
    axes = dataset["axes"][-2:]
    header = dataset["original_metadata"]["std_header"]
    if not (header["MX"] and header["MY"]):
        for axis in axes:
            axis["scale"] = None
    elif all(np.isclose(axis["scale"], _ANGSTROM_NM, rtol=1e-6) for axis in axes):
        for axis in axes:
            axis["scale"] = None
        return [
            "The MRC header says 1 Å per pixel, as programs write that know no pixel "
            "size; give it yourself."
        ]
    return []


def _frame(data: Any, number: int) -> NDArray[Any]:
    one = data[number] if data.ndim == 3 else data
    if hasattr(one, "compute"):
        one = one.compute(scheduler="synchronous")
    values = np.array(one)  # a copy, so that nothing stays mapped
    if values.dtype.names is not None:
        return np.stack([values[colour] for colour in _RGB], axis=-1)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


if __name__ == "__main__":
    main()
