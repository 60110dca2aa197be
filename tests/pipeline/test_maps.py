"""Maps are kept by all that they follow from, and never taken for others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Micrograph
from napari_cdse.pipeline import find
from napari_cdse.tasks import maps as work
from napari_cdse.tasks.maps import MapIdentity, keep, mapping, mapping_ahead

PARAMS = DetectionParams()


def noise(seed: int) -> Micrograph:
    pixels = np.random.default_rng(seed).normal(size=(300, 260)).astype(np.float32)
    return Micrograph(pixels, f"m{seed}", f"content {seed}")


def silent(_share: float) -> None: ...


@pytest.fixture
def path(tmp_path):
    return tmp_path / "maps.sqlite"


def given(path, micrograph, params=PARAMS):
    (found,) = mapping(micrograph, None, params, silent, path)
    return found


def test_what_was_made_once_is_read_the_next_time(path, monkeypatch):
    first = given(path, noise(0))
    monkeypatch.setattr(work, "find", lambda *_: pytest.fail("made anew"))
    for one, again in zip(first, given(path, noise(0)), strict=True):
        step = np.ptp(one.values) / 2**16
        np.testing.assert_allclose(again.values, one.values, rtol=1e-5, atol=step)
        assert (again.name, again.step_px) == (one.name, one.step_px)


def test_what_detection_found_is_what_is_read(path, monkeypatch):
    micrograph = noise(0)
    maps = find(micrograph, None, PARAMS).maps
    keep(path, MapIdentity.of(micrograph, None, PARAMS), maps)
    monkeypatch.setattr(work, "find", lambda *_: pytest.fail("made anew"))
    assert [one.name for one in given(path, micrograph)] == [one.name for one in maps]


@pytest.mark.parametrize(
    "other",
    [
        lambda micrograph, params: (noise(1), params),
        lambda micrograph, params: (
            replace(
                micrograph,
                pixel_size_nm=0.03,
                pixel_size_source=PixelSizeSource.PERSON,
            ),
            params,
        ),
        lambda micrograph, params: (micrograph, replace(params, method="nfindr")),
        lambda micrograph, params: (
            micrograph,
            replace(params, window_nm=params.window_nm * 1.5),
        ),
        lambda micrograph, params: (
            micrograph,
            replace(
                params,
                material=Material(
                    "PbS", "rock salt", "Pb", "S", in_plane_nm=0.42, layer_nm=0.343
                ),
            ),
        ),
    ],
    ids=["pixels", "pixel size", "method", "parameter", "lattice"],
)
def test_maps_of_anything_else_are_made_for_it(path, other):
    micrograph = noise(0)
    given(path, micrograph)
    changed, params = other(micrograph, PARAMS)
    truth = find(changed, None, params).maps
    found = given(path, changed, params)
    assert [one.name for one in found] == [one.name for one in truth]
    for one, again in zip(truth, found, strict=True):
        np.testing.assert_array_equal(one.values, again.values)


def test_another_version_of_the_program_makes_its_own(path, monkeypatch):
    given(path, noise(0))
    monkeypatch.setattr(work, "program_state", lambda: "another")
    monkeypatch.setattr(work, "find", lambda *_: pytest.fail("made anew, as it should"))
    with pytest.raises(pytest.fail.Exception, match="as it should"):
        given(path, noise(0))


def test_those_ahead_come_by_name_and_one_that_fails_is_left(path, tmp_path):
    flat = Micrograph(np.zeros((300, 260), np.float32), "flat", "flat")
    todo = [(tmp_path / one.name, one) for one in (noise(0), flat, noise(1))]
    found = dict(mapping_ahead(todo, None, PARAMS, silent, path))
    assert [one.micrograph_id for one in found] == ["content 0", "content 1"]
