"""The dock of CONTRIBUTING.md works as it stands there."""

from qtpy.QtCore import Qt

from tests.gui.conftest import particle_ids, press, settle
from tests.recipes import module_of


def test_the_dock_counts_what_a_key_labels(workspace, viewer, qtbot, monkeypatch):
    dock_module = module_of("napari_cdse/gui/counts/dock.py", monkeypatch)
    dock = dock_module.CountsDock(viewer)
    qtbot.addWidget(dock)
    assert dock.view.numbers.text() == "0 yes, 0 no, 0 null, 0 empty"
    workspace.navigation.go_to(particle_ids(workspace)[0])
    settle(workspace, qtbot)
    press(workspace, qtbot, Qt.Key.Key_N)
    settle(workspace, qtbot)
    assert dock.view.numbers.text() == "0 yes, 1 no, 0 null, 0 empty"
