"""Training, evaluation and export from the command line."""

import csv
import json
import shutil
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from napari_cdse.cli import main
from napari_cdse.core.classifier import forest
from napari_cdse.core.detection import registry
from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.evaluation import learning_curve, validation
from napari_cdse.core.features import GROUPS
from napari_cdse.core.params import ForestParams
from napari_cdse.io.feature_file import default_path
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import (
    evaluation,
    examples_from_folders,
    kept_features,
    method_runs,
)
from napari_cdse.project import EditRequest, Project
from napari_cdse.resources import default_model_path

SMALL = ["--trees", "12", "--copies", "1"]


def by_place(labels):
    return sorted(
        (circle.row_px, circle.col_px, circle.radius_px, label)
        for circle, label in zip(labels.circles, labels.labels, strict=True)
    )


def test_train_makes_a_model_that_predict_uses(labelled_folder, tmp_path, capsys):
    model = tmp_path / "mine.skops"
    arguments = ["train", str(labelled_folder), "--out", str(model), *SMALL]
    assert main(arguments) == 0
    card = load_model(model).card
    assert card.n_micrographs == 3
    assert card.classes == ("yes", "no", "null", "empty")
    assert card.id
    picture = labelled_folder / "images" / "easy_42_0002.png"
    out = tmp_path / "out"
    arguments = ["predict", str(picture), "--out", str(out), "--model", str(model)]
    assert main(arguments) == 0
    assert json.loads((out / "summary.json").read_text())["model"] == card.id


def test_train_twice_gives_the_same_model(labelled_folder, tmp_path):
    ids = set()
    for name in ("one", "two"):
        model = tmp_path / f"{name}.skops"
        arguments = ["train", str(labelled_folder), "--out", str(model), *SMALL]
        assert main([*arguments, "--name", "same"]) == 0
        ids.add(load_model(model).card.id)
    assert len(ids) == 1


