"""The helper process that reads files with RosettaSciIO, one after another.

`napari_cdse.io.images.rosetta_process` starts it and talks to it over standard input
and output. Each line of input is a request for a file, in JSON. The answer is a line of
JSON with the header: number of frames, axes, bytes of a frame and notices. If pixels
are requested, a second line gives their shape and type, and their bytes follow. The
header comes first so that the other process knows how long to wait for the pixels.
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
"""Errors that the library raises on damaged files, found by truncating files and by
flipping bytes. Any other error ends this process, and the file counts as damaged."""

HEADER_MEMORY = 2**29
"""Bytes of memory for a header (text, tags, thumbnails), beyond twice the file's size.
Chosen."""
HEADER_COMPUTING_S = 2.0
HEADER_BYTES_PER_SECOND = 1e7
"""Processor time for a header: a constant in s, and the file's size over a rate.
Chosen: real headers take 0.05 s; waiting for a slow disk does not count; the limit
ends an endless loop in the library."""
_FRAMES_IN_MEMORY = 4
"""Most copies of a frame in memory at once: read, swapped, summed, sent."""

_ENERGY_UNITS = ("ev", "kev", "mev")
_RGB = ("R", "G", "B")
_MRC_MODES = (0, 1, 2, 3, 4, 6, 12, 101)
"""Values of an MRC header's mode that the format defines."""
_MRC_BYTES = {0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2}
"""Bytes per pixel in each mode of MRC that is read."""
_MRC_HEADER_BYTES = 1024
_BIG_ENDIAN_STAMP = 0x11
_ANGSTROM_NM = 0.1


def main() -> None:
    """Answer requests until the standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Text that a library prints must not get between the answers.
    with open(os.devnull, "wb") as null_device:
        os.dup2(null_device.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    _load_library()
    gc.freeze()  # keeps collections from going through the loaded libraries
    _send(answers, {"ready": True})
    for line in sys.stdin.buffer:
        try:
            _answer(json.loads(line), answers)
        except MemoryError:
            _send(answers, {"memory": True})
            return


def _load_library() -> None:
    """Import the library before the first request, whose time is limited."""
    import rsciio.digitalmicrograph
    import rsciio.emd
    import rsciio.hspy
    import rsciio.mrc  # noqa: F401


def _library_errors() -> tuple[type[Exception], ...]:
    """Return the errors that the library and its dependencies define."""
    import box
    import pint
    from rsciio import exceptions

    classes = (each for each in vars(exceptions).values() if isinstance(each, type))
    errors = tuple(each for each in classes if issubclass(each, Exception))
    return (*errors, box.BoxError, pint.PintError)


def _answer(request: dict[str, Any], answers: BufferedWriter) -> None:
    """Read one file and send its header and pixels, or what was wrong with it."""
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
    """Close files that the library keeps open for lazy reading, before answering.

    HDF5 would otherwise give old contents of a file that has changed meanwhile, and
    Windows would not let anyone rename it.
    """
    import h5py

    gc.collect()  # dask's graphs refer to their files in reference cycles
    kinds = h5py.h5f.OBJ_FILE | h5py.h5f.OBJ_GROUP | h5py.h5f.OBJ_DATASET
    for handle in h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, kinds):
        if handle.valid:
            h5py.File(h5py.h5i.get_file_id(handle)).close()


def _read(
    request: dict[str, Any], name: str, answers: BufferedWriter
) -> tuple[dict[str, Any], bytes]:
    """Read a file and send its header; return the last line, and pixels if wanted."""
    path, frame, kind = Path(request["path"]), request["frame"], request["kind"]
    size = path.stat().st_size
    limit_memory(HEADER_MEMORY + 2 * min(size, MAX_BYTES))
    limit_computing(HEADER_COMPUTING_S + size / HEADER_BYTES_PER_SECOND)
    dataset, notices = _micrograph(name, _open(path, name, kind))
    data = _without_single(dataset["data"])
    n_frames = data.shape[0] if data.ndim == 3 else 1
    rows, columns = data.shape[-2:]
    check_size(name, rows, columns, data.dtype.itemsize)
    scale_notices = _drop_default_scale(dataset, kind)
    header = {
        "n_frames": n_frames,
        "axes": [_axis(axis) for axis in _axes(dataset)[-2:]],
        "frame_bytes": rows * columns * data.dtype.itemsize,
        "notices": notices + scale_notices,
    }
    if frame is None:
        return header, b""
    _send(answers, header)
    limit_computing(math.inf)  # from here on the other process limits the time
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
    """Read a header with the library; pixels stay in the file where possible."""
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
        # The library cannot read colour images lazily, nor contiguous ones in HDF5.
        if path.stat().st_size > MAX_BYTES:
            raise MicrographError(
                f"{name} is damaged, or can only be read whole and is too large for "
                "that; save the frame to analyse as TIFF."
            ) from None
        limit_computing(math.inf)  # this reads the pixels too
        return list(file_reader(str(path), **options))


def _check_own_data(path: Path, name: str) -> None:
    """Refuse HDF5 files that refer to other files, which may be pipes or devices.

    Raises
    ------
    MicrographError
        For external links, and for data sets whose values lie in other files.
    """
    import h5py

    def is_external(_: str, entry: Any) -> bool | None:
        # None lets h5py go on to the next entry.
        if isinstance(entry, h5py.Dataset):
            return entry.external is not None or entry.is_virtual or None
        return isinstance(entry, h5py.ExternalLink) or None

    with h5py.File(path, "r") as file:
        if file.visititems(is_external) or file.visititems_links(is_external):
            raise MicrographError(
                f"{name} takes data from other files, as no program of a microscope "
                "writes; save the picture as TIFF."
            )


def _open_mrc(path: Path) -> list[Dataset]:
    from rsciio.mrc import file_reader

    header = _mrc_header(path)
    order = _mrc_order(header)
    _check_mrc(header, order, path.stat().st_size)
    # The last option keeps the library from reading other files beside a movie.
    datasets = file_reader(str(path), lazy=True, endianness=order, metadata_file=None)
    # The library (0.15) applies the byte order to the header, but not to the pixels.
    swapped = order == ">" and all(each["data"].dtype.isnative for each in datasets)
    return [each | {"swapped": swapped} for each in datasets]


def _mrc_header(path: Path) -> bytes:
    with path.open("rb") as file:
        header = file.read(_MRC_HEADER_BYTES)
    if len(header) < _MRC_HEADER_BYTES:
        raise ValueError("no header")
    return header


def _check_mrc(header: bytes, order: str, size: int) -> None:
    """Refuse a header with more pixels than the file, for which memory is reserved."""
    columns, rows, sections, mode = struct.unpack_from(f"{order}4i", header)
    (extended,) = struct.unpack_from(f"{order}i", header, 92)
    n_bytes = columns * rows * sections * _MRC_BYTES.get(mode, 1)
    if min(columns, rows, sections) < 1 or extended < 0:
        raise ValueError("no pixels")
    if _MRC_HEADER_BYTES + extended + n_bytes > size:
        raise ValueError("pixels are missing")


def _mrc_order(header: bytes) -> str:
    """Return the byte order: by the machine stamp, or by which mode is defined."""
    if header[212] == _BIG_ENDIAN_STAMP:
        return ">"
    little, big = (struct.unpack_from(f"{order}i", header, 12)[0] for order in "<>")
    return ">" if little not in _MRC_MODES and big in _MRC_MODES else "<"


def _micrograph(name: str, datasets: Sequence[Dataset]) -> tuple[Dataset, list[str]]:
    """Choose the largest gray image with most bits among a file's data sets."""
    other_kinds = [_kind_unless_image(each) for each in datasets]
    pictures = [
        each for each, kind in zip(datasets, other_kinds, strict=True) if kind is None
    ]
    if not pictures:
        what = next((kind for kind in other_kinds if kind), "no picture")
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


