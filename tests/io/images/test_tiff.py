"""TIFF in all the ways it is written."""

import os
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images import tiff_strips
from napari_cdse.io.images.micrograph_file import count_frames, read_micrograph
from napari_cdse.io.images.tiff import MAX_PAGES

RNG = np.random.default_rng(1)
NOISE = RNG.integers(0, 200, (37, 53))
SMOOTH = np.add.outer(np.arange(37), np.arange(53)) % 90
TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "f2", "f4", "f8")


def _read(path, **options):
    return read_micrograph(path, **options).pixels


def _refusal(path):
    with pytest.raises(MicrographError) as caught:
        read_micrograph(path)
    return str(caught.value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", TYPES)
def test_every_number_type_is_exact(tmp_path, kind, order):
    values = (NOISE - (50 if kind[0] in "if" else 0)).clip(-100, 120).astype(kind)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, byteorder=order)
    np.testing.assert_array_equal(_read(path), values)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True, "rowsperstrip": 5},
        {"compression": "zlib", "tile": (16, 32)},
        {"tile": (16, 16)},
        {"rowsperstrip": 7},
        {"bigtiff": True},
        {"ome": True},
        {"imagej": True},
    ],
)
def test_every_layout_is_exact(tmp_path, options):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE.astype(np.uint16), **options)
    np.testing.assert_array_equal(_read(path), NOISE)


@pytest.mark.parametrize("values", [NOISE, SMOOTH, NOISE * 0])
@pytest.mark.parametrize(
    ("kind", "packing", "predictor"),
    [
        ("u1", "tiff_lzw", 1),
        ("u1", "tiff_lzw", 2),
        ("u2", "tiff_lzw", 1),
        ("u2", "tiff_lzw", 2),
        ("f4", "tiff_lzw", 3),
        ("u1", "packbits", 1),
        ("u2", "packbits", 1),
        ("f4", "tiff_adobe_deflate", 3),
        ("f4", "tiff_adobe_deflate", 1),
    ],
)
def test_every_packing_is_exact(tmp_path, values, kind, packing, predictor):
    """Written by libtiff, so that two programs must agree."""
    path = tmp_path / "a.tif"
    image = Image.fromarray(values.astype(kind))
    image.save(path, compression=packing, tiffinfo={317: predictor})
    np.testing.assert_array_equal(_read(path), values)


