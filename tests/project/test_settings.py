"""Parameters and name, kept in the project."""

from napari_cdse.core.params import DetectionParams
from napari_cdse.project import Project


def test_settings_last(project):
    project.settings.detection = DetectionParams(window_nm=3.0, seed=7)
    project.annotators.current = " Ada "
    other = Project.create_or_open(project.path)
    assert other.settings.detection == DetectionParams(window_nm=3.0, seed=7)
    assert other.annotators.current == "Ada"
    other.close()


def test_parameters_out_of_range_fall_back_to_the_defaults(project):
    project._store.set_setting("detection_params", {"window_nm": 1e9})
    project.settings.read()
    assert project.settings.detection == DetectionParams()
