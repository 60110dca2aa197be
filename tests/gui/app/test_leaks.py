"""Docks, layers and windows come and go; nothing of them is left behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import Counter

from napari.settings import get_settings
from psygnal import SignalInstance
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QTabBar

from napari_cdse.gui.app import window
from napari_cdse.gui.session.workers import job_threads
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import open_folder, put_circles, settle, wait_for_pixels

NAMES = (*window.NAMES, "Annotators", "Spectrum")
TIMES = 20
WINDOWS = 3


def sweep() -> None:
    """Let Qt delete what is to be deleted, and Python what nobody holds."""
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()


def widgets() -> Counter[str]:
    """All widgets by class; Qt keeps tab bars and their arrows for later use."""
    found = QApplication.allWidgets()
    return Counter(
        type(one).__name__
        for one in found
        if not isinstance(one, QTabBar) and not isinstance(one.parent(), QTabBar)
    )


def signals_of(owner: object) -> dict[str, object]:
    """Qt signals that our own classes define, bound to an object."""
    meta = owner.metaObject()
    names = {
        bytes(meta.method(at).name()).decode()
        for at in range(QObject.staticMetaObject.methodCount(), meta.methodCount())
        if meta.method(at).methodType() == meta.method(at).MethodType.Signal
    }
    return {name: getattr(owner, name) for name in names}


def listeners(workspace) -> dict[str, int]:
    """How many listen to whatever outlives a dock."""
    counts = {}
    for owner in (
        workspace.session,
        workspace.canvas,
        workspace.keys,
        workspace.navigation,
        workspace.session.runner,
        workspace.training,
    ):
        for name, signal in signals_of(owner).items():
            counts[f"{type(owner).__name__}.{name}"] = owner.receivers(signal)
    project, layer, viewer = (
        workspace.project,
        workspace.canvas.particles.layer,
        workspace.viewer,
    )
    for name in vars(type(project.events)):
        signal = getattr(project.events, name)
        if isinstance(signal, SignalInstance):
            counts[f"project.{name}"] = len(signal)
    for owner in (layer, viewer.layers, viewer.layers.selection, viewer):
        for name, emitter in owner.events.emitters.items():
            if hasattr(emitter, "callbacks"):
                counts[f"{type(owner).__name__}.{name}"] = len(emitter.callbacks)
    counts["mouse"] = len(viewer.mouse_drag_callbacks) + len(layer.mouse_drag_callbacks)
    return counts


def open_and_close(workspace, qtbot) -> list[weakref.ref]:
    """Show each dock in turn, then close all of them."""
    viewer = workspace.viewer
    docks = [window.add_dock(viewer, name) for name in NAMES]
    QApplication.processEvents()
    for dock in docks:
        viewer.window.remove_dock_widget(dock)
    return [weakref.ref(one) for dock in docks for one in (dock, dock.view)]


def emit_all(workspace) -> None:
    """Let each signal go out: PyQt then drops listeners that are no more."""
    workspace.session.project_changed.emit()
    workspace.session.opened.emit()
    workspace.session.micrographs_changed.emit()
    workspace.session.particles_changed.emit(None)
    workspace.session.selection_changed.emit()
    workspace.session.models_changed.emit()
    workspace.session.history_changed.emit()
    workspace.navigation.order_changed.emit()
    workspace.session.runner.changed.emit()
    workspace.training.changed.emit()


def test_docks_that_come_and_go_leave_nothing(workspace, qtbot):
    open_and_close(workspace, qtbot)
    settle(workspace, qtbot)
    emit_all(workspace)
    sweep()
    before = widgets(), listeners(workspace), threading.active_count()
    docks = [ref for _ in range(TIMES) for ref in open_and_close(workspace, qtbot)]
    settle(workspace, qtbot)
    emit_all(workspace)
    sweep()
    assert [ref() for ref in docks if ref() is not None] == []
    assert widgets() - before[0] == Counter()
    assert listeners(workspace) == before[1]
    assert threading.active_count() <= before[2]


def test_micrographs_that_come_and_go_leave_nothing(workspace, qtbot):
    viewer = workspace.viewer
    layers, pixels = [], []
    for round_ in range(2):
        for index in (1, 2, 0):
            pixels.append(weakref.ref(workspace.project.selection.micrograph.pixels))
            layers += map(weakref.ref, workspace.canvas.layers.present)
            workspace.navigation.open_micrograph(index)
            wait_for_pixels(workspace, qtbot)
        sweep()
        if not round_:
            before = listeners(workspace), widgets()
    shown = set(viewer.layers)
    left = [ref() for ref in layers if ref() is not None and ref() not in shown]
    assert left == []
    # What is kept in advance has its bound; whoever else holds pixels keeps them all.
    workspace.canvas.prefetch.clear()
    sweep()
    held = [ref() for ref in pixels if ref() is not None]
    assert [one for one in held if one is not workspace.session.micrograph.pixels] == []
    assert listeners(workspace) == before[0]
    assert widgets() - before[1] == Counter()


def test_windows_that_come_and_go_leave_nothing(viewer, folder, qtbot, forest, request):
    make = request.getfixturevalue("make_napari_viewer")
    viewer.close()
    sweep()
    before = set(threading.enumerate()), widgets(), settings_listeners()
    for _ in range(WINDOWS):
        gone = seen_and_closed(make, folder, qtbot, forest)
        sweep()
        assert {name for name, ref in gone.items() if ref() is not None} == set()
    assert job_threads().activeThreadCount() == 0
    left = [one for one in threading.enumerate() if one not in before[0]]
    assert [f"{one!r}" for one in left] == []
    assert settings_listeners() == before[2]


def seen_and_closed(make, folder, qtbot, forest) -> dict[str, weakref.ref]:
    """Open a window, work in it, close it; weak references to what was in it."""
    viewer = make(show=True)
    docks = window.add_docks(viewer)
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    put_circles(workspace, forest)
    window.add_dock(viewer, "Gallery")
    settle(workspace, qtbot)
    parts = {
        "viewer": viewer,
        "workspace": workspace,
        "session": workspace.session,
        "project": workspace.project,
        "layer": workspace.canvas.particles.layer,
        "review": workspace.review,
        **docks,
    }
    viewer.close()
    return {name: weakref.ref(part) for name, part in parts.items()}


def settings_listeners() -> int:
    """How many listen to napari's settings, which outlive every window."""
    return sum(
        len(emitter.callbacks)
        for emitter in get_settings().events.emitters.values()
        if hasattr(emitter, "callbacks")
    )
