"""Circles, maps and regions out of the way while a key is held."""

from __future__ import annotations

from qtpy.QtCore import Qt

from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.widgets.viewer_window import main_window
from tests.gui.conftest import (
    SIGNAL_MS,
    canvas,
    press,
)

AROUND_FIRST = [(25.0, 20.0), (25.0, 110.0), (110.0, 110.0), (110.0, 20.0)]


def overlays(session) -> list[bool]:
    return [
        one.visible for one in session.scene.layers if one is not session.scene.image
    ]


def test_hold_to_hide_takes_everything_of_ours_away(session, qtbot):
    session.project.exclusions.add_region(0, AROUND_FIRST, "ice")
    session.scene.maps[0].visible = False
    assert overlays(session) == [False, True, True]
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [False, False, False]
    assert session.scene.image.visible
    session.analyst.show_maps()
    assert overlays(session) == [False, False, False]
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [False, True, True]
    session.scene.maps[0].visible = True
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    # Maps that come meanwhile wait for the key.
    session.analyst.show_maps()
    assert overlays(session) == [False, False, False]
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [True, True, True]


def test_what_was_hidden_comes_back_when_the_focus_goes(session, viewer, qtbot):
    window = main_window(viewer)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SIGNAL_MS)
    canvas(session).setFocus()
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    assert not any(overlays(session))
    add_docks(viewer)["Micrographs"].pixel_size.field.setFocus()
    qtbot.waitUntil(lambda: all(overlays(session)), timeout=SIGNAL_MS)
    # A layer that the person hides meanwhile stays hidden when the key comes up.
    session.scene.maps[0].visible = False
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [False, True]


def test_the_picture_is_drawn_without_a_layer_before_anything_is_hidden(
    session, qtbot, monkeypatch
):
    """Otherwise vispy, with Mesa, takes the process down when it comes back."""
    drawn = []
    native, repaint = canvas(session), canvas(session).repaint
    press(session, qtbot, Qt.Key.Key_Q)
    ruler = session.measuring.tool.layer

    def draw() -> None:
        drawn.append(ruler in session.viewer.layers)
        repaint()

    # What Qt draws by itself is too late, or one picture only.
    monkeypatch.setattr(native, "repaint", draw)
    press(session, qtbot, Qt.Key.Key_Q)
    qtbot.waitUntil(lambda: drawn.count(False) >= 2, timeout=SIGNAL_MS)
    assert True not in drawn
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    session.viewer.screenshot(flash=False)
    assert overlays(session) == [True, True]
