"""From the key of a class to the redrawn circle, the store's commit in it.

The bare thing is what napari alone needs to give one shape of as many another colour,
through its public ``current_edge_color``, in another window of the same size over the
same micrograph. Both end with the first picture drawn after the change. Needs a screen
(``xvfb-run`` gives one).
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_cdse.core.records import Circle
from napari_cdse.gui.app.window import open_window
from napari_cdse.gui.canvas.class_colours import HEX
from napari_cdse.gui.canvas.particles.geometry import circle_vertices
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.session.viewer_window import find_canvas, main_window
from napari_cdse.gui.workspace import Workspace, workspace_for
from tests.benchmarks.measuring import Row
from tests.gui.conftest import draw_event
from tests.project_tools import put_circles

TITLE = "latency of a key"
COUNTS = (100, 500)
SIDE_PX = 1024
LIMIT = 1.3
KEYS = (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U)
WARM_UP = 5
PATIENCE_S = 60.0


def rows(quick: bool = False) -> Iterator[Row]:
    for number in COUNTS:
        yield from _compare(number, 15 if quick else 60)


def _compare(number: int, presses: int) -> Iterator[Row]:
    circles = _grid(number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "micrograph.png"
        pixels = np.random.default_rng(0).integers(0, 255, (SIDE_PX,) * 2, np.uint8)
        Image.fromarray(pixels).save(path)
        viewer = open_window(path.parent)
        workspace = workspace_for(viewer)
        _wait(lambda: workspace.canvas.particles is not None)
        _prepare(workspace, circles)
        bare = _bare_viewer(pixels, circles, viewer)
        ours, napari_own = _in_turn(workspace, bare, presses)
        bare.close()
        viewer.close()
    for name, over in (("median", median), ("95th percentile", _late)):
        yield Row(
            f"{number} circles, {name} / bare napari",
            over(ours),
            value=over(ours) / over(napari_own),
            limit=LIMIT,
        )


def _grid(number: int) -> list[Circle]:
    side = int(np.ceil(number**0.5))
    step = SIDE_PX / side
    places = [(n // side, n % side) for n in range(number)]
    # Of several sizes, so that the view is zoomed anew each time.
    return [
        Circle((r + 0.5) * step, (c + 0.5) * step, (0.3 + 0.03 * (c % 4)) * step)
        for r, c in places
    ]


def _prepare(workspace: Workspace, circles: list[Circle]) -> None:
    """Put circles with predictions there, and choose the first."""
    project = workspace.project
    project.audits.share = 0
    put_circles(project, circles, project.models.active.card.id)
    workspace.navigation.set_order("micrograph", "unlabelled")
    workspace.navigation.go_on()
    _wait(lambda: _idle(workspace))


def _bare_viewer(
    pixels: np.ndarray, circles: list[Circle], like: napari.Viewer
) -> napari.Viewer:
    """The same picture, circles and canvas without us; a circle is selected."""
    viewer = napari.Viewer(show=True, show_welcome_screen=False)
    viewer.add_image(pixels)
    viewer.add_shapes(
        [circle_vertices(one) for one in circles],
        shape_type="ellipse",
        edge_color=HEX["yes"],
        face_color="transparent",
        edge_width=2,
    )
    main_window(viewer).resize(main_window(like).size())
    _settle()
    canvas, model = _canvas(viewer), _canvas(like)
    missing = model.size() - canvas.size()
    main_window(viewer).resize(main_window(viewer).size() + missing)
    _settle()
    viewer.camera.zoom = like.camera.zoom
    return viewer


def _in_turn(
    workspace: Workspace, bare: napari.Viewer, presses: int
) -> tuple[list[float], list[float]]:
    """Seconds of each press, and of each recolouring by napari alone."""
    ours, napari_own = [], []
    for number in range(WARM_UP + presses):
        key = partial(QTest.keyClick, _canvas(workspace.viewer), KEYS[number % 3])
        ours.append(_drawn(workspace.viewer, key))
        _wait(lambda: _idle(workspace))
        recolour = partial(_recolour, bare, tuple(HEX.values())[number % 3])
        bare.layers[-1].selected_data = {number % len(bare.layers[-1].data)}
        _settle()
        napari_own.append(_drawn(bare, recolour))
        _settle()
    labelled = sum(one.by_person for one in workspace.project.particles.current)
    assert labelled == WARM_UP + presses, f"{labelled} labels came of the keys"
    return ours[WARM_UP:], napari_own[WARM_UP:]


def _recolour(viewer: napari.Viewer, colour: str) -> None:
    viewer.layers[-1].current_edge_color = colour


def _drawn(viewer: napari.Viewer, act: Callable[[], object]) -> float:
    """Seconds until the picture after an act is drawn."""
    drawn: list[float] = []
    event = draw_event(viewer)

    def note(_event: object) -> None:
        drawn.append(time.perf_counter())

    start = time.perf_counter()
    act()
    event.connect(note, position="last")
    _wait(lambda: bool(drawn))
    event.disconnect(note)
    return drawn[0] - start


def _canvas(viewer: napari.Viewer) -> object:
    return find_canvas(viewer)


def _late(times: list[float]) -> float:
    return float(np.percentile(times, 95))


def _idle(workspace: Workspace) -> bool:
    """Whether all that a key set off is done, as at a person's pace."""
    _settle()
    card = main_window(workspace.viewer).findChild(ParticleCard)
    return not workspace.session.runner.jobs and card.analysis.idle


def _settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done() and time.monotonic() < end:
        QApplication.processEvents()
