"""The application that needs no Python, as `make bundle` leaves it.

Building it takes minutes, so that these run only where the variable says where it lies:
the workflow does so on each platform.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cdse import __version__
from napari_cdse.cli import main
from napari_cdse.project import Project
from napari_cdse.resources import sample_data_dir

VARIABLE = "NAPARI_CDSE_BUNDLE"
PLACE = os.environ.get(VARIABLE)
PROGRAM = "napari-cdse.exe" if sys.platform == "win32" else "napari-cdse"
PATIENCE_S = 600

pytestmark = pytest.mark.skipif(
    PLACE is None, reason=f"{VARIABLE} names no folder that `make bundle` made"
)


@pytest.fixture
def run(tmp_path):
    """Start the application without any Python, in a home of its own."""
    kept = ("DISPLAY", "XAUTHORITY", "SYSTEMROOT", "LIBGL_ALWAYS_SOFTWARE")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        own[name] = str(home)

    def start(*words: object) -> str:
        command = [Path(PLACE, PROGRAM), *map(str, words)]
        done = subprocess.run(
            command,
            env=own,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return start


@pytest.fixture
def another(tmp_path) -> Path:
    """A picture that is none of the sample's, so that nothing is known of it."""
    path = tmp_path / "turned.png"
    with Image.open(sorted((sample_data_dir() / "images").iterdir())[0]) as picture:
        picture.rotate(90).save(path)
    return path


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "particles.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_it_says_which_version_it_is(run):
    assert run("--version").strip() == __version__


def test_on_the_command_line_it_finds_what_python_finds(run, another, tmp_path):
    main(["predict", str(another), "--out", str(tmp_path / "python")])
    # Two processes, that the application has to start as itself.
    copy = another.with_name("again.png")
    copy.write_bytes(another.read_bytes() + b"\0")
    run("predict", another, copy, "--out", tmp_path / "bundle", "--jobs", 2)
    expected = table(tmp_path / "python")
    found = [row for row in table(tmp_path / "bundle") if "turned" in str(row)]
    assert len(found) == len(expected) > 3
    for mine, truth in zip(found, expected, strict=True):
        assert mine["particle"] == truth["particle"]


def test_the_network_runs_and_gives_what_it_gives_in_python(run, another, tmp_path):
    words = ("predict", str(another), "--method", "unet", "--out")
    main([*words, str(tmp_path / "python")])
    run(*words, tmp_path / "bundle")
    ids = [
        [row["particle"] for row in table(tmp_path / each)]
        for each in ("python", "bundle")
    ]
    assert ids[0]
    assert ids[0] == ids[1]


def test_the_guide_and_the_licence_lie_in_it():
    inside = Path(PLACE, "_internal")
    assert (inside / "napari_cdse" / "_guide" / "index.html").is_file()
    assert (inside / "LICENSE").is_file()


def test_the_window_opens_the_demo_finds_particles_and_exports(run, another, tmp_path):
    folder, picture = tmp_path / "demo", tmp_path / "window.png"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "turned.png").write_bytes(another.read_bytes())
    run("demo", "--folder", folder, "--screenshot", picture)
    with Image.open(picture) as shown:
        gray = np.asarray(shown.convert("L"), dtype=float)
    assert gray.shape >= (700, 1000)
    # A micrograph in the middle, not the one gray of a canvas that was not drawn.
    rows, columns = gray.shape
    middle = gray[rows // 4 : rows // 2, columns // 4 : columns // 2]
    assert middle.std() > 5
    file = folder / "napari-cdse.cdse"
    project = Project.create_or_open(file)
    found = {one.path.name: one.found for one in project.micrographs.entries}
    project.close()
    assert found["turned.png"] > 3
    run("export", file, "--out", tmp_path / "export")
    main(["export", str(file), "--out", str(tmp_path / "python")])
    exported = table(tmp_path / "export")
    assert exported
    assert exported == table(tmp_path / "python")
