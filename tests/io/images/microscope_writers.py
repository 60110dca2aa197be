"""Minimal files in microscopes' own formats, byte by byte, for the tests."""

import json
import struct
from itertools import accumulate

import h5py
import numpy as np

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
