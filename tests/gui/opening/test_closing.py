"""What opens micrographs hears of layers, and no longer once it is closed."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from napari_cdse.gui.opening.opening import Opening


class Session(QObject):
    """As much of a session as layers need."""

    def __init__(self, viewer):
        super().__init__()
        self.viewer = self.open_viewer = viewer


def test_layers_are_heard_of_until_it_closes(qtbot):
    viewer = ViewerModel()
    session = Session(viewer)
    opening = Opening(session, lambda paths: True, lambda: None)
    with qtbot.waitSignal(opening.image_changed):
        viewer.add_image(np.zeros((8, 8)))
    with qtbot.waitSignal(opening.image_changed):
        viewer.layers.clear()
    viewer.add_image(np.zeros((8, 8)))
    # What waits is told no more either.
    opening.close()
    heard = []
    opening.image_changed.connect(lambda: heard.append(1))
    viewer.add_image(np.zeros((8, 8)))
    viewer.layers.clear()
    assert not opening._soon.isActive()
    assert heard == []


def test_a_viewer_that_is_gone_needs_no_goodbye(qtbot):
    session = Session(ViewerModel())
    opening = Opening(session, lambda paths: True, lambda: None)
    session.viewer = None
    opening.close()
    assert not opening._soon.isActive()
