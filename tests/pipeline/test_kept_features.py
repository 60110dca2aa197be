"""What a second run reads, what it works out anew, and that both say the same."""

from __future__ import annotations

import json
import sqlite3
import weakref
import zlib
from dataclasses import astuple, replace

import pytest
from PIL import Image

from napari_cdse.core.features import cache as feature_rows
from napari_cdse.core.features import compute_features
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.pipeline import (
    FeatureCache,
    examples_from_folders,
    kept_features,
    labelled_folders,
    training_from_folders,
)
from napari_cdse.pipeline.training import training_from_annotations
from tests.pipeline.test_training import Said

ONE_COPY = ForestParams(copies=1)


@pytest.fixture
def one(labelled_folder):
    """A folder of one micrograph."""
    for kind in ("images", "text_files"):
        for path in sorted((labelled_folder / kind).iterdir())[1:]:
            path.unlink()
    return labelled_folder


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "cache" / "features.sqlite")


@pytest.fixture
def work(monkeypatch):
    """How many detections were made and how many circles were looked at."""
    counts = {"detections": 0, "circles": 0}
    detect = kept_features.detect

    def detected(*given):
        counts["detections"] += 1
        return detect(*given)

    def looked(micrograph, circles, *rest):
        counts["circles"] += len(circles)
        return compute_features(micrograph, circles, *rest)

    def taken():
        told = dict(counts)
        counts.update(detections=0, circles=0)
        return told

    monkeypatch.setattr(kept_features, "detect", detected)
    monkeypatch.setattr(feature_rows, "compute_features", looked)
    return taken


NOTHING = {"detections": 0, "circles": 0}


def told(folder, cache=None, params=ONE_COPY, detection=None, **how):
    """Everything that a folder teaches, numbers as bytes."""
    return [
        (
            item.path,
            item.micrograph_id,
            item.truth,
            item.false_circles,
            # Not the maps, which have no equality; they are left out.
            astuple(replace(item.detection, maps=())),
            len(item.detection.maps),
            item.found.values.tobytes(),
            item.training.digest(),
            item.notices,
        )
        for item in examples_from_folders(
            [folder], params, detection, cache=cache, **how
        )
    ]


def test_a_second_run_works_nothing_out_and_says_the_same(labelled_folder, cache, work):
    without = told(labelled_folder)
    assert len(without) == 3
    at_first = work()
    assert at_first["detections"] == 3
    assert told(labelled_folder, cache) == without
    assert work() == at_first
    assert told(labelled_folder, cache) == without
    assert work() == NOTHING
    # Asked for again, it is worked out, and kept.
    assert told(labelled_folder, replace(cache, again=True)) == without
    assert work() == at_first
    assert told(labelled_folder, cache) == without
    assert work() == NOTHING


def test_processes_share_what_is_kept(labelled_folder, cache, work):
    without = told(labelled_folder)
    work()
    assert told(labelled_folder, cache, jobs=2) == without
    # The others did it all.
    assert work() == NOTHING
    assert told(labelled_folder, cache) == without
    assert work() == NOTHING


def test_features_of_turned_pictures_are_those_of_the_turned_ones(one, cache, work):
    params = ForestParams(features="bragg+origin", copies=2)
    without = told(one, params=params)
    at_first = work()
    assert told(one, cache, params) == without
    assert work() == at_first
    assert told(one, cache, params) == without
    assert work() == NOTHING


def test_another_pixel_size_or_parameter_is_worked_out_anew(one, cache, work):
    told(one, cache)
    at_first = work()
    for how in (
        {"pixel_size_nm": 0.04},
        {"detection": DetectionParams(false_alarms=0.01)},
    ):
        without = told(one, **how)
        work()
        assert told(one, cache, **how) == without
        assert work()["detections"] == 1
    # Another group of features needs no other circles.
    told(one, cache, ForestParams(copies=0, features="origin"))
    again = work()
    assert again["detections"] == 0
    assert again["circles"] > 0
    told(one, cache)
    assert work() == NOTHING
    assert at_first["circles"] > again["circles"]


def test_one_more_copy_works_out_that_copy_alone(one, cache, work):
    found = told(one, cache)
    work()
    more = ForestParams(copies=2)
    without = told(one, params=more)
    work()
    assert told(one, cache, more) == without
    labels = sum(len(truth.circles) for _, _, truth, *_ in found)
    assert work() == {"detections": 0, "circles": labels}


