import random

import pytest

from napari_cdse.core.records import Circle, Prediction
from napari_cdse.core.review_queue import QueueItem, ordered, step


def item(name, micrograph=0, row=0.0, sure=None):
    chances = None if sure is None else (sure, 1 - sure, 0.0, 0.0)
    said = None if chances is None else Prediction(name, "model", chances)
    return QueueItem(micrograph, name, Circle(row, 0.0, 5.0), said)


DOUBTFUL = item("doubtful", 2, 50.0, sure=0.52)
UNSURE = item("unsure", 0, 80.0, sure=0.7)
CERTAIN = item("certain", 1, 10.0, sure=1.0)
UNKNOWN = item("unknown", 0, 20.0)


def names(items):
    return [each.particle_id for each in items]


def test_the_most_doubtful_comes_first_and_the_unclassified_last():
    found = ordered([UNKNOWN, CERTAIN, DOUBTFUL, UNSURE], "uncertain")
    assert names(found) == ["doubtful", "unsure", "certain", "unknown"]


def test_by_micrograph_and_from_top_to_bottom():
    found = ordered([CERTAIN, DOUBTFUL, UNSURE, UNKNOWN], "micrograph")
    assert names(found) == ["unknown", "unsure", "certain", "doubtful"]


@pytest.mark.parametrize("order", ["uncertain", "micrograph"])
def test_the_order_does_not_depend_on_the_order_of_arrival(order):
    items = [item(f"p{n:02}", n % 3, 10.0, sure=0.6) for n in range(20)]
    expected = names(ordered(items, order))
    for seed in range(5):
        random.Random(seed).shuffle(items)
        assert names(ordered(items, order)) == expected


def test_a_step_skips_what_is_done_and_goes_on_around():
    queue = ["a", "b", "c", "d"]
    assert step(queue, "a", {"c", "d"}) == "c"
    assert step(queue, "d", {"a", "c"}) == "a"
    assert step(queue, "b", {"a", "c", "d"}, forward=False) == "a"
    assert step(queue, "a", {"b", "c"}, forward=False) == "c"


def test_a_step_from_nowhere_starts_at_the_end_one_comes_from():
    assert step(["a", "b"], None, {"a", "b"}) == "a"
    assert step(["a", "b"], "gone", {"a", "b"}, forward=False) == "b"


def test_there_is_no_step_to_oneself_or_to_nothing():
    assert step(["a", "b"], "a", {"a"}) is None
    assert step([], None, set()) is None
