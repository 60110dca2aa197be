"""Parameters and name, kept in the project."""

import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.params import DetectionParams
from napari_cdse.project import Project
from tests.project_tools import reopened


def test_settings_last(project):
    project.settings.detection = DetectionParams(window_nm=3.0, seed=7)
    project.annotators.current = " Ada "
    other = Project.create_or_open(project.path)
    assert other.settings.detection == DetectionParams(window_nm=3.0, seed=7)
    assert other.annotators.current == "Ada"
    other.close()


def test_what_the_pixel_size_is_off_by_is_kept_and_checked(project):
    assert project.settings.pixel_size_error == 0
    project.settings.pixel_size_error = 0.02
    for wrong in (-0.01, 0.3, float("nan")):
        with pytest.raises(ParameterError, match="relative uncertainty"):
            project.settings.pixel_size_error = wrong
    again = reopened(project)
    assert again.settings.pixel_size_error == 0.02
    again.close()


def test_parameters_out_of_range_fall_back_to_the_defaults(project):
    project._store.set_setting("detection_params", {"window_nm": 1e9})
    project.settings.read()
    assert project.settings.detection == DetectionParams()
