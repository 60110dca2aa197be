"""What the U-Net is taught with: targets, pictures, plan; PyTorch is not needed."""

import sys
from pathlib import Path

import numpy as np
import pytest

MODELS = Path(__file__).parent.parent / "models"


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    if not (MODELS / "unet_training").is_dir():
        pytest.skip("models/unet_training lies in the source tree only")
    monkeypatch.setattr(sys, "path", [str(MODELS), *sys.path])


def disk(shape, row, col, radius):
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (cols - col) ** 2 <= radius**2


def test_targets_are_interior_border_and_distance_and_faint_particles_weigh_nothing():
    from unet_training.targets import BORDER_NM, targets

    mask = np.zeros((200, 240), np.uint8)
    mask[disk(mask.shape, 60, 60, 40)] = 1
    mask[disk(mask.shape, 150, 180, 30)] = 2
    pixel = 0.05
    seen, border, distance, weight = targets(mask, np.array([True, False]), pixel)
    assert np.array_equal(seen > 0, mask > 0)
    assert distance[60, 60] == 255
    assert distance[60, 80] == pytest.approx(255 / 2, abs=8)
    # An area of rings: all within the border's width of the edge, none further in.
    width = BORDER_NM / pixel
    inner = disk(mask.shape, 60, 60, 40 - width - 1)
    outer = disk(mask.shape, 60, 60, 40) & ~disk(mask.shape, 60, 60, 40 - width + 1)
    assert not border[inner].any()
    assert border[outer].all()
    assert weight[disk(mask.shape, 60, 60, 40)].all()
    assert not weight[disk(mask.shape, 150, 180, 33)].any()
    assert weight[150, 120] == 255


def test_a_particle_that_the_frame_cuts_has_no_edge_there():
    from unet_training.targets import targets

    mask = np.zeros((100, 100), np.uint8)
    mask[disk(mask.shape, 50, 0, 30)] = 1
    _, border, distance, _ = targets(mask, np.array([True]), 0.05)
    assert distance[50, 0] == 255
    assert border[50, 0] == 0


@pytest.mark.parametrize("number", range(6))
def test_a_picture_and_its_answer_show_the_particle_at_one_place(number):
    from unet_training.variation import OUTPUT_STRIDE, Field, variant

    from napari_cdse.core.records import Circle
    from tests.core.drawn import Dot, draw

    circle = Circle(180.0, 240.0, 60.0)
    drawn = draw((400, 440), (Dot(circle, amplitude=3.0),), seed=number)
    contrast = (drawn.pixels / drawn.pixels.mean()).astype(np.float32)
    mask = disk(contrast.shape, 180, 240, 60).astype(np.uint8)
    field = Field(contrast, mask, np.array([True]), 0.04)
    given, answer = variant(field, np.random.default_rng(number), number == 0)
    assert given.dtype == np.float16
    assert answer.shape[1:] == tuple(-(-n // OUTPUT_STRIDE) for n in given.shape[1:])
    power = np.square(given[1].astype(np.float32))
    rows, cols = (np.arange(n) // OUTPUT_STRIDE for n in power.shape)
    inside = answer[0][np.ix_(rows, cols)] > 127
    counted = answer[3][np.ix_(rows, cols)] > 0
    assert power[inside & counted].mean() > 1.5 * power[~inside & counted].mean()


def test_the_plan_has_all_presets_enough_fields_and_some_held_out():
    from unet_training.fields import read_plan

    plan = read_plan(MODELS / "unet_series.toml")
    taught, held = plan.names(False), plan.names(True)
    assert not set(taught) & set(held)
    particles = [name for name in taught if "-bare" not in name]
    assert len(particles) >= 300
    kinds = {"standard", "easy", "hard", "varied", "fine", "coarse"}
    for names in (taught, held):
        told = {name.rpartition("_")[0].removesuffix("-bare") for name in names}
        assert told == kinds
    assert sum("-bare" not in name for name in held) >= 20
    assert sum("-bare" in name for name in held) >= 30
    first = [kind.preset.name for kind, _ in plan.in_turn()[:60]]
    assert kinds <= set(first)


def test_a_crop_beyond_the_edge_is_zero_and_weighs_nothing(tmp_path):
    from unet_training.crops import CROP, Pictures

    given = np.ones((2, 120, 160), np.float16)
    answer = np.full((4, 30, 40), 255, np.uint8)
    np.savez(tmp_path / "drawn_0000.0.npz", given=given, answer=answer)
    seen = Pictures(tmp_path, ["drawn_0000", "missing_0000"], 2)
    values, answers = seen.batch(np.random.default_rng(0), 8)
    assert values.shape == (8, 2, CROP, CROP)
    assert answers.shape == (8, 4, CROP // 4, CROP // 4)
    shown = values[:, 0] != 0
    weighs = np.kron(answers[:, 3], np.ones((4, 4))) > 0
    assert (weighs & ~shown).sum() == 0
    assert 0 < weighs.mean() < 0.6


def test_training_goes_on_from_what_an_exported_network_says(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch only trains, and is large")
    from unet_training.export import layers_of
    from unet_training.going_on import go_on_from
    from unet_training.network import WIDTHS, UNet, step

    from napari_cdse.core.detection.unet.card import NetworkCard, probe_input
    from napari_cdse.core.errors import ModelError
    from napari_cdse.io.models.network_file import write_network

    torch.manual_seed(0)
    first = UNet()
    given = torch.from_numpy(np.stack([probe_input()] * 2))
    # Normalisations that have measured something, so that folding them is no trifle.
    first.train()(given)
    first.eval()
    card = NetworkCard(
        "a", "b", "c", "2026-01-01T00:00:00+00:00", 0, 1, 1, 1, probe=(0.5,) * 768
    )
    file = tmp_path / "unet.onnx"
    write_network(file, layers_of(first), card)
    second = UNet()
    assert go_on_from(second, file, [given]).name == "a"
    with torch.no_grad():
        said, says = first(given), second.eval()(given)
        trains = second.train()(given)
    assert float(said.std()) > 0
    torch.testing.assert_close(says, said, atol=1e-4, rtol=1e-4)
    # In training it measures anew, and on what it was measured on says the same.
    torch.testing.assert_close(trains, said, atol=1e-3, rtol=1e-2)
    narrower = UNet()
    narrower.stem[0] = step(2, 16, 7, 2)
    narrower.stem[1] = step(16, WIDTHS[0], 3, 2)
    with pytest.raises(ModelError, match="other layers"):
        go_on_from(narrower, file, [given])
