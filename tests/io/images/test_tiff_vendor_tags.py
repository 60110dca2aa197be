"""Pixel sizes where microscopes' and cameras' software leaves them in a TIFF."""

import struct

import numpy as np
import pytest
import tifffile

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import read_micrograph

PIXELS = np.zeros((12, 16), np.uint16)


def _gatan(x=0.0421, y=None, unit="nm"):
    y = x if y is None else y
    return [
        (65003, "s", 0, unit, False),
        (65004, "s", 0, unit, False),
        (65009, "d", 1, x, False),
        (65010, "d", 1, y, False),
    ]


def _read(path, tags, **options):
    tifffile.imwrite(path, PIXELS, extratags=tags, metadata=None, **options)
    return read_micrograph(path)


def _fei(text, code=34682):
    return [(code, "s", 0, text, False)]


XML = (
    "<?xml version='1.0'?><Metadata><BinaryResult><PixelSize>"
    "<X unit='{0}'>{1}</X><Y unit='{0}'>{1}</Y></PixelSize></BinaryResult></Metadata>"
)
JEOL = (
    "<TemReporter2><MeasurementReporter><a_MeasurementUnitType>{}"
    "</a_MeasurementUnitType><a_LengthPerPixel>0.0421</a_LengthPerPixel>"
    "</MeasurementReporter></TemReporter2>"
)
SIGHTX = (
    "<TemReporter><Eos><EosMode>eosTEM</EosMode></Eos><ImageFormingSystem>"
    "<ModeString>MAG</ModeString><SelectorValue>500000</SelectorValue>"
    "</ImageFormingSystem></TemReporter>"
)


@pytest.mark.parametrize(
    "tags",
    [
        _gatan(),
        _gatan(42.1, unit="pm"),
        _gatan(0.421, unit="A"),
        _gatan(4.21e-5, unit="µm".encode()),
        _gatan(4.21e-11, unit="m"),
        _fei("[Scan]\r\nPixelWidth=4.21e-11\r\nPixelHeight=4.21e-11\r\n"),
        _fei("[EScan]\nPixelWidth=4,21E-11\nPixelHeight=4,21E-11\n", 34680),
        _fei(XML.format("m", "4.21e-11"), 34683),
        _fei(XML.format("nm", "0,0421"), 34683),
        [(270, "s", 0, JEOL.format("UnitType_Length"), False)],
    ],
)
def test_the_pixel_size_is_taken_from_the_softwares_own_tag(tmp_path, tags):
    found = _read(tmp_path / "a.tif", tags)
    assert found.pixel_size_nm == pytest.approx(0.0421)
    assert found.pixel_size_source == "file"
    assert found.notices == ()


def test_jeol_states_a_magnification(tmp_path):
    """The resolution is the camera's: 1 / 21.05 um, at 500 000 times."""
    found = _read(
        tmp_path / "a.tif",
        [(270, "s", 0, SIGHTX, False)],
        resolution=(1e4 / 21.05, 1e4 / 21.05),
        resolutionunit=3,
    )
    assert found.pixel_size_nm == pytest.approx(0.0421)


def test_zeiss_states_the_pixel_of_a_picture_1024_wide(tmp_path):
    text = "\r\n".join(["1", "2", "3", "6.578125e-13", "AP_OTHER", "Other = 3 nm"])
    found = _read(tmp_path / "a.tif", [(34118, "s", 0, text, False)])
    assert found.pixel_size_nm == pytest.approx(6.578125e-4 * 1024 / 16)
    named = "AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 42.1 pm"
    found = _read(tmp_path / "b.tif", [(34118, "s", 0, named, False)])
    assert found.pixel_size_nm == pytest.approx(0.0421)


def test_tvips_states_nanometres(tmp_path):
    first = np.zeros((), tifffile.TIFF.TVIPS_HEADER_V1)
    second = np.zeros((), tifffile.TIFF.TVIPS_HEADER_V2)
    first["Version"] = 2
    second["PixelSizeX"] = second["PixelSizeY"] = 0.0421
    second["Magic"] = 0xAAAAAAAA
    data = first.tobytes() + second.tobytes()
    found = _read(tmp_path / "a.tif", [(37706, "B", len(data), data, False)])
    assert found.pixel_size_nm == pytest.approx(0.0421)


def test_olympus_states_metres_at_a_power_of_ten(tmp_path):
    """A structure SIS0 whose entry 1 points to exponent, x and y, behind the page."""
    path = tmp_path / "a.tif"
    head = struct.pack("<4s6xhhhhh6x32sH", b"SIS0", 0, 0, 1, 1, 120, b"", 1)
    tag = head + struct.pack("<hhI", 1, 1, 0)
    tifffile.imwrite(
        path, PIXELS, metadata=None, extratags=[(33560, "B", len(tag), tag, False)]
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"SIS0") + len(head) + 4
    data[at : at + 4] = struct.pack("<I", len(data))
    entry = struct.pack("<10xhdd8xd2x34s32s", -9, 0.0421, 0.0421, 6e5, b"", b"")
    path.write_bytes(bytes(data) + entry)
    assert read_micrograph(path).pixel_size_nm == pytest.approx(0.0421)


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        (_gatan(168.67), "168.7 x 168.7 nm per pixel, which no HRTEM micrograph has"),
        (_gatan(0.2, unit="1/nm"), "0.2 1/nm per pixel, which is no length"),
        (_gatan(-1.0), "-1 nm per pixel, which is no length"),
        (
            [(270, "s", 0, JEOL.format("UnitType_Diffraction"), False)],
            "0.0421 1/nm per pixel",
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_value(tmp_path, tags, told):
    found = _read(tmp_path / "a.tif", tags)
    assert found.pixel_size_nm is None
    assert told in found.notices[0]


def test_one_without_a_unit_is_nothing(tmp_path):
    found = _read(tmp_path / "a.tif", _gatan(1.0, unit=""))
    assert found.pixel_size_nm is None
    assert found.notices == ()


def test_the_vendors_tag_wins_over_the_resolution(tmp_path):
    found = _read(tmp_path / "a.tif", _gatan(), resolution=(1e8, 1e8), resolutionunit=3)
    assert found.pixel_size_nm == pytest.approx(0.0421)


def test_pixels_of_a_vendor_that_are_not_square_are_refused(tmp_path):
    with pytest.raises(MicrographError, match=r"not square \(DigitalMicrograph says"):
        _read(tmp_path / "a.tif", _gatan(168.67, 1686.7))
