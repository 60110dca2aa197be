"""A project of three small micrographs, the first one open."""

import pytest

from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from tests.project_tools import (
    GRID,
    MODEL,
    Heard,
    hand_over,
    put_circles,
    use_model,
    write_folder,
)


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
def analysed(folder):
    """Three micrographs, analysed while the first was open and none was known."""
    project = Project.create_or_open(folder)
    hand_over(project)
    use_model(project)
    for index in (1, 2):
        path = project.micrographs.entries[index].path
        project.micrographs.register(index, read_micrograph(path))
    for index in range(3):
        put_circles(project, GRID, MODEL, index)
    yield project
    project.close()


@pytest.fixture
def listening(project):
    return Heard(project)
