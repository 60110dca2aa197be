"""The docks of the next window are as those of the last one were left."""

from __future__ import annotations

import pytest
from platformdirs import user_data_path
from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow

from napari_cdse.gui.app import window
from napari_cdse.gui.app.dock_layout import DockLayout, default_file
from napari_cdse.gui.session.viewer_window import main_window
from tests.gui.conftest import SIGNAL_MS


def test_the_layout_is_kept_beside_the_users_other_data():
    data = user_data_path("napari-cdse", appauthor=False)
    assert default_file() == data / "docks.json"


def dock_of(main, title):
    (found,) = (d for d in main.findChildren(QDockWidget) if d.windowTitle() == title)
    return found


def test_docks_that_were_stacked_opened_or_moved_are_so_again(viewer, tmp_path, qtbot):
    main, file = main_window(viewer), tmp_path / "kept" / "docks.json"
    layout = DockLayout(main, window.ALL_NAMES, file)
    assert not layout.restore(pytest.fail)
    window.add_dock(viewer, "Population")
    particle, list_ = dock_of(main, "Particle"), dock_of(main, "Micrographs")
    main.tabifyDockWidget(list_, particle)
    main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock_of(main, "Gallery"))
    # A close that is taken back keeps it as well.
    viewer_closes(main)
    assert file.is_file()
    main.splitDockWidget(list_, particle, Qt.Orientation.Vertical)
    main.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock_of(main, "Gallery"))
    dock_of(main, "Population").hide()
    asked = []
    assert layout.restore(asked.append)
    assert set(asked) == {*window.NAMES, "Population"}
    assert particle in main.tabifiedDockWidgets(list_)
    left = Qt.DockWidgetArea.LeftDockWidgetArea
    assert main.dockWidgetArea(dock_of(main, "Gallery")) == left
    population = dock_of(main, "Population")
    qtbot.waitUntil(lambda: not population.isHidden(), timeout=SIGNAL_MS)


def viewer_closes(main) -> None:
    """Ask the window to close, and take it back."""

    class Stays(QObject):
        def eventFilter(self, _watched, event):
            return isinstance(event, QCloseEvent)

    # The filter that was put up first is asked last: ours has heard it.
    layouts = main.findChildren(DockLayout)
    stays = Stays()
    main.installEventFilter(stays)
    for layout in layouts:
        main.removeEventFilter(layout)
        main.installEventFilter(layout)
    QApplication.sendEvent(main, QCloseEvent())
    main.removeEventFilter(stays)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"docks": 1}',
        '{"docks": [], "state": "*"}',
        '{"docks": []}',
        "[" * 10**5,
    ],
    ids=lambda text: text[:9],
)
def test_a_layout_that_can_not_be_read_is_none(qapp, tmp_path, text):
    file = tmp_path / "docks.json"
    file.write_text(text)
    main = QMainWindow()
    assert not DockLayout(main, ("A",), file).restore(pytest.fail)
