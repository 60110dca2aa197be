"""Circles, maps and regions out of the way while a key is held."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.session.viewer_window import main_window
from tests.gui.conftest import (
    SIGNAL_MS,
    canvas,
    press,
)

AROUND_FIRST = [(25.0, 20.0), (25.0, 110.0), (110.0, 110.0), (110.0, 20.0)]


def overlays(workspace) -> list[bool]:
    return [
        one.visible
        for one in workspace.canvas.layers.present
        if one is not workspace.canvas.layers.image
    ]


def test_hold_to_hide_takes_everything_of_ours_away(workspace, qtbot):
    workspace.project.exclusions.add_region(0, AROUND_FIRST, "ice")
    workspace.canvas.layers.maps[0].visible = False
    assert overlays(workspace) == [False, True, True]
    qtbot.keyPress(canvas(workspace), Qt.Key.Key_H)
    assert overlays(workspace) == [False, False, False]
    assert workspace.canvas.layers.image.visible
    workspace.detection.maps.show()
    assert overlays(workspace) == [False, False, False]
    qtbot.keyRelease(canvas(workspace), Qt.Key.Key_H)
    assert overlays(workspace) == [False, True, True]
    workspace.canvas.layers.maps[0].visible = True
    qtbot.keyPress(canvas(workspace), Qt.Key.Key_H)
    # Maps that come meanwhile wait for the key.
    workspace.detection.maps.show()
    assert overlays(workspace) == [False, False, False]
    qtbot.keyRelease(canvas(workspace), Qt.Key.Key_H)
    assert overlays(workspace) == [True, True, True]


def test_what_was_hidden_comes_back_when_the_focus_goes(workspace, viewer, qtbot):
    window = main_window(viewer)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SIGNAL_MS)
    canvas(workspace).setFocus()
    qtbot.keyPress(canvas(workspace), Qt.Key.Key_H)
    assert not any(overlays(workspace))
    add_docks(viewer)["Micrographs"].view.pixel_size.field.setFocus()
    qtbot.waitUntil(lambda: all(overlays(workspace)), timeout=SIGNAL_MS)
    # A layer that the person hides meanwhile stays hidden when the key comes up.
    workspace.canvas.layers.maps[0].visible = False
    qtbot.keyRelease(canvas(workspace), Qt.Key.Key_H)
    assert overlays(workspace) == [False, True]


def test_circles_are_hidden_after_a_layer_went(workspace, qtbot):
    """Mesa took the process down when they came back."""
    for _ in range(2):
        press(workspace, qtbot, Qt.Key.Key_Q)
    qtbot.keyPress(canvas(workspace), Qt.Key.Key_H)
    qtbot.keyRelease(canvas(workspace), Qt.Key.Key_H)
    workspace.viewer.screenshot(flash=False)
    assert overlays(workspace) == [True, True]


def test_of_several_maps_the_first_is_seen_until_somebody_shows_others(workspace):
    """Together they hide the fringes that a person judges."""

    def seen_of(*names: str) -> list[bool]:
        values = np.zeros((4, 4), np.float32)
        workspace.canvas.show_maps(
            [AccumulationMap(name, values, (0, 0), (9, 9)) for name in names]
        )
        return [layer.visible for layer in workspace.canvas.layers.maps]

    assert seen_of("contrast", "probability") == [True, False]
    workspace.canvas.layers.maps[1].visible = True
    # Those of the next micrograph are shown as these were.
    assert seen_of("contrast", "probability") == [True, True]
    assert seen_of("contrast") == [True]
    assert seen_of("contrast", "probability") == [True, False]
    workspace.canvas.layers.maps[0].visible = False
    workspace.canvas.layers.maps[1].visible = True
    assert seen_of("contrast") == [True]
    workspace.canvas.layers.maps[0].visible = False
    assert seen_of("contrast", "probability") == [False, False]
