"""Real files of every kind in, gray pixels or one sentence out."""

import hashlib
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cdse.core.errors import MicrographError, ParameterError
from napari_cdse.io.images.micrograph_file import micrograph_id, read_micrograph

RNG = np.random.default_rng(0)
GRAY8 = RNG.integers(0, 256, (31, 47), np.uint8)
RGB8 = RNG.integers(0, 256, (31, 47, 3), np.uint8)
LUMA = RGB8 @ np.array([0.299, 0.587, 0.114])


def _refusal(path, **options):
    with pytest.raises(MicrographError) as caught:
        read_micrograph(path, **options)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message


def _png_chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def _png(rows, columns, packed, depth=8, colour=0):
    header = struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "TIFF"])
def test_gray_pixels_are_exact_and_row_comes_first(tmp_path, suffix):
    path = tmp_path / f"a.b.{suffix}"
    Image.fromarray(GRAY8).save(path)
    found = read_micrograph(path)
    assert found.shape == (31, 47)
    assert found.pixels.dtype == np.float32
    assert found.pixels.flags.c_contiguous
    np.testing.assert_array_equal(found.pixels, GRAY8)
    assert found.name == "a.b"
    assert found.notices == ()
    assert (found.pixel_size_nm, found.pixel_size_source) == (None, None)


def test_sixteen_bit_png_is_exact(tmp_path):
    values = RNG.integers(0, 2**16, (9, 5), np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.png").pixels, values)


def test_one_pixel_is_read(tmp_path):
    Image.new("L", (1, 1), 7).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", np.full((1, 1), 7.5, np.float32))
    assert read_micrograph(tmp_path / "a.png").pixels.tolist() == [[7.0]]
    assert read_micrograph(tmp_path / "a.tif").pixels.tolist() == [[7.5]]


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_colour_becomes_gray_with_a_notice(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(RGB8).save(path)
    found = read_micrograph(path)
    np.testing.assert_allclose(found.pixels, LUMA, atol=1e-3)
    assert found.notices == ("The image is in colour; it was turned to grey.",)


def test_colour_of_equal_channels_is_exactly_their_gray(tmp_path):
    Image.fromarray(GRAY8).convert("RGBA").save(tmp_path / "a.png")
    found = read_micrograph(tmp_path / "a.png")
    np.testing.assert_array_equal(found.pixels, GRAY8)
    assert "alpha" in found.notices[0]


@pytest.mark.parametrize("transparency", [None, 3, bytes(range(200))])
def test_palette_becomes_gray(tmp_path, transparency):
    image = Image.fromarray(RGB8).quantize(200)
    options = {} if transparency is None else {"transparency": transparency}
    image.save(tmp_path / "a.png", **options)
    truth = np.asarray(image.convert("RGB")) @ np.array([0.299, 0.587, 0.114])
    found = read_micrograph(tmp_path / "a.png")
    np.testing.assert_allclose(found.pixels, truth, atol=1e-3)
    assert "in colour" in found.notices[0]


def test_gray_with_alpha_and_sixteen_bit_colour_have_notices(tmp_path):
    Image.fromarray(GRAY8).convert("LA").save(tmp_path / "la.png")
    found = read_micrograph(tmp_path / "la.png")
    np.testing.assert_array_equal(found.pixels, GRAY8)
    assert found.notices == ("The alpha channel was left out.",)
    row = b"\0" + struct.pack(">6H", *[256 * 9] * 6)
    (tmp_path / "deep.png").write_bytes(_png(1, 2, zlib.compress(row), 16, 2))
    found = read_micrograph(tmp_path / "deep.png")
    assert found.pixels.tolist() == [[9.0, 9.0]]
    assert "8 of the 16 bits" in found.notices[0]


def test_jpeg_is_read_with_a_notice(tmp_path):
    Image.fromarray(np.full((16, 16), 90, np.uint8)).save(tmp_path / "a.jpg")
    found = read_micrograph(tmp_path / "a.jpg")
    np.testing.assert_allclose(found.pixels, 90, atol=1)
    assert "JPEG" in found.notices[0]


def test_content_decides_and_not_the_name(tmp_path):
    Image.fromarray(GRAY8).save(tmp_path / "a.png")
    os.rename(tmp_path / "a.png", tmp_path / "a.tif")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.tif").pixels, GRAY8)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"hello, this is text", "is not what its name says, or damaged: PNG, TIFF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "is not what its name says"),
        (b"\x89PNG\r\n\x1a\n", "damaged or incomplete PNG"),
        (b"II*\0", "damaged or incomplete TIFF"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "has no pixels"),
        (b"BM", "damaged or incomplete BMP"),
        (b"\xff\xd8\xff", "damaged or incomplete JPEG"),
    ],
)
def test_what_is_no_image_gets_a_sentence(tmp_path, data, says):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert says in _refusal(path)


