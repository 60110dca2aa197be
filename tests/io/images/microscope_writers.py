"""Small files in microscopes' own formats, and how they are damaged, for tests."""

import json
import struct
from itertools import accumulate

import h5py
import mrcfile
import numpy as np

NM = 0.0421
"""Pixel size of what is written, in nm."""

DM_CODES = {"i2": 1, "f4": 2, "c8": 3, "u1": 6, "i4": 7, "u2": 10, "u4": 11, "f8": 12}
_DM_ELEMENTS = {"i2": 2, "f4": 6, "u1": 8, "i4": 3, "u2": 4, "u4": 5, "f8": 7, "c8": 6}


class DmWriter:
    """Tags of DigitalMicrograph, version 3 or 4, values little-endian."""

    def __init__(self, version):
        self.version = version
        self._long = ">q" if version == 4 else ">i"

    def long(self, value):
        return struct.pack(self._long, value)

    def entry(self, mark, name, content):
        size = struct.pack(">q", len(content)) if self.version == 4 else b""
        encoded = name.encode()
        return struct.pack(">BH", mark, len(encoded)) + encoded + size + content

    def group(self, entries):
        tags = b"".join(
            self.entry(20 if isinstance(value, dict) else 21, name, self.value(value))
            for name, value in entries.items()
        )
        return b"\1\0" + self.long(len(entries)) + tags

    def value(self, value):
        if isinstance(value, dict):
            return self.group(value)
        if isinstance(value, str):
            return self.array(4, len(value), value.encode("utf-16-le"))
        if isinstance(value, np.ndarray):
            kind = value.dtype.str[1:]
            size = value.size * (2 if kind == "c8" else 1)
            return self.array(_DM_ELEMENTS[kind], size, value.tobytes())
        code, form = (7, "<d") if isinstance(value, float) else (5, "<I")
        info = self.long(1) + self.long(code)
        return b"%%%%" + info + struct.pack(form, value)

    def array(self, element, size, data):
        info = b"".join(map(self.long, (3, 20, element, size)))
        return b"%%%%" + info + data

    def file(self, entries):
        body = self.group(entries)
        head = struct.pack(">i", self.version) + self.long(len(body))
        return head + struct.pack(">i", 1) + body + bytes(8)


def dm_image(values, scale=0.0421, unit="nm", **tags):
    """Tags of one picture or stack, fastest dimension first."""
    scales = [scale] * values.ndim if np.isscalar(scale) else scale
    dimensions = {
        f"{i}": {"Origin": 0.0, "Scale": float(one), "Units": unit if i < 2 else ""}
        for i, one in enumerate(scales)
    }
    kind = values.dtype.str[1:]
    return {
        "Name": "drawn",
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": ""},
                "Dimension": _unnamed(dimensions),
            },
            "Data": values,
            "DataType": DM_CODES[kind],
            "Dimensions": _unnamed(dict(enumerate(values.shape[::-1]))),
            "PixelDepth": values.dtype.itemsize,
        },
        "ImageTags": {"Meta Data": tags},
    }


def dm_file(*images, version=4):
    """Bytes of a file with some pictures."""
    entries = {"ImageList": _unnamed(dict(enumerate(images)))}
    return DmWriter(version).file(entries)


def _unnamed(entries):
    """Entries of a list; those of DigitalMicrograph have no names."""
    return {Nameless(str(key)): value for key, value in entries.items()}


class Nameless(str):
    """A key that is written as an empty name."""

    __slots__ = ()

    def encode(self, *_):
        return b""


def ser_file(frames, size_m=0.0421e-9, kind=16674, version=528):
    """Bytes of a series of TIA; rows lie upside down in it."""
    code = {"u1": 1, "u2": 2, "u4": 3, "i2": 5, "i4": 6, "f4": 7}[
        frames[0].dtype.str[1:]
    ]
    width = "<I" if version <= 528 else "<Q"
    n = len(frames)
    head = struct.pack("<HHHIIII", 0x4949, 0x0197, version, kind, 16722, n, n)
    dimension = struct.pack("<IddII6sI", n, 0, 1, 0, 6, b"Number", 0)
    table = len(head) + struct.calcsize(width) + 4 + len(dimension)
    elements = [
        struct.pack("<ddIddIHII", 0, size_m, 0, 0, size_m, 0, code, *one.shape[::-1])
        + one[::-1].tobytes()
        + struct.pack("<HHI", 16722, 0, 0)
        for one in frames
    ]
    at = table + struct.calcsize(width) * n
    places = list(accumulate(map(len, elements), initial=at))[:-1]
    return b"".join(
        [
            head,
            struct.pack(width, table),
            struct.pack("<I", 1),
            dimension,
            *(struct.pack(width, place) for place in places),
            *elements,
        ]
    )


