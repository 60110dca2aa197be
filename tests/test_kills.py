"""A session that is killed loses nothing that was acknowledged; see `tests.killing`."""

import sys

import pytest

from napari_cdse.project import Project
from tests import killing

N_STEPS = 60


@pytest.fixture(scope="module")
def session_and_path(tmp_path_factory):
    path = killing.prepare(tmp_path_factory.mktemp("killed") / "sample")
    project = Project.create_or_open(path)
    session = killing.write_script(killing.seen(project), N_STEPS, seed=7)
    project.close()
    return session, path


@pytest.fixture
def session_and_copy(session_and_path, tmp_path):
    session, path = session_and_path
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    return session, copy


def test_the_project_does_what_the_model_of_a_session_says(session_and_copy):
    session, path = session_and_copy
    names = {step[0] for step in session.steps}
    assert names == {"label", "accept", "gesture", "undo", "redo", "detect"}
    project = Project.create_or_open(path)
    for step, picture in zip(session.steps, session.pictures[1:], strict=True):
        killing.perform(project, step)
        assert killing.seen(project) == picture
    project.close()
    assert killing.examine(path, session, N_STEPS).faults == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize(("acknowledged", "later_s"), [(1, 0.0), (17, 0.004), (48, 0)])
def test_a_killed_session_loses_nothing_that_was_acknowledged(
    session_and_copy, acknowledged, later_s
):
    session, path = session_and_copy
    told = killing.kill_once(path, session, acknowledged, later_s)
    assert told >= acknowledged
    left = killing.examine(path, session, told)
    assert left.faults == []
    assert left.in_force >= told


def test_a_lost_edit_would_be_noticed(session_and_copy):
    session, path = session_and_copy
    project = Project.create_or_open(path)
    for step in session.steps[:10]:
        killing.perform(project, step)
    project.close()
    missing = killing.examine(path, session, 14)
    assert missing.in_force is None
    assert "step 14 was acknowledged" in missing.faults[0]
