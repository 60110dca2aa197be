"""Removed layers, napari's notice on PyQt5, and the keys of its menus."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QMenu
from vispy.gloo import gl

from napari_cdse.gui.canvas.napari_private.parts import private_import
from napari_cdse.gui.session.viewer_window import find_main_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari import Viewer
    from napari.components import ViewerModel


def outlive_removed_layers(viewer: ViewerModel) -> None:
    """Prevent a crash of the window after layers were removed.

    After the programs of a removed layer were deleted, Mesa's software renderer crashes
    in the second draw call that follows, in napari alone too, unless the first was
    flushed. Seen with napari 0.9.2, vispy 0.17 and Mesa 22.3, with every layer that has
    letters. What a canvas deletes passes through ``GlirParser._parse``, whenever Python
    frees the object. Without that part, all is as in napari.

    Parameters
    ----------
    viewer : ViewerModel
        Owner of the canvas; without a window there is none.
    """
    path = "window._qt_viewer.canvas._scene_canvas.context.shared.parser"
    try:
        parser: Any = attrgetter(path)(viewer)
        parse = parser._parse
    except (AttributeError, RuntimeError):
        return
    if "_parse" in vars(parser):
        return
    deleted = False

    def parse_and_flush(command: tuple[Any, ...]) -> None:
        nonlocal deleted
        parse(command)
        if command[0] == "DELETE":
            deleted = True
        elif command[0] == "DRAW" and deleted:
            deleted = False
            gl.glFlush()

    parser._parse = parse_and_flush


def without_binding_notice() -> None:
    """Suppress napari's notice that it will do without PyQt5 one day.

    It covers the first micrograph, and a user of the application cannot do anything
    about it. ``napari._qt.qt_main_window.SHOW_QT_WARNING``: seen in napari 0.9.2;
    without that part, the notice is shown.
    """
    with suppress(ImportError):
        module: Any = import_module("napari._qt.qt_main_window")
        module.SHOW_QT_WARNING = False


def menu_keys(viewer: Viewer) -> Iterator[tuple[str, str]]:
    """Yield the keys of napari's menus, each with the name of its action.

    There is no public list of them. ``napari._app_model.get_app_model`` has one; seen
    in napari 0.9.2. Without it, the menus of the window are read.

    Parameters
    ----------
    viewer : Viewer
        Owner of the window.

    Yields
    ------
    key : str
        The key in napari's notation.
    name : str
    """
    get_app_model = private_import("napari._app_model", "get_app_model")
    if get_app_model is not None:
        for rule in get_app_model().keybindings:
            yield str(rule.keybinding), rule.command_id.rpartition(".")[2]
        return
    window = find_main_window(viewer)
    menus = () if window is None else window.findChildren(QMenu)
    for action in (one for menu in menus for one in menu.actions()):
        for key in action.shortcuts():
            written = key.toString(QKeySequence.SequenceFormat.PortableText)
            yield str(coerce_keybinding(written)), action.text().replace("&", "")
