"""What the program itself distrusts is counted apart from the headline."""

from dataclasses import replace

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.core.statistics.distrust import (
    REASONS,
    Distrust,
    distrust_counts,
    distrust_of,
    distrust_sentence,
)
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.visible_defects import visible_defects

SHAPE = (100, 200)
INSIDE = Circle(50, 60, 20)
YES, NO = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("circle", "novelty", "scale", "one_crystal", "reason"),
    [
        (INSIDE, None, "file", False, None),
        (INSIDE, 1.0, "estimated", False, None),
        (INSIDE, 1.01, "person", False, "out of range"),
        (Circle(-0.5, 199.5, 20), 0.2, None, False, None),
        (Circle(-0.6, 60, 20), 0.2, None, False, "centre outside"),
        (Circle(50, 199.6, 20), 3.0, None, False, "centre outside"),
        (INSIDE, 3.0, "assumed", False, "scale assumed"),
        (INSIDE, 0.2, "unsure", False, "scale unsure"),
        (INSIDE, 0.2, "assumed", True, "one crystal"),
    ],
)
def test_each_reason(
    circle: Circle,
    novelty: float | None,
    scale: str | None,
    one_crystal: bool,
    reason: Distrust | None,
) -> None:
    told = distrust_of(circle, SHAPE, novelty, scale=scale, one_crystal=one_crystal)
    assert told == reason


def test_a_micrograph_of_unknown_shape_has_no_outside() -> None:
    assert distrust_of(Circle(-30, 0, 9), None, None) is None


def _framed() -> list[Evidence]:
    """Thirty circles on a frame, called `yes`, and four particles, one of them so."""
    frame = [Evidence("m", YES, distrust="centre outside")] * 30
    return [*frame, Evidence("m", YES), *[Evidence("m", NO)] * 3]


def test_the_headline_is_that_of_what_is_trusted() -> None:
    found = visible_defects(_framed())
    assert found.fraction == pytest.approx(0.25)
    assert found.forest_fraction == pytest.approx(0.25)
    assert (found.n_particles, found.n_outside) == (4, 0)
    assert found.apart == {"centre outside": 30}
    assert "30 circles are counted apart" in found.sentence
    assert "30 centred outside the picture" in found.sentence
    assert found.as_dict()["apart"] == {"centre outside": 30}


def test_nothing_is_said_where_nothing_is_apart() -> None:
    found = visible_defects([Evidence("m", YES), Evidence("m", NO)])
    assert found.apart == {}
    assert "apart" not in found.sentence


def test_where_nothing_is_trusted_there_is_no_fraction() -> None:
    found = visible_defects([Evidence("m", YES, distrust="scale assumed")] * 5)
    assert found.fraction is None
    assert "5 in micrographs whose pixel size is assumed" in found.sentence


def test_what_a_person_judged_counts_whatever_the_program_thinks() -> None:
    judged = Evidence("m", NO, "yes", "queue", distrust="out of range")
    found = visible_defects([judged, Evidence("m", NO), Evidence("m", NO)])
    assert found.fraction == pytest.approx(1 / 3)
    assert found.apart == {}


def test_a_judged_draw_stands_for_none_of_those_that_are_apart() -> None:
    drawn = Evidence("m", NO, "yes", "draw", 0.1, distrust="out of range")
    others = [Evidence("m", NO)] * 9
    apart = [replace(others[0], distrust="out of range")] * 9
    found = visible_defects([drawn, *others, *apart])
    assert found.fraction == pytest.approx(0.1)
    assert found.n_drawn == 0


def test_the_sentence_tells_every_reason_in_order() -> None:
    reasons: list[Distrust | None] = [*REASONS, "out of range", None]
    counts = distrust_counts(reasons)
    assert list(counts) == list(REASONS)
    assert counts["out of range"] == 2
    told = distrust_sentence(counts)
    assert told.startswith("6 circles are counted apart")
    assert told.endswith("2 unlike anything that the forest learnt from.")
    assert distrust_sentence({"one crystal": 1}).startswith("1 circle is")
