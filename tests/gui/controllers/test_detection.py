"""Detection in a worker: what it gives, what fails, Cancel, what is marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from qtpy.QtCore import Qt

from napari_cdse.gui.sessions import session_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.pipeline import analyse
from tests.gui.conftest import (
    open_folder,
    particle_ids,
    settle,
)
from tests.gui.showing import docks, in_step


def test_detection_gives_what_a_script_gets(viewer, folder, qtbot, forest):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    dock = docks(viewer)["Micrographs"]
    qtbot.mouseClick(dock.detect_one, Qt.MouseButton.LeftButton)
    assert not dock.progress.isHidden()
    settle(session, qtbot)
    assert dock.progress.isHidden()
    micrograph = read_micrograph(folder / "dots_0.png")
    params = session.project.settings.detection
    expected = analyse(micrograph, forest, params)
    shown = {one.id: one for one in session.project.particles.current}
    assert set(shown) == {one.id for one in expected.candidates}
    assert shown
    for one in expected.predictions:
        assert shown[one.particle_id].prediction == one
    assert [layer.name for layer in session.scene.maps] == [
        one.name for one in expected.detection.maps
    ]
    in_step(session)


def test_detect_all_marks_what_fails_and_does_the_rest(viewer, folder, qtbot):
    Image.fromarray(np.full((200, 200), 7, np.uint8)).save(folder / "dots_9.png")
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.analyst.detect_all()
    settle(session, qtbot)
    assert [one.analysed for one in session.entries] == [True, True, True, False]
    assert session.entries[3].problem
    dock = docks(viewer)["Micrographs"]
    assert dock.model.index(3, 0).data().startswith("\u26a0")


def test_cancel_stops_and_keeps_what_was_done(viewer, folder, qtbot):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.analyst.detect_all()
    job = session.runner.heavy
    job.produced.connect(lambda _found: session.runner.cancel(job))
    settle(session, qtbot)
    assert sum(one.analysed for one in session.entries) == 1


def test_what_is_unlike_the_training_set_is_marked(session, qtbot):
    project = session.project
    said = [replace(one.prediction, novelty=2.0) for one in project.particles.current]
    project.detections.put_predictions(project.models.active_id, said)
    shown = docks(session.viewer)
    session.micrographs_changed.emit()
    first = shown["Micrographs"].model.index(0, 0)
    assert first.data().startswith("\u25c7")
    assert "5 of its 5 circles" in first.data(Qt.ItemDataRole.ToolTipRole)
    assert "5 of its 5 circles" in shown["Micrographs"].problem.text()
    project.selection.select(particle_ids(session)[0])
    assert "learnt from nothing like it" in shown["Particle"].card.says.text()
