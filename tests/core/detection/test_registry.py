"""The table of methods: what each needs, and the words about them."""

import dataclasses

import pytest

from napari_cdse.core.detection import registry
from napari_cdse.core.detection.registry import (
    METHODS,
    DetectionMethod,
    names,
    summaries,
    usual,
    without_forest,
)
from napari_cdse.core.params import DetectionParams, describe

FIELDS = {each.name for each in dataclasses.fields(DetectionParams)}


def test_methods_are_known_by_their_names_in_the_order_shown():
    assert names() == ("both", "bragg", "nfindr", "window", "unet", "origin")
    assert without_forest() == ("both", "bragg", "nfindr", "unet", "origin")
    assert all(METHODS[name].name == name for name in names())
    told = summaries().split("; ")
    assert [each.partition(":")[0] for each in told if ":" in each] == list(names())


@pytest.mark.parametrize("name", names())
def test_each_method_is_there_and_reads_parameters_that_exist(name):
    method = METHODS[name]
    assert callable(method.load())
    assert set(method.parameters) <= FIELDS
    assert (method.needs_forest, method.needs_pixels) == (
        name == "window",
        name == "origin",
    )
    network = name in ("unet", "both")
    assert (method.needs_package, method.extra) == (
        ("onnxruntime", "unet") if network else ("", "")
    )
    assert method.missing() is None


def test_what_a_method_lacks_is_told_with_how_to_get_it():
    method = DetectionMethod(
        "m", "s", "x:y", (), needs_package="no_such_package", extra="more"
    )
    assert method.missing() == (
        "The method 'm' needs no_such_package, which is not installed: "
        "pip install 'napari-cdse[more]', or choose another method."
    )
    assert dataclasses.replace(method, needs_package="numpy").missing() is None


@pytest.mark.parametrize(("installed", "name"), [(True, "both"), (False, "bragg")])
def test_where_nobody_chooses_the_best_that_can_run_is_taken(
    monkeypatch, installed, name
):
    found = object() if installed else None
    monkeypatch.setattr(registry, "find_spec", lambda package: found)
    assert usual() == name
    assert DetectionParams().method == name
    (told,) = (each for each in describe(DetectionParams) if each.name == "method")
    assert told.default == name
