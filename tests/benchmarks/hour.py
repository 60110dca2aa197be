"""What a key costs in the real window, and how soon the window stands.

All docks are open, on a screen of 1920 x 1080 pixels drawn by software (``xvfb-run``
gives one). The user labels particle after particle with real keys; a key that goes on
to another micrograph is told apart from one that stays. Each is measured from its
press until all is still, in processor time of the whole process, workers and drawing
included, and on the clock.

The bare thing is what napari alone needs, in another window with the same docks empty,
to put another picture into an image layer and move the camera. The start is that of a
process of its own, up to the first picture of its canvas, against ``napari.Viewer()``.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QEventLoop, Qt, QTimer
from qtpy.QtTest import QTest

from napari_cdse.gui.app.demo import prepare as detect_all
from napari_cdse.gui.app.window import NAMES, add_dock, add_docks, open_window
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.session.viewer_window import find_canvas, main_window
from napari_cdse.gui.workspace import Workspace, workspace_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.resources import sample_data_dir
from tests.benchmarks.measuring import Row, keeps_compiled

TITLE = "the first hour (processor time)"
LIMIT_ACROSS = 2.0
LIMIT_WITHIN = 1.5
LIMIT_START = 1.5
OTHERS = ("Annotators", "Population")
KEYS = (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U)
WARM_UP = 5
MICROGRAPHS = 12
"""Enough for a particle to each key."""
SIZE = (1920, 1080)
PATIENCE_S = 300.0
SLICE_MS = 20
STILL_SLICES = 5
"""So long nothing may happen until all counts as still: longer than any pause that the
docks make before they start to work, but for the number's own 800 ms."""
STILL_S = 0.003
"""Processor time of a slice in which nothing happens."""


@dataclass(frozen=True)
class Cost:
    """From the press of a key until all is still."""

    processor_s: float
    clock_s: float


def rows(quick: bool = False) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        make_micrographs(Path(folder))
        yield from _keys(Path(folder), 25 if quick else 120)
    yield from _start(3 if quick else 11)


