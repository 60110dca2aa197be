"""What a particle, a micrograph and a place in a queue say of themselves."""

from pathlib import Path

import pytest

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Circle, Prediction
from napari_cdse.project.components.audits import DrawTallies
from napari_cdse.project.state.records import (
    LabelledMicrograph,
    MicrographEntry,
    Particle,
    Position,
)
from tests.io.store.stores import CIRCLE, annotation

SAID = Prediction("p", "m", (0.1, 0.7, 0.1, 0.1))


@pytest.mark.parametrize(
    ("stated", "said", "label", "by_person", "deferred"),
    [
        (None, None, None, False, False),
        (None, SAID, "no", False, False),
        (annotation(), SAID, "yes", True, False),
        (annotation(label=None), SAID, "no", False, False),
        (annotation(label=None), None, None, False, False),
        (annotation(label=None, deferred=True), SAID, "no", False, True),
        # Judged and left for later by somebody else: it is judged.
        (annotation(deferred=True), SAID, "yes", True, False),
    ],
)
def test_a_persons_word_comes_before_the_forests(
    stated, said, label, by_person, deferred
):
    one = Particle("p", CIRCLE, stated, said)
    assert (one.label, one.by_person, one.deferred) == (label, by_person, deferred)


def test_what_was_judged_of_a_micrograph_is_told_in_three_lists():
    other = Circle(1.0, 2.0, 3.0)
    found = LabelledMicrograph(
        Path("a.png"),
        0,
        "abc",
        None,
        (annotation("p"), annotation("q", "null", circle=other)),
    )
    assert found.circles == (CIRCLE, other)
    assert found.labels == ("yes", "null")
    assert found.particle_ids == ("p", "q")


def test_a_place_in_a_queue_is_written_with_its_length():
    assert str(Position(37, 412)) == "37/412"


def test_a_pixel_size_is_told_however_it_is_known():
    entry = MicrographEntry(0, "a.png", Path("a.png"))
    assert entry.pixel_size_nm is None
    size = PixelSize(0.04, PixelSizeSource.ASSUMED)
    entry = MicrographEntry(0, "a.png", Path("a.png"), pixel_size=size)
    assert entry.pixel_size_nm == 0.04


def test_draws_are_told_by_annotator():
    assert DrawTallies(12, {}).sentence == ""
    assert DrawTallies(12, {"Ada": 7, "Bo": 2}).sentence == (
        "Of 12 particles drawn at random, judged unseen: Ada 7, Bo 2."
    )
    assert DrawTallies(12, {"Ada": 7}, 2).sentence == (
        "Of 12 particles drawn at random, judged unseen: Ada 7. 2 were deleted and "
        "will not come up again."
    )
