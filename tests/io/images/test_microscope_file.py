"""Files in microscopes' own formats, written here and read by RosettaSciIO."""

import os
import struct
import sys

import h5py
import numpy as np
import psutil
import pytest

from napari_cdse.core.errors import MicrographError
from napari_cdse.io.images import microscope_file, rosetta_process
from napari_cdse.io.images.micrograph_file import (
    count_frames,
    micrograph_id,
    read_micrograph,
)
from napari_cdse.io.images.rosetta_process import ROSETTA
from tests.io.images.microscope_writers import (
    NM,
    WRITERS,
    DmWriter,
    damaged,
    dm_file,
    dm_image,
    velox_file,
    write_dm4,
    write_hspy,
    write_mrc,
)

RNG = np.random.default_rng(5)
PICTURE = RNG.integers(0, 2**15, (21, 34)).astype(np.uint16)
STACK = RNG.integers(0, 2**15, (4, 21, 34)).astype(np.uint16)
formats = pytest.mark.parametrize("name", WRITERS)


def _refusal(path, **options):
    with pytest.raises(MicrographError) as caught:
        read_micrograph(path, **options)
    return str(caught.value)


@formats
def test_a_picture_is_exact_with_its_pixel_size(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, PICTURE)
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, PICTURE)
    assert found.pixel_size_nm == pytest.approx(NM)
    assert found.pixel_size_source == "file"
    assert found.notices == ()
    assert count_frames(path) == 1


@formats
def test_a_frame_or_the_mean_of_a_stack_is_read(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, STACK)
    assert count_frames(path) == 4
    first = read_micrograph(path)
    np.testing.assert_array_equal(first.pixels, STACK[0])
    assert "Only frame 0 of the file's 4 frames" in first.notices[0]
    third = read_micrograph(path, frame=2)
    np.testing.assert_array_equal(third.pixels, STACK[2])
    mean = read_micrograph(path, frame="mean")
    np.testing.assert_allclose(mean.pixels, STACK.mean(axis=0), rtol=1e-6)
    part = read_micrograph(path, frame="1:3")
    np.testing.assert_allclose(part.pixels, STACK[1:3].mean(axis=0), rtol=1e-6)
    assert [one.name[1:] for one in (first, third, mean, part)] == [
        "",
        "_frame2",
        "_mean",
        "_mean1-2",
    ]
    assert len({one.id for one in (first, third, mean, part)}) == 4
    assert first.id == micrograph_id(path)
    assert mean.id == micrograph_id(path, "mean")
    assert "has no frame 4; it holds 4" in _refusal(path, frame=4)
    assert "has no frame 4; it holds 4" in _refusal(path, frame="2:5")


@pytest.mark.parametrize("name", ["a.dm3", "a.dm4", "a.hspy", "b.emd"])
def test_what_is_no_length_of_hrtem_is_told(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, PICTURE, 168.67, "nm")
    found = read_micrograph(path)
    assert found.pixel_size_nm is None
    assert "says 168.7 x 168.7 nm per pixel" in found.notices[0]
    path.unlink()
    WRITERS[name](path, PICTURE, 0.2, "1/nm")
    found = read_micrograph(path)
    assert found.pixel_size_nm is None
    assert "says 0.2 1" in found.notices[0]
    assert "which is no length" in found.notices[0]
    path.unlink()
    WRITERS[name](path, PICTURE, 1.0, "")
    found = read_micrograph(path)
    assert (found.pixel_size_nm, found.notices) == (None, ())


def test_velox_stacks_in_one_piece_are_read(tmp_path):
    """Velox writes frame by frame, in bands of rows, or all in one."""
    path = tmp_path / "v.emd"
    velox_file(path, STACK, in_one_piece=True)
    np.testing.assert_array_equal(read_micrograph(path, frame=3).pixels, STACK[3])


def test_micrometres_and_angstroms_become_nanometres(tmp_path):
    for unit, size in (("µm", 4.21e-5), ("A", 0.421), ("pm", 42.1), ("m", 4.21e-11)):
        write_dm4(tmp_path / "a.dm4", PICTURE, size, unit)
        found = read_micrograph(tmp_path / "a.dm4")
        assert found.pixel_size_nm == pytest.approx(NM)


def test_a_coarse_pixel_size_is_taken_and_told(tmp_path):
    write_dm4(tmp_path / "a.dm4", PICTURE, 0.2485)
    found = read_micrograph(tmp_path / "a.dm4")
    assert found.pixel_size_nm == pytest.approx(0.2485)
    assert "too coarse for the fringes of CdSe" in found.notices[0]


def test_pixels_that_are_not_square_are_refused(tmp_path):
    path = tmp_path / "a.dm4"
    path.write_bytes(dm_file(dm_image(PICTURE, (0.04, 0.05))))
    assert "not square (The file says 0.05 x 0.04 nm" in _refusal(path)
    assert read_micrograph(path, pixel_size_nm=0.04).pixel_size_nm == 0.04


