"""A project of three small micrographs, the first one open."""

import pytest

from napari_cdse.project import Project
from tests.project_tools import Heard, hand_over, write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "sample")


@pytest.fixture
def project(folder):
    project = Project.create_or_open(folder)
    # Tests know what the forest says of each particle; those of the audit draw anew.
    project.audits.share = 0
    hand_over(project)
    yield project
    project.close()


@pytest.fixture
def listening(project):
    return Heard(project)
