"""A lattice of the user's own, chosen in the window."""

from __future__ import annotations

from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs import lattice_row
from napari_cdse.gui.pictures.peaks_table import PeaksTable
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import open_folder, particle_ids, settle
from tests.io.test_material_file import PBS


def test_a_file_sets_the_lattice_of_project_form_and_card(
    workspace, qtbot, tmp_path, monkeypatch
):
    path = tmp_path / "pbs.toml"
    path.write_text(PBS)
    monkeypatch.setattr(lattice_row, "ask_lattice", lambda _parent: path)
    view = window.add_dock(workspace.viewer, "Micrographs").view
    card = window.add_dock(workspace.viewer, "Particle")
    workspace.project.selection.select(particle_ids(workspace)[0])
    settle(workspace, qtbot)
    assert view.lattice.label.text() == "Lattice: CdSe"
    view.lattice.other.click()
    settle(workspace, qtbot)
    assert workspace.project.settings.detection.material.name == "PbS"
    assert view.form.value().material.name == "PbS"
    assert view.lattice.label.text() == "Lattice: PbS (rock salt)"
    peaks = card.findChild(PeaksTable)
    qtbot.waitUntil(lambda: peaks.horizontalHeaderItem(3).text() == "planes of PbS")
    view.form.widget("diameter_max_nm").value = 9.0
    assert workspace.project.settings.detection.material.name == "PbS"
    view.lattice.cdse.click()
    settle(workspace, qtbot)
    assert workspace.project.settings.detection.material is None
    assert workspace.project.settings.detection.diameter_max_nm == 9.0
    assert not view.lattice.cdse.isVisibleTo(view.lattice)


def test_circles_of_another_lattice_are_told_until_they_are_found_anew(
    viewer, folder, qtbot, tmp_path, monkeypatch
):
    path = tmp_path / "pbs.toml"
    path.write_text(PBS)
    monkeypatch.setattr(lattice_row, "ask_lattice", lambda _parent: path)
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    view = window.add_dock(viewer, "Micrographs").view
    due = view.pixel_size.due
    view.lattice.other.click()
    # Nothing was searched yet, so nothing is of another lattice.
    assert due.isHidden()
    workspace.detection.detect_current()
    settle(workspace, qtbot)
    assert due.isHidden()
    view.lattice.cdse.click()
    assert due.isVisible()
    assert due.text().startswith("Circles here were found with other settings than ")
    view.lattice.other.click()
    assert due.isHidden()
    view.form.widget("diameter_max_nm").value = 9.0
    assert due.isVisible()
    workspace.detection.detect_current()
    settle(workspace, qtbot)
    assert due.isHidden()


def test_a_file_that_holds_no_lattice_changes_nothing(
    workspace, tmp_path, monkeypatch, qtbot
):
    path = tmp_path / "pbs.toml"
    path.write_text("[optics]\n")
    monkeypatch.setattr(lattice_row, "ask_lattice", lambda _parent: path)
    view = window.add_dock(workspace.viewer, "Micrographs").view
    view.lattice.other.click()
    settle(workspace, qtbot)
    assert workspace.project.settings.detection.material is None
