"""Going on to the next micrograph of the queue, and the queue itself, when large.

The bare thing is what napari alone needs to put up such a micrograph in a new image
layer and to draw the frame. Both are the time of the window's own thread: for what is
read ahead or measured in others, nobody waits. Needs a screen (``xvfb-run`` gives one).
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import napari
import numpy as np
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_cdse.core.records import CLASSES, Circle, Prediction
from napari_cdse.core.review.review_queue import ORDERS, QueueItem, ordered
from napari_cdse.gui.app.window import open_window
from napari_cdse.gui.workspace import Workspace, workspace_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from tests.benchmarks.measuring import ROUNDS, Row, seconds
from tests.project_tools import put_circles

TITLE = "review"
LIMIT_S = 0.15
"""Longest wait, of the thread's time, until the next micrograph is on the screen."""
SIDE_PX = 1024
PATIENCE_S = 300.0


def rows(quick: bool = False) -> Iterator[Row]:
    yield from _queue(2000 if quick else 10_000)
    with tempfile.TemporaryDirectory() as folder:
        yield from _next_micrograph(Path(folder), 4 if quick else 12)


def _queue(number: int) -> Iterator[Row]:
    items = _crowd(number)
    bare = median(seconds(lambda: sorted(items, key=_margin)) for _ in range(ROUNDS))
    for order in ORDERS:
        took = median(seconds(lambda o=order: ordered(items, o)) for _ in range(ROUNDS))
        name = f"{number} particles by {order} / bare sort"
        yield Row(name, took, value=took / bare)


def _crowd(number: int) -> list[QueueItem]:
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(4), number)
    return [
        QueueItem(
            n // 20,
            f"p{n}",
            Circle(n % 20 * 50.0, 50.0, 20.0 + n % 30),
            Prediction(f"p{n}", "forest", tuple(map(float, chances[n]))),
            n / number if n % 10 == 0 else None,
        )
        for n in range(number)
    ]


def _margin(item: QueueItem) -> float:
    return item.prediction.margin if item.prediction else 1.0


def _next_micrograph(folder: Path, number: int) -> Iterator[Row]:
    rng = np.random.default_rng(0)
    for n in range(number):
        pixels = rng.integers(0, 255, (SIDE_PX, SIDE_PX), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"m{n:02}.png")
    viewer = open_window(folder)
    workspace = workspace_for(viewer)
    workspace.project.audits.share = 0
    _wait(lambda: workspace.canvas.particles is not None)
    _fill(workspace)
    times, bare = _walk(workspace, number), _bare(viewer)
    name = "key to the next micrograph drawn"
    late = _late(times)
    yield Row(f"{name} / bare napari", median(times), value=median(times) / bare)
    yield Row("the same, 95th percentile / 0.15 s", late, value=late / LIMIT_S, limit=1)
    viewer.close()


def _fill(workspace: Workspace) -> None:
    """Thirty circles in each micrograph, as after a detection."""
    grid = [
        Circle(90.0 + 170 * r, 90.0 + 200 * c, 45.0) for r in range(6) for c in range(5)
    ]
    for entry in workspace.project.micrographs.entries:
        micrograph = read_micrograph(entry.path)
        workspace.project.micrographs.register(entry.index, micrograph)
        put_circles(
            workspace.project,
            grid,
            workspace.project.models.active.card.id,
            entry.index,
        )
    _wait(lambda: _idle(workspace))


def _walk(workspace: Workspace, number: int) -> list[float]:
    """Press the key of a class; every fifth particle lies in another micrograph."""
    workspace.navigation.set_order("uncertain", "unlabelled")
    workspace.navigation.go_on()
    times = []
    while len(times) < 4 * number:
        _wait(lambda: _idle(workspace))
        before = workspace.project.selection.index
        took = _waited(lambda: _press(workspace))
        if workspace.project.selection.index != before:
            times.append(took)
    return times


def _press(workspace: Workspace) -> None:
    label = CLASSES[len(workspace.project.selection.particle_id or "") % 4]
    workspace.review.label(label)
    _wait(lambda: workspace.canvas.particles is not None)
    QApplication.processEvents()


def _bare(viewer: napari.Viewer) -> float:
    """Time of napari alone, for an image of that size in a new layer."""
    rng = np.random.default_rng(1)

    def put_up() -> None:
        layer = viewer.add_image(pixels)
        QApplication.processEvents()
        viewer.layers.remove(layer)

    times = []
    for _ in range(ROUNDS):
        pixels = rng.random((SIDE_PX, SIDE_PX), dtype=np.float32)
        times.append(_waited(put_up))
    return median(times)


def _waited(run: Callable[[], object]) -> float:
    start = time.thread_time()
    run()
    return time.thread_time() - start


def _late(times: list[float]) -> float:
    return float(np.percentile(times, 95))


def _idle(workspace: Workspace) -> bool:
    return workspace.idle


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done() and time.monotonic() < end:
        QApplication.processEvents()
