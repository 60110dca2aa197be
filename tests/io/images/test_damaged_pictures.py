"""Pictures that are damaged or cut end as a micrograph or as a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import read_micrograph

SMOOTH = np.add.outer(np.arange(37), np.arange(53)) % 90


def _read(path, **options):
    return read_micrograph(path, **options).pixels


def _refusal(path):
    with pytest.raises(MicrographError) as caught:
        read_micrograph(path)
    return str(caught.value)


def _written(write, *args, **options):
    buffer = io.BytesIO()
    write(buffer, *args, **options)
    return buffer.getvalue()


def _pillow(values, kind, **options):
    return _written(Image.fromarray(values).save, kind, **options)


def _seeds():
    gray, wide = SMOOTH.astype(np.uint8), SMOOTH.astype(np.uint16)
    stack = np.stack([gray, gray])
    return {
        "png": _pillow(gray, "PNG"),
        "png16": _pillow(wide, "PNG"),
        "palette": _written(Image.fromarray(gray).convert("P").save, "PNG"),
        "jpeg": _pillow(gray, "JPEG"),
        "bmp": _pillow(gray, "BMP"),
        "lzw": _pillow(wide, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "packbits": _pillow(gray, "TIFF", compression="packbits"),
        "plain": _written(tifffile.imwrite, gray),
        "big": _written(tifffile.imwrite, wide, bigtiff=True, byteorder=">"),
        "deflate": _written(tifffile.imwrite, gray, compression="zlib", rowsperstrip=9),
        "tiles": _written(tifffile.imwrite, gray, compression="zlib", tile=(16, 16)),
        "imagej": _written(
            tifffile.imwrite, stack, imagej=True, metadata={"unit": "nm"}
        ),
        "ome": _written(tifffile.imwrite, stack, ome=True, metadata={"axes": "TYX"}),
    }


def _damaged(data, rng):
    if rng.random() < 0.3:
        return data[: rng.integers(len(data))]
    broken = bytearray(data)
    # Most of what matters stands at the beginning.
    span = len(data) if rng.random() < 0.4 else min(len(data), 400)
    for place in rng.integers(span, size=rng.integers(1, 5)):
        broken[place] = rng.choice([0, 1, 255, rng.integers(256)])
    return bytes(broken)


@pytest.mark.parametrize("name", _seeds())
def test_damage_ends_as_a_micrograph_or_a_sentence(tmp_path, name, capfd):
    data = _seeds()[name]
    rng = np.random.default_rng(len(name))
    path = tmp_path / "damaged.bin"
    n_refused = 0
    for _ in range(60):
        path.write_bytes(_damaged(data, rng))
        try:
            pixels = _read(path)
        except MicrographError:
            n_refused += 1
        else:
            assert pixels.dtype == np.float32
            assert np.isfinite(pixels).all()
    assert n_refused > 5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", _seeds())
def test_a_file_cut_anywhere_is_refused_or_complete(tmp_path, name):
    data = _seeds()[name]
    path = tmp_path / "cut.bin"
    path.write_bytes(data)
    whole = _read(path)
    cuts = np.linspace(0, len(data) - 1, 40).astype(int)
    for cut in cuts:
        path.write_bytes(data[:cut])
        try:
            pixels = _read(path)
        except MicrographError:
            continue
        np.testing.assert_array_equal(pixels, whole)
    path.write_bytes(data[:60])
    assert "cut.bin is" in _refusal(path)


def _png(rows, columns, depth, colour, data, interlaced=0):
    """Bytes of a PNG around what was unpacked, whatever it holds."""

    def chunk(kind, content):
        sum_ = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + sum_

    head = struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, interlaced)
    packed = zlib.compress(data)
    pixels = chunk(b"IDAT", packed[:9]) + chunk(b"IDAT", packed[9:])
    comment = chunk(b"tEXt", b"Comment\0drawn")
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + comment + pixels + end


@pytest.mark.parametrize(("depth", "colour"), [(8, 0), (16, 0), (1, 0), (8, 2), (8, 6)])
def test_a_png_that_ends_well_but_early_is_refused(tmp_path, depth, colour):
    samples = {0: 1, 2: 3, 6: 4}[colour]
    row = b"\0" + b"\x51" * -(-21 * depth * samples // 8)
    path = tmp_path / "a.png"
    for held in (1, 16):
        path.write_bytes(_png(17, 21, depth, colour, row * held))
        assert "damaged or incomplete PNG" in _refusal(path)
    path.write_bytes(_png(17, 21, depth, colour, row * 17))
    assert _read(path).min() == _read(path).max() or depth == 1
    black = bytes(len(row))
    path.write_bytes(_png(17, 21, depth, colour, row * 16 + black))
    assert _read(path)[-1].max() == 0


@pytest.mark.parametrize("shape", [(17, 21), (16, 24), (1, 5), (3, 1)])
def test_an_interlaced_png_that_lacks_its_last_pass_is_refused(tmp_path, shape):
    # Passes of Adam7: first row and column, step of both.
    starts = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4))
    starts += ((2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    drawn = np.arange(1, 1 + shape[0] * shape[1]).reshape(shape).astype(">u2")
    parts = [drawn[r::down, c::across] for r, c, down, across in starts]
    data = [b"".join(b"\0" + one.tobytes() for one in part) for part in parts]
    held = [each if part.size else b"" for each, part in zip(data, parts, strict=True)]
    path = tmp_path / "a.png"
    path.write_bytes(_png(*shape, 16, 0, b"".join(held), interlaced=1))
    np.testing.assert_array_equal(_read(path), drawn)
    lacking = [each for each in held if each][:-1]
    path.write_bytes(_png(*shape, 16, 0, b"".join(lacking), interlaced=1))
    assert "damaged or incomplete PNG" in _refusal(path)


def test_a_stack_cut_after_its_first_frame_is_told(tmp_path, capfd):
    data = _seeds()["ome"]
    path = tmp_path / "a.tif"
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        end_of_first = tif.pages.first.dataoffsets[0] + SMOOTH.size
    path.write_bytes(data[: end_of_first + 5])
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, SMOOTH)
    assert "cut off outside" in found.notices[0]
    assert capfd.readouterr() == ("", "")
