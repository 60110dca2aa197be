"""``napari-cdse predict`` on real files, good and bad."""

import csv
import json
import math
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_cdse.cli import main
from napari_cdse.cli.predict import _rows as rows_of
from napari_cdse.core.classifier.quality_range import FEWEST_MICROGRAPHS, quality_range
from napari_cdse.core.detection.disk_fit_error import FIT_ERROR
from napari_cdse.core.detection.one_crystal import ONE_CRYSTAL
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import (
    CLASSES,
    Candidate,
    Circle,
    Prediction,
)
from napari_cdse.io.export.part_files import Findings
from napari_cdse.io.export.particle_csv import write_particles_csv
from napari_cdse.io.export.summary import by_the_forest_alone
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.io.models.model_file import load_model, save_model
from napari_cdse.pipeline import analyse, quality_of
from napari_cdse.resources import default_model_path


def table(out):
    with (out / "particles.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_writes_labels_table_and_summary(picture_folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["predict", str(picture_folder), "--out", str(out)]) == 0
    rows = table(out)
    assert {row["micrograph"] for row in rows} == {
        path.stem for path in picture_folder.iterdir()
    }
    for path in picture_folder.iterdir():
        labels = read_label_file(out / "labels" / f"{path.stem}.txt")
        mine = [row for row in rows if row["micrograph"] == path.stem]
        assert list(labels.labels) == [
            row["label"] for row in mine if row["label"] != "empty"
        ]
        assert not labels.reviewed
    for row in rows:
        chances = [float(row[f"p_{name}"]) for name in CLASSES]
        assert sum(chances) == pytest.approx(1)
        assert row["label"] == CLASSES[int(np.argmax(chances))]
        assert row["diameter_nm"] == ""  # an estimate gives no lengths
    summary = json.loads((out / "summary.json").read_text())
    told = capsys.readouterr()
    counted = sum(map(int, re.findall(r": (\d+) particles?$", told.err, re.MULTILINE)))
    particles = [row for row in rows if row["label"] != "empty"]
    assert summary["particles"] == counted == len(particles) < len(rows)
    assert summary["circles"] == len(rows)
    assert "estimated" in told.err
    # Nobody has checked the forest: its share has no interval.
    trusted = [row for row in rows if not row.get("counted_apart")]
    yes, no = (
        sum(float(row[f"p_{name}"]) for row in trusted) for name in ("yes", "no")
    )
    defects = summary["visible_defects"]
    assert defects["fraction"] == pytest.approx(yes / (yes + no))
    assert defects["interval_95"] is None
    assert defects["sentence"] in told.out
    assert "by the forest alone, without an interval" in defects["sentence"]


def test_gives_what_analyse_gives(picture_folder, tmp_path):
    path = sorted(picture_folder.iterdir())[0]
    assert main(["predict", str(path), "--out", str(tmp_path / "out")]) == 0
    model = load_model(default_model_path())
    mine = analyse(read_micrograph(path), model, DetectionParams())
    rows = table(tmp_path / "out")
    assert [row["particle"] for row in rows] == [one.id for one in mine.candidates]
    for row, prediction in zip(rows, mine.predictions, strict=True):
        told = [float(row[f"p_{name}"]) for name in CLASSES]
        assert told == pytest.approx(prediction.probabilities, abs=1e-9)


def test_side_by_side_gives_the_same_as_one_by_one(picture_folder, tmp_path):
    for jobs in ("1", "2"):
        out = str(tmp_path / jobs)
        arguments = ["predict", str(picture_folder), "--out", out, "--jobs", jobs]
        assert main(arguments) == 0
    one, two = (tmp_path / jobs / "particles.csv" for jobs in ("1", "2"))
    assert one.read_bytes() == two.read_bytes()


def test_a_persons_pixel_size_gives_diameters(picture_folder, tmp_path):
    path = picture_folder / "easy_42_0002.png"
    out = tmp_path / "out"
    arguments = ["predict", str(path), "--out", str(out), "--pixel-size", "0.0331"]
    assert main([*arguments, "--pixel-size-error", "1,5"]) == 0
    rows = table(out)
    assert rows
    summary = json.loads((out / "summary.json").read_text())
    assert summary["diameters_nm"]
    for each in summary["diameters_nm"]:
        assert each["mean_systematic"] == pytest.approx(0.015 * each["mean"])
    for row in rows:
        expected = 2 * float(row["radius_px"]) * 0.0331
        assert float(row["diameter_nm"]) == pytest.approx(expected, rel=1e-6)


def test_what_is_distrusted_has_the_reason_in_its_row_and_no_share(tmp_path):
    size = PixelSize(0.04, PixelSizeSource.PERSON)
    places = (Circle(50, 60, 20), Circle(101, 60, 20), Circle(30, 30, 10))
    novelties = (0.5, 0.5, 1.5)
    candidates = tuple(Candidate.propose("0" * 64, each, "bragg") for each in places)
    predictions = tuple(
        Prediction(candidate.id, "forest", (0.2, 0.8, 0.0, 0.0), novelty)
        for candidate, novelty in zip(candidates, novelties, strict=True)
    )
    found = Findings("0" * 64, (100, 120), size, candidates, predictions)
    card = load_model(default_model_path()).card
    card = replace(card, quality_range={"stretch": (1.0, 1.02)})
    rows = rows_of(found, "m", card)
    assert [row.distrust for row in rows] == [None, "centre outside", "out of range"]
    write_particles_csv(tmp_path / "particles.csv", rows)
    assert [row["counted_apart"] for row in table(tmp_path)] == [
        "",
        "centre outside",
        "out of range",
    ]
    defects = by_the_forest_alone(rows, "forest").defects
    assert defects.n_particles == 1
    assert defects.apart == {"centre outside": 1, "out of range": 1}
    crystal = replace(found, notices=(ONE_CRYSTAL,))
    assert {row.distrust for row in rows_of(crystal, "m", card)} == {"one crystal"}
    odd = replace(found, quality=MicrographQuality(0.04, stretch=1.2))
    assert {row.distrust for row in rows_of(odd, "m", card)} == {"quality"}
    # 0.5 nm beyond what does no harm, of a radius of 20 px and of 10 px.
    beside = replace(found, quality=MicrographQuality(0.04, delocalisation_nm=0.75))
    errors = [row.fit_error for row in rows_of(beside, "m", card)]
    expected = [math.hypot(FIT_ERROR["no"], 0.5 / nm) for nm in (0.8, 0.8, 0.4)]
    assert errors == pytest.approx(expected)


def test_a_stretched_picture_is_named_and_its_figures_are_in_the_table(
    picture_folder, tmp_path, capsys
):
    path = picture_folder / "standard_41_0010.png"
    with Image.open(path) as picture:
        wide = picture.resize((picture.width * 6 // 5, picture.height))
    wide.save(tmp_path / "wide.png")
    wide.save(tmp_path / "the same.png")
    model = load_model(default_model_path())
    learnt = quality_range([quality_of(read_micrograph(path))] * FEWEST_MICROGRAPHS)
    model = replace(model, card=replace(model.card, quality_range=learnt))
    save_model(model, tmp_path / "model.skops")
    out = tmp_path / "out"
    told = ["--model", str(tmp_path / "model.skops"), "--out", str(out)]
    told += ["--pixel-size", "0.0421"]
    paths = [path, tmp_path / "wide.png", tmp_path / "the same.png"]
    assert main(["predict", *map(str, paths), *told]) == 0
    said = capsys.readouterr().err
    assert "It is stretched beyond what the forest has learnt from" in said
    rows = table(out)
    usual = [row for row in rows if row["micrograph"] == path.stem]
    odd = [row for row in rows if row["micrograph"] != path.stem]
    assert "quality" not in {row["counted_apart"] for row in usual}
    assert {row["counted_apart"] for row in odd} == {"quality"}
    with (out / "micrographs.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["out_of_range"], "tretched" in second["out_of_range"]) == ("", True)
    assert float(first["stretch"]) < 1.02 < 1.1 < float(second["stretch"])
    assert int(first["circles"]) == len(usual)


def test_pixels_of_another_size_are_told_to_be_out_of_range(
    picture_folder, tmp_path, capsys
):
    path = picture_folder / "standard_41_0010.png"
    out = tmp_path / "out"
    assert main(["predict", str(path), "--pixel-size", "0.1", "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert "0.1000 nm are outside the range that the forest learnt from" in told
    with (out / "micrographs.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert "0.1000 nm are outside the range" in line["out_of_range"]
    usual = tmp_path / "usual"
    assert main(["predict", str(path), "--out", str(usual)]) == 0
    assert "outside the range" not in capsys.readouterr().err
    values = [float(row["novelty"]) for row in table(usual)]
    assert values
    assert np.median(values) < 1


def make_bad_files(folder):
    (folder / "empty.png").write_bytes(b"")
    good = (folder / "easy_42_0002.png").read_bytes()
    (folder / "truncated.png").write_bytes(good[: len(good) // 2])
    (folder / "words.tif").write_text("These are words.")
    Image.fromarray(np.full((300, 300), 7, np.uint8)).save(folder / "constant.png")
    Image.fromarray(np.full((1, 1), 7, np.uint8)).save(folder / "dot.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    (folder / "notes.docx").write_text("left alone")
    return {"empty", "truncated", "words", "constant", "dot", "pipe", "dangling"}


def test_bad_files_are_named_and_the_rest_is_done(picture_folder, tmp_path, capsys):
    bad = make_bad_files(picture_folder)
    out = tmp_path / "out"
    assert main(["predict", str(picture_folder), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    for name in bad:
        lines = [line for line in told.splitlines() if name in line]
        assert len(lines) == 1, (name, lines)
        assert lines[0].rstrip().endswith("."), lines
    assert "Traceback" not in told
    assert {path.stem for path in (out / "labels").iterdir()} == {
        "easy_42_0002",
        "easy_42_0004",
        "standard_41_0010",
    }
    assert json.loads((out / "summary.json").read_text())["failed"] == len(bad)


def test_reviewed_labels_are_not_replaced(picture_folder, tmp_path, capsys):
    path = picture_folder / "easy_42_0002.png"
    out = tmp_path / "out"
    (out / "labels").mkdir(parents=True)
    kept = out / "labels" / "easy_42_0002.txt"
    write_label_file(kept, [], [], (470, 310))
    before = kept.read_bytes()
    assert main(["predict", str(path), "--out", str(out)]) == 1
    assert kept.read_bytes() == before
    assert "reviewed" in capsys.readouterr().err


def test_same_stems_get_names_of_their_own(picture_folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    path = picture_folder / "easy_42_0002.png"
    (other / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "out"
    arguments = [str(path), str(other / path.name)]
    assert main(["predict", *arguments, "--out", str(out)]) == 0
    assert len(list((out / "labels").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["predict"], 2, "required"),
        (["predict", "x", "--out", "y", "--window", "99"], 2, "FFT window"),
        (["predict", "x", "--out", "y", "--pixel-size", "-1"], 2, "pixel-size"),
        (["nonsense"], 2, "nonsense"),
        (["predict", "nowhere", "--out", "y"], 1, "nowhere"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(
    arguments, status, words, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    try:
        told = main(arguments)
    except SystemExit as stop:
        told = stop.code
    assert told == status
    assert words in capsys.readouterr().err


def test_a_pickle_is_refused(picture_folder, tmp_path, capsys):
    model = tmp_path / "old.skops"
    model.write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.")
    out = str(tmp_path / "out")
    status = main(["predict", str(picture_folder), "--out", out, "--model", str(model)])
    assert status == 1
    assert "old.skops" in capsys.readouterr().err
