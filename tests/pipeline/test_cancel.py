"""Cancel works between two circles, not only between two micrographs."""

import pytest

from napari_cdse.core.errors import Cancelled
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline.analysis import analyse, predict
from napari_cdse.pipeline.training import training_from_annotations
from napari_cdse.project import Project
from napari_cdse.resources import default_model_path
from tests.project_tools import hand_over, put_circles, write_folder

STEM = "easy_42_0002"


class Stop:
    """Remembers the shares it was told, and stops the work at a certain one."""

    def __init__(self, at: float = 2.0):
        self.at, self.shares = at, []

    def __call__(self, share: float) -> None:
        self.shares.append(share)
        if share >= self.at:
            raise Cancelled("enough")


@pytest.fixture
def micrograph(labelled_folder):
    return read_micrograph(labelled_folder / "images" / f"{STEM}.png")


@pytest.fixture
def circles(labelled_folder):
    return read_label_file(labelled_folder / "text_files" / f"{STEM}.txt").circles


def test_classifying_tells_of_every_circle_and_stops_at_once(micrograph, circles):
    model = load_model(default_model_path())
    names = [str(number) for number in range(len(circles))]
    told = Stop()
    predict(micrograph, names, circles, model, 0.033, told)
    assert len(told.shares) >= len(circles)
    assert told.shares == sorted(told.shares)
    stopped = Stop(at=0.5)
    with pytest.raises(Cancelled):
        predict(micrograph, names, circles, model, 0.033, stopped)
    assert len(stopped.shares) < len(told.shares)


def test_progress_of_an_analysis_only_grows(micrograph):
    told = Stop()
    analyse(micrograph, load_model(default_model_path()), DetectionParams(), told)
    assert told.shares == sorted(told.shares)
    assert 0.0 <= told.shares[0] < 0.5 < told.shares[-1] <= 1.0


def test_learning_from_annotations_stops_and_is_no_unreadable_file(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    hand_over(project)
    ids = put_circles(project, [Circle(30.0, 30.0, 10.0), Circle(60.0, 70.0, 12.0)])
    project.edits.label(ids, "yes")
    (item,) = project.micrographs.labelled()
    with pytest.raises(Cancelled):
        training_from_annotations([item], ForestParams(copies=0), Stop(at=0.5))
    project.close()