def test_lzw_tables_are_filled_and_cleared(tmp_path):
    values = RNG.normal(100, 20, (400, 300)).clip(0, 255).astype(np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(
        path, compression="tiff_lzw", tiffinfo={278: 400}, strip_size=2**20
    )
    np.testing.assert_array_equal(_read(path), values)


@pytest.mark.parametrize("packing", [None, "zlib"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_colour_becomes_gray(tmp_path, planes, packing):
    rgb = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    stored = rgb if planes == "contig" else np.moveaxis(rgb, -1, 0)
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, stored, photometric="rgb", planarconfig=planes, compression=packing
    )
    found = read_micrograph(path)
    np.testing.assert_allclose(found.pixels, rgb @ [0.299, 0.587, 0.114], atol=1e-3)
    assert "in colour" in found.notices[0]


def test_colour_in_lzw_with_a_predictor(tmp_path):
    rgb = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(rgb).save(path, compression="tiff_lzw", tiffinfo={317: 2})
    np.testing.assert_allclose(_read(path), rgb @ [0.299, 0.587, 0.114], atol=1e-3)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_white_as_zero_is_turned_round(tmp_path, kind):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE.astype(kind), photometric="miniswhite")
    top = {"u1": 255, "u2": 65535, "f4": 0}[kind]
    np.testing.assert_array_equal(_read(path), top - NOISE)


def test_palette_and_single_bits(tmp_path):
    colours = RNG.integers(0, 2**16, (3, 256), np.uint16)
    tifffile.imwrite(
        tmp_path / "p.tif",
        NOISE.astype(np.uint8),
        photometric="palette",
        colormap=colours,
    )
    truth = np.moveaxis(colours[:, NOISE], 0, -1) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(_read(tmp_path / "p.tif"), truth, rtol=1e-5)
    Image.fromarray(NOISE > 100).save(tmp_path / "b.tif")
    np.testing.assert_array_equal(_read(tmp_path / "b.tif"), NOISE > 100)


def test_pages_of_other_sizes_and_thumbnails_are_no_frames(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(NOISE[:5, :5].astype(np.uint8), subfiletype=1)
        tif.write(NOISE.astype(np.uint8))
        tif.write(SMOOTH[:9].astype(np.uint16))
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, NOISE)
    assert "Of the file's 2 pages (counted from 0) page 0 was taken" in found.notices[0]
    with pytest.raises(MicrographError, match="has no frame 1; it holds 1"):
        read_micrograph(path, frame=1)


@pytest.mark.parametrize("first", ["jpeg", None])
def test_the_micrograph_is_the_gray_page_with_most_bits(tmp_path, first):
    """As Olympus writes: a picture with text, packed as JPEG, before the data."""
    path = tmp_path / "a.tif"
    picture = np.dstack([NOISE] * 3).astype(np.uint8)
    deep = (NOISE * 300).astype(np.uint16)
    with tifffile.TiffWriter(path) as tif:
        tif.write(picture, photometric="rgb", compression=first)
        tif.write(NOISE.astype(np.uint8))
        tif.write(deep)
        tif.write(deep // 2)
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, deep)
    assert "4 pages (counted from 0) pages 2 and on were taken" in found.notices[0]
    np.testing.assert_array_equal(_read(path, frame=1), deep // 2)
    np.testing.assert_allclose(_read(path, frame="mean"), (deep + deep // 2.0) / 2)
    assert count_frames(path) == 2


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14])
def test_packed_bits_are_exact(tmp_path, bits):
    values = RNG.integers(0, 2**bits, (37, 53)).astype("u1" if bits <= 8 else "u2")
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, bitspersample=bits, rowsperstrip=10)
    np.testing.assert_array_equal(_read(path), values)


@pytest.mark.parametrize("packing", ["lzw", "packbits", "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_packed_tiles_and_planes_are_exact(tmp_path, packing, order):
    path = tmp_path / "a.tif"
    values = SMOOTH.astype(np.uint16)
    tifffile.imwrite(path, values, compression=packing, tile=(16, 32), byteorder=order)
    np.testing.assert_array_equal(_read(path), values)
    planes = np.stack([NOISE, SMOOTH, NOISE]).astype(np.uint16)
    tifffile.imwrite(
        path, planes, photometric="rgb", planarconfig="separate", compression=packing
    )
    truth = np.tensordot([0.299, 0.587, 0.114], planes, 1)
    np.testing.assert_allclose(_read(path), truth, rtol=1e-5)


def test_a_gray_palette_and_equal_channels_are_gray_without_a_remark(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    path = tmp_path / "p.tif"
    tifffile.imwrite(path, NOISE.astype(np.uint8), photometric="palette", colormap=ramp)
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, NOISE * 257)
    assert found.notices == ()
    tifffile.imwrite(path, np.dstack([NOISE] * 3).astype(np.uint8), photometric="rgb")
    assert read_micrograph(path).notices == ()


def test_frames_behind_the_only_page_of_imagej_are_read(tmp_path):
    """ImageJ lists one page where a stack is larger than 4 GiB."""
    path = tmp_path / "a.tif"
    stack = RNG.integers(0, 2**16, (5, 9, 11)).astype(np.uint16)
    tifffile.imwrite(path, stack, imagej=True, truncate=True)
    with tifffile.TiffFile(path, mode="r+b") as tif:
        assert len(tif.pages) == 1
    assert count_frames(path) == 5
    np.testing.assert_array_equal(_read(path, frame=3), stack[3])
    np.testing.assert_allclose(_read(path, frame="1:4"), stack[1:4].mean(axis=0))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(MicrographError, match="incomplete"):
        read_micrograph(path, frame=4)


def test_frames_that_are_stated_but_nowhere_are_told(tmp_path):
    """A number costs nothing: it must not become as many steps of a slider."""
    path = tmp_path / "a.tif"
    text = "ImageJ=1.53\nimages=999999999999\n"
    tifffile.imwrite(path, np.ones((9, 11), np.uint8), description=text, metadata=None)
    assert count_frames(path) == 2
    told = read_micrograph(path).notices
    assert any("cut off outside" in each for each in told)
    with pytest.raises(MicrographError, match="incomplete"):
        read_micrograph(path, frame="mean")


@pytest.mark.parametrize("n_lines", [10, 300_000])
def test_notes_are_taken_apart_as_far_as_programs_write_them(tmp_path, n_lines):
    path = tmp_path / "a.tif"
    text = "ImageJ=1.53\nimages=2\nunit=nm\n" + "a=b\n" * n_lines
    values = np.ones((2, 9, 11), np.uint8)
    tifffile.imwrite(path, values[0], description=text, metadata=None)
    path.write_bytes(path.read_bytes() + values[1].tobytes())
    assert count_frames(path) == (2 if n_lines == 10 else 1)


def test_one_strip_named_for_every_row_is_unpacked_no_further_than_a_row(tmp_path):
    """The time follows from the picture, not from what a strip could yield."""
    path = tmp_path / "a.tif"
    rows = 4096
    tifffile.imwrite(path, np.zeros((rows, 8), np.uint8), rowsperstrip=1, compression=5)
    whole = imagecodecs.lzw_encode(bytes(2**22))
    end = path.stat().st_size
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tags = tif.pages.first.tags
        tags["StripOffsets"].overwrite([end] * rows)
        tags["StripByteCounts"].overwrite([len(whole)] * rows)
    with path.open("ab") as file:
        file.write(whole)
    unpacked = []

    def counted(packed, most):
        data = bytes(imagecodecs.lzw_decode(packed, out=most))
        unpacked.append(len(data))
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tiff_strips._UNPACKERS, 5, counted)
        assert _read(path).shape == (rows, 8)
    assert sum(unpacked) <= rows * 9


def test_tiles_far_larger_than_the_picture_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE.astype(np.uint8), tile=(64, 64), compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tif.pages.first.tags["TileWidth"].overwrite(2**14)
        tif.pages.first.tags["TileLength"].overwrite(2**14)
    assert "pieces that no program writes" in _refusal(path)


def test_a_file_of_countless_pages_is_refused(tmp_path):
    """Empty directories, each naming the next, 18 bytes a page."""
    n = MAX_PAGES + 1
    directory = struct.Struct("<HHHIII")
    pages = (directory.pack(1, 256, 3, 1, 9, 8 + 18 * (i + 1)) for i in range(n))
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0\x08\0\0\0" + b"".join(pages)[:-4] + bytes(4))
    assert f"{n} pages" in _refusal(path)


@pytest.mark.parametrize("packing", ["jpeg", "group4", "tiff_ccitt"])
def test_other_packings_get_a_sentence(tmp_path, packing):
    path = tmp_path / "a.tif"
    mode = "L" if packing == "jpeg" else "1"
    Image.fromarray(NOISE.astype(np.uint8)).convert(mode).save(
        path, compression=packing
    )
    assert "save it as an uncompressed TIFF" in _refusal(path)


def test_other_kinds_of_image_get_a_sentence(tmp_path):
    complex_ = NOISE.astype(np.complex64)
    tifffile.imwrite(tmp_path / "c.tif", complex_)
    assert "no grey values" in _refusal(tmp_path / "c.tif")
    tifffile.imwrite(
        tmp_path / "k.tif", np.zeros((9, 9, 4), np.uint8), photometric="separated"
    )
    assert "unusual kind" in _refusal(tmp_path / "k.tif")
    many = np.zeros((9, 9, 7), np.uint8)
    tifffile.imwrite(tmp_path / "m.tif", many, planarconfig="contig")
    assert "7 channels" in _refusal(tmp_path / "m.tif")
    Image.new("CMYK", (4, 4)).save(tmp_path / "l.tif", compression="tiff_lzw")
    assert "unusual kind" in _refusal(tmp_path / "l.tif")


def test_headers_of_giants_are_refused_before_decoding(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE.astype(np.uint8), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as tif:
        tags = tif.pages.first.tags
        tags["ImageWidth"].overwrite(20_000)
        tags["ImageLength"].overwrite(20_000)
    assert "20000 x 20000 pixels" in _refusal(path)


def test_pixels_without_a_value_are_none(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE.astype("u2"))
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        tag = tif.pages.first.tags["SamplesPerPixel"]
    data[tag.valueoffset : tag.valueoffset + 2] = b"\0\0"
    path.write_bytes(data)
    assert "a.tif has no pixels" in _refusal(path)


def test_missing_pieces_are_not_read_as_zeros(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, NOISE.astype(np.uint8), rowsperstrip=10)
    with tifffile.TiffFile(path, mode="r+") as tif:
        counts = list(tif.pages.first.databytecounts)
        counts[1] = 0
        tif.pages.first.tags["StripByteCounts"].overwrite(counts)
    assert "is incomplete" in _refusal(path)


@pytest.mark.parametrize("packing", ["raw", "tiff_lzw", "packbits"])
def test_a_file_cut_short_is_refused(tmp_path, packing):
    path = tmp_path / "a.tif"
    image = Image.fromarray(NOISE.astype(np.uint8))
    image.save(path, compression=packing)
    with tifffile.TiffFile(path) as tif:
        page = tif.pages.first
        end = page.dataoffsets[-1] + page.databytecounts[-1]
    data = bytearray(path.read_bytes())
    path.write_bytes(data[: end - 1] if end == len(data) else data[: len(data) // 2])
    assert "copy it again" in _refusal(path)


def test_no_other_file_is_opened_for_an_ome_set(tmp_path):
    """OME-XML may name further files; one that is a pipe would block."""
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.zeros((2, 4, 5), np.uint8), metadata={"axes": "TYX"})
    with tifffile.TiffFile(path) as tif:
        xml = tif.ome_metadata
    os.mkfifo(tmp_path / "other.ome.tif")
    xml = xml.replace(
        'FirstT="1" IFD="1"',
        'FirstT="1" IFD="0"',
    ).replace(
        "</TiffData>",
        '<UUID FileName="other.ome.tif">urn:uuid:1</UUID></TiffData>',
    )
    tifffile.imwrite(
        path, np.zeros((4, 5), np.uint8), description=xml, metadata=None, ome=False
    )
    assert _read(path).shape == (4, 5)