def emi_file(mode="TEM uP SA Zoom Image"):
    """Bytes of a description of TIA with the mode of the microscope."""
    data = f"<Data><Label>Mode</Label><Value> {mode}</Value><Unit></Unit></Data>"
    return b"JL" + b"\0" * 50 + f"<ObjectInfo><Root>{data}</Root></ObjectInfo>".encode()


def velox_file(path, frames, size_m=0.0421e-9, unit="m", in_one_piece=False):
    """Write a Velox EMD: one picture or a stack, (rows, columns, frames)."""
    metadata = {
        "BinaryResult": {
            "PixelSize": {"width": str(size_m), "height": str(size_m)},
            "Offset": {"x": "0", "y": "0"},
            "PixelUnitX": unit,
            "PixelUnitY": unit,
            "DetectorIndex": "0",
            "Detector": "Camera",
        },
        "Detectors": {"Detector-0": {"DetectorName": "Camera", "ExposureTime": "1"}},
        "Scan": {"FrameTime": "1"},
        "Core": {},
        "Optics": {},
        "Instrument": {},
        "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "0"}},
        "Stage": {},
    }
    text = np.frombuffer(json.dumps(metadata).encode().ljust(2000, b"\0"), "u1")
    data = np.moveaxis(np.asarray(frames), 0, -1)
    with h5py.File(path, "w") as file:
        version = json.dumps({"format": "Velox", "version": "11"})
        file.create_dataset("Version", data=np.array([version.encode()]))
        group = file.create_group(f"Data/Image/{'0' * 32}")
        chunks = None if in_one_piece else (*data.shape[:2], 1)
        group.create_dataset("Data", data=data, chunks=chunks)
        columns = np.repeat(text[:, None], data.shape[-1], 1)
        group.create_dataset("Metadata", data=columns)


def write_dm3(path, values, size_nm=NM, unit="nm"):
    path.write_bytes(dm_file(dm_image(values, size_nm, unit), version=3))


def write_dm4(path, values, size_nm=NM, unit="nm"):
    path.write_bytes(dm_file(dm_image(values, size_nm, unit)))


def write_mrc(path, values, size_nm=NM, unit="nm"):
    with mrcfile.new(path, values) as file:
        if values.ndim == 3:
            file.set_image_stack()
        file.voxel_size = size_nm * 10 if unit == "nm" else 0


def _axes(values, size_nm, unit):
    n = values.ndim
    return [
        {
            "name": "zyx"[3 - n + i],
            "size": values.shape[i],
            "scale": size_nm,
            "offset": 0.0,
            "units": unit,
            "navigate": i < n - 2,
            "index_in_array": i,
        }
        for i in range(n)
    ]


def _signal(values, size_nm, unit):
    return {
        "data": values,
        "axes": _axes(values, size_nm, unit),
        "metadata": {"General": {"title": "drawn"}, "Signal": {"signal_type": ""}},
        "original_metadata": {},
        "attributes": {"_lazy": False, "ragged": False},
        "learning_results": {},
        "models": {},
        "package_info": {"package": "napari-cdse", "package_version": "0"},
        "tmp_parameters": {},
    }


def write_hspy(path, values, size_nm=NM, unit="nm"):
    from rsciio.hspy import file_writer

    file_writer(str(path), _signal(values, size_nm, unit))


def write_berkeley(path, values, size_nm=NM, unit="nm"):
    from rsciio.emd import file_writer

    file_writer(str(path), _signal(values, size_nm, unit))


def write_ser(path, values, size_nm=NM):
    frames = values if values.ndim == 3 else values[None]
    path.write_bytes(ser_file(list(frames), size_nm * 1e-9))


def write_velox(path, values, size_nm=NM, unit="nm"):
    frames = values if values.ndim == 3 else values[None]
    scale = 1e-9 if unit == "nm" else 1
    velox_file(path, frames, size_nm * scale, "m" if unit == "nm" else unit)


WRITERS = {
    "a.dm3": write_dm3,
    "a.dm4": write_dm4,
    "a.mrc": write_mrc,
    "a.hspy": write_hspy,
    "b.emd": write_berkeley,
    "v.emd": write_velox,
}
"""How to write each format: a path, values, and the edge of a pixel with its unit."""


def damaged(data, rng):
    """Cut bytes off, or turn some; three times in five before the pixels."""
    if rng.random() < 0.3:
        return data[: rng.integers(len(data))]
    broken = bytearray(data)
    # Most of what matters stands before the pixels.
    span = len(data) if rng.random() < 0.4 else min(len(data), 1200)
    for place in rng.integers(span, size=rng.integers(1, 5)):
        broken[place] = rng.choice([0, 1, 127, 255, rng.integers(256)])
    return bytes(broken)
