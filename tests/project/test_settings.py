"""Parameters and name, kept in the project."""

import json

import pytest

from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.statistics.visible_defects import HALF_WIDTH
from napari_cdse.project import Project
from tests.project_tools import reopened


def test_settings_last(project):
    project.settings.detection = DetectionParams(window_nm=3.0, seed=7)
    project.annotators.current = " Ada "
    other = Project.create_or_open(project.path)
    assert other.settings.detection == DetectionParams(window_nm=3.0, seed=7)
    assert other.annotators.current == "Ada"
    other.close()


def test_a_project_keeps_its_method_where_another_one_is_usual(project, monkeypatch):
    kept = project.settings.detection
    assert kept == DetectionParams()
    other = {"both": "bragg", "bragg": "both"}[kept.method]
    missing = DetectionMethod("both", "", "", (), needs_package="no_such_package")
    present = DetectionMethod("both", "", "", ())
    monkeypatch.setitem(METHODS, "both", missing if other == "bragg" else present)
    assert DetectionParams().method == other
    again = reopened(project)
    assert again.settings.detection == kept
    again.close()


def test_a_project_from_before_methods_were_kept_stays_at_bragg(project):
    """It held no parameters until somebody changed one."""
    with project._store.transaction():
        project._store._database.execute(
            "DELETE FROM settings WHERE name = 'detection_params'"
        )
    again = reopened(project)
    assert again.settings.detection == DetectionParams(method="bragg")
    again.close()


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
    for method, kept in (("both", "both"), ("nfindr", "nfindr"), ("of 2031", "bragg")):
        stored = {"method": method, "window_nm": 1e9}
        project._store.set_setting("detection_params", stored)
        project.settings.read()
        assert project.settings.detection == DetectionParams(method=kept)


@pytest.mark.parametrize(
    ("name", "default", "good", "bad"),
    [
        ("half_width", HALF_WIDTH, [1e-6, 0.5], [0.0, -0.1, 0.501, float("nan")]),
        ("pixel_size_error", 0.0, [0.0, 0.2], [-1e-6, 0.201, float("nan")]),
    ],
)
def test_a_share_is_kept_up_to_its_limits(project, name, default, good, bad):
    assert getattr(project.settings, name) == default
    for value in good:
        setattr(project.settings, name, value)
        assert getattr(project.settings, name) == value
        assert project._store.setting(name) == value
    for value in bad:
        with pytest.raises(ParameterError, match="take one"):
            setattr(project.settings, name, value)
        assert getattr(project.settings, name) == good[-1]
    # What another version or damage put there stands for nothing.
    for value in bad[:-1]:
        project._store.set_setting(name, value)
        project.settings.read()
        assert getattr(project.settings, name) == default


def test_scale_bar_visibility_and_lattice_last(project):
    assert project.settings.scale_bar == (20.0, "nm")
    assert project.settings.visibility == ""
    lattice = Material("PbS", "rock salt", "Pb", "S", in_plane_nm=0.42, layer_nm=0.343)
    project.settings.scale_bar = (5, "µm")
    project.settings.visibility = "twins"
    project.settings.detection = DetectionParams(material=lattice)
    again = reopened(project)
    assert again.settings.scale_bar == (5.0, "µm")
    assert again.settings.visibility == "twins"
    assert again.settings.detection == DetectionParams(material=lattice)
    again.close()


def test_parameters_that_no_version_knows_are_left_aside(project):
    project._store.set_setting("detection_params", {"window_nm": 3.0, "colour": "red"})
    project.settings.read()
    assert project.settings.detection == DetectionParams(method="bragg", window_nm=3.0)
    project._store.set_setting("detection_params", {"material": {"name": 5}})
    project.settings.read()
    assert project.settings.detection == DetectionParams(method="bragg")


@pytest.mark.parametrize(
    "damaged",
    [["4:2", 3], ["all", 3], ["mean", float("inf")], ["mean"], "mean", None, 7, {}],
)
def test_a_damaged_choice_of_frames_holds_for_no_file(project, damaged):
    project.settings.frames = ("mean", 3)
    assert project.settings.frames == ("mean", 3)
    with project._store.transaction():
        project._store._database.execute(
            "UPDATE settings SET value = ? WHERE name = 'frames_of_all'",
            [json.dumps(damaged)],
        )
    project.settings.read()
    assert project.settings.frames == (0, 0)
    assert project.micrographs.later_files() == (0, {})
