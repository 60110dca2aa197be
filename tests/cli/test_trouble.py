"""Errors that nobody foresaw, places that can't be written, names that play tricks."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cdse.cli import console, main
from napari_cdse.pipeline import analysis
from tests.drawn_particles import micrograph_of
from tests.project_tools import write_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pictures(tmp_path):
    """Three small drawn micrographs."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(3):
        drawn, _ = micrograph_of(["no"], seed)
        grey = np.clip(drawn.pixels, 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"m{seed}.png")
    return folder


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    folder = tmp_path / "logs"
    monkeypatch.setenv("NAPARI_CDSE_LOGS", str(folder))
    return folder


def predict(pictures, out, *flags):
    return main(["predict", str(pictures), "--out", str(out), *flags])


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def broken_for(monkeypatch, name, error):
    """Let the analysis of one micrograph fail in a way that nobody foresaw."""
    detect = analysis.find

    def find(micrograph, *rest):
        if micrograph.name == name.partition(".")[0]:
            raise error
        return detect(micrograph, *rest)

    monkeypatch.setattr(analysis, "find", find)


def test_an_unforeseen_error_costs_one_micrograph_and_leaves_a_report(
    pictures, tmp_path, monkeypatch, capsys, logs
):
    broken_for(monkeypatch, "m1.png", TypeError("spam has no eggs"))
    assert predict(pictures, tmp_path / "out") == 1
    told = capsys.readouterr().err
    (line,) = [line for line in told.splitlines() if "m1.png" in line]
    (report,) = logs.glob("*.txt")
    assert str(report) in line
    assert "Traceback" not in told
    text = report.read_text()
    assert "Traceback" in text
    assert "spam has no eggs" in text
    names = {row["micrograph"] for row in table(tmp_path / "out" / "particles.csv")}
    assert names == {"m0", "m2"}


def test_want_of_memory_is_called_that(pictures, tmp_path, monkeypatch, capsys, logs):
    broken_for(monkeypatch, "m1.png", MemoryError())
    assert predict(pictures, tmp_path / "out") == 1
    assert "m1.png: there was not enough memory" in capsys.readouterr().err
    assert not logs.exists()


