"""The method from micrograph to circles: limits, scales, sentences, bad input."""

import builtins

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.unet import network as network_module
from napari_cdse.core.detection.unet.method import LEARNT_NM, sizes_to_try
from napari_cdse.core.detection.unet.network import Network
from napari_cdse.core.errors import Cancelled, MicrographError, ModelError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from napari_cdse.pipeline import unet_detection
from tests.core.drawn import draw

UNET = DetectionParams(method="unet")


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (ModuleNotFoundError, network_module.INSTALL),
        (
            ImportError,  # as where a library of the system is missing
            "onnxruntime is installed but does not start on this computer; install it "
            "again, or choose the method 'bragg'.",
        ),
    ],
)
def test_without_onnxruntime_a_sentence_says_what_to_do(monkeypatch, problem, sentence):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("onnxruntime"):
            raise problem(name)
        return real(name, *rest, **more)

    fresh = Network(unet_detection.shipped_network().data)
    monkeypatch.setattr(unet_detection, "shipped_network", lambda: fresh)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError) as told:
        detect(draw((200, 200)), UNET)
    assert str(told.value) == sentence


def test_a_missing_or_foreign_file_is_told_in_a_sentence(monkeypatch, tmp_path):
    file = tmp_path / "unet.onnx"
    monkeypatch.setattr(unet_detection, "network_path", lambda: file)
    unet_detection.shipped_network.cache_clear()
    try:
        with pytest.raises(ModelError, match=r"unet\.onnx does not exist"):
            detect(draw((200, 200)), UNET)
        file.write_bytes(b"something else")
        with pytest.raises(ModelError, match=r"no U-Net of napari-cdse"):
            detect(draw((200, 200)), UNET)
    finally:
        unet_detection.shipped_network.cache_clear()


def test_a_picture_smaller_than_a_tile_is_searched_and_a_constant_one_refused():
    assert detect(draw((90, 70)), UNET).maps[0].values.shape == (18, 14)
    flat = Micrograph(np.full((80, 80), 7, np.float32), "flat", "0" * 64)
    with pytest.raises(MicrographError, match="same grey value"):
        detect(flat, UNET)


def test_maps_end_at_the_border_of_the_micrograph():
    for edge in range(90, 106, 3):
        for each in detect(draw((edge, edge + 1)), UNET).maps:
            rows, cols = each.values.shape
            row, col = each.place(rows - 1, cols - 1)
            assert edge - each.step_px[0] <= row < edge
            assert edge + 1 - each.step_px[1] <= col < edge + 1


def test_cancelling_in_mid_tile_ends_the_search():
    def stop(share):
        if share > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        detect(draw((300, 300)), UNET, stop)


def test_without_a_pixel_size_several_are_tried_and_the_user_is_told():
    bare = detect(draw((260, 260), known_scale=False), UNET)
    (told,) = [one for one in bare.notices if "U-Net" in one]
    assert "5 pixel sizes from 0.0229 to 0.0599 nm" in told
    assert "found no particle" in told
    assert not [one for one in detect(draw((260, 260)), UNET).notices if "U-Net" in one]


@pytest.mark.parametrize("pixel_nm", [0.015, 0.02, 0.037, 0.0637, 0.078])
def test_no_size_is_tried_of_which_the_network_never_saw_any(pixel_nm):
    tried = sizes_to_try(pixel_nm)
    low, high = LEARNT_NM
    assert tried[0] == pixel_nm
    assert min(tried) >= low
    assert max(tried) <= high
    assert len(tried) >= 3


def test_a_size_that_it_never_saw_is_tried_alone():
    assert sizes_to_try(0.5) == [0.5]