def test_a_corrected_circle_is_worked_out_anew_and_a_class_needs_nothing(
    one, cache, work
):
    (path,) = (one / "text_files").iterdir()
    told(one, cache)
    work()
    truth = read_label_file(path)
    assert len(truth.circles) > 1
    swapped = ["no" if label == "yes" else "yes" for label in truth.labels]
    write_label_file(path, truth.circles, swapped, truth.shape)
    without = told(one)
    work()
    assert told(one, cache) == without
    assert work() == NOTHING
    moved = replace(truth.circles[0], col_px=truth.circles[0].col_px + 2)
    write_label_file(path, [moved, *truth.circles[1:]], swapped, truth.shape)
    without = told(one)
    work()
    assert told(one, cache) == without
    again = work()
    assert again["detections"] == 0
    # The circle and its copy; a gap may lie elsewhere, now that it has moved.
    assert 2 <= again["circles"] <= 2 + labelled_folders.GAPS


def test_another_content_or_program_is_worked_out_anew(one, cache, work, monkeypatch):
    told(one, cache)
    at_first = work()
    (path,) = (one / "images").iterdir()
    with Image.open(path) as image:
        brighter = image.point(lambda gray: min(gray + 1, 255))
    brighter.save(path)
    told(one, cache)
    assert work()["detections"] == 1
    monkeypatch.setattr(kept_features, "program_state", lambda: "another")
    told(one, cache)
    assert work() == at_first


@pytest.mark.parametrize("data", [b"", b"no database" * 999, b"SQLite format 3\0" * 99])
def test_a_file_of_another_kind_changes_nothing(one, cache, work, data):
    without = told(one)
    work()
    cache.path.parent.mkdir()
    cache.path.write_bytes(data)
    assert told(one, cache) == without
    work()
    assert told(one, cache) == without
    assert work() == NOTHING


def every_entry(cache, change):
    file = sqlite3.connect(cache.path)
    with file:
        for key, data in file.execute("SELECT key, data FROM features").fetchall():
            new = change(data)
            file.execute(
                "UPDATE features SET data = ?, sum = ? WHERE key = ?",
                (new, zlib.crc32(new), key),
            )
    file.close()


def without_strengths(data):
    if not data.startswith(b"{"):
        return data
    return json.dumps(json.loads(data) | {"strengths": ["none"]}).encode()


@pytest.mark.parametrize(
    "change",
    [lambda data: data[:-3], lambda data: b"{}", without_strengths],
    ids=["cut", "of nothing", "of words"],
)
def test_entries_that_say_something_else_are_worked_out_anew(one, cache, work, change):
    without = told(one)
    work()
    told(one, cache)
    work()
    every_entry(cache, change)
    assert told(one, cache) == without
    assert work()["detections"] == 1
    assert told(one, cache) == without
    assert work() == NOTHING


def test_the_bound_holds_and_what_does_not_fit_is_worked_out(one, cache, work):
    without = told(one)
    work()
    told(one, cache)
    file = sqlite3.connect(cache.path)
    ((held,),) = file.execute("SELECT sum(bytes) FROM uses")
    file.close()
    cache.path.unlink()
    small = replace(cache, most_bytes=held // 2)
    work()
    for _ in range(2):
        assert told(one, small) == without
        assert work()["circles"] > 0
        file = sqlite3.connect(cache.path)
        ((bounded,),) = file.execute("SELECT sum(length(data)) FROM features")
        file.close()
        assert 0 < bounded <= held // 2


def test_a_folder_that_cannot_be_written_keeps_nothing(one, tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = FeatureCache(tmp_path / "file" / "features.sqlite")
    assert told(one, cache) == told(one)


def test_a_project_reads_what_a_run_before_kept(one, cache, work):
    (path,) = (one / "images").iterdir()
    truth = read_label_file(one / "text_files" / f"{path.stem}.txt")
    said = Said(path, truth.circles[:2])
    (first, _), (again, _) = (
        training_from_annotations([said], ONE_COPY, cache=cache) for _ in range(2)
    )
    assert work()["circles"] == 4
    assert first.digest() == again.digest()


@pytest.mark.parametrize("kept", [False, True])
def test_no_picture_is_held_when_the_next_one_is_read(
    labelled_folder, cache, monkeypatch, kept
):
    seen: list[weakref.ref] = []

    def read(*given, **named):
        assert [ref for ref in seen if ref() is not None] == []
        micrograph = read_micrograph(*given, **named)
        seen.append(weakref.ref(micrograph.pixels))
        return micrograph

    monkeypatch.setattr(labelled_folders, "read_micrograph", read)
    where = cache if kept else None
    for _ in range(2):
        seen.clear()
        found = training_from_folders([labelled_folder], ONE_COPY, cache=where)
        assert len(seen) == 3
        assert found.notices == ()
        assert [ref for ref in seen if ref() is not None] == []
