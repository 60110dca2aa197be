"""A real viewer, a folder of drawn micrographs, and a small forest."""

from __future__ import annotations

import gc
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from napari import settings
from npe2 import PluginManifest
from PIL import Image
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.training_set import examples, join
from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.methods import Detection
from napari_cdse.core.params import ForestParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Candidate, Prediction
from napari_cdse.gui.app import dock_layout, window
from napari_cdse.gui.controllers import map_display
from napari_cdse.gui.gallery import dock as gallery_dock
from napari_cdse.gui.opening import open_project
from napari_cdse.gui.retrain import comparison_window
from napari_cdse.gui.session.viewer_window import find_canvas, main_window
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io import recent_projects
from napari_cdse.io.images.micrograph_file import read_micrograph
from tests.gui.drawn import CIRCLES, PIXEL_NM, PROBABILITIES, draw

SIGNAL_MS = 20_000


@pytest.fixture(scope="session", autouse=True)
def _quick_viewers():
    """Spare each of hundreds of viewers what is the same for all of them.

    Manifests of plugins are parsed once, which takes longer than all else in them; and
    what is there before the first viewer is no longer looked through for garbage.
    """
    read = lru_cache(PluginManifest.from_file)
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patched:
        # A copy, since napari writes into it.
        once = staticmethod(lambda path: read(path).model_copy())
        patched.setattr(PluginManifest, "from_file", once)
        yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def micrographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drawn micrographs, made once."""
    folder = tmp_path_factory.mktemp("drawn")
    for number in range(3):
        Image.fromarray(draw(number)).save(folder / f"dots_{number}.png")
    return folder


@pytest.fixture(scope="session")
def forest(micrographs: Path):
    """A small forest that has seen the drawn circles."""
    labels = ["yes", "no", "null", "yes", "empty"]
    sets = []
    for path in sorted(micrographs.glob("*.png")):
        found = read_micrograph(path, pixel_size_nm=PIXEL_NM)
        sets.append(examples(found, CIRCLES, labels, "bragg", PIXEL_NM))
    shifted = [
        one.__class__(
            **{**_fields(one), "micrograph_ids": one.micrograph_ids + "/other"}
        )
        for one in sets
    ]
    return fit(join(*shifted), ForestParams(trees=10, copies=0), name="small")


def _fields(training) -> dict:
    names = training.__dataclass_fields__
    return {name: getattr(training, name) for name in names}


@pytest.fixture
def folder(micrographs: Path, tmp_path: Path) -> Path:
    """A copy of the drawn micrographs to work in."""
    place = tmp_path / "work"
    place.mkdir()
    for path in micrographs.glob("*.png"):
        (place / path.name).write_bytes(path.read_bytes())
    return place


@pytest.fixture(autouse=True)
def _own_recent_projects(monkeypatch, tmp_path):
    """Keep what the tests open out of the list of whoever runs them."""
    file = tmp_path / "data" / "recent.json"
    monkeypatch.setattr(recent_projects, "default_file", lambda: file)
    layout = tmp_path / "data" / "docks.json"
    monkeypatch.setattr(dock_layout, "default_file", lambda: layout)


@pytest.fixture
def _own_settings(monkeypatch, tmp_path):
    """Keep the Preferences of whoever runs the tests out of them, and unwritten."""
    settings._clear_plugin_settings_cache()
    monkeypatch.setattr(settings, "_CFG_PATH", str(tmp_path / "settings.yaml"))
    yield
    settings._clear_plugin_settings_cache()


@pytest.fixture
def viewer(make_napari_viewer, monkeypatch, forest, tmp_path, _own_settings):
    """A shown viewer with our docks; its workspace must close with it, unasked."""
    monkeypatch.setattr(open_project, "shipped_model", lambda: forest)
    thumbnails = tmp_path / "thumbnails.sqlite"
    for shows in (gallery_dock, comparison_window):
        monkeypatch.setattr(shows, "default_path", lambda: thumbnails)
    maps = tmp_path / "maps.sqlite"
    monkeypatch.setattr(map_display, "default_path", lambda: maps)
    viewer = make_napari_viewer(show=True, title="test")
    main_window(viewer).resize(1100, 800)
    window.add_docks(viewer)
    return viewer


@pytest.fixture
def workspace(viewer, folder, qtbot, forest):
    """The first micrograph is open, its particles found and classified."""
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    put_circles(workspace, forest)
    return workspace


@pytest.fixture
def labelled(workspace, qtbot, forest):
    """Three micrographs; a user has labelled five particles in each."""
    words = ("yes", "no", "null", "no", "empty")
    for index in range(3):
        workspace.navigation.open_micrograph(index)
        wait_for_pixels(workspace, qtbot)
        if index:
            put_circles(workspace, forest)
        for one, word in zip(particle_ids(workspace), words, strict=True):
            workspace.project.edits.label([one], word)
    settle(workspace, qtbot)
    return workspace


def open_folder(workspace, folder: Path, qtbot) -> None:
    """Open a project and wait for the pixels of its first micrograph."""
    workspace.open_project(folder)
    # Tests know what the forest says of each particle; those of the audit draw anew.
    workspace.project.audits.share = 0
    wait_for_pixels(workspace, qtbot)


def wait_for_pixels(workspace, qtbot) -> None:
    """Wait until the open micrograph is shown and the light work is done."""
    qtbot.waitUntil(lambda: workspace.canvas.particles is not None, timeout=SIGNAL_MS)
    settle(workspace, qtbot)


def settle(workspace, qtbot) -> None:
    """Wait until nothing is running, waiting or to be repaired."""

    qtbot.waitUntil(lambda: workspace.idle, timeout=SIGNAL_MS)


def put_circles(workspace, forest) -> None:
    """Put known circles and probabilities in, as a worker would."""
    project = workspace.project
    micrograph = project.selection.micrograph
    values = np.zeros((12, 16), dtype=np.float32)
    values[3, 4] = 1.0
    detection = Detection(
        circles=CIRCLES,
        strengths=(5.0, 4.0, 3.0, 2.0, 1.0),
        found_by="bragg",
        maps=(AccumulationMap("Bragg contrast", values, (10.0, 10.0), (20.0, 20.0)),),
        pixel_size=PixelSize(PIXEL_NM, PixelSizeSource.ESTIMATED, 0.015),
        window_px=50,
    )
    candidates = [Candidate.propose(micrograph.id, one, "bragg") for one in CIRCLES]
    predictions = [
        Prediction(one.id, project.models.active.card.id, values)
        for one, values in zip(candidates, PROBABILITIES, strict=True)
    ]
    project.detections.put(micrograph.id, detection, candidates, predictions)
    workspace.detection.maps.show()


def particle_ids(workspace) -> list[str]:
    """Ids of the five known particles, in the order of `CIRCLES`."""
    by_circle = {one.circle: one.id for one in workspace.project.particles.current}
    return [by_circle[circle] for circle in CIRCLES]


def standing(workspace) -> list[str]:
    """What stands in the window to be read."""
    return [message.sentence for message in workspace.session.messages.shown]


def canvas(workspace):
    """The widget that the person presses keys and the mouse on."""
    return find_canvas(workspace.viewer)


def draw_event(viewer):
    """The event of the canvas that its picture is drawn.

    The tests reach into napari here alone: Qt says only when a picture is on the
    screen, with all that came after it.
    """
    return viewer.window._qt_viewer.canvas._scene_canvas.events.draw


def press(workspace, qtbot, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    """Press and release a key on the canvas, and wait until the docks have heard."""
    qtbot.keyClick(canvas(workspace), key, modifier)
    heard(workspace, qtbot)


def heard(workspace, qtbot) -> None:
    """Wait until the docks were told what has changed."""
    qtbot.waitUntil(lambda: not workspace.session.deferred.waiting, timeout=SIGNAL_MS)


def at(workspace, row: float, col: float):
    """Place of a micrograph position on the canvas, as Qt counts it."""
    widget = canvas(workspace)
    camera = workspace.viewer.scene.camera
    height, width = widget.height(), widget.width()
    scale = workspace.canvas.layers.present[0].scale[0]
    y = (row * scale - camera.center[-2]) * camera.zoom + height / 2
    x = (col * scale - camera.center[-1]) * camera.zoom + width / 2
    return QPoint(round(x), round(y))


def drag(workspace, qtbot, start, end, steps: int = 4) -> None:
    """Drag the mouse from one micrograph position to another."""
    widget = canvas(workspace)
    shares = np.linspace(0, 1, steps + 1)[:, None]
    way = np.array(start) + shares * (np.array(end) - np.array(start))
    button = Qt.MouseButton.LeftButton
    no_key = Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(widget, button, no_key, at(workspace, *way[0]))
    for row, col in way[1:]:
        move(workspace, qtbot, row, col)
    qtbot.mouseRelease(widget, button, no_key, at(workspace, *way[-1]))


def move(workspace, qtbot, row: float, col: float) -> None:
    """Move the mouse with the left button down, and wait until napari has seen it."""
    widget, place = canvas(workspace), at(workspace, row, col)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    # vispy drops a move that follows another within 10 ms, napari delays it.
    widget._last_time = 0.0
    QApplication.sendEvent(widget, event)
    viewer = workspace.viewer
    scale = workspace.canvas.layers.image.scale[0]

    def seen() -> None:
        there = np.array(viewer.cursor.position)[-2:]
        off = np.abs(there - np.array([row, col]) * scale) * viewer.scene.camera.zoom
        assert off.max() < 2

    qtbot.waitUntil(seen, timeout=SIGNAL_MS)


def point(widget, place: QPoint) -> None:
    """Move the mouse over a widget, no button held.

    Sent straight to it: what moves the real pointer says nothing where that is there
    already, and comes late.
    """
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def click(workspace, qtbot, row: float, col: float) -> None:
    """Click on a micrograph position."""
    qtbot.mouseClick(
        canvas(workspace),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        at(workspace, row, col),
    )
