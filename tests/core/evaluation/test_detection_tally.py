"""From which overlap on a circle is right, on disks about one centre."""

import pytest

from napari_cdse.core.evaluation.detection_tally import LabelledParticles, count
from napari_cdse.core.records import Circle


@pytest.mark.parametrize(
    ("overlap", "found"),
    [
        (0.29, {0.3: 0.0, 0.5: 0.0}),
        (0.31, {0.3: 1.0, 0.5: 0.0}),
        (0.49, {0.3: 1.0, 0.5: 0.0}),
        (0.51, {0.3: 1.0, 0.5: 1.0}),
    ],
)
def test_a_circle_is_right_from_half_of_the_union_and_loosely_from_0_3(overlap, found):
    """There the overlap is the smaller disk's area over the larger one's."""
    truth = LabelledParticles((Circle(50, 50, 20),), ("no",), (True,), (True,), ("",))
    circle = Circle(50, 50, 20 * overlap**0.5)
    tally = count(truth, [circle], ["no"], (100, 100))
    assert tally.found == found
    assert tally.false == {limit: 1 - number for limit, number in found.items()}
    assert tally.groups == {"no": (1.0, found[0.5])}
