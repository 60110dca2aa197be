"""Docks, layers and windows come and go; nothing of them is left behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import Counter

from napari.settings import get_settings
from psygnal import SignalInstance
from qtpy.QtCore import QEvent, QThreadPool
from qtpy.QtWidgets import QApplication, QTabBar

from napari_cdse.gui.app import window
from napari_cdse.gui.sessions import session_for
from tests.gui.conftest import open_folder, put_circles, settle, wait_for_pixels

NAMES = (*window.NAMES, "Annotators")
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
        for at in range(meta.methodOffset(), meta.methodCount())
        if meta.method(at).methodType() == meta.method(at).MethodType.Signal
    }
    return {name: getattr(owner, name) for name in names}


def listeners(session) -> dict[str, int]:
    """How many listen to whatever outlives a dock."""
    counts = {}
    for owner in (session, session.review, session.runner, session.trainer):
        for name, signal in signals_of(owner).items():
            counts[f"{type(owner).__name__}.{name}"] = owner.receivers(signal)
    project, layer, viewer = session.project, session.view.layer, session.viewer
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


def open_and_close(session, qtbot) -> list[weakref.ref]:
    """Show each dock in turn, then close all of them."""
    viewer = session.viewer
    docks = [window.add_dock(viewer, name) for name in NAMES]
    QApplication.processEvents()
    for dock in docks:
        viewer.window.remove_dock_widget(dock)
    return [weakref.ref(dock) for dock in docks]


def emit_all(session) -> None:
    """Let each signal go out: PyQt then drops listeners that are no more."""
    session.project_changed.emit()
    session.opened.emit()
    session.micrographs_changed.emit()
    session.particles_changed.emit(None)
    session.selection_changed.emit()
    session.models_changed.emit()
    session.history_changed.emit()
    session.review.order_changed.emit()
    session.runner.changed.emit()
    session.trainer.changed.emit()


def test_docks_that_come_and_go_leave_nothing(session, qtbot):
    open_and_close(session, qtbot)
    settle(session, qtbot)
    emit_all(session)
    sweep()
    before = widgets(), listeners(session), threading.active_count()
    docks = [ref for _ in range(TIMES) for ref in open_and_close(session, qtbot)]
    settle(session, qtbot)
    emit_all(session)
    sweep()
    assert [ref() for ref in docks if ref() is not None] == []
    assert widgets() - before[0] == Counter()
    assert listeners(session) == before[1]
    assert threading.active_count() <= before[2]


def test_micrographs_that_come_and_go_leave_nothing(session, qtbot):
    viewer = session.viewer
    layers, pixels = [], []
    for round_ in range(2):
        for index in (1, 2, 0):
            pixels.append(weakref.ref(session.project.selection.micrograph.pixels))
            layers += map(weakref.ref, session.scene.layers)
            session.open_micrograph(index)
            wait_for_pixels(session, qtbot)
        sweep()
        if not round_:
            before = listeners(session), widgets()
    shown = set(viewer.layers)
    left = [ref() for ref in layers if ref() is not None and ref() not in shown]
    assert left == []
    # What is kept in advance has its bound; whoever else holds pixels keeps them all.
    session.stage.prefetch.clear()
    sweep()
    held = [ref() for ref in pixels if ref() is not None]
    assert [one for one in held if one is not session.micrograph.pixels] == []
    assert listeners(session) == before[0]
    assert widgets() - before[1] == Counter()


def test_windows_that_come_and_go_leave_nothing(viewer, folder, qtbot, forest, request):
    make = request.getfixturevalue("make_napari_viewer")
    viewer.close()
    sweep()
    before = threading.active_count(), widgets(), settings_listeners()
    for _ in range(WINDOWS):
        gone = seen_and_closed(make, folder, qtbot, forest)
        sweep()
        assert {name for name, ref in gone.items() if ref() is not None} == set()
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    assert threading.active_count() <= before[0]
    assert settings_listeners() == before[2]


def seen_and_closed(make, folder, qtbot, forest) -> dict[str, weakref.ref]:
    """Open a window, work in it, close it; weak references to what was in it."""
    viewer = make(show=True)
    docks = window.add_docks(viewer)
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    put_circles(session, forest)
    window.add_dock(viewer, "Gallery")
    settle(session, qtbot)
    parts = {
        "viewer": viewer,
        "session": session,
        "project": session.project,
        "layer": session.view.layer,
        "review": session.review,
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