def test_without_a_place_for_the_report_it_says_so(
    pictures, tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NAPARI_CDSE_LOGS", str(tmp_path / "file"))
    broken_for(monkeypatch, "m1.png", KeyError("x"))
    assert predict(pictures, tmp_path / "out") == 1
    assert "no report of it could be written" in capsys.readouterr().err


def test_training_goes_on_without_the_micrograph_that_failed(
    labelled_folder, tmp_path, monkeypatch, capsys
):
    from napari_cdse.pipeline import kept_features

    detect = kept_features.detect

    def broken(micrograph, params):
        if micrograph.name == "easy_42_0002":
            raise IndexError("7")
        return detect(micrograph, params)

    monkeypatch.setattr(kept_features, "detect", broken)
    out = tmp_path / "m.skops"
    flags = ["--folds", "2", "--trees", "5", "--copies", "0"]
    assert main(["train", str(labelled_folder), "--out", str(out), *flags]) == 1
    assert "easy_42_0002.png: an error in the program" in capsys.readouterr().err
    assert out.exists()


def test_a_table_that_cannot_be_written_is_told_before_anything_is_computed(
    pictures, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(analysis, "find", pytest.fail)
    (tmp_path / "out" / "summary.json").mkdir(parents=True)
    assert predict(pictures, tmp_path / "out") == 1
    assert "summary.json is not a file" in capsys.readouterr().err


def test_one_table_that_fails_at_the_end_does_not_take_the_others(
    pictures, tmp_path, monkeypatch, capsys
):
    from napari_cdse.core.errors import CdseError
    from napari_cdse.io.export import results_folder

    def full(path, **_):
        raise CdseError(f"{path.name} was not written: the disk is full.")

    monkeypatch.setattr(results_folder, "write_particles_csv", full)
    assert predict(pictures, tmp_path / "out") == 1
    assert "particles.csv was not written" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["particles"]
    assert list((tmp_path / "out" / "figures").iterdir())


def test_a_table_that_another_program_holds_open_is_called_that(
    pictures, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "~$particles.csv").write_bytes(b"")
    replace = files_module().os.replace

    def held(source, target):
        if str(target).endswith("particles.csv"):
            raise PermissionError(13, "Permission denied")
        return replace(source, target)

    monkeypatch.setattr(files_module().os, "replace", held)
    assert predict(pictures, out) == 1
    assert "another program holds it open (Excel?)" in capsys.readouterr().err


def files_module():
    from napari_cdse.io import files

    return files


def test_copies_count_once_and_are_told(pictures, tmp_path, capsys):
    shutil.copy(pictures / "m0.png", pictures / "a - Kopie.png")
    assert predict(pictures, tmp_path / "out") == 0
    said = capsys.readouterr()
    assert "same content as a - Kopie" in said.err
    assert "1 file is a copy" in said.out
    rows = table(tmp_path / "out" / "particles.csv")
    assert len({row["particle"] for row in rows}) == len(rows)
    assert {row["micrograph"] for row in rows} == {"a - Kopie", "m1", "m2"}
    labels = tmp_path / "out" / "labels"
    assert (labels / "m0.txt").read_bytes() == (labels / "a - Kopie.txt").read_bytes()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["copies"] == {"m0": "a - Kopie"}


def test_twins_in_capitals_are_told_apart(pictures, tmp_path):
    (pictures / "m1.png").rename(pictures / "M0.png")
    if len(list(pictures.iterdir())) < 3:
        pytest.skip("this disk takes them for one file")
    assert predict(pictures, tmp_path / "out") == 0
    names = {p.stem.casefold() for p in (tmp_path / "out" / "labels").iterdir()}
    assert len(names) == 3


def test_a_line_profile_among_micrographs_is_refused_in_words(
    pictures, tmp_path, capsys
):
    Image.fromarray(np.arange(256, dtype=np.uint8)[None]).save(pictures / "line.png")
    assert predict(pictures, tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "line.png: The picture has 1 x 256 pixels" in told


def test_excel_in_germany_reads_numbers_and_letters(pictures, tmp_path):
    (pictures / "m0.png").rename(pictures / "Pr\u00f6be.png")
    assert predict(pictures, tmp_path / "out") == 0
    assert predict(pictures, tmp_path / "eu", "--csv-dialect", "excel-eu") == 0
    data = (tmp_path / "eu" / "particles.csv").read_bytes()
    assert data.startswith("\ufeff".encode())
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    text = (tmp_path / "out" / "particles.csv").read_text("utf-8")
    usual = list(csv.reader(io.StringIO(text)))
    assert lines[0] == usual[0]
    for mine, theirs in zip(lines[1:], usual[1:], strict=True):
        assert [cell.replace(",", ".") for cell in mine[2:]] == theirs[2:]
        assert not any("." in cell for cell in mine[2:])


@pytest.mark.parametrize("dialect", ["standard", "excel", "excel-eu"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\u00a0=", "\uff1d"])
def test_no_name_becomes_a_formula(tmp_path, dialect, start):
    from napari_cdse.io.export.tables import DIALECTS, write_table

    path = tmp_path / "t.csv"
    write_table(path, ["name", "value"], [[f"{start}1+1", -0.5]], dialect)
    how = DIALECTS[dialect]
    text = path.read_text("utf-8-sig")
    _, (name, value) = csv.reader(io.StringIO(text), delimiter=how.delimiter)
    assert name.startswith("'")
    assert value == f"-0{how.decimal_mark}5"


def test_a_terminal_obeys_no_name(pictures, tmp_path, capsys):
    (pictures / "m0.png").rename(pictures / "\x1b]0;gotcha\x07\x1b[2Jm0.png")
    predict(pictures, tmp_path / "out")
    said = capsys.readouterr()
    assert "gotcha" in said.err
    assert "\x1b" not in said.err + said.out


def test_a_strict_terminal_shows_escapes_for_letters_it_lacks(monkeypatch):
    raw = io.BytesIO()
    strict = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", strict)
    console.say("Gr\u00f6\u00dfe 5 nm")
    assert raw.getvalue() == b"Gr\\xf6\\xdfe 5 nm\n"


def test_the_comma_is_a_decimal_mark_for_the_pixel_size(pictures, tmp_path):
    for name, size in (("point", "0.0421"), ("comma", "0,0421")):
        assert predict(pictures, tmp_path / name, "--pixel-size", size) == 0
    one, other = (tmp_path / n / "particles.csv" for n in ("point", "comma"))
    assert one.read_bytes() == other.read_bytes()
    with pytest.raises(SystemExit) as stop:
        predict(pictures, tmp_path / "x", "--pixel-size", "1.000,5")
    assert stop.value.code == 2


def test_a_project_of_twins_can_be_exported(tmp_path):
    from napari_cdse.project import Project

    folder = write_folder(tmp_path / "twins", ("a.png", "A.png", "b.png"))
    if len(list(folder.iterdir())) < 3:
        pytest.skip("this disk takes them for one file")
    Project.create_or_open(folder).close()
    assert main(["export", str(folder), "--out", str(tmp_path / "out")]) == 0


# --- words that cannot be read --------------------------------------------------------


REFUSED = [
    (["predict", "p", "--out", ""], "--out: the name is empty"),
    (["predict", "", "--out", "o"], "PATH: the name is empty"),
    (["train", "p", "--out", ""], "--out: the name is empty"),
    (["train", "", "--out", "o"], "the name is empty"),
    (["evaluate", "m.skops", ""], "the name is empty"),
    (["export", "p.cdse", "--out", ""], "--out: the name is empty"),
    (["import", "p.cdse", ""], "FILE: the name is empty"),
    (["report", "p.cdse", "--out", ""], "--out: the name is empty"),
    (["restore", ""], "PROJECT: the name is empty"),
    (["compare", "p.cdse", "--out", ""], "--out: the name is empty"),
    # A slash at the end means a folder, where a file of that name would be made.
    (["report", "p.cdse", "--out", "pages/"], "'pages/' is the name of a folder; nam"),
    (["compare", "p", "q", "--out", "./"], "'./' is the name of a folder; name a fil"),
    (["train", "p.cdse", "--out", "a/b/"], "'a/b/' is the name of a folder; name a f"),
    # Written over, they would be lost: nothing else holds what is in them.
    (["report", "p.cdse", "--out", "p.cdse"], "'p.cdse' is the name of a project"),
    (["compare", "p", "q", "--out", "r/q.CDSE"], "'q.CDSE' is the name of a project"),
    (["train", "p.cdse", "--out", "m1.TIF"], "'m1.TIF' is the name of a project or a"),
    (["visibility", "--out", "m1.png"], "'m1.png' is the name of a project or a micr"),
    (
        ["predict", "p", "--out", "o", "--pixel-size", "50 pm"],
        "'50 pm' is not a number",
    ),
    (["predict", "p", "--out", "o", "--pixel-size", "1.234,5"], "between thousands"),
    (["predict", "p", "--out", "o", "--pixel-size", "-1"], "'-1' is not above 0"),
    (["predict", "p", "--out", "o", "--pixel-size-error", "50"], "0 to 20 percent"),
    (["predict", "p", "--out", "o", "--jobs", "1.5"], "'1.5' is no whole number"),
    (["predict", "p", "--out", "o", "--seed", "1e3"], "'1e3' is no whole number"),
    (["predict", "p", "--out", "o", "--frame", "last"], "'last' names no frame"),
    (["train", "p", "--out", "o", "--trees", "many"], "'many' is no whole number"),
    (["simulate", "--out", "o", "-n", "0"], "no whole number from 1 on"),
    (["import", "p.cdse", "f", "--class", "fault"], "'fault' is not NAME=LABEL"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_a_word_that_cannot_be_read_is_refused_in_plain_words(words, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_word_that_plays_tricks_is_repeated_as_plain_text(capsys):
    for words in (["\x1b[2Jx"], ["predict", "p", "--out", "o", "-\x1b[2J"]):
        with pytest.raises(SystemExit):
            main(words)
        told = capsys.readouterr().err
        assert "\\x1b[2J" in told
        assert "\x1b" not in told


# --- where a program is started -------------------------------------------------------


def started(words, **options):
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "napari_cdse", *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        **options,
    )


def test_closed_streams_stop_nothing(pictures, tmp_path):
    out = tmp_path / "out"
    done = started(
        ["predict", pictures, "--out", out, "--no-figures"],
        preexec_fn=lambda: [os.close(number) for number in range(3)],
    )
    assert done.returncode == 0
    rows = list(csv.DictReader(io.StringIO((out / "micrographs.csv").read_text())))
    assert [row["micrograph"] for row in rows] == ["m0", "m1", "m2"]


def test_a_folder_that_is_gone_is_named_in_a_sentence(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = started(
        ["predict", "a.png", "--out", tmp_path / "out"],
        cwd=gone,
        preexec_fn=gone.rmdir,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert told == [
        "napari-cdse: The folder that you work in is gone; change to another one."
    ]


@pytest.mark.parametrize("words", [["export", "--out", "o"], ["report", "--out", "o"]])
def test_a_name_that_no_disk_takes_is_refused_in_a_sentence(words, logs, capsys):
    assert main([words[0], "x" * 300, *words[1:]]) == 1
    assert "There is no project xxx" in capsys.readouterr().err
    assert not logs.exists()


@pytest.mark.skipif(os.name == "nt", reason="closes streams by their numbers")
def test_what_libraries_print_into_a_closed_stream_is_in_no_file(tmp_path):
    """The next file would have got number 0, 1 or 2."""
    program = (
        "import os, sys\n"
        "from napari_cdse.cli.console import open_streams\n"
        "os.closerange(0, 3)\n"
        "open_streams()\n"
        "with open(sys.argv[1], 'wb') as file:\n"
        "    os.write(1, b'printed')\n"
        "    os.write(2, b'printed')\n"
        "    file.write(b'table')\n"
    )
    file = tmp_path / "particles.csv"
    subprocess.run([sys.executable, "-c", program, str(file)], check=True)
    assert file.read_bytes() == b"table"
