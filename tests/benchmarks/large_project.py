"""A season's work in one project: 500 micrographs, 10 000 particles, 5000 edits."""

import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from napari_cdse.core.records import CLASSES, Circle, Micrograph
from napari_cdse.project import Project
from tests.benchmarks.measuring import ROUNDS, Row
from tests.project_tools import put_circles, small_model

TITLE = "a large project; limits in s, and in GB"
N_MICROGRAPHS = 500
PER_MICROGRAPH = 20
N_EDITS = 5000
SHAPE = (2048, 2048)
_ANNOTATORS = ("Ada", "Ben")
_MEMORY = """
import resource, sys
from napari_cdse.project import Project
project = Project.create_or_open(sys.argv[1])
project.annotators.restore_view()
project.micrographs.entries, project.review.queue()
project.annotators.disagreements()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def rows(quick: bool = False) -> Iterator[Row]:
    share = 10 if quick else 1
    with tempfile.TemporaryDirectory() as folder:
        path = build(Path(folder), N_MICROGRAPHS // share, N_EDITS // share)
        project = Project.create_or_open(path)
        for name, run, limit in steps(project, path):
            took = statistics.median(wall(run) for _ in range(ROUNDS))
            yield Row(name, took, value=took, limit=limit)
        project.close()
        yield Row("memory of all that, GB", value=memory_gb(path), limit=1.5)


def steps(
    project: Project, path: Path
) -> Iterator[tuple[str, Callable[[], object], float]]:
    """Name, what to run, and the most seconds that it may take."""
    yield "open", lambda: Project.create_or_open(path).close(), 2.0
    yield "table of micrographs, anew", lambda: fresh(project).micrographs.entries, 0.3
    yield "order of review, anew", lambda: fresh(project).review.queue(), 0.5
    project.selection.open(0)
    project.selection.select(project.particles.current[0].id)
    next(project.review.upcoming())
    assert len(project.micrographs.entries) > 1
    yield "find the next particle", lambda: next(project.review.upcoming()), 0.05
    labels = iter(CLASSES * ROUNDS)
    yield "label one, stored", lambda: label_one(project, next(labels)), 0.05
    yield (
        "table of micrographs, after one label",
        lambda: project.micrographs.entries,
        0.02,
    )
    yield "undo", project.history.undo, 0.05
    yield "read anew, as another window has written", project.reload, 1.0
    yield "disagreements of two annotators", project.annotators.disagreements, 0.2
    yield "their agreement", project.annotators.agreements, 1.0


def build(folder: Path, n_micrographs: int, n_edits: int) -> Path:
    """Make the project, through the same calls as the window."""
    for number in range(n_micrographs):
        tiny = np.full((4, 4), number % 256, np.uint8)
        Image.fromarray(tiny).save(folder / f"m{number:04d}.png")
    project = Project.create_or_open(folder)
    model = small_model()
    # One commit for all of it: how long it takes to build is not the question.
    with project._store.transaction():
        project.models.add(model)
        project.models.keep(model.card.id)
        pixels = np.zeros(SHAPE, np.float32)
        for index in range(n_micrographs):
            digest = hashlib.sha256(str(index).encode()).hexdigest()
            project.micrographs.register(
                index, Micrograph(pixels, f"m{index:04d}", digest)
            )
            put_circles(project, circles(index), model.card.id, index)
        edit(project, n_edits)
    project.close()
    return project.path


def circles(index: int) -> list[Circle]:
    places = np.random.default_rng(index).uniform(60, 1988, (PER_MICROGRAPH, 2))
    return [Circle(float(row), float(col), 50.0) for row, col in places]


def edit(project: Project, n_edits: int) -> None:
    """Label in the order of review, a fifth of it by a second annotator too."""
    ids = [each for _, each in project.review.queue("micrograph", "all")]
    second = n_edits // 5
    work = [
        (_ANNOTATORS[0], ids[: n_edits - second]),
        (_ANNOTATORS[1], ids[:second]),
    ]
    chance = np.random.default_rng(0)
    for name, mine in work:
        project.annotators.current, project.annotators.hide_others = (
            name,
            name != _ANNOTATORS[0],
        )
        for each in mine:
            project.edits.label(
                [each], CLASSES[chance.choice(4, p=(0.3, 0.4, 0.2, 0.1))]
            )
    project.annotators.hide_others = False


def fresh(project: Project) -> Project:
    """Forget the table and the orders."""
    project._state.micrographs.refresh()
    project.review.forget_orders()
    return project


def label_one(project: Project, label: str) -> None:
    project.edits.label([project.selection.particle_id], label, selected_by="queue")


def wall(run: Callable[[], object]) -> float:
    """Seconds on the clock: waiting for the disk is waiting too."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def memory_gb(path: Path) -> float:
    """Most memory of a process that opens the project and looks at all of it."""
    command = [sys.executable, "-c", _MEMORY, str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    # Linux counts in KiB.
    return int(told.stdout) / 2**20