def _kind_unless_image(dataset: Dataset) -> str | None:
    """Name what a data set holds; None for an image or a stack of images."""
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
    return unit.strip().lower() in _ENERGY_UNITS or name.lower().startswith("energy")


def _rank(dataset: Dataset) -> tuple[bool, int, int]:
    """Order images by how likely they are the micrograph."""
    data = dataset["data"]
    gray = data.dtype.names is None
    return gray, int(np.prod(data.shape[-2:])), data.dtype.itemsize


def _without_single(data: Any) -> Any:
    """Drop leading axes of length 1."""
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    return data


def _axes(dataset: Dataset) -> list[dict[str, Any]]:
    axes = dataset.get("axes", ())
    return [axis for axis in axes if isinstance(axis, dict)]


def _axis(axis: dict[str, Any]) -> list[float | str | None]:
    """Return scale and unit of an axis; None for one that is no number or missing."""
    scale, unit = axis.get("scale"), axis.get("units")
    number = float(scale) if isinstance(scale, int | float | np.number) else None
    return [number, None if unit is None else str(unit)]


def _drop_default_scale(dataset: Dataset, kind: str) -> list[str]:
    """Remove the scale from MRC that programs write without a pixel size; report it."""
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
    """Read the values of one frame, in native byte order and with colours last."""
    frame = data[number] if data.ndim == 3 else data
    if hasattr(frame, "compute"):
        frame = frame.compute(scheduler="synchronous")
    values = np.array(frame)  # a copy, so that the file does not stay mapped
    if values.dtype.names is not None:
        return np.stack([values[colour] for colour in _RGB], axis=-1)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


if __name__ == "__main__":
    main()
