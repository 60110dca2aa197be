"""What a detection tells besides circles, where a method finds what it is told."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection import methods, registry
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Circle, Micrograph
from tests.drawn_particles import speckle

A, B = Circle(60.0, 70.0, 20.0), Circle(200.0, 220.0, 25.0)
NOISE = Micrograph(
    speckle((300, 320), 0).astype(np.float32),
    "m",
    "0" * 64,
    0.04,
    PixelSizeSource.PERSON,
)
FOUND: dict[str, object] = {}


def find(prepared, where, params, progress, **extras):
    FOUND["extras"] = extras
    FOUND["shape"] = prepared.pixels.shape
    progress(0.5)
    return FOUND["answer"]


@pytest.fixture(autouse=True)
def method(monkeypatch):
    chart = AccumulationMap(
        "chart", np.zeros((2, 2), np.float32), (1.0, 2.0), (4.0, 4.0)
    )
    FOUND["answer"] = [A, B], [9.0, 8.0], (chart,)

    def register(**needs):
        monkeypatch.setitem(
            METHODS,
            "told",
            DetectionMethod("told", "circles", f"{__name__}:find", (), **needs),
        )
        return DetectionParams(method="told")

    return register


def test_circles_strengths_and_maps_are_the_methods(method):
    shares = []
    found = detect(NOISE, method(), shares.append)
    assert shares == [0.02, 0.5, 1]
    assert (found.circles, found.strengths) == ((A, B), (9.0, 8.0))
    assert (found.found_by, found.window_px) == ("told", 50)
    assert found.pixel_size == PixelSize(0.04, PixelSizeSource.PERSON)
    assert found.pixel_size_nm == 0.04
    assert [(one.name, one.origin_px) for one in found.maps] == [("chart", (1.0, 2.0))]
    assert found.quality is not None
    assert found.quality.pixel_size_nm == 0.04
    assert FOUND["extras"] == {}


def test_what_a_margin_moved_is_moved_back(method):
    pixels = np.full((360, 420), 255, np.float32)
    pixels[40:340, 60:380] = NOISE.pixels
    found = detect(replace(NOISE, pixels=pixels), method())
    assert FOUND["shape"] == (300, 320)
    assert found.circles == (A.moved(40, 60), B.moved(40, 60))
    assert found.maps[0].origin_px == (41.0, 62.0)
    framed, blind = found.notices[-2:]
    assert framed.startswith("Lines or margins around the micrograph")
    # Of 360 x 420 pixels 300 x 320 show the micrograph.
    assert blind.startswith(f"{1 - 300 * 320 / (360 * 420):.0%} of the picture shows")


def test_a_methods_own_sentences_come_before_the_others(method):
    chart = FOUND["answer"][2]
    FOUND["answer"] = [A], [9.0], chart, ("one", "two")
    found = detect(NOISE, method())
    assert found.notices == ("one", "two")


@pytest.mark.parametrize(
    ("blind", "told"), [(0, ""), (99, ""), (101, "10%"), (355, "36%")]
)
def test_a_tenth_without_usable_pixels_is_told(blind, told):
    usable = np.arange(1000).reshape(20, 50) >= blind
    found = methods._unusable_notice(SimpleNamespace(usable=usable), 1000)
    assert [each.split()[0] for each in found] == ([told] if told else [])
    # What a margin took away shows nothing either.
    (half,) = methods._unusable_notice(SimpleNamespace(usable=usable), 2000)
    assert half.startswith(f"{1 - (1000 - blind) / 2000:.0%} of the picture")


def test_nothing_found_at_a_scale_in_doubt_says_why(method, monkeypatch):
    FOUND["answer"] = [], [], ()
    bare = replace(NOISE, pixel_size_nm=None, pixel_size_source=None)
    found = detect(bare, method())
    assert found.pixel_size.source is PixelSizeSource.ASSUMED
    assert found.quality is None
    (told,) = (each for each in found.notices if "no particle was found" in each)
    assert "the pixel size (0.037 nm) is only assumed: set the true one" in told
    size = PixelSize(0.04, PixelSizeSource.UNSURE)
    monkeypatch.setattr(methods, "_scale", lambda *_: (size, ("of the scale",)))
    found = detect(bare, method())
    assert found.notices[0] == "of the scale"
    assert "the pixel size (0.04 nm) is not sure: set" in found.notices[-1]
    monkeypatch.undo()
    monkeypatch.setattr(registry, "METHODS", METHODS)
    assert not [e for e in detect(NOISE, method()).notices if "no particle" in e]


def test_a_method_is_given_what_it_needs(method):
    with pytest.raises(ParameterError, match="needs a forest") as caught:
        detect(NOISE, method(needs_forest=True))
    assert "one of the methods both, bragg, nfindr, unet, origin." in str(caught.value)
    model = object()
    detect(NOISE, method(needs_forest=True), model=model)
    assert FOUND["extras"] == {"micrograph": NOISE, "model": model}
    detect(NOISE, method(needs_pixels=True))
    assert FOUND["extras"] == {"micrograph": NOISE}
    detect(NOISE, method(), model=model)
    assert FOUND["extras"] == {}


def test_circles_that_are_one_crystal_are_told(method, monkeypatch):
    monkeypatch.setattr(methods, "are_one_crystal", lambda *_: True)
    assert methods.ONE_CRYSTAL in detect(NOISE, method()).notices
    monkeypatch.setattr(methods, "are_one_crystal", lambda *_: False)
    assert methods.ONE_CRYSTAL not in detect(NOISE, method()).notices
