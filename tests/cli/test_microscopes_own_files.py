"""Microscopes' own files where a picture can be named: predict, train."""

import csv

import numpy as np
import pytest

from napari_cdse.cli import main
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.pipeline import examples_from_folders
from tests.io.images.microscope_writers import dm_file, dm_image, ser_file

NM = 0.0421


def _circles(out):
    with (out / "particles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [(float(row["x_px"]), float(row["y_px"])) for row in rows], rows


@pytest.fixture
def picture(picture_folder):
    """Pixels of one sample micrograph."""
    path = sorted(picture_folder.iterdir())[0]
    return read_micrograph(path).pixels.astype(np.float32)


def _predict(path, tmp_path, name, *options):
    out = tmp_path / name
    assert main(["predict", str(path), "--out", str(out), *options]) == 0
    return _circles(out)


def test_predict_finds_in_the_mean_of_frames_what_is_in_one_without_noise(
    picture, tmp_path
):
    movie = tmp_path / "movie_1.ser"
    noise = np.random.default_rng(1).normal(0, 1, picture.shape).astype(np.float32)
    # What the second frame has too much, the third has too little.
    frames = [noise, picture - 300 * noise, picture + 300 * noise]
    movie.write_bytes(ser_file(frames, NM * 1e-9))
    single = tmp_path / "single.dm4"
    single.write_bytes(dm_file(dm_image(picture, NM)))
    pytest.importorskip("rsciio")
    truth, rows = _predict(single, tmp_path, "a")
    assert len(truth) > 3
    assert [float(row["diameter_nm"]) for row in rows] == pytest.approx(
        [2 * float(row["radius_px"]) * NM for row in rows], rel=1e-3
    )
    mean, _ = _predict(movie, tmp_path, "b", "--frame", "1:3")
    np.testing.assert_allclose(mean, truth, atol=0.1)


def test_what_the_reader_saw_is_told_of_a_picture_too_small_too(tmp_path, capsys):
    path = tmp_path / "small_1.ser"
    path.write_bytes(ser_file([np.arange(64, dtype=np.uint8).reshape(8, 8)], 5.5e-9))
    assert main(["predict", str(path), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "8 x 8 pixels" in told
    assert "says 5.5 x 5.5 nm per pixel, which no HRTEM micrograph has" in told


@pytest.mark.parametrize("frame", ["first", "3:1", "2:2", "1.5", ""])
def test_a_frame_that_means_nothing_is_refused(frame, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["predict", str(tmp_path), "--out", str(tmp_path), "--frame", frame])
    assert f"argument --frame: {frame!r} names no frame" in capsys.readouterr().err


def test_label_files_beside_a_microscopes_own_file_teach_the_same(labelled_folder):
    pytest.importorskip("rsciio")
    params, detection = ForestParams(copies=0), DetectionParams()
    images = sorted((labelled_folder / "images").iterdir())
    for path in images[1:]:
        path.unlink()
    pixels = read_micrograph(images[0]).pixels
    (before,) = (
        one
        for one in examples_from_folders([labelled_folder], params, detection)
        if not isinstance(one, str)
    )
    images[0].with_suffix(".dm4").write_bytes(dm_file(dm_image(pixels, 1.0, "")))
    images[0].unlink()
    (after,) = (
        one
        for one in examples_from_folders([labelled_folder], params, detection)
        if not isinstance(one, str)
    )
    assert after.path.suffix == ".dm4"
    assert after.truth.circles == before.truth.circles
    assert after.detection.circles == before.detection.circles
    assert after.training.labels.tolist().count("yes") > 0
