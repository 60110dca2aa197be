from __future__ import annotations

import importlib.util
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit, identified, predict_proba
from napari_cdse.core.classifier.probability_calibration import (
    ReliabilityBin,
    calibration_error,
)
from napari_cdse.core.features import compute_features, groups_in
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import load_model, save_model
from napari_cdse.resources import models_dir, sample_data_dir
from tests.drawn_particles import KINDS, PIXEL_NM, micrograph_of
from tests.tables import drawn_set

SCRIPT = Path(__file__).parent.parent / "models" / "make.py"


@pytest.fixture(scope="module")
def shipped():
    return load_model(models_dir() / "cdse.skops")


def test_its_card_says_where_it_comes_from(shipped):
    card = shipped.card
    assert "imulated" in card.trained_on
    assert card.scores["n_micrographs"] == card.n_micrographs
    assert groups_in(card.feature_schema) == card.parameters["features"]
    told = json.loads((models_dir() / "cdse.json").read_text())
    assert told["id"] == card.id


def test_it_has_learnt_from_many_micrographs_at_all_pixel_sizes(shipped):
    assert shipped.card.n_micrographs >= 300
    smallest, largest = shipped.card.pixel_size_range_nm
    assert smallest < 0.022
    assert largest > 0.06
    assert shipped.training.digest() == shipped.card.training_digest


def test_its_probabilities_mean_what_they_say(shipped):
    bins = [ReliabilityBin(*each) for each in shipped.card.scores["reliability"]]
    assert calibration_error(tuple(bins)) < 0.03
    by_class = shipped.card.scores["class_calibration_error"]
    assert set(by_class) == set(CLASSES)
    assert max(by_class.values()) < 0.02
    assert shipped.card.calibration.n_micrographs == shipped.card.n_micrographs


def test_projects_know_it_by_its_former_id_as_it_was_before_it_had_a_calibration(
    shipped,
):
    scores = {"temperature": 0.7600060946259151}
    card = replace(shipped.card, calibration=None, scores=scores)
    former = identified(replace(shipped, card=card))
    assert former.card.id == "17803ec14efa5cdd"
    assert shipped.card.id != former.card.id


def test_it_never_saw_the_sample_micrographs(shipped):
    files = find_micrographs([sample_data_dir()]).files
    assert files
    samples = {read_micrograph(path).id for path in files}
    assert not samples & set(shipped.training.micrograph_ids)


def test_it_knows_particles_drawn_by_another_recipe(shipped):
    right = np.zeros(len(KINDS))
    for seed in range(20, 28):
        micrograph, circles = micrograph_of(list(KINDS), seed)
        table = compute_features(micrograph, circles, "bragg", PIXEL_NM)
        told = predict_proba(shipped, table).argmax(axis=1)
        right += np.array(CLASSES)[told] == KINDS
    assert dict(zip(KINDS, right.tolist(), strict=True)) == pytest.approx(
        dict.fromkeys(KINDS, 8), abs=2
    )


@pytest.fixture
def make():
    if not SCRIPT.exists():
        pytest.skip("models/make.py lies in the source tree only")
    spec = importlib.util.spec_from_file_location("make_model", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_trains_scores_and_writes(make, monkeypatch, tmp_path, capsys):
    asked = {}

    def from_folders(folders, params, detection, *, leave_out, **_):
        asked.update(folders=folders, leave_out=leave_out)
        return drawn_set(), ("One label file was left alone.",)

    def qualities_of_folders(folders, **_):
        asked.update(measured=folders)
        return [MicrographQuality(0.04, 0.15 + at / 1000) for at in range(100)]

    monkeypatch.setattr(make, "training_from_folders", from_folders)
    monkeypatch.setattr(make, "qualities_of_folders", qualities_of_folders)
    assert make.main(["some", "--out", str(tmp_path), "--trees", "10"]) == 0
    assert asked["folders"] == asked["measured"] == [Path("some")]
    assert len(asked["leave_out"]) == len(find_micrographs([sample_data_dir()]).files)
    model = load_model(tmp_path / "cdse.skops")
    assert model.card.parameters["trees"] == 10
    assert model.card.scores["balanced_accuracy"] > 0.5
    assert model.card.calibration.n_micrographs == 8
    assert model.card.quality_range == {"information_limit_nm": (0.15, 0.249)}
    assert model.training.digest() == drawn_set().digest()
    assert "left alone" in capsys.readouterr().err


def test_a_forest_is_calibrated_anew_as_it_is(make, tmp_path):
    params = ForestParams(trees=10)
    before = fit(drawn_set(), params, scores={"temperature": 0.5}, name="mine")
    save_model(before, tmp_path / "cdse.skops")
    assert make.main(["--recalibrate", "--out", str(tmp_path)]) == 0
    after = load_model(tmp_path / "cdse.skops")
    assert after.card.calibration.n_particles == drawn_set().originals.sum()
    assert after.card.scores["n_micrographs"] == 8
    assert np.array_equal(after.forest.threshold, before.forest.threshold)
    assert (after.card.name, after.card.created) == ("mine", before.card.created)
    assert after.card.id != before.card.id


def test_the_quality_is_measured_for_a_forest_as_it_is(make, monkeypatch, tmp_path):
    before = fit(drawn_set(), ForestParams(trees=10), name="mine")
    save_model(before, tmp_path / "cdse.skops")
    found = [MicrographQuality(0.04, stretch=1 + at / 1000) for at in range(100)]
    monkeypatch.setattr(make, "qualities_of_folders", lambda *_, **__: found)
    told = ["--measure-quality", "some", "--out", str(tmp_path)]
    assert make.main(told) == 0
    after = load_model(tmp_path / "cdse.skops")
    assert after.card == replace(before.card, quality_range={"stretch": (1.0, 1.099)})
    assert after.notices == ()


def test_the_plan_names_presets_that_can_be_read(make):
    plan = tomllib.loads((SCRIPT.parent / "series.toml").read_text())
    kinds = [
        kind
        for series in plan["series"]
        for kind in make._kinds(series, SCRIPT.parent / "series")
    ]
    assert sum(count for preset, count in kinds if preset.field.dots[1]) >= 300
    assert sum(count for preset, count in kinds if not preset.field.dots[1]) >= 20
    assert len({preset.name for preset, _ in kinds}) == len(kinds)


def test_the_script_says_what_it_lacks(make, tmp_path, capsys):
    assert make.main([str(tmp_path), "--out", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_its_defaults_are_those_of_the_parameters(make):
    told = make._parser().parse_args(["x"])
    assert (told.trees, told.features) == (
        ForestParams().trees,
        ForestParams().features,
    )
