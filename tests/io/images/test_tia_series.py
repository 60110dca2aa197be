"""Series of TIA: one picture or many, upside down, with a description or without."""

import numpy as np
import pytest

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images.micrograph_file import (
    count_frames,
    micrograph_id,
    read_micrograph,
)
from tests.io.images.microscope_writers import emi_file, ser_file

RNG = np.random.default_rng(7)
FRAMES = list(RNG.integers(0, 2**15, (3, 21, 34)).astype(np.uint16))


def _refusal(path, **options):
    with pytest.raises(MicrographError) as caught:
        read_micrograph(path, **options)
    return str(caught.value)


@pytest.mark.parametrize("version", [528, 544])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i2", "i4", "f4"])
def test_a_picture_is_exact_with_its_pixel_size(tmp_path, kind, version):
    path = tmp_path / "a_1.ser"
    picture = (FRAMES[0] % 100).astype(kind)
    path.write_bytes(ser_file([picture], version=version))
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, picture)
    assert found.pixel_size_nm == pytest.approx(0.0421)
    assert found.notices == ()


def test_a_frame_or_the_mean_of_a_series_is_read(tmp_path):
    path = tmp_path / "a_1.ser"
    path.write_bytes(ser_file(FRAMES))
    assert count_frames(path) == 3
    np.testing.assert_array_equal(read_micrograph(path, frame=2).pixels, FRAMES[2])
    mean = read_micrograph(path, frame="mean")
    np.testing.assert_allclose(mean.pixels, np.mean(FRAMES, axis=0), rtol=1e-6)
    assert "has no frame 3" in _refusal(path, frame=3)


def test_rosettasciio_reads_the_same(tmp_path):
    tia = pytest.importorskip("rsciio.tia")
    path = tmp_path / "a_1.ser"
    path.write_bytes(ser_file(FRAMES))
    (found,) = tia.file_reader(str(path))
    for i in range(3):
        ours = read_micrograph(path, frame=i)
        np.testing.assert_array_equal(found["data"][i], ours.pixels)
        assert found["axes"][-1]["scale"] == pytest.approx(ours.pixel_size_nm)


def test_the_description_stands_for_its_series(tmp_path):
    (tmp_path / "a_1.ser").write_bytes(ser_file(FRAMES))
    (tmp_path / "a.emi").write_bytes(emi_file())
    by_description = read_micrograph(tmp_path / "a.emi")
    series = read_micrograph(tmp_path / "a_1.ser")
    np.testing.assert_array_equal(by_description.pixels, series.pixels)
    assert by_description.id == series.id == micrograph_id(tmp_path / "a.emi")
    assert count_frames(tmp_path / "a.emi") == 3
    (tmp_path / "a_1.ser").unlink()
    assert "put the file with the pixels, a_1.ser, beside it" in _refusal(
        tmp_path / "a.emi"
    )


def test_a_diffraction_pattern_has_no_pixel_size(tmp_path):
    (tmp_path / "a_1.ser").write_bytes(ser_file(FRAMES, 1e7))
    (tmp_path / "a.emi").write_bytes(emi_file("TEM uP SA Zoom Diffraction"))
    found = read_micrograph(tmp_path / "a_1.ser")
    assert found.pixel_size_nm is None
    assert "says 1e+07 1/m per pixel, which is no length" in found.notices[1]


def test_spectra_are_refused_in_words(tmp_path):
    path = tmp_path / "a_1.ser"
    path.write_bytes(ser_file(FRAMES, kind=16672))
    assert "holds spectra, no micrograph" in _refusal(path)


def test_a_movie_of_ten_gigabytes_costs_its_header(tmp_path):
    """Sparse: the last of 9000 places in the table lies 10 GB behind the first."""
    path = tmp_path / "a_1.ser"
    data = bytearray(ser_file(FRAMES[:1] * 9000, version=544))
    whole = ser_file(FRAMES[:1], version=544)
    element = whole[-(FRAMES[0].nbytes + 58) :]
    table = len(whole) - len(element) - 8
    far = 10**10
    data[table + 8 * 8999 : table + 8 * 9000] = far.to_bytes(8, "little")
    with path.open("wb") as file:
        file.write(data[: table + 8 * 9000 + len(element)])
        file.seek(far)
        file.write(element)
    assert path.stat().st_size > 10**10
    assert count_frames(path) == 9000


def test_damage_ends_as_a_micrograph_or_a_sentence(tmp_path):
    path = tmp_path / "a_1.ser"
    data = ser_file(FRAMES)
    rng = np.random.default_rng(3)
    n_refused = 0
    for _ in range(400):
        broken = bytearray(data)
        span = len(data) if rng.random() < 0.4 else 110
        for place in rng.integers(span, size=rng.integers(1, 5)):
            broken[place] = rng.choice([0, 1, 127, 255, rng.integers(256)])
        end = rng.integers(len(data)) if rng.random() < 0.3 else len(data)
        path.write_bytes(broken[:end])
        try:
            assert np.isfinite(read_micrograph(path, frame=1).pixels).all()
        except MicrographError:
            n_refused += 1
    assert n_refused > 50


def test_a_table_longer_than_the_file_is_refused(tmp_path):
    path = tmp_path / "a_1.ser"
    data = bytearray(ser_file(FRAMES))
    data[18:22] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    assert "damaged or incomplete TIA series" in _refusal(path)
