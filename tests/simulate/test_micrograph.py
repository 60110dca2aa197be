"""Whole micrographs: the same three arguments give the same pixels."""

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.simulate import exposure
from napari_cdse.simulate.micrograph import simulate
from napari_cdse.simulate.scene import draw_scene, on_grid
from napari_cdse.simulate.writing import is_finished, make_folders, write_micrograph
from tests.simulate.conftest import gaussian_factor

TALL_AND_FLAT = 28
"""Index of a scene whose two dots differ in height by 2 nm or more."""
SCORED = (
    "x y radius_px label listed visible visible_fraction overlap_fraction borderline"
)


@pytest.fixture(scope="module")
def one(small):
    return simulate(small, 5, 2, gaussian_factor)


def test_depends_on_preset_seed_and_index_only(small, factor, one):
    again = simulate(small, 5, 2, factor)
    assert np.array_equal(again.gray, one.gray)
    assert again.record == one.record
    assert not np.array_equal(simulate(small, 5, 3, factor).gray, one.gray)
    assert not np.array_equal(simulate(small, 6, 2, factor).gray, one.gray)


def test_mask_and_truth_tell_the_same(one):
    for dot in one.record["dots"]:
        rows, cols = np.nonzero(one.mask == dot["id"])
        if dot["visible_fraction"] == 1 and dot["overlap_fraction"] == 0:
            assert rows.mean() == pytest.approx(dot["y"])
            assert cols.mean() == pytest.approx(dot["x"])
            area = np.pi * dot["radius_equiv_px"] ** 2
            assert len(rows) == pytest.approx(area)
    assert {*range(1, one.mask.max() + 1)} <= {dot["id"] for dot in one.record["dots"]}


def test_gray_levels_and_contrast_are_those_of_the_camera(one):
    assert one.gray.shape == one.contrast.shape == (256, 256)
    assert 80 < one.gray.mean() < 125
    assert one.contrast.mean() == pytest.approx(1, abs=0.01)
    shot = 1 / np.sqrt(one.record["electrons_per_px"])
    assert 0.3 * shot < one.record["contrast_std"] < 3 * shot


def test_dots_are_where_the_truth_says(one, small, factor):
    """The field with the dots, less the one without, lives under the mask."""
    scene = on_grid(draw_scene(small, 5, 2))
    patches = [exposure.patch_for(scene, dot) for dot in scene.dots]
    slices = [
        exposure.dot_slices(scene, patch, dot.crystal, factor)
        for patch, dot in zip(patches, scene.dots, strict=True)
    ]
    full = exposure.whole_field(scene, list(zip(patches, slices, strict=True)), factor)
    bare = [[np.zeros_like(part) for part in parts] for parts in slices]
    empty = exposure.whole_field(scene, list(zip(patches, bare, strict=True)), factor)
    change = np.abs(full - empty)
    covered = one.mask > 0
    assert change[covered].mean() > 8 * change[~covered].mean()


def test_a_field_without_dots_can_be_simulated(small, factor):
    none = replace(small, field=replace(small.field, empty_share=1.0))
    made = simulate(none, 0, 0, factor)
    assert made.record["dots"] == []
    assert not made.mask.any()


def test_written_files_are_read_back(one, small, tmp_path):
    make_folders(tmp_path)
    stem = one.record["name"]
    assert not is_finished(tmp_path, stem, small)
    write_micrograph(tmp_path, one)
    assert is_finished(tmp_path, stem, small)
    tiff = read_micrograph(tmp_path / f"tiff/{stem}.tif")
    assert tiff.pixel_size_nm == pytest.approx(0.04, rel=1e-4)
    png = read_micrograph(tmp_path / f"images/{stem}.png")
    assert png.pixel_size_nm is None
    assert np.array_equal(png.pixels, one.gray)
    truth = json.loads((tmp_path / f"truth/{stem}.json").read_text())
    listed = [dot for dot in truth["dots"] if dot["listed"]]
    labels = read_label_file(tmp_path / f"text_files/{stem}.txt", shape=(256, 256))
    assert list(labels.labels) == [dot["label"] for dot in listed]
    for circle, dot in zip(labels.circles, listed, strict=True):
        assert (circle.col_px, circle.row_px) == (dot["x"], dot["y"])
    assert all(set(SCORED.split()) <= set(dot) for dot in truth["dots"])


def whole(scene, place):
    """Nearest pixel whose centre is a grid point."""
    margin = scene.grid.margin_px
    return 2.0 * round((place + margin) / 2) - margin


@pytest.mark.parametrize("dots_first", [True, False])
def test_a_dot_looks_alone_as_it_looks_in_a_field_without_carbon(
    small, factor, dots_first
):
    """Place, focus by height and lens agree between the two ways to a picture."""
    preset = replace(
        small,
        field=replace(small.field, dots=(2, 2), touching_share=0.0),
        dots=replace(small.dots, diameter_nm=(2.5, 6.0), flatness=(0.3, 1.0)),
        support=replace(small.support, atoms_per_nm3=0.0),
    )
    scene = draw_scene(preset, 1, TALL_AND_FLAT)
    dots = tuple(
        replace(dot, x_px=whole(scene, place), y_px=whole(scene, 250 - place))
        for dot, place in zip(scene.dots, (70, 180), strict=True)
    )
    scene = replace(
        scene, dots=dots, dots_first=dots_first, defocus_tilt_nm=0.0, mtf=1e3
    )
    patches = [exposure.patch_for(scene, dot) for dot in scene.dots]
    slices = [
        exposure.dot_slices(scene, patch, dot.crystal, factor)
        for patch, dot in zip(patches, scene.dots, strict=True)
    ]
    field = exposure.whole_field(scene, list(zip(patches, slices, strict=True)), factor)
    assert abs(len(slices[0]) - len(slices[1])) >= 4
    for dot, patch, parts in zip(scene.dots, patches, slices, strict=True):
        offset = exposure.defocus_offset(scene, dot)
        alone = exposure.dot_alone(scene, patch, parts, offset)
        row, col = int(dot.y_px), int(dot.x_px)
        part = field[row - 15 : row + 15, col - 15 : col + 15]
        middle = patch.size_px // 2
        same = alone[middle - 15 : middle + 15, middle - 15 : middle + 15]
        rest = (part - part.mean()) - (same - same.mean())
        assert rest.std() < 0.03 * same.std()