def test_what_is_no_file_gets_a_sentence(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "named pipe" in _refusal(tmp_path / "pipe.png")
    assert "does not exist" in _refusal(tmp_path / "none.png")


def test_too_many_pixels_are_refused_before_decoding(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(_png(20_000, 20_000, zlib.compress(b"\0")))
    assert "20000 x 20000 pixels" in _refusal(path)
    path.write_bytes(_png(2**31 - 1, 2**31 - 1, zlib.compress(b"\0")))
    assert "million that are read" in _refusal(path)


def test_what_unpacks_to_more_than_the_header_says_is_cut_off(tmp_path):
    path = tmp_path / "long.png"
    path.write_bytes(_png(10, 10, zlib.compress(bytes(2**22))))
    assert read_micrograph(path).shape == (10, 10)


def test_a_deflate_bomb_is_refused_in_little_memory(tmp_path):
    """A strip of a hundred pixels that unpacks to 128 MiB."""
    path = tmp_path / "bomb.tif"
    packed = zlib.compress(bytes(2**27), 1)
    tifffile.imwrite(path, GRAY8[:10, :10], compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as tif:
        tags = tif.pages.first.tags
        tags["StripOffsets"].overwrite(path.stat().st_size)
        tags["StripByteCounts"].overwrite(len(packed))
    with open(path, "ab") as file:
        file.write(packed)
    tracemalloc.start()
    try:
        assert "unpacks to far more" in _refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_the_limit_of_pillow_does_not_stand_in_the_way(tmp_path, monkeypatch):
    Image.fromarray(GRAY8).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read_micrograph(tmp_path / "a.png").shape == GRAY8.shape


def test_few_pixels_without_a_value_take_the_median(tmp_path):
    values = np.arange(1000, dtype=np.float32).reshape(20, 50)
    values[3, 4:7] = np.nan, np.inf, -np.inf
    tifffile.imwrite(tmp_path / "a.tif", values)
    found = read_micrograph(tmp_path / "a.tif")
    assert np.isfinite(found.pixels).all()
    assert found.pixels[3, 4] == np.median(values[np.isfinite(values)])
    assert found.notices == (
        "3 pixels without a finite value took the median of the others.",
    )
    values[0] = np.nan
    tifffile.imwrite(tmp_path / "b.tif", values)
    assert "53 of 1000 pixels" in _refusal(tmp_path / "b.tif")


def test_values_beyond_single_precision_are_not_finite(tmp_path):
    values = np.ones((20, 50))
    values[0, 0] = 1e300
    tifffile.imwrite(tmp_path / "a.tif", values)
    found = read_micrograph(tmp_path / "a.tif")
    assert found.pixels.max() == 1.0
    assert "1 pixel without" in found.notices[0]
    tifffile.imwrite(tmp_path / "b.tif", np.full((4, 4), 1e300))
    assert "without a finite value up to 1e+12" in _refusal(tmp_path / "b.tif")


def test_pixel_size_of_the_person_wins(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, GRAY8, imagej=True, resolution=(25, 25), metadata={"unit": "nm"}
    )
    found = read_micrograph(path)
    assert (found.pixel_size_nm, found.pixel_size_source) == (0.04, "file")
    assert found.notices == ()
    found = read_micrograph(path, pixel_size_nm=0.05)
    assert (found.pixel_size_nm, found.pixel_size_source) == (0.05, "person")
    assert "0.04 nm" in found.notices[0]
    assert read_micrograph(path, pixel_size_nm=0.04).notices == ()


@pytest.mark.parametrize("size", [0, -0.04, float("nan"), float("inf"), 40])
def test_impossible_pixel_sizes_are_refused(tmp_path, size):
    with pytest.raises(ParameterError, match="pixel size"):
        read_micrograph(tmp_path / "a.tif", pixel_size_nm=size)


def test_id_is_the_hash_of_bytes_and_frame(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([GRAY8, GRAY8]), photometric="minisblack")
    first, second = read_micrograph(path), read_micrograph(path, frame=1)
    assert first.id == hashlib.sha256(path.read_bytes() + b"frame 0").hexdigest()
    assert second.id != first.id
    assert (first.id, second.id) == (micrograph_id(path), micrograph_id(path, 1))
    (tmp_path / "copy.tif").write_bytes(path.read_bytes())
    assert micrograph_id(tmp_path / "copy.tif") == first.id


def test_the_asked_frame_is_read_and_the_others_are_told(tmp_path):
    path = tmp_path / "a.tif"
    stack = np.stack([GRAY8, 255 - GRAY8, GRAY8 // 2])
    tifffile.imwrite(path, stack, photometric="minisblack")
    found = read_micrograph(path, frame=1)
    np.testing.assert_array_equal(found.pixels, 255 - GRAY8)
    assert found.name == "a_frame1"
    assert "Only frame 1 of the file's 3 frames (counted from 0)" in found.notices[0]
    assert "has no frame 3" in _refusal(path, frame=3)
    assert "has no frame -1" in _refusal(path, frame=-1)
    Image.fromarray(GRAY8).save(tmp_path / "a.png")
    assert "has no frame 1" in _refusal(tmp_path / "a.png", frame=1)


def test_a_scale_bar_is_told_where_nobody_said_the_pixel_size(tmp_path):
    pixels = np.random.default_rng(0).integers(40, 200, (300, 400), dtype=np.uint8)
    pixels[270:275, 30:217] = 255
    path = tmp_path / "bar.png"
    Image.fromarray(pixels).save(path)
    found = read_micrograph(path)
    assert found.scale_bar.length_px == 187
    assert "A bar of 187 px was found" in found.notices[-1]
    known = read_micrograph(path, pixel_size_nm=0.04)
    assert known.scale_bar is None
    assert not any("bar" in notice for notice in known.notices)