def make_micrographs(folder: Path) -> None:
    """Lay out the simulated sample, and some of it turned by a quarter."""
    pictures = sorted((sample_data_dir() / "images").iterdir())
    for number in range(MICROGRAPHS):
        with Image.open(pictures[number % len(pictures)]) as picture:
            turned = picture.rotate(90 * (number // len(pictures)))
        turned.save(folder / f"m{number:02}.png")


# --- keys ---------------------------------------------------------------------


def _keys(folder: Path, presses: int) -> Iterator[Row]:
    viewer = open_everything(folder)
    workspace = workspace_for(viewer)
    bare = _BareWindow(folder, viewer)
    across, within, moved, changed = [], [], [], []
    for number in range(WARM_UP + presses):
        before = workspace.project.selection.index
        cost = measured(lambda n=number: _press(workspace, n), _idle_of(workspace))
        costs = within if workspace.project.selection.index == before else across
        own_change, own_move = measured(bare.change), measured(bare.move)
        if number >= WARM_UP:
            costs.append(cost)
            changed.append(own_change)
            moved.append(own_move)
    labelled = sum(one.by_person for one in every_particle(workspace))
    assert labelled >= presses, f"{labelled} labels came of {presses} keys"
    bare.close()
    viewer.close()
    yield from _rows("another micrograph", across, changed, LIMIT_ACROSS)
    yield from _rows("the same micrograph", within, changed, LIMIT_WITHIN)
    yield from _rows("the same / camera alone", within, moved, None)


def _rows(
    name: str, ours: list[Cost], bare: list[Cost], limit: float | None
) -> Iterator[Row]:
    for of, over in (("median", median), ("95th percentile", _late)):
        took = over([one.processor_s for one in ours])
        own = over([one.processor_s for one in bare])
        title = f"{name}, {of} ({len(ours)} keys)"
        yield Row(title, took, value=took / own, limit=limit)
        took = over([one.clock_s for one in ours])
        own = over([one.clock_s for one in bare])
        yield Row("  on the clock until all is still", took, value=took / own)


def open_everything(folder: Path) -> napari.Viewer:
    """Open a folder in a window as large as the screen, with all docks, detected."""
    viewer = open_window(folder)
    for name in OTHERS:
        add_dock(viewer, name)
    add_dock(viewer, NAMES[0])
    main_window(viewer).resize(*SIZE)
    workspace = workspace_for(viewer)
    workspace.project.audits.share = 0
    wait(lambda: workspace.canvas.particles is not None)
    detect_all(workspace)
    measured(lambda: None, _idle_of(workspace))
    return viewer


def _press(workspace: Workspace, number: int) -> None:
    QTest.keyClick(find_canvas(workspace.viewer), KEYS[number % len(KEYS)])


def every_particle(workspace: Workspace) -> Iterator[object]:
    project = workspace.project
    for item in project.review.upcoming("micrograph", "all"):
        yield project.particles.get(item)


class _BareWindow:
    """napari's own change of picture and camera, with our docks beside it, empty."""

    def __init__(self, folder: Path, like: napari.Viewer) -> None:
        self.viewer = napari.Viewer(show=True, show_welcome_screen=False)
        add_docks(self.viewer)
        for name in OTHERS:
            add_dock(self.viewer, name)
        add_dock(self.viewer, NAMES[0])
        main_window(self.viewer).resize(main_window(like).size())
        self._pictures = [
            read_micrograph(path).pixels for path in sorted(folder.glob("*.png"))
        ]
        self._image = self.viewer.add_image(self._pictures[0], interpolation2d="linear")
        self._at = 0
        measured(lambda: None)
        missing = find_canvas(like).size() - find_canvas(self.viewer).size()
        main_window(self.viewer).resize(main_window(self.viewer).size() + missing)
        measured(lambda: None)

    def change(self) -> None:
        self._image.data = self._pictures[self._at % len(self._pictures)]
        self.move()

    def move(self) -> None:
        self._at += 1
        camera = self.viewer.scene.camera
        camera.center = (0, 200 + 61 * self._at % 600, 200 + 83 * self._at % 600)
        camera.zoom = 2.0 + 0.1 * (self._at % 7)

    def close(self) -> None:
        self.viewer.close()


def measured(
    act: Callable[[], object], idle: Callable[[], bool] = lambda: True
) -> Cost:
    """Act, and wait until nothing has happened for a while."""
    begun, clock = time.process_time(), time.perf_counter()
    act()
    still = 0
    last = (time.process_time(), time.perf_counter())
    while still < STILL_SLICES:
        before = time.process_time()
        _wait_for_events()
        now = time.process_time()
        if now - before < STILL_S and idle():
            still += 1
        else:
            still, last = 0, (now, time.perf_counter())
        assert time.perf_counter() - clock < PATIENCE_S, "it never came to rest"
    return Cost(last[0] - begun, last[1] - clock)


def _wait_for_events() -> None:
    """Let Qt work for a moment, asleep as long as there is nothing to do."""
    loop = QEventLoop()
    QTimer.singleShot(SLICE_MS, loop.quit)
    loop.exec()


def wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done() and time.monotonic() < end:
        _wait_for_events()


def _idle_of(workspace: Workspace) -> Callable[[], bool]:
    card = main_window(workspace.viewer).findChild(ParticleCard)
    return lambda: workspace.idle and card.analysis.idle


def _late(times: list[float]) -> float:
    return float(np.percentile(times, 95))


# --- start --------------------------------------------------------------------


def _start(rounds: int) -> Iterator[Row]:
    """Start each in turn; the first time compiles, and fetches files from the disk."""
    with tempfile.TemporaryDirectory() as compiled:
        for name in ("napari-cdse", "napari"):
            _stood(name, compiled)
        pairs = [
            (_stood("napari-cdse", compiled), _stood("napari", compiled))
            for _ in range(rounds)
        ]
    for of, over in (("median", median), ("95th percentile", _late)):
        ours, own = ([pair[at].processor_s for pair in pairs] for at in (0, 1))
        value = over(ours) / over(own)
        yield Row(f"window stands, {of}", over(ours), value=value, limit=LIMIT_START)
        ours, own = ([pair[at].clock_s for pair in pairs] for at in (0, 1))
        value = over(ours) / over(own)
        yield Row("  on the clock", over(ours), value=value, limit=LIMIT_START)


def _stood(name: str, compiled: str) -> Cost:
    command = [sys.executable, "-m", "tests.benchmarks.standing", name]
    environment = keeps_compiled(compiled)
    begun = time.time()
    said = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout
    stood, processor_s = json.loads(said.splitlines()[-1])
    return Cost(processor_s, stood - begun)
