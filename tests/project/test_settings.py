"""Parameters and name, kept in the project."""

from napari_cdse.core.params import DetectionParams
from napari_cdse.project import Project


def test_settings_last(project):
    project.detection_params = DetectionParams(window_nm=3.0, seed=7)
    project.annotator = " Ada "
    other = Project.create_or_open(project.path)
    assert other.detection_params == DetectionParams(window_nm=3.0, seed=7)
    assert other.annotator == "Ada"
    other.close()


def test_parameters_out_of_range_fall_back_to_the_defaults(project):
    project._store.set_setting("detection_params", {"window_nm": 1e9})
    assert project.detection_params == DetectionParams()
