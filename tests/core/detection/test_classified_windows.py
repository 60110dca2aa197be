"""Windows that a forest judges: where they lie, how their answers are put together."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection import classified_windows as module
from napari_cdse.core.detection.classified_windows import find_by_windows
from napari_cdse.core.features import GROUPS
from napari_cdse.core.imaging.sliding_fft import window_grid
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle

SHAPE = (120, 170)
WHERE = SimpleNamespace(radius_px=(5.0, 40.0), prior=SimpleNamespace(pixel_nm=0.04))
MODEL = SimpleNamespace(
    card=SimpleNamespace(feature_schema=GROUPS["bragg"].schema, learnt_scale=1.25)
)
PREPARED = SimpleNamespace(pixels=np.zeros(SHAPE, np.float32), origin_px=(3, 11))


@pytest.fixture
def judged(monkeypatch):
    """What features are asked of; a window answers by the place of its centre."""
    calls = []

    def compute(micrograph, windows, groups, pixel_nm, progress):
        progress(1.0)
        calls.append(
            SimpleNamespace(
                micrograph=micrograph, windows=windows, groups=groups, nm=pixel_nm
            )
        )
        return np.array([(c.row_px, c.col_px) for c in windows])

    def answer(model, table):
        row, col = table.T / 1000
        assert model is MODEL
        return np.stack([row, col, 0.5 - row, 0.5 - col], axis=1)

    monkeypatch.setattr(module, "compute_features", compute)
    monkeypatch.setattr(module, "predict_proba", answer)
    return calls


@pytest.mark.parametrize(
    ("edge_px", "edge", "step"),
    [(24.4, 24, 12), (25.0, 25, 12), (3.0, 8, 4), (500.0, 120, 60)],
)
def test_windows_cover_the_picture_by_half_their_edge(judged, edge_px, edge, step):
    grid, told = module._classify_windows(
        PREPARED, WHERE, edge_px, "m", MODEL, lambda _: None
    )
    wanted = window_grid(SHAPE, edge, step)
    assert (grid.window_px, grid.step_px) == (edge, step)
    assert grid.rows_px.tolist() == wanted.rows_px.tolist()
    (call,) = judged
    # The picture begins three pixels further down and eleven further right.
    assert call.windows == [
        Circle(row + 3, col + 11, edge / 2)
        for row in wanted.rows_px
        for col in wanted.cols_px
    ]
    assert (call.micrograph, call.groups) == ("m", "bragg")
    assert call.nm == pytest.approx(0.05)
    assert told.shape == (len(grid.rows_px), len(grid.cols_px), 4)
    assert told[1, 2, 0] == pytest.approx((grid.rows_px[1] + 3) / 1000)
    assert told[1, 2, 1] == pytest.approx((grid.cols_px[2] + 11) / 1000)


def test_sizes_are_averaged_place_by_place_on_the_finer_grid():
    """Answers that are linear in place: the mean is linear, and known everywhere."""
    looks = []
    for edge, slope in ((40, 0.002), (20, 0.004)):
        grid = window_grid(SHAPE, edge, edge // 2)
        rows, cols = np.meshgrid(grid.rows_px, grid.cols_px, indexing="ij")
        classes = [slope * rows, slope * cols, 0 * rows, 0.1 + slope * (rows + cols)]
        looks.append((grid, np.stack(classes, axis=-1)))
    maps = module._averaged(looks)
    fine = looks[1][0]
    names = ["particle probability", *(f"probability of {n}" for n in ("yes", "no"))]
    assert [each.name for each in maps] == [*names, "probability of null"]
    coarse = looks[0][0]
    down = fine.rows_px[
        (fine.rows_px >= coarse.rows_px[0]) & (fine.rows_px <= coarse.rows_px[-1])
    ]
    right = fine.cols_px[
        (fine.cols_px >= coarse.cols_px[0]) & (fine.cols_px <= coarse.cols_px[-1])
    ]
    rows, cols = np.meshgrid(down, right, indexing="ij")
    wanted = (0.9 - 0.003 * (rows + cols), 0.003 * rows, 0.003 * cols, 0 * rows)
    at = np.ix_(np.isin(fine.rows_px, down), np.isin(fine.cols_px, right))
    for each, values in zip(maps, wanted, strict=True):
        assert each.values.shape == (len(fine.rows_px), len(fine.cols_px))
        assert each.values[at] == pytest.approx(values, abs=1e-5)
        assert each.origin_px == (fine.rows_px[0], fine.cols_px[0])
        assert each.step_px == (10.0, 10.0)


def test_two_sizes_are_looked_at_and_disks_fitted_where_particles_are_likely(
    judged, monkeypatch
):
    """A third and two thirds of the way from the smallest diameter to the largest."""
    seen = {}

    def white(prepared, where, alarms):
        assert (prepared, where, alarms) == (PREPARED, WHERE, 0.5)
        return "white", 17.0

    def highest(chosen, smallest, rise):
        seen["maxima"] = chosen.name, smallest, rise
        return ["places"]

    def fringes(white, where, places):
        return white, where, places

    def fit(white, where, fringes, threshold, progress):
        progress(0.5)
        seen["fit"] = white, where, fringes, threshold
        return ["circle"], [20.0]

    for name, instead in (
        ("whitened", white), ("maxima", highest), ("fringes_at", fringes),
        ("fit_disks", fit),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, instead)
    shares = []
    circles, strengths, maps = find_by_windows(
        PREPARED, WHERE, DetectionParams(false_alarms=0.5), shares.append,
        micrograph="m", model=MODEL,
    )  # fmt: skip
    assert (circles, strengths, len(maps)) == (["circle"], [20.0], 4)
    # 10 * 8 ** (1 / 3) and 10 * 8 ** (2 / 3).
    assert [call.windows[0].radius_px for call in judged] == [10, 20]
    assert seen["maxima"] == ("particle probability", 5.0, 1.0)
    assert seen["fit"] == ("white", WHERE, ("white", WHERE, ["places"]), 17.0)
    assert shares == sorted(shares)
    assert shares == pytest.approx([0.05, 0.475, 0.9, 0.95])
