"""Real processes that are stopped, killed, or have nobody who reads what they say."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.drawn_particles import micrograph_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

RUN = "import sys; from napari_cdse.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eight small micrographs: one process is at them for some seconds."""
    folder = tmp_path_factory.mktemp("eight")
    for seed in range(8):
        drawn, _ = micrograph_of(["no", "yes"], seed)
        grey = np.clip(drawn.pixels, 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"m{seed}.png")
    return folder


def started(folder, out, *flags):
    return subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-c",
            RUN,
            "predict",
            str(folder),
            "--out",
            str(out),
            *list(flags),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hear_signals,
    )


def _hear_signals():
    """Undo that whoever runs the tests in the background made them deaf to Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def wait_for(process, text):
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"it ended before it said {text!r}")


def table(out):
    with (out / "particles.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_ends_it_with_tables_of_what_is_done(folder, tmp_path, number, status):
    with started(folder, tmp_path) as process:
        wait_for(process, "[2/8]")
        process.send_signal(number)
        process.stderr.read()
        assert process.wait() == status
    done = {row["micrograph"] for row in table(tmp_path)}
    assert {"m0", "m1"} <= done
    assert len(done) < 8
    assert json.loads((tmp_path / "summary.json").read_text())["particles"]


def test_side_by_side_it_ends_alike(folder, tmp_path):
    with started(folder, tmp_path, "--jobs", "2") as process:
        wait_for(process, "[2/8]")
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait() == 143
    assert {"m0", "m1"} <= {row["micrograph"] for row in table(tmp_path)}


def test_a_terminal_that_is_gone_stops_nothing(folder, tmp_path):
    with started(folder, tmp_path) as process:
        process.stderr.close()
        process.stdout.close()
        assert process.wait() == 0
    assert {row["micrograph"] for row in table(tmp_path)} == {
        f"m{seed}" for seed in range(8)
    }


def test_what_a_killed_process_was_writing_is_removed(folder, tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    (one / "m0.png").write_bytes((folder / "m0.png").read_bytes())
    out = tmp_path / "out"
    out.mkdir()
    # A process that dies between writing its draft and putting it in place.
    dies = (
        "import os, sys, signal\n"
        "from napari_cdse.io import files\n"
        "files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from napari_cdse.core.errors import CdseError\n"
        "files.write_file(sys.argv[1], b'half', CdseError)\n"
    )
    target = str(out / "particles.csv")
    done = subprocess.run([sys.executable, "-c", dies, target], check=False)
    assert done.returncode == -signal.SIGKILL
    (draft,) = out.glob(".cdse-*.tmp")
    # Another one runs, and its draft must stay.
    held = Path(re.sub(r"-\d+-", f"-{os.getpid()}-", str(draft)))
    held.write_bytes(b"mine")
    with started(one, out) as process:
        process.communicate()
        assert process.returncode == 0
    assert not draft.exists()
    assert held.exists()


def test_a_process_that_dies_takes_one_micrograph_with_it(folder):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.deadly_reading", str(folder), "m3.png"],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    problems = dict(json.loads(done.stdout))
    assert [name for name, problem in problems.items() if problem] == ["m3.png"]
    assert "whole process" in problems["m3.png"]
