"""The endmembers of a micrograph in a real window."""

from dataclasses import replace

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.gui.app import window
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import open_folder, settle, wait_for_pixels


@pytest.fixture
def unmixed(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    settings = workspace.project.settings
    settings.detection = replace(settings.detection, method="nfindr", endmembers=3)
    workspace.detection.analyse([0])
    settle(workspace, qtbot)
    return workspace


def test_each_endmember_stands_beside_its_map_and_a_click_shows_it_alone(
    unmixed, viewer, qtbot
):
    view = window.add_dock(viewer, "Endmembers").view
    maps = unmixed.canvas.layers.maps
    words = [one.text() for one in view.buttons.buttons()]
    assert words[:2] == ["All maps", "Lattice abundance"]
    assert words[2].startswith("Endmember 1: lattice, ")
    assert len(words) == 5
    assert len(view.spectra) == 3
    assert view.buttons.checkedId() == 0
    qtbot.mouseClick(view.buttons.button(3), Qt.MouseButton.LeftButton)
    assert [layer.visible for layer in maps] == [False, False, True, False]
    # Maps are computed anew now and then; what was chosen stays.
    unmixed.detection.maps.show()
    settle(unmixed, qtbot)
    assert view.buttons.checkedId() == 3
    qtbot.mouseClick(view.buttons.button(0), Qt.MouseButton.LeftButton)
    assert all(layer.visible for layer in maps)


def test_a_spectrum_is_drawn_over_its_frequencies_in_the_theme(unmixed, viewer):
    view = window.add_dock(viewer, "Endmembers").view
    view.spectra[0].canvas.draw()
    (axes,) = view.spectra[0].figure.axes
    rings = unmixed.canvas.maps[1].endmember.rings_per_px
    # The pixel size of the drawn micrograph is not sure.
    assert not unmixed.session.pixel_size().source.is_trusted
    assert axes.get_xlim() == pytest.approx((rings[0], rings[-1]))
    paper = axes.get_figure().get_facecolor()
    viewer.theme = "light"
    view.spectra[0].canvas.draw()
    assert axes.get_figure().get_facecolor() != paper


def test_an_axis_is_in_nm_only_where_the_pixel_size_is_trusted(
    unmixed, viewer, qtbot, monkeypatch
):
    view = window.add_dock(viewer, "Endmembers").view
    known = unmixed.session.pixel_size()
    for source, words in (
        (PixelSizeSource.PERSON, "cycles per nm"),
        (PixelSizeSource.UNSURE, "cycles per px"),
        (PixelSizeSource.ASSUMED, "cycles per px"),
    ):
        size = replace(known, source=source, uncertainty=None)
        monkeypatch.setattr(unmixed.session, "pixel_size", lambda size=size: size)
        unmixed.session.micrographs_changed.emit()
        (axes,) = view.spectra[0].figure.axes
        assert axes.get_xlabel() == words


def test_a_micrograph_without_endmembers_says_how_to_get_them(unmixed, viewer, qtbot):
    view = window.add_dock(viewer, "Endmembers").view
    unmixed.navigation.open_micrograph(1)
    wait_for_pixels(unmixed, qtbot)
    settle(unmixed, qtbot)
    assert not view.spectra
    assert "nfindr" in view.hint.text()
    unmixed.navigation.open_micrograph(0)
    wait_for_pixels(unmixed, qtbot)
    settle(unmixed, qtbot)
    assert len(view.spectra) == 3
