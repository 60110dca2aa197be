"""Pixel sizes as programs write them, and those that are none."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.images.pixel_size_tags import (
    PixelSpacing,
    imagej_spacing,
    nm_per_unit,
    number,
    ome_spacing,
    resolution_spacing,
    stated_spacing,
    usable,
)

PIXELS = np.zeros((6, 8), np.uint8)


def _write(path, **options):
    tifffile.imwrite(path, PIXELS, **options)
    return read_micrograph(path)


@pytest.mark.parametrize(
    ("unit", "nm"),
    [
        ("nm", 1),
        ("NM", 1),
        ("nanometers", 1),
        ("um", 1e3),
        ("µm", 1e3),
        ("μm", 1e3),
        ("\\u00B5m", 1e3),
        ("micron", 1e3),
        ("microns", 1e3),
        ("micrometre", 1e3),
        ("Å", 0.1),
        ("\u212b", 0.1),
        ("Angstrom", 0.1),
        ("pm", 1e-3),
        ("cm", 1e7),
        ("Nanomètre", 1),
        ("nanometros", 1),
        ("[n_m]", 1),
        ("mm", 1e6),
        ("m", 1e9),
        (" nm\0", 1),
    ],
)
def test_units_by_name(unit, nm):
    assert nm_per_unit(unit) == pytest.approx(nm)


@pytest.mark.parametrize("unit", ["pixel", "", "s", "1/nm", None, 3, b"nm"])
def test_what_is_no_length(unit):
    assert nm_per_unit(unit) is None


@pytest.mark.parametrize(
    ("unit", "per_unit"),
    [("nm", 25), ("micron", 25_000), ("\\u00C5", 2.5), ("cm", 25e7)],
)
def test_imagej(tmp_path, unit, per_unit):
    found = _write(
        tmp_path / "a.tif",
        imagej=True,
        resolution=(per_unit, per_unit),
        metadata={"unit": unit},
    )
    assert found.pixel_size_nm == pytest.approx(0.04)
    assert found.pixel_size_source == "file"
    assert found.notices == ()


def test_imagej_without_a_scale(tmp_path):
    found = _write(tmp_path / "a.tif", imagej=True, resolution=(72, 72))
    assert found.pixel_size_nm is None
    assert found.notices == ()
    found = _write(
        tmp_path / "b.tif", imagej=True, resolution=(72, 72), metadata={"unit": "inch"}
    )
    assert found.pixel_size_nm is None
    assert "no HRTEM micrograph has" in found.notices[0]


@pytest.mark.parametrize(
    ("unit", "size"), [("nm", 0.04), ("µm", 4e-5), ("Å", 0.4), ("pm", 40), (None, 4e-5)]
)
def test_ome(tmp_path, unit, size):
    metadata = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size}
    if unit:
        metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    found = _write(tmp_path / "a.ome.tif", metadata=metadata)
    assert found.pixel_size_nm == pytest.approx(0.04)
    assert found.pixel_size_source == "file"


def test_ome_by_other_hands():
    xml = "<?xml version='1.0'?><ome:OME><ome:Pixels SizeX='8' {}/></ome:OME>"
    sizes = "PhysicalSizeX = '0.05'\n PhysicalSizeXUnit='&#197;'"
    assert ome_spacing(xml.format(sizes)).col_nm == pytest.approx(0.005)
    assert ome_spacing(xml.format("PhysicalSizeX='many'")) is None
    assert (
        ome_spacing(xml.format("PhysicalSizeX='1' PhysicalSizeXUnit='pixel'")) is None
    )
    assert ome_spacing(xml.format("")) is None
    assert ome_spacing("a comment with <Pixels PhysicalSizeX='1'>") is None
    assert ome_spacing(None) is None


@pytest.mark.parametrize(
    ("unit", "per_unit", "size"),
    [(3, 2.5e8, 0.04), (2, 2.54e7 / 0.04, 0.04), (2, 300, None), (1, 25, None)],
)
def test_resolution_tags(tmp_path, unit, per_unit, size):
    found = _write(
        tmp_path / "a.tif",
        resolution=(per_unit, per_unit),
        resolutionunit=unit,
        metadata=None,
    )
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert found.notices == ()


@pytest.mark.parametrize("dpi", [72, 96, 300, 2400])
@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "bmp"])
def test_a_printer_is_no_microscope(tmp_path, suffix, dpi):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(PIXELS).save(path, dpi=(dpi, dpi))
    assert read_micrograph(path).pixel_size_nm is None


def test_pixels_that_are_not_square_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, PIXELS, imagej=True, resolution=(25, 20), metadata={"unit": "nm"}
    )
    with pytest.raises(MicrographError) as caught:
        read_micrograph(path)
    assert str(caught.value) == (
        "The pixels of a.tif are not square (ImageJ says 0.05 x 0.04 nm per pixel); "
        "resample it to square pixels, or give the pixel size if the file is wrong."
    )
    found = read_micrograph(path, pixel_size_nm=0.045)
    assert found.pixel_size_nm == 0.045
    assert "not square (0.05 x 0.04 nm); 0.045 nm was given" in found.notices[0]
    size, notices = usable(PixelSpacing(0.04001, 0.04, "ImageJ"))
    assert size == pytest.approx(0.040005)
    assert notices == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.0421", 0.0421),
        ("0,0421", 0.0421),
        ("4,21E-11", 4.21e-11),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        (" 2,5\0", 2.5),
        ("-1", -1),
        ("many", None),
        ("", None),
        ("nan", None),
        ("1e999", None),
        (b"2", None),
        (None, None),
        (True, None),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
    ],
)
def test_numbers_in_any_locale(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("edge", "unit", "told"),
    [
        (1, "", None),
        (1.0, None, None),
        (1, "px", None),
        (0, "nm", None),
        (None, "nm", None),
        (0.5, "", "0.5 without a unit"),
        (-1, "nm", "-1 nm"),
        (0.2, "1/nm", "0.2 1/nm"),
        (3, "1 / nm", "3 1 / nm"),
        (2, "s", "2 s"),
    ],
)
def test_what_is_no_length_is_told_with_its_value(edge, unit, told):
    found = stated_spacing("The header", edge, edge, unit)
    if told is None:
        assert found is None
    else:
        assert usable(found) == (
            None,
            (
                f"The header says {told} per pixel, which is no length; "
                "give the pixel size yourself.",
            ),
        )


def test_two_units_make_one_length():
    found = stated_spacing("The header", 2, 0.2, "nm", "Å")
    assert (found.row_nm, found.col_nm) == pytest.approx((0.2, 0.2))
    found = stated_spacing("The header", None, 0.2, "nm")
    assert (found.row_nm, found.col_nm) == (0.2, 0.2)


def test_columns_and_rows_are_not_exchanged():
    found = imagej_spacing("nm", (20, 1), (50, 1))
    assert (found.col_nm, found.row_nm) == (0.05, 0.02)
    metadata = "<OME><Pixels PhysicalSizeX='0.00005' PhysicalSizeY='0.00002'/></OME>"
    found = ome_spacing(metadata)
    assert (found.col_nm, found.row_nm) == pytest.approx((0.05, 0.02))


@pytest.mark.parametrize("bad", [(1, 0), (0, 1), (-1, 1), "x", None, (1, 2, 3), b"\0"])
def test_broken_tags_are_no_calibration(bad):
    assert imagej_spacing("nm", bad, bad) is None
    assert resolution_spacing(2, bad, bad) is None
    assert resolution_spacing("2", (1, 1), (1, 1)) is None


def test_a_size_beyond_all_numbers_is_told_and_not_called_oblong():
    spacing = stated_spacing("The file", 1e300, 1e300, "m")
    assert spacing.square
    assert "which no HRTEM micrograph has" in usable(spacing)[1][0]
    assert not stated_spacing("The file", 1e299, 0.04, "m").square