def test_an_mrc_without_a_pixel_size_has_none(tmp_path):
    path = tmp_path / "a.mrc"
    write_mrc(path, PICTURE, unit="")
    assert read_micrograph(path).pixel_size_nm is None
    _overwrite(path, 40, struct.pack("<ff", -340, -210))  # x and y in angstrom
    found = read_micrograph(path)
    assert found.pixel_size_nm is None
    assert "-1 nm per pixel, which is no length" in found.notices[0]
    _overwrite(path, 40, struct.pack("<ff", 34, 21))
    found = read_micrograph(path)
    assert found.pixel_size_nm is None
    assert (
        "1 Å per pixel, as programs write that know no pixel size" in found.notices[0]
    )


def _overwrite(path, at, data):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


@pytest.mark.parametrize("at", [0, 4, 8, 92])
def test_an_mrc_that_claims_more_than_it_holds_is_refused_at_once(tmp_path, at):
    """The library would lay out two thousand million sections before it looked."""
    path = tmp_path / "a.mrc"
    write_mrc(path, PICTURE)
    for number in (2**31 - 1, -1):
        _overwrite(path, at, struct.pack("<i", number))
        assert "a.mrc is a damaged or incomplete MRC file" in _refusal(path)


def test_an_mrc_of_the_other_byte_order_is_read(tmp_path):
    path = tmp_path / "a.mrc"
    write_mrc(path, PICTURE.astype(">u2"))
    assert path.read_bytes()[212] == 0x11
    np.testing.assert_array_equal(read_micrograph(path).pixels, PICTURE)


def test_spectra_and_transforms_are_refused_in_words(tmp_path):
    path = tmp_path / "a.dm4"
    line = PICTURE[:1].astype(np.float32)
    spectrum = dm_image(line, (0.1, 1.0), "eV")
    path.write_bytes(dm_file(spectrum))
    assert _refusal(path) == (
        "a.dm4 holds a spectrum, no micrograph; choose a file with a picture."
    )
    path.write_bytes(dm_file(dm_image(PICTURE.astype(np.complex64))))
    assert "a complex picture such as a Fourier transform" in _refusal(path)
    write_hspy(tmp_path / "a.hspy", np.zeros((2, 2, 5, 6), np.uint8)[..., 0])
    assert read_micrograph(tmp_path / "a.hspy").shape == (2, 5)


