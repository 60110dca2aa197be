"""A lattice of the user's own in a project: kept, recorded, and due again."""

import numpy as np

from napari_cdse.core.detection.bragg_contrast import search_space
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams, recorded
from napari_cdse.project import Project
from tests.project_tools import A, hand_over, put_circles, write_folder

PBS = Material("PbS", "rock salt", "Pb", "S", 0.4197, 0.3427)


def test_the_lattice_is_kept_and_what_was_found_without_it_is_due_again(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path, ("m1.png", "m2.png")))
    for index in (1, 0):
        hand_over(project, index)
        (found,) = put_circles(project, [A])
    project.edits.label([found], "yes")
    params = DetectionParams(material=PBS)
    project.settings.detection = params
    put_circles(project, [A])
    assert project.detections.due() == [1]
    assert project.micrographs.labelled()[0].material == PBS
    project.close()
    again = Project.create_or_open(project.path)
    assert again.settings.detection == params
    assert again.detections.due() == [1]
    again.settings.detection = DetectionParams()
    assert again.detections.due() == [0]
    assert again.micrographs.labelled()[0].material is None
    again.close()


def test_a_damaged_lattice_counts_as_none(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path, ("m1.png",)))
    for damaged in ({"lattice": "hcp"}, [], "PbS", {"name": 3}):
        stored = {"method": "both", "material": damaged}
        project._store.set_setting("detection_params", stored)
        project.settings.read()
        assert project.settings.detection == DetectionParams(method="both")
    project.close()


def test_cdse_goes_without_saying_in_what_is_written_down():
    assert "material" not in recorded(DetectionParams())
    assert recorded(DetectionParams(material=PBS))["material"]["cation"] == "Pb"


def test_the_lattice_sets_the_band_unless_the_user_has():
    def band(params):
        return tuple(
            0.04 / np.array(search_space(params, 0.04, True).band_per_px)[::-1]
        )

    assert np.allclose(band(DetectionParams()), (0.17, 0.45))
    shortest, longest = band(DetectionParams(material=PBS))
    assert 0.15 < shortest < 0.1714 < 0.3427 < longest < 0.42
    own = DetectionParams(material=PBS, spacing_min_nm=0.19)
    assert np.allclose(band(own), (0.19, 0.45))
