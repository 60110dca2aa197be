"""What a forest is given to learn from: whose labels, and how much each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.novelty import novelty
from napari_cdse.core.features import compute_features
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.records import Circle, Label
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.pipeline import joined, training_from_folders
from napari_cdse.pipeline.analysis import predict
from napari_cdse.pipeline.training import training_from_annotations
from tests.drawn_particles import KINDS, PIXEL_NM, micrograph_of
from tests.tables import drawn_set

FEW = DetectionParams(false_alarms=0.02)


@dataclass(frozen=True)
class Said:
    """Two particles of a picture, as a project hands them over."""

    path: Path
    circles: tuple[Circle, ...]
    labels: tuple[Label, ...] = ("yes", "no")
    particle_ids: tuple[str, ...] = ("one", "two")
    frame: int = 0
    pixel_size_nm: float | None = PIXEL_NM
    material: Material | None = None


def saved(path: Path, seed: int) -> tuple[Path, tuple[Circle, ...]]:
    micrograph, circles = micrograph_of(["yes", "no"], seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(micrograph.pixels, 0, 255).astype(np.uint8)).save(path)
    return path, tuple(circles)


def test_a_particle_weighs_what_own_labels_are_to_count_however_many_copies(tmp_path):
    path, circles = saved(tmp_path / "a.png", 1)
    params = ForestParams(copies=2, own_weight=7.0)
    training, notices = training_from_annotations([Said(path, circles)], params)
    assert notices == ()
    assert training.particle_ids.tolist() == ["one", "two"] * 3
    assert training.labels.tolist() == ["yes", "no"] * 3
    for name in ("one", "two"):
        weights = training.weights[training.particle_ids == name]
        assert weights == pytest.approx([7 / 3] * 3)


def test_what_is_left_out_teaches_nothing(tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        path, circles = saved(tmp_path / "images" / f"{name}.png", seed)
        target = tmp_path / "text_files" / f"{name}.txt"
        target.parent.mkdir(exist_ok=True)
        shape = read_micrograph(path, pixel_size_nm=PIXEL_NM).shape
        write_label_file(target, circles, ["yes", "no"], shape)
    out, kept = (
        read_micrograph(tmp_path / "images" / name, pixel_size_nm=PIXEL_NM).id
        for name in ("a.png", "b.png")
    )
    training, *_ = training_from_folders(
        [tmp_path],
        ForestParams(copies=0),
        FEW,
        pixel_size_nm=PIXEL_NM,
        leave_out=frozenset([out]),
    )
    assert set(training.micrograph_ids.tolist()) == {kept}


def test_labels_taken_back_since_are_learnt_no_longer():
    """Of three micrographs one was said anew, and all of another taken back."""
    earlier = drawn_set(3, 1, copies=0, classes=("yes", "no"), seed=4)
    first, second, third = np.unique(earlier.micrograph_ids).tolist()
    new = drawn_set(1, 1, copies=0, classes=("null",), seed=9)
    found = joined(new, earlier, frozenset([second, third, *new.micrograph_ids]))
    assert found.micrograph_ids.tolist() == [first, first, new.micrograph_ids[0]]
    assert found.labels.tolist() == ["yes", "no", "null"]


def test_novelty_is_that_of_the_circle_as_it_lies():
    micrograph, circles = micrograph_of(list(KINDS), 5)
    model = fit(drawn_set(20, 2, copies=0), ForestParams(trees=2))
    names = [str(at) for at in range(len(circles))]
    told = predict(micrograph, names, circles, model, pixel_size_nm=PIXEL_NM)
    bare = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    assert [one.novelty for one in told] == pytest.approx(novelty(model, bare))
