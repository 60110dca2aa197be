"""What a command imports before it does anything: waiting starts there."""

import json
import subprocess
import sys

import pytest

from napari_cdse import pipeline

LISTING = "import sys, json; {}; sys.stdout.write(json.dumps(sorted(sys.modules)))"


def modules_of(code):
    done = subprocess.run(
        [sys.executable, "-c", LISTING.format(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_by(code):
    return {name.partition(".")[0] for name in modules_of(code)}


def test_the_help_needs_no_numbers():
    heavy = {
        "numpy",
        "matplotlib",
        "scipy",
        "sklearn",
        "pandas",
        "PIL",
        "joblib",
        "napari",
        "qtpy",
    }
    code = (
        "from napari_cdse.cli import build_parser; "
        "print(len(build_parser(()).format_help()))"
    )
    assert not imported_by(code) & heavy


NOT_FOR_PREDICT = (
    "napari_cdse.project",
    "napari_cdse.core.evaluation",
    "napari_cdse.io.annotations.coco",
    "napari_cdse.io.annotations.coco_masks",
    "napari_cdse.io.annotations.formats",
    "napari_cdse.io.annotations.imagej",
    "napari_cdse.io.annotations.particle_table",
    "napari_cdse.io.annotations.yolo",
    "napari_cdse.io.export.figures.population",
    "napari_cdse.io.export.figures.fractions",
    "napari_cdse.io.cache_file",
    "napari_cdse.pipeline.evaluation",
    "napari_cdse.pipeline.kept_features",
    "napari_cdse.pipeline.labelled_folders",
    "napari_cdse.pipeline.training",
)


def test_predict_imports_neither_trees_nor_figures_nor_a_window(
    picture_folder, tmp_path
):
    path = sorted(picture_folder.iterdir())[0]
    words = ["predict", str(path), "--out", str(tmp_path / "out"), "--no-figures"]
    code = f"from napari_cdse.cli import main; assert main({words!r}) == 0"
    modules = modules_of(code)
    # Nor what projects hold: a third of the waiting was theirs. Nor what trains and
    # evaluates, draws, or reads and writes for other programs: a seventh.
    assert "napari_cdse.pipeline.analysis" in modules
    assert not [name for name in modules if name.startswith(NOT_FOR_PREDICT)]
    found = {name.partition(".")[0] for name in modules}
    assert {"numpy", "scipy"} <= found
    # Forests answer from plain arrays; only training needs what grows them.
    assert not found & {"matplotlib", "sklearn", "skops", "joblib", "napari", "qtpy"}
    # The picture is a PNG.
    assert not found & {"yaml", "roifile", "sqlite3", "tomllib", "tifffile"}
    assert not (tmp_path / "out" / "figures").exists()


def test_each_name_of_the_pipeline_is_there_when_it_is_asked_for():
    for name in pipeline.__all__:
        assert getattr(pipeline, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        pipeline.other  # noqa: B018


def test_the_window_stands_before_what_only_micrographs_need_is_imported():
    docks = ("micrographs", "retrain", "gallery", "particle")
    names = (f"napari_cdse.gui.{name}.dock" for name in docks)
    found = modules_of(f"import napari_cdse.gui.app.window, {', '.join(names)}")
    assert "napari_cdse.gui.workspace" in found
    late = {"pandas", "matplotlib", "sklearn", "skops", "scipy.spatial", "scipy.sparse"}
    assert not found & late