def test_of_several_pictures_the_largest_with_most_bits_is_taken(tmp_path):
    path = tmp_path / "a.dm4"
    small = dm_image(PICTURE[:9, :9].astype(np.float32))
    flat = dm_image((PICTURE // 256).astype(np.uint8))
    path.write_bytes(dm_file(small, flat, dm_image(PICTURE)))
    found = read_micrograph(path)
    np.testing.assert_array_equal(found.pixels, PICTURE)
    assert "The file holds 3 pictures" in found.notices[0]


@pytest.mark.parametrize("n_frames", [1, 9000])
def test_a_movie_of_ten_gigabytes_costs_its_header(tmp_path, n_frames):
    """Sparse: there is nothing but the header and the last frame on the disk."""
    path = tmp_path / "movie.mrc"
    rows = columns = 768 if n_frames > 1 else 8
    write_mrc(path, np.zeros((1, rows, columns), np.uint16))
    _overwrite(path, 0, struct.pack("<iii", columns, rows, n_frames))
    frame = RNG.integers(0, 2**15, (rows, columns)).astype(np.uint16)
    end = 1024 + n_frames * frame.nbytes
    _overwrite(path, end - frame.nbytes, frame.tobytes())
    assert path.stat().st_size == end
    assert count_frames(path) == n_frames
    found, pixels = ROSETTA.ask(
        {"path": str(path), "name": "m", "kind": "mrc", "frame": n_frames - 1}
    )
    values = np.frombuffer(pixels, found["dtype"]).reshape(found["shape"])
    np.testing.assert_array_equal(values, frame)


def test_without_the_library_the_line_that_installs_it_is_told(tmp_path, monkeypatch):
    write_dm4(tmp_path / "a.dm4", PICTURE)
    monkeypatch.setattr(microscope_file, "is_readable", lambda: False)
    assert _refusal(tmp_path / "a.dm4") == (
        "a.dm4 is a DigitalMicrograph file, which RosettaSciIO reads: install it with "
        'pip install "napari-cdse[microscopes]" and try again.'
    )


def test_one_process_reads_all_and_is_started_again_when_it_died(tmp_path):
    write_dm4(tmp_path / "a.dm4", PICTURE)
    read_micrograph(tmp_path / "a.dm4")
    first = ROSETTA._running
    read_micrograph(tmp_path / "a.dm4", pixel_size_nm=0.05)
    assert ROSETTA._running is first
    first.kill()
    first.wait()
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.dm4").pixels, PICTURE)
    assert ROSETTA._running is not first


def test_a_file_that_fills_the_memory_ends_in_a_sentence(tmp_path):
    """A note of 8 GiB that takes no byte of the file: HDF5 never wrote it."""
    path = tmp_path / "a.hspy"
    write_hspy(path, PICTURE)
    with h5py.File(path, "a") as file:
        notes = file["Experiments/drawn/original_metadata"]
        notes.create_dataset("note", shape=(2**33,), dtype="u1")
    assert path.stat().st_size < 2**20
    assert "takes far more memory" in _refusal(path)
    write_dm4(tmp_path / "a.dm4", PICTURE)
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.dm4").pixels, PICTURE)


def _endless():
    """Tags that claim two thousand million entries which take no byte of the file."""
    writer = DmWriter(4)
    info = (7, 20, 15, 0, 0, 2**31)  # array of structs without fields
    content = b"%%%%" + b"".join(map(writer.long, info))
    body = b"\1\0" + writer.long(1) + writer.entry(21, "hostile", content)
    return struct.pack(">i", 4) + writer.long(len(body)) + struct.pack(">i", 1) + body


def test_a_file_that_takes_for_ever_ends_in_a_sentence(tmp_path, monkeypatch):
    write_dm4(tmp_path / "good.dm4", PICTURE)
    read_micrograph(tmp_path / "good.dm4")
    monkeypatch.setattr(rosetta_process, "HEADER_SECONDS", 0.02)
    path = tmp_path / "a.dm4"
    path.write_bytes(_endless())
    assert "could not be read within 0 s" in _refusal(path)
    monkeypatch.undo()
    np.testing.assert_array_equal(
        read_micrograph(tmp_path / "good.dm4").pixels, PICTURE
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_small_file_that_runs_in_circles_is_refused_long_before(tmp_path):
    """Only its computing ends it here: the time to wait for a disk is far longer."""
    path = tmp_path / "a.dm4"
    path.write_bytes(_endless())
    assert "damaged or incomplete DigitalMicrograph file" in _refusal(path)


@formats
def test_damage_ends_as_a_micrograph_or_a_sentence(tmp_path, name, capfd):
    path = tmp_path / name
    WRITERS[name](path, STACK[:2])
    data = path.read_bytes()
    rng = np.random.default_rng(len(name))
    n_refused = 0
    for _ in range(60):
        path.write_bytes(damaged(data, rng))
        try:
            pixels = read_micrograph(path).pixels
        except MicrographError:
            n_refused += 1
        else:
            assert pixels.dtype == np.float32
            assert np.isfinite(pixels).all()
    assert n_refused > 5
    assert capfd.readouterr() == ("", "")


@formats
def test_a_file_cut_anywhere_is_refused_or_complete(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, PICTURE)
    data = path.read_bytes()
    whole = read_micrograph(path).pixels
    for cut in np.linspace(0, len(data) - 9, 20).astype(int):
        path.write_bytes(data[:cut])
        try:
            pixels = read_micrograph(path).pixels
        except MicrographError:
            continue
        np.testing.assert_array_equal(pixels, whole)
    path.write_bytes(data[: len(data) // 2])
    assert "damaged or incomplete" in _refusal(path)


@formats
def test_a_file_that_changed_is_read_anew_and_none_is_kept_open(tmp_path, name):
    """HDF5 takes a file for the one that it has open, whatever it holds by now."""
    path, other = tmp_path / name, tmp_path / f"other_{name}"
    WRITERS[name](path, PICTURE)
    WRITERS[name](other, PICTURE[::-1].copy())
    np.testing.assert_array_equal(read_micrograph(path).pixels, PICTURE)
    path.write_bytes(other.read_bytes())
    np.testing.assert_array_equal(read_micrograph(path).pixels, PICTURE[::-1])
    held = psutil.Process(ROSETTA._running.pid).open_files()
    assert str(path) not in [one.path for one in held]


def _in_another_file(file, place, other):
    file.create_dataset(place, (21, 34, 1), "u2", external=[(str(other), 0, 1428)])


def _by_a_link(file, place, other):
    with h5py.File(other, "w") as apart:
        apart["x"] = PICTURE[..., None]
    file[place] = h5py.ExternalLink(str(other), "x")


def _virtually(file, place, other):
    with h5py.File(other, "w") as apart:
        apart["x"] = PICTURE[..., None]
    layout = h5py.VirtualLayout((21, 34, 1), "u2")
    layout[:] = h5py.VirtualSource(str(other), "x", shape=(21, 34, 1))
    file.create_virtual_dataset(place, layout)


@pytest.mark.parametrize("put", [_in_another_file, _by_a_link, _virtually])
def test_no_other_file_is_read_for_hdf5(tmp_path, put):
    path, other = tmp_path / "a.emd", tmp_path / "private.bin"
    WRITERS["v.emd"](path, PICTURE)
    other.write_bytes(PICTURE.tobytes())
    with h5py.File(path, "r+") as file:
        place = f"Data/Image/{next(iter(file['Data/Image']))}/Data"
        del file[place]
        put(file, place, other)
    assert "a.emd takes data from other files" in _refusal(path)


def test_content_decides_where_it_can(tmp_path):
    write_mrc(tmp_path / "a.mrc", PICTURE)
    os.rename(tmp_path / "a.mrc", tmp_path / "a.tif")
    np.testing.assert_array_equal(read_micrograph(tmp_path / "a.tif").pixels, PICTURE)
    (tmp_path / "a.dm4").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert "incomplete PNG" in _refusal(tmp_path / "a.dm4")
