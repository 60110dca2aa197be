from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from napari_cdse.core.errors import ModelError, ParameterError
from napari_cdse.core.features import (
    GROUPS,
    compute_features,
    groups_in,
    schema_of,
)
from napari_cdse.core.features.bragg_features import MEANINGS
from napari_cdse.core.records import Circle, Micrograph
from tests.drawn_particles import FAMILIES, PIXEL_NM, RADIUS_PX, micrograph_of

KINDS = ["yes", "no", "null", "empty"]


def columns(micrograph, circles, pixel_nm=PIXEL_NM):
    table = compute_features(micrograph, circles, "bragg", pixel_nm)
    return {name: table.values[:, i] for i, name in enumerate(table.names)}


@pytest.fixture(scope="module")
def drawn():
    """Twelve micrographs with one particle of each kind."""
    scenes = [micrograph_of(KINDS, seed) for seed in range(12)]
    told = [columns(*scene) for scene in scenes]
    return {name: np.array([one[name] for one in told]) for name in told[0]}


def test_schema_names_groups_with_versions():
    assert schema_of("bragg") == f"bragg/{GROUPS['bragg'].version}"
    assert schema_of("bragg + origin").endswith("+origin/1")
    assert groups_in(schema_of("origin+bragg")) == "origin+bragg"


@pytest.mark.parametrize("groups", ["", "fourier", "bragg+", "bragg+bragg"])
def test_unknown_and_repeated_groups_are_refused(groups):
    with pytest.raises(ParameterError):
        schema_of(groups)


@pytest.mark.parametrize("schema", ["bragg/99", "other/1", "", "bragg/1+bragg/1"])
def test_schema_of_another_version_is_refused(schema):
    with pytest.raises(ModelError, match="retrain"):
        groups_in(schema)


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_pixel_size_is_refused(size):
    micrograph, circles = micrograph_of(["no"], 0)
    with pytest.raises(ParameterError, match="pixel size"):
        compute_features(micrograph, circles, "bragg", size)


def test_every_group_names_each_column_once():
    for group in GROUPS.values():
        assert len(set(group.names)) == len(group.names)
    assert all(MEANINGS[name] for name in GROUPS["bragg"].names)


def test_no_circles_give_an_empty_table():
    micrograph, _ = micrograph_of(["no"], 0)
    table = compute_features(micrograph, [], "bragg+origin", PIXEL_NM)
    assert table.values.shape == (0, len(table.names))


def test_families_tell_resolved_from_one_set_of_fringes_from_speckle(drawn):
    yes, no, null, empty = drawn["pair_margin"].T
    assert min(yes.min(), no.min()) > 0
    assert max(null.max(), empty.max()) < 0
    assert drawn["first_margin"][:, 2].min() > 0 > drawn["first_margin"][:, 3].max()


def test_split_tells_faulted_from_perfect(drawn):
    for name in ("split_share", "split_share_clean", "split_contrast"):
        yes, no = drawn[name][:, 0], drawn[name][:, 1]
        assert np.quantile(yes, 0.1) > np.quantile(no, 0.9), name
    assert drawn["split_share"][:, 0].min() > drawn["split_share"][:, 1].max()


def test_phase_jump_is_that_of_a_stacking_fault(drawn):
    jump = drawn["phase_jump_max"][:, 0]
    assert np.median(jump) == pytest.approx(2 * np.pi / 3, abs=0.35)
    assert drawn["line_offset"][:, 0].max() < 0.3


def test_spacings_are_those_drawn(drawn):
    spacings = [family[0] for family in FAMILIES]
    resolved = drawn["spacing_1"][:, 1]
    off = np.min(np.abs(resolved[:, None] - spacings), axis=1)
    assert off.max() < 0.012
    assert drawn["spacing_ratio"][:, 1].max() < 1.2


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_and_mirrored_micrograph_gives_the_same_class_evidence(turns):
    micrograph, circles = micrograph_of(KINDS, 3)
    before = columns(micrograph, circles)
    pixels, moved = micrograph.pixels, circles
    for _ in range(turns):
        last = pixels.shape[1] - 1
        moved = [Circle(last - c.col_px, c.row_px, c.radius_px) for c in moved]
        pixels = np.rot90(pixels)
    turned = replace(micrograph, pixels=np.ascontiguousarray(pixels))
    after = columns(turned, moved)
    for name in ("pair_margin", "strength_1", "split_share", "one_sided"):
        assert after[name] == pytest.approx(before[name], rel=0.1, abs=0.15), name


