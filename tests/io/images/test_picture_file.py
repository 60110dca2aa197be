"""A picture without a file, kept as TIFF: its numbers, its scale, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.images.picture_file import write_picture


@pytest.mark.parametrize(
    "kind", [np.uint8, np.uint16, np.float32, np.int32, np.float64, bool]
)
def test_numbers_and_scale_come_back(tmp_path, kind):
    values = np.random.default_rng(3).integers(0, 200, (90, 120)).astype(kind)
    write_picture(tmp_path / "x.tif", values, 0.0375)
    found = read_micrograph(tmp_path / "x.tif")
    np.testing.assert_allclose(found.pixels, values.astype(float))
    assert found.pixel_size_nm == pytest.approx(0.0375, rel=1e-6)


def test_colours_become_one_picture_and_no_scale_is_made_up(tmp_path):
    colours = np.random.default_rng(4).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    write_picture(tmp_path / "x.tif", colours)
    found = read_micrograph(tmp_path / "x.tif")
    assert found.shape == (90, 120)
    assert found.pixel_size_nm is None


def test_complex_numbers_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(MicrographError, match="complex"):
        write_picture(tmp_path / "x.tif", np.ones((9, 9), complex))
    assert not list(tmp_path.iterdir())
