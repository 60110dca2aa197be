import json

import pytest

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.io.labels.truth_file import unlisted_particles

DOTS = [
    {"x": 30, "y": 20, "radius_px": 9, "listed": False},
    {"x": 70, "y": 60, "radius_px": 9, "listed": True},
]


def truth_of(folder, text: str):
    (folder / "truth").mkdir()
    (folder / "truth" / "one.json").write_text(text)
    return folder / "images" / "one.png"


def test_what_is_too_faint_to_be_listed_is_read(tmp_path):
    image = truth_of(tmp_path, json.dumps({"dots": DOTS}))
    assert unlisted_particles(image) == (Circle(20, 30, 9),)


def test_a_folder_that_no_simulator_wrote_has_none(tmp_path):
    assert unlisted_particles(tmp_path / "images" / "one.png") == ()
    assert unlisted_particles(truth_of(tmp_path, '{"tilt": 3}')) == ()


@pytest.mark.parametrize(
    "text", ['{"dots": [', "[]", '{"dots": 3}', '{"dots": [{"x": 3, "y": 4}]}']
)
def test_a_damaged_truth_is_a_sentence(tmp_path, text):
    image = truth_of(tmp_path, text)
    with pytest.raises(LabelFileError, match=r"truth/one\.json is damaged; remove"):
        unlisted_particles(image)