def test_misplaced_circle_changes_little(drawn):
    micrograph, circles = micrograph_of(["yes", "no"], 4)
    moved = [Circle(c.row_px + 4, c.col_px - 4, 1.08 * c.radius_px) for c in circles]
    before, after = columns(micrograph, circles), columns(micrograph, moved)
    assert after["pair_margin"] == pytest.approx(before["pair_margin"], abs=0.5)
    assert after["split_share"][0] > 3 * after["split_share"][1]


def test_gray_scale_does_not_matter():
    micrograph, circles = micrograph_of(KINDS, 5)
    other = replace(micrograph, pixels=0.01 * micrograph.pixels - 7)
    same = compute_features(other, circles, "bragg", PIXEL_NM).values
    assert same == pytest.approx(
        compute_features(micrograph, circles, "bragg", PIXEL_NM).values,
        rel=0.02,
        abs=0.02,
    )


def test_magnification_does_not_matter():
    micrograph, circles = micrograph_of(["no", "null"], 6)
    twice = replace(
        micrograph, pixels=np.kron(micrograph.pixels, np.ones((2, 2), "f4"))
    )
    larger = [
        Circle(*(2 * np.array([c.row_px, c.col_px, c.radius_px]))) for c in circles
    ]
    before, after = columns(micrograph, circles), columns(twice, larger, PIXEL_NM / 2)
    assert after["first_margin"] == pytest.approx(before["first_margin"], abs=0.3)
    assert after["strength_1"] == pytest.approx(before["strength_1"], abs=0.3)


def test_pixel_size_off_by_six_per_cent_changes_no_evidence():
    micrograph, circles = micrograph_of(KINDS, 7)
    told = columns(micrograph, circles)
    for factor in (0.94, 1.06):
        off = columns(micrograph, circles, PIXEL_NM * factor)
        assert off["pair_margin"][:3] == pytest.approx(told["pair_margin"][:3], abs=0.3)
        assert off["split_share"][0] > 2 * off["split_share"][1]


@pytest.mark.parametrize(
    "circle",
    [
        Circle(0, 0, 40),
        Circle(-30, 150, 40),
        Circle(1e4, 1e4, 40),
        Circle(70, -38, 45),
        Circle(80, 80, 0.2),
        Circle(80, 80, 900),
    ],
)
@pytest.mark.parametrize("groups", ["bragg", "origin"])
def test_circles_over_the_border_or_of_odd_size_give_numbers(circle, groups):
    micrograph, _ = micrograph_of(["no"], 8)
    assert np.isfinite(
        compute_features(micrograph, [circle], groups, 0.04).values
    ).all()


@pytest.mark.parametrize("pixel_nm", [0.003, 0.12, 0.3])
def test_any_pixel_size_gives_numbers_that_a_forest_can_use(pixel_nm):
    micrograph, circles = micrograph_of(KINDS, 9)
    small = [Circle(30, 30, 6)]
    table = compute_features(micrograph, [*circles, *small], "bragg", pixel_nm)
    assert np.abs(table.values).max() < 1e4


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (30, 30)])
@pytest.mark.parametrize("groups", ["bragg", "origin"])
def test_tiny_and_constant_micrographs_give_numbers(shape, groups):
    flat = Micrograph(np.full(shape, 7, np.float32), "flat", "0" * 64)
    table = compute_features(flat, [Circle(0, 0, 20)], groups, 0.04)
    assert np.isfinite(table.values).all()


def test_radius_is_told_in_nm():
    micrograph, _ = micrograph_of(["no"], 9)
    told = columns(micrograph, [Circle(90, 90, RADIUS_PX)])
    assert told["radius_nm"] == pytest.approx(RADIUS_PX * PIXEL_NM)


def test_features_depend_neither_on_companions_nor_on_threads():
    micrograph, circles = micrograph_of(KINDS, 10)
    circles += [Circle(90, 90, 120.0)]
    together = compute_features(micrograph, circles, "bragg", PIXEL_NM).values
    for threads in (1, 2):
        with threadpool_limits(threads):
            alone = [
                compute_features(micrograph, [circle], "bragg", PIXEL_NM).values[0]
                for circle in reversed(circles)
            ]
        assert np.array_equal(together, alone[::-1])


def test_half_a_pixel_changes_little():
    micrograph, circles = micrograph_of(["no"], 11)
    moved = [replace(c, row_px=c.row_px + 0.5, col_px=c.col_px + 0.5) for c in circles]
    before, after = columns(micrograph, circles), columns(micrograph, moved)
    for name in ("strength_1", "contrast_1", "pair_margin", "power_2.75_3.1"):
        assert after[name] == pytest.approx(before[name], abs=0.1), name
