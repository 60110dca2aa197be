"""``predict`` goes on where an earlier run into the same folder was."""

import os
import shutil
import signal
import sys

import pytest

from napari_cdse.cli import main
from napari_cdse.pipeline import many_files
from tests.cli.test_interruption import folder, started, table, wait_for

__all__ = ["folder"]

RESULTS = ("particles.csv", "summary.json")


def predict(pictures, out, *flags):
    words = [str(pictures), "--out", str(out), "--no-figures", "--jobs", "1"]
    return main(["predict", *words, *flags])


def results(out):
    """Bytes of all that a run leaves for people to read."""
    paths = [*(out / name for name in RESULTS), *(out / "labels").iterdir()]
    return {path.relative_to(out): path.read_bytes() for path in paths}


@pytest.fixture
def analysed(monkeypatch):
    """Shapes of the micrographs that are analysed from now on."""
    shapes = []
    analyse = many_files.analyse

    def noted(micrograph, *rest):
        shapes.append(micrograph.shape)
        return analyse(micrograph, *rest)

    monkeypatch.setattr(many_files, "analyse", noted)
    return shapes


@pytest.fixture
def done(picture_folder, tmp_path, analysed):
    """A finished run over three micrographs."""
    assert predict(picture_folder, tmp_path / "out") == 0
    assert len(analysed) == 3
    analysed.clear()
    return tmp_path / "out"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize(("jobs", "at"), [("1", 3), ("2", 5)])
def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(
    folder, tmp_path, jobs, at, analysed, capsys
):
    out = tmp_path / "out"
    with started(folder, out, "--jobs", jobs, "--no-figures") as process:
        wait_for(process, f"[{at}/8]")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert not (out / "particles.csv").exists()
    assert predict(folder, out) == 0
    assert len(analysed) <= 8 - at
    assert "were done by an earlier run" in capsys.readouterr().out
    assert predict(folder, tmp_path / "undisturbed") == 0
    assert results(out) == results(tmp_path / "undisturbed")


def test_what_is_done_is_not_done_again(picture_folder, done, analysed, capsys):
    before = results(done)
    assert predict(picture_folder, done) == 0
    assert analysed == []
    assert results(done) == before
    assert "Of 3, 3 micrographs were done by an earlier run" in capsys.readouterr().out
    assert predict(picture_folder, done, "--again") == 0
    assert len(analysed) == 3
    assert "earlier run" not in capsys.readouterr().out
    assert results(done) == before


def test_the_copy_of_what_this_run_has_done_is_of_no_earlier_run(
    picture_folder, tmp_path, analysed, capsys
):
    shutil.copy(min(picture_folder.glob("*.png")), picture_folder / "zz_copy.png")
    assert predict(picture_folder, tmp_path / "out") == 0
    assert len(analysed) == 3
    told = capsys.readouterr().out
    assert "1 file is a copy of another one" in told
    assert "earlier run" not in told
    assert predict(picture_folder, tmp_path / "out") == 0
    assert "Of 4, 4 micrographs were done by an earlier run" in capsys.readouterr().out


def test_names_and_places_of_files_do_not_matter(picture_folder, done, analysed):
    elsewhere = shutil.copytree(picture_folder, picture_folder.parent / "elsewhere")
    (elsewhere / "easy_42_0002.png").rename(elsewhere / "other.png")
    assert predict(elsewhere, done) == 0
    assert analysed == []
    assert {row["micrograph"] for row in table(done)} == {
        "other",
        "easy_42_0004",
        "standard_41_0010",
    }


def test_other_content_is_analysed_and_nothing_else(picture_folder, done, analysed):
    path = picture_folder / "easy_42_0002.png"
    path.write_bytes(path.read_bytes() + b"\0")
    assert predict(picture_folder, done) == 0
    assert analysed == [(470, 310)]


@pytest.mark.parametrize("flags", [["--pixel-size", "0.04"], ["--false-alarms", "2"]])
def test_other_parameters_are_another_question(picture_folder, done, analysed, flags):
    assert predict(picture_folder, done, *flags) == 0
    assert len(analysed) == 3


def test_another_program_answers_for_itself(
    picture_folder, done, analysed, monkeypatch
):
    monkeypatch.setattr(many_files, "program_state", lambda: "another")
    assert predict(picture_folder, done) == 0
    assert len(analysed) == 3


def test_a_finished_run_leaves_parts_of_its_own_micrographs_alone(
    picture_folder, done, analysed
):
    assert len(list((done / "parts").glob("*.part"))) == 3
    one = picture_folder / "easy_42_0002.png"
    assert predict(one, done) == 0
    assert len(list((done / "parts").glob("*.part"))) == 1
    assert analysed == []


def test_a_damaged_part_is_told_and_made_anew(picture_folder, done, analysed, capsys):
    before = results(done)
    part = sorted((done / "parts").glob("*.part"))[0]
    part.write_bytes(part.read_bytes().replace(b"0.0", b"0.1"))
    assert predict(picture_folder, done) == 0
    assert len(analysed) == 1
    told = capsys.readouterr()
    assert f"{part.name}, kept from an earlier run, is damaged" in told.err
    assert results(done) == before
    assert predict(picture_folder, done) == 0
    assert "damaged" not in capsys.readouterr().err


def test_a_part_that_cannot_be_kept_costs_no_results(
    picture_folder, done, analysed, capsys
):
    before = results(done)
    part = sorted((done / "parts").glob("*.part"))[0]
    part.unlink()
    part.mkdir()
    assert predict(picture_folder, done) == 0
    assert len(analysed) == 1
    assert f"{part.name} is not a file" in capsys.readouterr().err
    assert results(done) == before


def test_a_second_run_into_the_folder_is_refused(folder, tmp_path, capsys):
    with started(folder, tmp_path / "out") as process:
        wait_for(process, "[1/8]")
        assert predict(folder, tmp_path / "out") == 1
        assert "Another run is writing to" in capsys.readouterr().err
        process.communicate()
    assert process.returncode == 0
    assert len({row["micrograph"] for row in table(tmp_path / "out")}) == 8
