"""What a run says of how far it is, to people, logs and other programs."""

import json
import os
import subprocess
import sys

import pytest

from napari_cdse.cli import main
from napari_cdse.cli.progress import JsonProgress, TextProgress

RUN = """
from napari_cdse.cli.progress import TextProgress
progress = TextProgress(4)
progress.done("a.png", 18, ["Its pixel size is an estimate."])
progress.failed("b.png: it can't be read.")
progress.close()
"""


def predict(folder, out, *flags):
    return main(["predict", str(folder), "--out", str(out), "--no-figures", *flags])


@pytest.fixture
def pictures(picture_folder):
    """Two micrographs and a file that is none."""
    (picture_folder / "zz.png").write_text("no picture")
    return picture_folder


def test_json_progress_is_a_line_for_each_micrograph(pictures, tmp_path, capsys):
    total = len(list(pictures.iterdir()))
    assert predict(pictures, tmp_path / "out", "--json-progress") == 1
    lines = capsys.readouterr().err.splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["number"] for each in told] == list(range(1, total + 1))
    assert {each["total"] for each in told} == {total}
    assert [each["event"] for each in told] == ["done"] * (total - 1) + ["failed"]
    assert all(each["particles"] > 0 for each in told[:-1])
    assert "zz.png" in told[-1]["problem"]
    assert told[-1]["seconds_left"] == 0


def test_quiet_tells_of_failures_and_of_the_result(pictures, tmp_path, capsys):
    assert predict(pictures, tmp_path / "out", "--quiet") == 1
    told = capsys.readouterr()
    assert "zz.png" in told.err
    assert "particles" not in told.err
    assert told.out.startswith("Not reviewed:")


def test_a_line_of_json_is_ascii(capsys):
    JsonProgress(1).done("ä\x1b]0;x\x07.png", 1, ["µ"])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["micrograph"] == "ä\x1b]0;x\x07.png"


def test_a_log_gets_lines_and_no_bar(capsys):
    progress = TextProgress(2)
    progress.done("a.png", 3, ["It is dark."])
    progress.close()
    assert capsys.readouterr().err == "[1/2] a.png: 3 particles\n    It is dark.\n"


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal")
def test_a_terminal_gets_lines_and_a_bar_with_what_is_left():
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    run = subprocess.Popen([sys.executable, "-c", RUN], stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 4096):
            told += part
    except OSError:  # Linux ends a terminal that nobody holds with an error.
        pass
    finally:
        os.close(ours)
    assert run.wait() == 0
    text = told.decode()
    assert "[1/4] a.png: 18 particles" in text
    assert "[2/4] b.png: it can't be read." in text
    assert "2/4" in text.split("can't be read.")[1]
    assert "micrograph" in text
