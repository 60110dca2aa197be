"""Clicks in a spectrum: which family they mean, and how far off they may be."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_cdse.gui.pictures.image_view import ImageView
from napari_cdse.gui.pictures.overlays import Spot
from napari_cdse.gui.pictures.scale import Scale
from napari_cdse.gui.pictures.spectrum_pointer import SpectrumPointer

EDGE_PX = 200
# Two families, each on both sides of frequency 0; the second spot has no number.
SPOTS = (
    Spot(0.25, 0.5, "1"),
    Spot(0.75, 0.5),
    Spot(0.5, 0.25, "2"),
    Spot(0.5, 0.75),
)


@pytest.fixture
def clicked(qtbot):
    """The view, and the families that its pointer has chosen."""
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(EDGE_PX, EDGE_PX)
    with qtbot.waitExposed(view):
        view.show()
    view.show_values(np.zeros((8, 8)), SPOTS)
    pointer, chosen = SpectrumPointer(view), []
    pointer.chosen.connect(chosen.append)

    def click(x, y):
        chosen.clear()
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
        return list(chosen)

    return pointer, click


def test_a_click_means_a_family_on_either_side_as_far_as_half_a_ring_beside_it(
    clicked,
):
    pointer, click = clicked
    assert click(50, 100) == []
    pointer.follow((None, None, Scale(None)))
    assert (click(50, 100), click(150, 100)) == ([0], [0])
    assert (click(100, 50), click(100, 150)) == ([1], [1])
    # A ring is 8 px large here, so that a hand may be 12 px off.
    assert (click(62, 100), click(64, 100)) == ([0], [])
    assert (click(100, 139), click(100, 136)) == ([1], [])
    pointer.follow(None)
    assert click(50, 100) == []
