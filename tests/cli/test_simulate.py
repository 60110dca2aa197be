"""``napari-cdse simulate``: a series that goes on where it stopped."""

import json

import numpy as np
import pytest

from napari_cdse.cli import main
from napari_cdse.simulate.microscope import potential

TINY = (
    "[field]\nsize_px = 128\ndots = [1, 1]\n"
    "[dots]\ndiameter_nm = [2.5, 2.6]\n"
    "[support]\ncarbon_nm = [2.0, 2.0]\nresidue_nm = [0.2, 0.3]\n"
)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    grid = np.linspace(0, 60, 200)
    table = (grid, 0.5 * np.exp(-((grid / 6) ** 2)))
    monkeypatch.setattr(potential, "_table", lambda symbol: table)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def run(config, out, *more):
    words = ["simulate", "--out", str(out), "--config", str(config), "--jobs", "1"]
    return main([*words, *more])


def test_writes_a_series_and_goes_on(tiny, tmp_path, capsys):
    out = tmp_path / "series"
    assert run(tiny, out, "-n", "1", "--seed", "3") == 0
    first = (out / "images/tiny_3_0000.png").read_bytes()
    told = capsys.readouterr()
    assert "tiny_3_0000" in told.err
    assert run(tiny, out, "-n", "2", "--seed", "3") == 0
    told = capsys.readouterr()
    assert "1 of 2 micrographs were there already" in told.err
    assert "tiny_3_0001" in told.err
    assert (out / "images/tiny_3_0000.png").read_bytes() == first
    assert sorted(path.stem for path in (out / "truth").iterdir()) == [
        "tiny_3_0000",
        "tiny_3_0001",
    ]
    assert not list(out.rglob("*.tmp"))


def test_refuses_to_mix_parameters_in_a_folder(tiny, tmp_path, capsys):
    out = tmp_path / "series"
    assert run(tiny, out) == 0
    tiny.write_text(TINY + "[camera]\ndose_per_A2 = [100.0, 100.0]\n")
    assert run(tiny, out) == 1
    assert "other parameters" in capsys.readouterr().err


def test_remakes_what_was_not_finished(tiny, tmp_path):
    out = tmp_path / "series"
    assert run(tiny, out) == 0
    truth = out / "truth/tiny_0_0000.json"
    text = truth.read_text()
    truth.unlink()  # written last, so this is what a killed run leaves
    assert run(tiny, out) == 0
    assert json.loads(truth.read_text()) == json.loads(text)


@pytest.mark.parametrize("words", [["-n", "0"], ["--seed", "-1"], ["--preset", "x"]])
def test_wrong_usage(words, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["simulate", "--out", str(tmp_path), *words])
    assert stop.value.code == 2
