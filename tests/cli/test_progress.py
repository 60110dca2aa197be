"""What a run says of how far it is, to people, logs and other programs."""

import json
import os
import subprocess
import sys

import pytest

from napari_cdse.cli import main, progress
from napari_cdse.cli.progress import (
    JsonProgress,
    QuietProgress,
    ShareProgress,
    TextProgress,
)
from napari_cdse.core import progress as core_progress

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


def test_what_was_done_before_takes_no_time_of_what_is_left(monkeypatch, capsys):
    now = iter((0.0, 1.0, 2.0, 12.0, 22.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    told = JsonProgress(4)
    told.done("a.png", 3, [], from_before=True)
    told.done("b.png", 3, [], from_before=True)
    told.done("c.png", 3, [])
    told.failed("d.png: it can't be read.")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [each["number"] for each in lines] == [1, 2, 3, 4]
    assert [each.get("from_before") for each in lines] == [True, True, False, None]
    # The first two say nothing of the others; the third took all of the 12 s.
    assert [each["seconds_left"] for each in lines] == [None, None, 12.0, 0.0]


def test_a_bar_reckons_its_rate_without_what_was_done_before(monkeypatch):
    class Bar:
        initial = done = 0

        def clear(self): ...
        def refresh(self): ...

        def update(self):
            self.done += 1

    bar = Bar()
    monkeypatch.setattr(progress, "_bar", lambda total: bar)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    told = TextProgress(3)
    told.done("a.png", 3, [], from_before=True)
    told.done("b.png", 3, [])
    assert (bar.initial, bar.done) == (1, 2)


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
    told = TextProgress(2)
    told.done("a.png", 3, ["It is dark."])
    told.done("b.png", 1, [])
    told.close()
    assert capsys.readouterr().err == (
        "[1/2] a.png: 3 particles\n    It is dark.\n[2/2] b.png: 1 particle\n"
    )


def test_what_is_said_besides_stands_below_the_file_that_it_is_about(capsys):
    told = QuietProgress()
    told.failed("a.mrc: it is too small.", ["Only frame 0 was read."])
    told.failed("b.png: it can't be read.")
    assert capsys.readouterr().err.splitlines() == [
        "a.mrc: it is too small.",
        "    Only frame 0 was read.",
        "b.png: it can't be read.",
    ]


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


def test_long_work_tells_each_twentieth_and_the_time_left(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(core_progress.time, "monotonic", lambda: now[0])
    progress = ShareProgress("labelled micrographs")
    for number in range(1, 2001):
        now[0] += 0.5
        progress(number / 2000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[0] == "  0%  labelled micrographs"
    assert lines[1] == "  5%  labelled micrographs, 16 min left"
    assert lines[-2] == " 95%  labelled micrographs, 50 s left"
    assert lines[-1] == "100%  labelled micrographs"