class Noon(datetime):
    """The time stands still, so that models differ in nothing else either."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 1, 12, tzinfo=tz)


@pytest.fixture
def detections(monkeypatch):
    """The micrographs in which circles were sought."""
    names = []
    detect = kept_features.detect

    def watched(micrograph, params):
        names.append(micrograph.name)
        return detect(micrograph, params)

    monkeypatch.setattr(kept_features, "detect", watched)
    return names


def test_a_model_has_the_same_bytes_whatever_was_kept(
    labelled_folder, tmp_path, monkeypatch, detections
):
    monkeypatch.setattr(forest, "datetime", Noon)

    def trained(*more):
        detections.clear()
        model = tmp_path / "mine.skops"
        words = ["train", str(labelled_folder), "--out", str(model), *SMALL, *more]
        assert main(words) == 0
        return model.read_bytes(), len(detections)

    first, at_first = trained()
    assert at_first == 3
    assert trained() == (first, 0)
    assert trained("--again") == (first, 3)
    path = default_path()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert trained()[0] == first
    path.write_bytes(b"\0" * 5000)
    assert trained() == (first, 3)
    assert trained() == (first, 0)
    # And where nothing can be kept.
    monkeypatch.setenv("NAPARI_CDSE_CACHE", str(labelled_folder / "images" / "none"))
    (labelled_folder / "images" / "none").write_text("")
    assert trained() == (first, 3)


def test_evaluate_reads_what_train_kept(labelled_folder, tmp_path, detections, capsys):
    folder = str(labelled_folder)
    model = str(tmp_path / "mine.skops")
    assert main(["train", folder, "--out", model, *SMALL]) == 0
    detections.clear()
    assert main(["evaluate", model, folder]) == 0
    words = ["evaluate", "--folds", "3", folder, *SMALL]
    assert main(words) == 0
    told = capsys.readouterr().out
    # Studies of so few labels end in a sentence, after what they read.
    main(["evaluate", "--importance", folder, *SMALL])
    main(["evaluate", "--learning-curve", folder, *SMALL])
    assert detections == []
    capsys.readouterr()
    assert main([*words, "--again"]) == 0
    assert len(detections) == 3
    assert told.endswith(capsys.readouterr().out)


def test_train_warns_of_labels_that_nobody_reviewed(labelled_folder, tmp_path, capsys):
    path = labelled_folder / "text_files" / "easy_42_0002.txt"
    old = read_label_file(path)
    write_label_file(path, old.circles, old.labels, old.shape, reviewed=False)
    model = str(tmp_path / "m.skops")
    main(["train", str(labelled_folder), "--out", model, *SMALL])
    told = capsys.readouterr().err
    assert "easy_42_0002" in told
    assert "not reviewed" in told


def test_scores_on_what_a_model_learnt_from_say_so(labelled_folder, tmp_path, capsys):
    model, out = tmp_path / "mine.skops", tmp_path / "out"
    less = tmp_path / "less"
    shutil.copytree(labelled_folder, less)
    (less / "text_files" / "easy_42_0002.txt").unlink()
    main(["train", str(less), "--out", str(model), *SMALL])
    arguments = ["evaluate", str(model), str(labelled_folder), "--out", str(out)]
    capsys.readouterr()
    assert main(arguments) == 0
    assert "learnt from 2 of these 3 micrographs" in capsys.readouterr().out
    told = json.loads((out / "evaluation.json").read_text())
    assert len(told["learnt_from"]) == 2
    assert "easy_42_0002.png" not in told["learnt_from"]
    # The shipped forest never saw them.
    assert main(["evaluate", str(default_model_path()), str(labelled_folder)]) == 0
    assert "learnt from" not in capsys.readouterr().out


def test_train_tells_of_a_project_whose_labels_it_does_not_take(
    labelled_folder, tmp_path, capsys
):
    Project.create_or_open(labelled_folder).close()
    model = str(tmp_path / "m.skops")
    assert main(["train", str(labelled_folder), "--out", model, *SMALL]) == 0
    assert "holds a project too" in capsys.readouterr().err


def test_train_names_a_bad_label_file_with_its_line(labelled_folder, tmp_path, capsys):
    path = labelled_folder / "text_files" / "easy_42_0002.txt"
    lines = path.read_text().splitlines()
    lines[1] = "[ten, 20.0]"
    path.write_text("\n".join(lines))
    model = tmp_path / "m.skops"
    assert main(["train", str(labelled_folder), "--out", str(model), *SMALL]) == 1
    assert "easy_42_0002.txt, line 2" in capsys.readouterr().err
    assert load_model(model).card.n_micrographs == 2


def test_held_out_labels_come_from_forests_that_never_saw_them(
    labelled_folder, tmp_path, monkeypatch, capsys
):
    seen = []
    fit = evaluation.fit

    def watched(training, params):
        seen.append(set(training.micrograph_ids.tolist()))
        return fit(training, params)

    monkeypatch.setattr(evaluation, "fit", watched)
    out = tmp_path / "out"
    arguments = ["evaluate", "--folds", "3", "--out", str(out), str(labelled_folder)]
    assert main([*arguments, *SMALL]) == 0
    assert len(seen) == 3
    assert all(len(ids) == 2 for ids in seen)
    assert set.intersection(*seen) == set()
    assert {path.stem for path in (out / "labels").iterdir()} == {
        path.stem for path in (labelled_folder / "images").iterdir()
    }
    told = json.loads((out / "evaluation.json").read_text())
    assert set(told["figures"]) >= {"f1", "balanced_accuracy", "end_to_end"}
    circles = sum(each["number"] for each in told["reliability"])
    printed = capsys.readouterr().out
    assert "detection F1" in printed
    assert f"of {told['reliability'][-1]['number']}" in printed
    assert circles >= sum(each["matched"] for each in told["micrographs"])


def test_micrographs_of_one_name_in_two_folders_have_label_files_each(
    labelled_folder, tmp_path
):
    other = shutil.copytree(labelled_folder, tmp_path / "other")
    for path in (other / "images").iterdir():
        pixels = np.array(Image.open(path))
        pixels[0, 0] ^= 1
        Image.fromarray(pixels).save(path)
    out = tmp_path / "out"
    folders = [str(labelled_folder), str(other)]
    assert main(["evaluate", "--folds", "2", "--out", str(out), *folders, *SMALL]) == 0
    assert len(list((out / "labels").iterdir())) == 6


def test_one_micrograph_under_two_names_is_on_one_side(labelled_folder, tmp_path):
    for kind, suffix in (("images", "png"), ("text_files", "txt")):
        shutil.copyfile(
            labelled_folder / kind / f"easy_42_0002.{suffix}",
            labelled_folder / kind / f"twin.{suffix}",
        )
    params = ForestParams(folds=3, trees=5, copies=0)
    labelled = list(examples_from_folders([labelled_folder], params))
    names = {"easy_42_0002.png", "twin.png"}
    for model, held_out in evaluation._folds(labelled, params):
        inside = {labelled[index].path.name for index in held_out} & names
        assert inside in (set(), names)
        learnt = set(model.training.micrograph_ids.tolist())
        assert not learnt & {labelled[index].micrograph_id for index in held_out}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "FOLDER"], "no forest"),
        (
            ["evaluate", "--folds", "3", "m.skops", "FOLDER"],
            "takes no file of a forest",
        ),
        (["evaluate", "--folds", "1", "FOLDER"], "Folds is 1"),
    ],
)
def test_evaluate_says_what_is_wrong(arguments, words, labelled_folder, capsys):
    filled = [str(labelled_folder) if a == "FOLDER" else a for a in arguments]
    assert main(filled) == 2
    assert words in capsys.readouterr().err


def test_evaluate_scores_the_shipped_model(labelled_folder, capsys):
    assert main(["evaluate", str(default_model_path()), str(labelled_folder)]) == 0
    assert "3 micrographs" in capsys.readouterr().out


def test_copies_and_a_folder_named_twice_are_scored_once(
    labelled_folder, tmp_path, capsys
):
    for kind, suffix in (("images", "png"), ("text_files", "txt")):
        shutil.copyfile(
            labelled_folder / kind / f"easy_42_0002.{suffix}",
            labelled_folder / kind / f"twin.{suffix}",
        )
    (tmp_path / "link").symlink_to(labelled_folder)
    twice = [str(labelled_folder), str(tmp_path / "link")]
    assert main(["evaluate", str(default_model_path()), *twice]) == 0
    told = capsys.readouterr()
    assert "3 micrographs" in told.out
    said = [line for line in told.err.splitlines() if "it counts once" in line]
    assert len(said) == 5
    assert said[0].startswith("twin.png has the same content as easy_42_0002.png")


@pytest.mark.parametrize("study", ["tune", "importance", "learning-curve"])
def test_studies_say_write_and_draw(
    study, labelled_folder, tmp_path, capsys, monkeypatch
):
    # Three small micrographs hold too few labels for an honest number.
    for module in (validation, learning_curve):
        monkeypatch.setattr(module, "MIN_PER_CLASS", 2)
    out = tmp_path / "out"
    few = ["--trees", "6", "--copies", "0", "--folds", "2"]
    few += ["--repeats", "2", "--labels-per-step", "10"]
    status = main(
        ["evaluate", f"--{study}", str(labelled_folder), "--out", str(out), *few]
    )
    told = capsys.readouterr()
    name = {"tune": "tuning"}.get(study, study.replace("-", "_"))
    assert status == 0, told.err
    found = json.loads((out / f"{name}.json").read_text())
    assert (out / f"{name}.svg").exists() == (study != "tune")
    if study == "tune":
        assert len(found["trials"]) == 48
        assert found["sentence"] in told.out
    elif study == "importance":
        assert len(found["features"]) == len(GROUPS["bragg"].names)
        assert "Bragg peaks" in told.out
    else:
        assert set(found["balanced_accuracy"]) == {"queue", "random"}
        assert found["needed_of_random"] > 0
        assert found["needed_of_random_95"] == [None, None]
        assert found["sentence"] in told.out
    # What it wrote is no obstacle: that there are no labels is told later.
    nowhere = str(tmp_path / "nowhere")
    assert main(["evaluate", f"--{study}", nowhere, "--out", str(out)]) == 1
    assert "is not of napari-cdse" not in capsys.readouterr().err


def test_a_study_of_too_few_labels_is_refused(labelled_folder, capsys):
    assert main(["evaluate", "--importance", str(labelled_folder), *SMALL]) == 1
    assert "at least 5 labels each of two classes" in capsys.readouterr().err


def test_one_study_at_a_time(labelled_folder, capsys):
    arguments = ["evaluate", "--tune", "--importance", str(labelled_folder)]
    with pytest.raises(SystemExit):
        main(arguments)
    assert "not allowed with" in capsys.readouterr().err


def test_export_writes_what_a_person_reviewed(labelled_folder, tmp_path, capsys):
    project = Project.create_or_open(labelled_folder)
    path = project.path
    project.close()
    out = tmp_path / "out"
    assert main(["export", str(path), "--out", str(out)]) == 0
    for original in (labelled_folder / "text_files").iterdir():
        first, second = (
            read_label_file(p) for p in (original, out / "labels" / original.name)
        )
        assert by_place(first) == by_place(second)
        assert second.reviewed
    with (out / "particles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    summary = json.loads((out / "summary.json").read_text())
    assert summary["labelled_by_person"] == len(rows) > 0
    n_yes = sum(row["label"] == "yes" for row in rows)
    n_no = sum(row["label"] == "no" for row in rows)
    assert summary["visible_defects"]["fraction"] == pytest.approx(
        n_yes / (n_yes + n_no)
    )
    assert "Visible defects" in capsys.readouterr().out


def test_export_tells_the_notes_in_a_column_near_the_end(labelled_folder, tmp_path):
    project = Project.create_or_open(labelled_folder)
    noted, plain = project.particles.of(0)[0].id, project.particles.of(1)[0].id
    project.edits.apply(EditRequest(noted={noted: "twin, two lamellae"}))
    path = project.path
    project.close()
    assert main(["export", str(path), "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "particles.csv").open(newline="") as file:
        rows = {row["particle"]: row for row in csv.DictReader(file)}
    assert rows[noted]["note"] == "twin, two lamellae"
    assert rows[plain]["note"] == ""
    assert list(rows[noted])[-2:] == ["note", "reviewed"]


def test_a_project_trains_as_its_label_files_do(labelled_folder, tmp_path):
    project = Project.create_or_open(labelled_folder)
    path = project.path
    counts = project.particles.counts()
    project.close()
    model = tmp_path / "m.skops"
    assert main(["train", str(path), "--out", str(model), *SMALL]) == 0
    told = load_model(model).card.class_counts
    assert {name: told[name] for name in ("yes", "no", "null")} == {
        name: counts[name] for name in ("yes", "no", "null")
    }


def test_export_of_a_missing_project_says_so(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["export", str(tmp_path / "no.cdse"), "--out", out]) == 1
    assert "no.cdse" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_methods_stand_in_one_table(labelled_folder, tmp_path, capsys, monkeypatch):
    fast = {name: METHODS[name] for name in ("bragg", "nfindr")}
    lacking = DetectionMethod(
        "both", "", "", (), needs_package="no_such_package", extra="more"
    )
    monkeypatch.setattr(registry, "METHODS", {**fast, "both": lacking})
    monkeypatch.setattr(method_runs, "METHODS", registry.METHODS)
    out = tmp_path / "out"
    arguments = ["evaluate", "--methods", str(labelled_folder), "--out", str(out)]
    assert main([*arguments, "--method", "nfindr"]) == 0
    told = capsys.readouterr().out
    assert "pip install 'napari-cdse[more]'" in told
    header = next(line for line in told.splitlines() if "bragg" in line)
    assert header.split() == ["nfindr", "bragg"]
    with (out / "methods.csv").open(encoding="utf-8") as file:
        rows = {(row["method"], row["figure"]): row for row in csv.DictReader(file)}
    recall = float(rows["bragg", "recall at IoU 0.3"]["value"])
    apart = float(rows["bragg", "recall at IoU 0.3"]["difference"])
    assert recall - apart == pytest.approx(
        float(rows["nfindr", "recall at IoU 0.3"]["value"])
    )
    assert float(rows["bragg", "memory in MB, most"]["value"]) > 0
    written = json.loads((out / "methods.json").read_text())
    assert written["compared_with"] == "nfindr"
    assert len(written["micrographs"]) == 3
    nowhere = str(tmp_path / "nowhere")
    assert main(["evaluate", "--methods", nowhere, "--out", str(out)]) == 1
    assert "is not of napari-cdse" not in capsys.readouterr().err


def test_methods_of_an_unlabelled_folder_are_refused(picture_folder, capsys):
    assert main(["evaluate", "--methods", str(picture_folder)]) == 1
    assert "No labelled micrograph" in capsys.readouterr().err
    (picture_folder / "old.txt").write_text("Particle Location:\n")
    assert main(["evaluate", "--methods", str(picture_folder)]) == 1
    assert "old.txt has no micrograph of the same" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "old.skops", "--out", "new.skops"], "old.skops is a forest and"),
        (["evaluate", "--tune", "old.SKOPS"], "name it after --onto of train"),
        (["evaluate", "--folds", "2", "mine.cdse"], "mine.cdse is a project, and"),
        (["evaluate", "--learning-curve", "MINE.CDSE"], "labelled folders; name"),
    ],
)
def test_what_holds_no_labels_for_a_command_is_refused_by_name(
    tmp_path, monkeypatch, capsys, words, said
):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["train", "--out", "new.skops"], ["evaluate", "--importance"]]
)
def test_a_wrong_flag_is_refused_where_only_projects_are_named(
    tmp_path, monkeypatch, capsys, words
):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "mine.cdse", "--lattice", "missing.toml"]) == 2
    assert "missing.toml" in capsys.readouterr().err


def test_methods_of_no_folder_are_refused(capsys):
    assert main(["evaluate", "--methods", str(default_model_path())]) == 2
    assert "no folder to score on" in capsys.readouterr().err
