"""An orientation noted in a file is told, and changes no pixel."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.images.plain.orientation import exif_orientation

GRAY = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8)
SAYS = "turned or mirrored (orientation 6)"


def _exif(orientation):
    exif = Image.Exif()
    exif[271] = "a camera"
    exif[274] = orientation
    return exif


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_turned_picture_is_left_as_it_lies_and_told(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(GRAY).save(path, exif=_exif(6))
    found = read_micrograph(path)
    assert found.pixels.shape == (16, 24)
    assert sum(SAYS in notice for notice in found.notices) == 1


def test_a_turned_tiff_is_left_as_it_lies_and_told(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GRAY, extratags=[(274, "H", 1, 6, True)])
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, GRAY)
    assert SAYS in found.notices[0]


@pytest.mark.parametrize("orientation", [0, 1, 9, 700])
def test_what_turns_nothing_is_not_told(tmp_path, orientation):
    Image.fromarray(GRAY).save(tmp_path / "a.png", exif=_exif(orientation))
    assert read_micrograph(tmp_path / "a.png").notices == ()


@pytest.mark.parametrize("order", ["II", "MM"])
def test_either_byte_order_is_read_and_cut_data_says_nothing(order):
    mark, byte_order = order.encode(), "little" if order == "II" else "big"

    def number(value, n_bytes):
        return value.to_bytes(n_bytes, byte_order)

    entries = b"".join(
        number(tag, 2) + number(3, 2) + number(1, 4) + number(value, 2) + b"\0\0"
        for tag, value in ((256, 5), (274, 3))
    )
    data = mark + number(42, 2) + number(8, 4) + number(2, 2) + entries
    assert exif_orientation(data) == 3
    assert exif_orientation(b"Exif\0\0" + data) == 3
    assert {exif_orientation(data[:cut]) for cut in range(len(data) - 2)} == {None}


def test_a_picture_that_moves_is_read_by_its_first(tmp_path):
    others = [Image.fromarray(GRAY + 40), Image.fromarray(GRAY + 80)]
    path = tmp_path / "a.png"
    Image.fromarray(GRAY).save(path, save_all=True, append_images=others)
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, GRAY)
    (notice,) = found.notices
    assert notice.startswith("Only the first of the file's 3 pictures was read")


def test_a_jpeg_of_several_pictures_is_read_by_its_first(tmp_path):
    path = tmp_path / "a.jpg"
    other = Image.fromarray(GRAY + 80)
    Image.fromarray(GRAY).save(path, "MPO", save_all=True, append_images=[other])
    found = read_micrograph(path)
    np.testing.assert_allclose(found.pixels, GRAY, atol=4)
    assert "Only the first of the file's pictures was read" in found.notices[1]
