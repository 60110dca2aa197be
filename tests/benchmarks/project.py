"""A project of years, and a folder of 20 000 files: what opening them takes.

100 000 particles in 5000 micrographs, and 1000 in 50 of them to compare a key with.
Times are processor time, since nothing waits here but for the disk.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.project import Project
from tests.benchmarks.large_project import build, fresh, label_one, memory_gb
from tests.benchmarks.measuring import Row, seconds

TITLE = "a project of years; limits in s, and in GB"
N_MICROGRAPHS = 5000
N_FEW = 50
N_FILES = 20_000


def rows(quick: bool = False) -> Iterator[Row]:
    share = 10 if quick else 1
    yield from folder_rows(N_FILES // share)
    for number in (N_FEW, N_MICROGRAPHS // share):
        with tempfile.TemporaryDirectory() as folder:
            path = build(Path(folder), number, 0)
            yield from project_rows(path, f"{number} micrographs: ")


def folder_rows(number: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny = folder / "tiny.png"
        Image.fromarray(np.full((4, 4), 7, np.uint8)).save(tiny)
        data = tiny.read_bytes()
        tiny.unlink()
        for index in range(number):
            (folder / f"scan_{index}.png").write_bytes(data + str(index).encode())
        yield _row(f"list {number} files", lambda: find_micrographs([folder]), 3.0)
        yield _row(
            f"add {number} files", lambda: Project.create_or_open(folder).close(), 20.0
        )


def project_rows(path: Path, what: str) -> Iterator[Row]:
    project = Project.create_or_open(path)
    yield _row(f"{what}open", lambda: Project.create_or_open(path).close(), 3.0)
    yield _row(f"{what}table", lambda: fresh(project).micrographs.entries, 1.0)
    yield _row(f"{what}order of review", project.review.queue, 3.0)
    project.selection.open(0)
    project.selection.select(project.particles.current[0].id)
    yield _row(f"{what}next particle", lambda: next(project.review.upcoming()), 0.05)
    yield _row(f"{what}label, stored", lambda: label_one(project, "yes"), 0.05)
    yield _row(f"{what}table again", lambda: project.micrographs.entries, 0.02)
    yield _row(f"{what}undo", project.history.undo, 0.05)
    project.close()
    yield Row(f"{what}memory, GB", value=memory_gb(path), limit=1.5)


def _row(name: str, run: Callable[[], object], limit: float) -> Row:
    took = seconds(run)
    return Row(name, took, value=took, limit=limit)
