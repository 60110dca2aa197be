"""A JPEG that lacks pixels is refused, however well it ends; a whole one is read."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.images.plain.jpeg_scans import MAX_SCANS, MAX_SEGMENTS

END = b"\xff\xd9"
WAYS = {
    "plain": {},
    "fine codes": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
    "progressive with restarts": {"progressive": True, "restart_marker_rows": 1},
    "coarse colours": {"subsampling": "4:2:0"},
}


def _drawn(mode, shape=(117, 90)):
    rng = np.random.default_rng(3)
    gray = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 90
    noisy = (gray + rng.normal(60, 10, shape)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(noisy).convert(mode)


def _jpeg(picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def _scans(data):
    return [found.start() for found in re.finditer(b"\xff\xda", data)]


@pytest.fixture
def read(tmp_path):
    def read(data):
        """Pixels, or None where they are refused."""
        path = tmp_path / "a.jpg"
        path.write_bytes(data)
        try:
            return read_micrograph(path).pixels
        except MicrographError:
            return None

    return read


@pytest.fixture
def refused(read):
    return lambda data: read(data) is None


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("way", WAYS)
def test_a_jpeg_that_was_cut_and_closed_again_is_refused_or_whole(read, mode, way):
    data = _jpeg(_drawn(mode), **WAYS[way])
    whole = read(data)
    first = _scans(data)[0]
    cuts = np.linspace(first + 14, len(data) - 4, 25).astype(int)
    found = [read(data[:cut] + END) for cut in cuts]
    assert sum(one is None for one in found) > 20
    # What is missing at the very end may be no more than what fills up the last byte.
    left = [one for one in found if one is not None]
    assert all(np.array_equal(one, whole) for one in left)


def test_whole_intervals_that_are_missing_are_noticed(refused):
    data = _jpeg(_drawn("L"), restart_marker_blocks=3)
    places = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", data)]
    assert len(places) > 20
    assert all(refused(data[:place] + END) for place in places[-9:])


def test_whole_passes_that_are_missing_are_noticed(refused):
    data = _jpeg(_drawn("RGB"), progressive=True)
    # Tables of codes stand before a scan, and may end the picture as well.
    assert len(_scans(data)) > 5
    assert all(refused(data[:place] + END) for place in _scans(data)[1:])


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (9, 17), (3, 200)])
def test_whatever_stands_around_a_whole_picture_is_nothing(refused, shape, tmp_path):
    for way in WAYS.values():
        data = _jpeg(_drawn("RGB", shape), **way)
        small = _jpeg(_drawn("L", (8, 8)))
        comment = b"\xff\xfe" + (len(small) + 2).to_bytes(2) + small
        around = b"\xff\xd8" + comment + data[2:-2] + b"\xff\xff" + END + small[:-9]
        assert not refused(around)


def test_a_picture_of_too_many_passes_is_refused_before_it_is_decoded(refused):
    data = _jpeg(_drawn("L", (8, 8)), progressive=True)
    (*_, last), end = _scans(data), len(data) - 2
    assert not refused(data[:end] + data[last:end] * 3 + END)
    assert refused(data[:end] + data[last:end] * MAX_SCANS + END)


def test_a_file_of_endless_notes_is_refused_before_anybody_reads_them(read):
    data = _jpeg(_drawn("L", (8, 8)))
    note = b"\xff\xfe\0\3x"
    assert read(data[:2] + 500 * note + data[2:]) is not None
    assert read(data[:2] + MAX_SEGMENTS * note + data[2:]) is None
