import json

import pytest

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.io.labels.truth_file import (
    ListedParticle,
    listed_particles,
    unlisted_particles,
)

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
    "text",
    [
        '{"dots": [',
        "[]",
        '{"dots": 3}',
        '{"dots": [{"x": 3, "y": 4}]}',
        "[" * 100_000,
        f'{{"dots": [{{"x": 1, "y": 1, "radius_px": {"9" * 400}}}]}}',
    ],
    ids=lambda text: text[:12],
)
def test_a_damaged_truth_is_a_sentence(tmp_path, text):
    image = truth_of(tmp_path, text)
    with pytest.raises(LabelFileError, match=r"truth/one\.json is damaged; remove"):
        unlisted_particles(image)


SEEN = {
    "x": 70, "y": 60, "radius_px": 9, "listed": True, "visible": True,
    "visible_fraction": 1.0, "overlap_fraction": 0.0, "borderline": False,
    "defect": "twin",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "is_asked", "is_clear"),
    [
        ({}, True, True),
        ({"borderline": True}, True, False),
        ({"visible": False}, False, True),
        ({"visible_fraction": 0.8}, False, True),
        ({"visible_fraction": 0.81}, True, True),
        ({"overlap_fraction": 0.25}, False, True),
        ({"overlap_fraction": 0.24}, True, True),
    ],
)
def test_what_is_listed_tells_what_a_detector_is_asked_for(
    tmp_path, change, is_asked, is_clear
):
    image = truth_of(tmp_path, json.dumps({"dots": [SEEN | change, DOTS[0]]}))
    (found,) = listed_particles(image)
    assert found == ListedParticle(Circle(60, 70, 9), is_asked, is_clear, "twin")


def test_a_listed_particle_that_lacks_its_structure_is_damage(tmp_path):
    image = truth_of(tmp_path, json.dumps({"dots": DOTS}))
    with pytest.raises(LabelFileError, match=r"one\.json is damaged"):
        listed_particles(image)


def test_a_truth_of_any_size_is_not_read(tmp_path):
    image = truth_of(tmp_path, "")
    with (tmp_path / "truth" / "one.json").open("wb") as file:
        file.truncate(2**24 + 1)
    with pytest.raises(LabelFileError, match=r"one\.json is larger than 16 MiB"):
        listed_particles(image)
