"""The ways to circles, by name, on a real crop."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.cli import main
from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.errors import (
    Cancelled,
    MicrographError,
    ParameterError,
    TrainingError,
)
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams, ForestParams, describe
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.gui.widgets.params_form import ParamsForm
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import analyse, training_from_folders
from napari_cdse.resources import default_model_path
from napari_cdse.tasks.maps import mapping


@pytest.fixture
def crop(labelled_folder):
    micrograph = read_micrograph(labelled_folder / "images" / "easy_42_0004.png")
    truth = read_label_file(labelled_folder / "text_files" / "easy_42_0004.txt")
    return micrograph, truth


@pytest.fixture(scope="module")
def model():
    return load_model(default_model_path())


@pytest.mark.parametrize(
    ("method", "maps", "min_iou", "share"),
    [
        ("bragg", ["Bragg contrast"], 0.6, 1.0),
        ("nfindr", ["lattice abundance", "endmember 1", "endmember 2"], 0.5, 0.7),
        (
            "window",
            [
                "particle probability",
                *(f"probability of {label}" for label in ("yes", "no", "null")),
            ],
            0.5,
            0.7,
        ),
        ("unet", ["U-Net probability", "U-Net particles"], 0.6, 1.0),
        ("both", ["Bragg contrast", "U-Net probability"], 0.7, 1.0),
    ],
)
def test_each_method_finds_the_particles(crop, model, method, maps, min_iou, share):
    micrograph, truth = crop
    analysis = analyse(micrograph, model, DetectionParams(method=method))
    assert [each.name for each in analysis.detection.maps] == maps
    assert {each.found_by for each in analysis.candidates} == {method}
    kept = [
        candidate.circle
        for candidate, prediction in zip(
            analysis.candidates, analysis.predictions, strict=True
        )
        if prediction.label != "empty"
    ]
    assert match(truth.circles, kept, min_iou).recall >= share


def test_the_list_of_methods_is_what_can_be_run():
    (info,) = (each for each in describe(DetectionParams) if each.name == "method")
    assert info.choices == tuple(METHODS)


def one_circle(prepared, where, params, progress):
    return [Circle(100.0, 120.0, 30.0)], [9.0], ()


@pytest.fixture
def toy(monkeypatch):
    location = f"{__name__}:{one_circle.__name__}"
    method = DetectionMethod("toy", "one circle for all", location, ())
    monkeypatch.setitem(METHODS, method.name, method)


def test_a_registered_method_runs(toy, crop):
    analysis = analyse(crop[0], None, DetectionParams(method="toy"))
    assert analysis.detection.circles == (Circle(100.0, 120.0, 30.0),)
    assert [each.found_by for each in analysis.candidates] == ["toy"]


def test_the_help_names_a_registered_method(toy, capsys):
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "toy: one circle for all" in told
    assert "{both,bragg,nfindr,window,unet,origin,toy}" in told


def test_the_form_offers_a_registered_method(toy, qapp):
    form = ParamsForm(DetectionParams(), ["method"])
    assert form.widget("method").choices == (*METHODS,)
    assert form.widget("method").choices[-2:] == ("origin", "toy")
    form.widget("method").value = "toy"
    assert form.value().method == "toy"


def test_a_method_reads_parameters_that_exist():
    fields = {info.name for info in describe(DetectionParams)}
    for method in METHODS.values():
        assert callable(method.load())
        assert set(method.parameters) <= fields


@pytest.mark.parametrize("method", ["bragg", "window"])
def test_maps_made_anew_are_those_of_the_analysis(crop, model, method):
    params = DetectionParams(method=method)
    first = analyse(crop[0], model, params).detection.maps
    (again,) = mapping(crop[0], model, params, lambda share: None)
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.values, other.values)


def test_windows_without_a_forest_are_refused(crop):
    with pytest.raises(ParameterError, match="forest"):
        analyse(crop[0], None, DetectionParams(method="window"))


def test_windows_in_a_frame_find_what_those_without_it_do(crop, model):
    micrograph, _ = crop
    params = DetectionParams(method="window")
    bare = analyse(micrograph, model, params).detection
    rows, cols = micrograph.shape
    pixels = np.full((rows + 60, cols + 80), 255, np.float32)
    pixels[20:-40, 50:-30] = micrograph.pixels
    framed = analyse(replace(micrograph, pixels=pixels), model, params).detection
    circles = [circle.moved(-20, -50) for circle in framed.circles]
    assert bare.circles
    assert len(match(bare.circles, circles, 0.8).pairs) >= 0.7 * len(bare.circles)
    assert any("frame" in each for each in framed.notices)


@pytest.mark.parametrize("method", ["nfindr", "window"])
def test_cancel_ends_a_method_on_its_way(crop, model, method):
    def stop(share):
        if share > 0.3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        analyse(crop[0], model, DetectionParams(method=method), stop)


@pytest.mark.parametrize("method", ["nfindr", "window"])
@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.full((300, 300), 7, np.float32), "constant|same grey"),
        (np.random.default_rng(0).random((30, 30)).astype(np.float32), "window"),
    ],
)
def test_pictures_without_anything_to_find_are_a_sentence(
    model, method, pixels, sentence
):
    micrograph = Micrograph(pixels, "odd", "0", 0.04, "person")
    with pytest.raises(MicrographError, match=sentence):
        analyse(micrograph, model, DetectionParams(method=method))


def test_training_on_windows_is_refused(labelled_folder):

    params = DetectionParams(method="window")
    with pytest.raises(TrainingError, match="needs a forest"):
        training_from_folders([labelled_folder], ForestParams(), params)
