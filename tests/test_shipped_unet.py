"""The U-Net in models/: whose it is, that it runs as it was trained, what it finds."""

import json
import tomllib

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.unet.card import probe_input
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.models.network_file import read_network
from napari_cdse.io.models.onnx_file import read_onnx
from napari_cdse.resources import models_dir, network_path, sample_data_dir
from tests.core.drawn import Dot, draw
from tests.small_networks import answer_of

UNET = DetectionParams(method="unet")


@pytest.fixture(scope="module")
def shipped():
    return read_network(network_path())


def test_its_card_says_where_it_comes_from(shipped):
    _, card = shipped
    assert "imulated" in card.trained_on
    assert card.weights < 2_000_000
    assert network_path().stat().st_size < 10_000_000
    assert set(card.scores) == {"coarse", "easy", "fine", "hard", "standard", "varied"}
    told = json.loads((models_dir() / "unet.json").read_text("utf-8"))
    assert told["created"] == card.created
    assert told["scores"] == card.scores


def test_it_runs_as_it_was_trained(shipped):
    network, card = shipped
    answer = network.answer(probe_input())
    np.testing.assert_allclose(answer.ravel(), card.probe, atol=1e-4)


def test_its_layers_give_what_the_operators_are_defined_to(shipped):
    network, _ = shipped
    values = np.random.default_rng(0).normal(size=(2, 64, 96)).astype(np.float32)
    expected = answer_of(read_onnx(network.data).layers, values)
    np.testing.assert_allclose(network.answer(values), expected, atol=1e-4)


def sample(stem, pixel_nm):
    folder = sample_data_dir()
    micrograph = read_micrograph(folder / f"images/{stem}.png", pixel_size_nm=pixel_nm)
    return micrograph, read_label_file(folder / f"text_files/{stem}.txt").circles


def test_it_finds_the_particles_of_the_samples():
    # Pixel sizes are those of sample_data/SOURCES.md.
    found = missed = false = 0
    for stem, pixel_nm in (("standard_41_0008", 0.0446), ("easy_42_0002", 0.0331)):
        micrograph, truth = sample(stem, pixel_nm)
        pairs = match(truth, detect(micrograph, UNET).circles, 0.5)
        found += len(pairs.pairs)
        missed += len(pairs.missed)
        false += len(pairs.false)
    assert 2 * found / (2 * found + missed + false) >= 0.85


def test_it_never_saw_the_samples():
    # They are of series with other seeds than its plan's, which is in their names.
    plan = tomllib.loads((models_dir() / "unet_series.toml").read_text("utf-8"))
    stems = {path.stem for path in find_micrographs([sample_data_dir()]).files}
    assert len(stems) == 6
    assert not {stem for stem in stems if stem.split("_")[1] == str(plan["seed"])}


def test_touching_dots_are_two_and_where_they_are():
    dots = (
        Dot(Circle(180.0, 160.0, 50.0), ((0.35, 10.0), (0.35, 80.0)), 1.6),
        Dot(Circle(180.0, 262.0, 50.0), ((0.35, 40.0), (0.214, 95.0)), 1.6),
    )
    found = detect(draw((360, 430), dots), UNET)
    pairs = match([dot.circle for dot in dots], found.circles, 0.6)
    assert len(pairs.pairs) == 2
    assert not pairs.false
    numbers = found.maps[1].values
    assert numbers.max() == 2


def test_bare_support_shows_no_particle():
    for seed in range(3):
        assert not detect(draw((500, 500), seed=seed), UNET).circles


@pytest.mark.parametrize("pixel_nm", [0.025, 0.055])
def test_without_a_pixel_size_the_right_one_is_among_those_tried(pixel_nm):
    shape = (round(13 / pixel_nm), round(15 / pixel_nm))
    dot = Dot(Circle(6 / pixel_nm, 7 / pixel_nm, 2.2 / pixel_nm), amplitude=2.0)
    drawn = draw(shape, (dot,), pixel_nm=pixel_nm, known_scale=False)
    found = detect(drawn, UNET)
    assert not match([dot.circle], found.circles, 0.5).missed
