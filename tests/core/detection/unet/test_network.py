"""The network at work: the operators' definitions, tiles without seams, threads."""

import os
import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from napari_cdse.core.detection.unet.channels import NetworkInput
from napari_cdse.core.detection.unet.network import (
    OVERLAP,
    Network,
    start_session,
    tile_spans,
)
from napari_cdse.core.errors import Cancelled, ModelError
from napari_cdse.io.models.onnx_file import write_onnx
from tests.small_networks import answer_of, drawn_layers


@pytest.fixture(scope="module")
def layers():
    return drawn_layers()


@pytest.fixture(scope="module")
def network(layers):
    return Network(write_onnx(layers, {}))


def given(shape, seed=0):
    values = np.random.default_rng(seed).normal(size=(2, *shape)).astype(np.float32)
    everywhere = np.ones(shape, bool)
    return NetworkInput(
        *values, shape[1], 0, everywhere, origin_px=(3.0, -2.0), step_px=(1.25, 1.5)
    )


def test_it_gives_what_the_operators_are_defined_to(layers, network):
    values = given((96, 160)).values
    np.testing.assert_allclose(
        network.answer(values), answer_of(layers, values), atol=1e-5
    )


def test_tiles_leave_no_seam_wherever_they_lie(network):
    picture = given((700, 1000))
    whole = network.maps(picture, tile=2048)
    for tile in (448, 480, 640):
        cut = network.maps(picture, tile=tile)
        for name in ("interior", "border", "distance"):
            one, other = getattr(whole, name), getattr(cut, name)
            np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_overlap_is_as_wide_as_the_network_looks(network):
    # A change of the input must not be seen further away than the overlap.
    values = given((800, 800)).values
    changed = values.copy()
    changed[:, 400:432, 400:432] += 50
    seen = np.abs(network.answer(changed) - network.answer(values)).max(0) > 1e-6
    rows, cols = np.nonzero(seen)
    reach = max(
        400 - 4 * min(rows.min(), cols.min()), 4 * max(rows.max(), cols.max()) - 431
    )
    assert 100 < reach <= OVERLAP


def test_spans_keep_each_sample_once_and_far_from_cuts():
    for length in (32, 384, 1536, 1568, 2528, 4096, 4992):
        spans = tile_spans(length)
        assert spans[0].first == 0
        assert spans[-1].last == length
        for one, other in pairwise(spans):
            assert one.last == other.first
            assert one.stop - one.last >= OVERLAP
            assert other.first - other.start >= OVERLAP
        assert all(each.start % 32 == 0 for each in spans)


def test_maps_lie_over_the_micrograph(network):
    picture = given((330, 401))
    maps = network.maps(picture)
    assert maps.interior.shape == (83, 101)
    assert maps.step_px == (5.0, 6.0)
    # The middle of the first four samples, which lie 1.25 and 1.5 px apart.
    assert maps.origin_px == pytest.approx((3 + 1.5 * 1.25, -2 + 1.5 * 1.5))


def test_cancelling_between_tiles_leaves_a_network_that_works(network):
    def stop(share):
        raise Cancelled("stopped")

    picture = given((700, 1000))
    with pytest.raises(Cancelled):
        network.maps(picture, stop, tile=448)
    assert network.maps(picture, tile=448).interior.shape == (175, 250)


def test_a_network_goes_to_another_process_without_its_session(network):
    values = given((64, 64)).values
    said = network.answer(values)
    other = pickle.loads(pickle.dumps(network))
    assert np.array_equal(other.answer(values), said)
    assert other.false_circles == network.false_circles


@pytest.mark.parametrize(
    "name",
    [
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NotImplemented",
        "RuntimeException",
    ],
)
def test_what_onnxruntime_refuses_is_told_in_a_sentence(name, layers, monkeypatch):
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    refusal = getattr(state, name)

    class Refusing:
        def run(self, *_):
            raise refusal("no")

    network = Network(write_onnx(layers, {}))
    network._session = Refusing()
    with pytest.raises(ModelError, match=r"cannot be run here; install napari-cdse"):
        network.answer(given((64, 64)).values)

    def refuse(*_, **__):
        raise refusal("no")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    with pytest.raises(ModelError, match="cannot read the network; install"):
        start_session(b"anything")


def test_a_network_of_other_maps_is_not_used(layers):
    class Other:
        def run(self, outputs, inputs):
            assert (outputs, list(inputs)) == (["output"], ["input"])
            return [np.zeros((1, 2, 16, 16), np.float32)]

    network = Network(write_onnx(layers, {}))
    network._session = Other()
    with pytest.raises(ModelError, match="maps of another shape"):
        network.answer(given((64, 64)).values)


def test_it_runs_on_one_thread_and_says_nothing(layers, monkeypatch):
    import onnxruntime

    seen = []

    def note(data, options, providers):
        seen.append((data, options, providers))

    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    start_session(b"bytes")
    ((data, options, providers),) = seen
    assert (data, providers) == (b"bytes", ["CPUExecutionProvider"])
    assert options.intra_op_num_threads == options.inter_op_num_threads == 1
    assert options.log_severity_level == 4


def test_progress_is_told_after_each_tile(network):
    shares = []
    network.maps(given((700, 1000)), shares.append, tile=640)
    assert shares == pytest.approx(np.arange(1, len(shares) + 1) / len(shares))
    assert len(shares) == len(tile_spans(768, 640)) * len(tile_spans(1088, 640))


def test_a_picture_of_one_tile_is_one_span():
    (only,) = tile_spans(1536)
    assert (only.start, only.stop, only.first, only.last) == (0, 1536, 0, 1536)


def test_tiles_are_as_small_as_so_few_of_them_may_be():
    first, second = tile_spans(1568)
    # 192 samples on either side of the cut are seen twice.
    assert (first.start, first.stop, first.last) == (0, 992, 992 - 192)
    assert (second.start, second.stop) == (576, 1568)
    assert (second.first, second.last) == (800, 1568)


_NEEDED = ("PATH", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMP")
_RUN = """
import sys
from pathlib import Path
from napari_cdse.core.detection.unet.network import start_session
start_session(Path(sys.argv[1]).read_bytes())
"""


def test_nothing_is_kept_to_name_this_computer_to_others(layers, tmp_path):
    """Reports of onnxruntime are on by default, but in continuous integration."""
    file = tmp_path / "network.onnx"
    file.write_bytes(write_onnx(layers, {}))
    home = tmp_path / "home"
    home.mkdir()
    names = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA")
    known = {name: each for name, each in os.environ.items() if name in _NEEDED}
    told = known | dict.fromkeys(names, str(home))
    subprocess.run([sys.executable, "-c", _RUN, str(file)], env=told, check=True)
    assert not [path for path in home.rglob("*") if path.is_file()]
