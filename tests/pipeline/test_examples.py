"""Rows that a labelled micrograph gives, where the detector finds what it is told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.pipeline import examples_from_folders, training_from_folders
from napari_cdse.pipeline.micrograph_quality import qualities_of_folders, quality_of
from napari_cdse.pipeline.training import training_from_annotations
from tests.project_tools import write_picture

SHAPE = (300, 420)
A, B, C = Circle(60.0, 60.0, 20.0), Circle(60.0, 200.0, 20.0), Circle(60.0, 340.0, 20.0)
NEAR_A = A.moved(2.0, 1.0)


def told(prepared, where, params, progress):
    return [NEAR_A, B], [9.0, 8.0], ()


@pytest.fixture(autouse=True)
def _method(monkeypatch):
    method = DetectionMethod("told", "circles", f"{__name__}:told", ())
    monkeypatch.setitem(METHODS, "told", method)


def labelled(folder, name, circles, labels, seed=0):
    path = write_picture(folder / "images" / f"{name}.png", seed, SHAPE)
    text = folder / "text_files" / f"{name}.txt"
    text.parent.mkdir(exist_ok=True)
    write_label_file(text, circles, labels, SHAPE)
    return path


def study(folder, **options):
    known = {"pixel_size_nm": 0.04} | options
    return list(
        examples_from_folders(
            [folder], ForestParams(copies=1), DetectionParams(method="told"), **known
        )
    )


def test_particles_circles_on_them_and_background_are_the_rows(tmp_path):
    path = labelled(tmp_path, "a", [A, C], ["yes", "no"])
    (item,) = study(tmp_path)
    name = read_micrograph(path).id
    assert (item.path, item.micrograph_id) == (path, name)
    assert item.detection.circles == (NEAR_A, B)
    assert item.detection.maps == ()
    assert item.false_circles == (B,)
    assert (item.notices, item.unlisted) == ((), ())
    training = item.training
    rows = Counter(
        zip(training.particle_ids.tolist(), training.labels.tolist(), strict=True)
    )
    # Each label with its one copy, and once more where the detector found it; the
    # circle on nothing once; and four places without a particle.
    assert rows[f"{name}/0", "yes"] == 3
    assert rows[f"{name}/1", "no"] == 2
    assert rows[f"{name}/false/0", "empty"] == 1
    assert training.labels.tolist().count("empty") == 1 + 4
    # Places without a particle come first, then circles on nothing.
    assert training.labels.tolist()[:5] == ["empty"] * 5
    assert training.particle_ids[4] == f"{name}/false/0"
    assert len(training) == 3 + 2 + 1 + 4
    assert set(training.pixel_sizes_nm.tolist()) == {0.04}
    assert set(training.micrograph_ids.tolist()) == {name}
    # Two circles, each seen from five places.
    assert len(item.found) == 2 * 5


def test_a_circle_found_is_a_copy_of_the_label_that_it_lies_on(tmp_path):
    """The second label is found first."""
    path = labelled(tmp_path, "a", [C, A], ["no", "yes"])
    (item,) = study(tmp_path)
    name = read_micrograph(path).id
    ids, labels = item.training.particle_ids.tolist(), item.training.labels.tolist()
    rows = Counter(zip(ids, labels, strict=True))
    assert (rows[f"{name}/0", "no"], rows[f"{name}/1", "yes"]) == (2, 3)
    assert rows.total() == 2 + 3 + 1 + 4


def test_a_particle_too_faint_to_be_labelled_is_no_background(tmp_path):
    labelled(tmp_path, "a", [A, C], ["yes", "no"])
    (tmp_path / "truth").mkdir()
    dot = {"x": B.col_px, "y": B.row_px, "radius_px": B.radius_px, "listed": False}
    (tmp_path / "truth" / "a.json").write_text(json.dumps({"dots": [dot]}))
    (item,) = study(tmp_path)
    assert item.unlisted == (B,)
    assert item.false_circles == ()
    assert item.training.labels.tolist().count("empty") == 4


def test_a_circle_shows_background_below_a_tenth_of_the_union(tmp_path):
    # Circles of one radius of 20 px share 0.1 of their union at a shift of 28.3 px.
    for number, (shift, false) in enumerate(((28, ()), (29, (B,)))):
        folder = tmp_path / str(number)
        labelled(folder, "a", [A, B.moved(0, shift)], ["yes", "no"])
        (item,) = study(folder)
        assert item.false_circles == false


def test_a_micrograph_without_particles_is_background(tmp_path):
    labelled(tmp_path, "a", [], [])
    (item,) = study(tmp_path)
    assert set(item.training.labels.tolist()) == {"empty"}
    assert len(item.training) > 1
    assert item.false_circles == (NEAR_A, B)


def test_what_cannot_be_used_is_told_and_the_rest_goes_on(tmp_path):
    labelled(tmp_path, "a", [A], ["yes"], 1)
    labelled(tmp_path, "b", [A], ["yes"], 2)
    labelled(tmp_path, "c", [A], ["yes"], 3)
    (tmp_path / "images" / "b.png").write_text("no picture")
    (tmp_path / "text_files" / "alone.txt").write_bytes(
        (tmp_path / "text_files" / "a.txt").read_bytes()
    )
    out = read_micrograph(tmp_path / "images" / "c.png").id
    shares: list[float] = []
    found = study(tmp_path, leave_out=frozenset([out]), progress=shares.append)
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])
    stray, item, broken = found
    assert stray.startswith("alone.txt has no micrograph of the same name")
    assert item.path.name == "a.png"
    assert "b.png" in broken


def test_what_the_program_wrote_and_nobody_reviewed_is_told(tmp_path):
    labelled(tmp_path, "a", [A], ["yes"])
    text = tmp_path / "text_files" / "a.txt"
    write_label_file(text, [A], ["yes"], SHAPE, reviewed=False)
    (item,) = study(tmp_path)
    (notice,) = item.notices
    assert notice.startswith("a: its label file was written by the program and not")
    _, notices, *_ = training_from_folders(
        [tmp_path],
        ForestParams(copies=0),
        DetectionParams(method="told"),
        pixel_size_nm=0.04,
    )
    assert notices == (notice,)


def test_features_are_asked_at_the_scale_that_the_forest_learnt_with(tmp_path):
    labelled(tmp_path, "a", [A], ["yes"])
    (plain,), (larger,) = study(tmp_path), study(tmp_path, learnt_scale=1.5)
    at = plain.found.names.index("radius_nm")
    assert larger.found.values[:, at] == pytest.approx(
        1.5 * plain.found.values[:, at], rel=1e-5
    )
    assert plain.found.values[0, at] == pytest.approx(20 * 0.04, rel=1e-5)
    np.testing.assert_array_equal(
        larger.training.table.values, plain.training.table.values
    )


def test_folders_without_labels_are_named(tmp_path):
    write_picture(tmp_path / "images" / "a.png", 0, SHAPE)
    with pytest.raises(TrainingError, match=f"was found in {tmp_path}; put") as caught:
        training_from_folders([tmp_path], ForestParams())
    assert "First problem" not in str(caught.value)
    labelled(tmp_path, "a", [A], ["yes"])
    (tmp_path / "images" / "a.png").write_text("no picture")
    with pytest.raises(TrainingError, match=r"First problem: a\.png"):
        training_from_folders([tmp_path], ForestParams())


@dataclass(frozen=True)
class Said:
    """Some particles of a picture, as a project hands them over."""

    path: object
    circles: tuple[Circle, ...] = (A, C)
    labels: tuple[str, ...] = ("yes", "no")
    particle_ids: tuple[str, ...] = ("one", "two")
    frame: int = 0
    pixel_size_nm: float | None = 0.04
    material: Material | None = None


def test_annotations_of_many_micrographs_are_joined_in_order(tmp_path):
    paths = [write_picture(tmp_path / f"{n}.png", n, SHAPE) for n in range(3)]
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    said = [
        Said(paths[0]),
        Said(paths[1], circles=(), labels=(), particle_ids=()),
        Said(broken),
        Said(paths[2], particle_ids=("three", "four"), pixel_size_nm=0.05),
    ]
    shares: list[float] = []
    training, notices = training_from_annotations(
        said, ForestParams(copies=0, own_weight=2.0), shares.append
    )
    assert len(notices) == 1
    assert "broken.png" in notices[0]
    assert training.labels.tolist() == ["yes", "no"] * 2
    assert training.pixel_sizes_nm.tolist() == [0.04, 0.04, 0.05, 0.05]
    assert training.weights.tolist() == [2.0] * 4
    assert shares == sorted(shares)
    # Three micrographs with labels: each begins at a third.
    assert {0, 1 / 3, 2 / 3} <= set(shares)
    assert max(shares) < 1


def test_without_a_label_that_is_said(tmp_path):
    with pytest.raises(TrainingError, match=r"label some particles first\.$"):
        training_from_annotations([], ForestParams())
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    with pytest.raises(TrainingError, match=r"particles first\. .*broken\.png"):
        training_from_annotations([Said(broken)], ForestParams())


def test_qualities_are_those_of_labelled_micrographs_that_can_be_read(labelled_folder):
    names = sorted(path.name for path in (labelled_folder / "images").iterdir())
    (labelled_folder / "text_files" / f"{names[0][:-4]}.txt").unlink()
    (labelled_folder / "images" / names[1]).write_text("no picture")
    shares: list[float] = []
    (found,) = qualities_of_folders(
        [labelled_folder], pixel_size_nm=0.035, progress=shares.append
    )
    assert shares == [0.5, 1.0]
    assert found.pixel_size_nm == 0.035
    micrograph = read_micrograph(
        labelled_folder / "images" / names[2], pixel_size_nm=0.035
    )
    assert quality_of(micrograph) == found


def test_labels_of_another_picture_are_no_labels_of_this_one(tmp_path):
    labelled(tmp_path, "a", [A], ["yes"])
    assert len(list(qualities_of_folders([tmp_path], pixel_size_nm=0.04))) == 1
    write_label_file(tmp_path / "text_files" / "a.txt", [A], ["yes"], (200, 420))
    assert list(qualities_of_folders([tmp_path], pixel_size_nm=0.04)) == []
    (told,) = study(tmp_path)
    assert "a.txt" in told


def test_a_picture_whose_scale_is_not_known_has_no_quality(tmp_path):
    path = write_picture(tmp_path / "a.png", 0, SHAPE)
    assert quality_of(read_micrograph(path)) is None
    assert quality_of(read_micrograph(path, pixel_size_nm=0.04)) is not None
