"""What a labelled folder teaches, and what a replay may ask for."""

import json

import numpy as np
import pytest
from PIL import Image

from napari_cdse.core.matching import circle_iou
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.records import Circle
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.pipeline import examples_from_folders, training_from_folders
from tests.core.drawn import Dot, draw

LISTED = Dot(Circle(110, 110, 48), ((0.35, 20.0), (0.35, 91.0)), amplitude=1.6)
OTHER = Dot(Circle(190, 310, 45), ((0.35, 75.0), (0.35, 146.0)), amplitude=1.6)

FEW = DetectionParams(false_alarms=0.02)


@pytest.fixture
def folder(tmp_path):
    """Two particles, one of them in the label file."""
    micrograph = draw((300, 420), (LISTED, OTHER))
    for name in ("images", "text_files", "truth"):
        (tmp_path / name).mkdir()
    gray = np.clip(micrograph.pixels, 0, 255).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "images" / "one.png")
    labels = tmp_path / "text_files" / "one.txt"
    write_label_file(labels, [LISTED.circle], ["no"], micrograph.shape)
    return tmp_path


def studied(folder):
    (item,) = examples_from_folders(
        [folder], ForestParams(copies=0), FEW, pixel_size_nm=0.04
    )
    taught = {name for name in item.training.particle_ids if "/false/" in name}
    assert len(taught) == len(item.false_circles)
    false = np.isin(item.training.particle_ids, list(taught))
    assert set(item.training.labels[false].tolist()) <= {"empty"}
    return item


def on(circles, dot):
    return int(np.sum(circle_iou([dot.circle], circles) > 0.5)) if circles else 0


def test_a_circle_on_no_label_is_an_example_of_empty(folder):
    item = studied(folder)
    assert on(item.detection.circles, LISTED) == on(item.detection.circles, OTHER) == 1
    assert on(item.false_circles, LISTED) == 0
    assert on(item.false_circles, OTHER) == 1


def test_a_circle_on_a_particle_too_faint_to_be_listed_is_no_example(folder):
    circle = OTHER.circle
    dot = {"x": circle.col_px, "y": circle.row_px, "radius_px": circle.radius_px}
    record = {"dots": [dot | {"listed": False}]}
    (folder / "truth" / "one.json").write_text(json.dumps(record))
    item = studied(folder)
    assert on(item.detection.circles, OTHER) == 1
    assert on(item.false_circles, OTHER) == 0


def test_a_damaged_truth_is_named_and_the_micrograph_left_out(folder):
    (folder / "truth" / "one.json").write_text("{")
    (told,) = examples_from_folders([folder], ForestParams(), pixel_size_nm=0.04)
    assert "truth/one.json is damaged" in told


def test_any_number_of_processes_teaches_the_same(labelled_folder):
    found = [
        training_from_folders([labelled_folder], ForestParams(copies=1), jobs=jobs)
        for jobs in (1, 2)
    ]
    one, two = (each.training for each in found)
    assert one.table.values.tobytes() == two.table.values.tobytes()
    assert list(one.particle_ids) == list(two.particle_ids)
    assert list(one.labels) == list(two.labels)
    assert found[0].notices == found[1].notices
    assert found[0].qualities == found[1].qualities
