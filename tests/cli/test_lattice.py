"""``--lattice``: where it is taken, and what is written down of it."""

import json

import pytest

from napari_cdse.cli import build_parser, main
from napari_cdse.cli.flags import read_parameters
from napari_cdse.core.params import DetectionParams
from tests.io.test_material_file import PBS
from tests.project_tools import write_folder


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "m1.png", "--out", "out"],
        ["train", "folder", "--out", "a.skops"],
        ["evaluate", "a.skops", "folder"],
    ],
)
def test_the_lattice_is_read_where_particles_are_sought(tmp_path, words):
    path = tmp_path / "pbs.toml"
    path.write_text(PBS)
    parser = build_parser()
    plain = read_parameters(parser.parse_args(words), DetectionParams)
    assert plain == DetectionParams()
    arguments = parser.parse_args([*words, "--lattice", str(path)])
    assert read_parameters(arguments, DetectionParams).material.name == "PbS"


def test_predict_writes_down_which_lattice_it_took(tmp_path):
    folder = write_folder(tmp_path / "in", ("m1.png",))
    path = tmp_path / "pbs.toml"
    path.write_text(PBS)
    words = ["predict", str(folder), "--pixel-size", "0.04", "--quiet"]
    for name, flags in (("a", []), ("b", ["--lattice", str(path)])):
        assert main([*words, "--out", str(tmp_path / name), *flags]) == 0
    plain, own = (
        json.loads((tmp_path / name / "summary.json").read_text())["parameters"]
        for name in ("a", "b")
    )
    assert "material" not in plain
    assert own["material"]["lattice"] == "rock salt"


def test_a_file_that_holds_no_lattice_is_wrong_usage(tmp_path, capsys):
    path = tmp_path / "pbs.toml"
    path.write_text("[optics]\n")
    words = ["predict", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*words, "--lattice", str(path)]) == 2
    assert "no table [material]" in capsys.readouterr().err
