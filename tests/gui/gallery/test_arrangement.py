"""Order of the gallery: sections, choices, what stays where it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_cdse.core.records import Annotation, Circle, Prediction
from napari_cdse.gui.gallery.arrangement import Arrangement
from napari_cdse.gui.gallery.items import Choice
from napari_cdse.gui.thumbnails.item import Item
from napari_cdse.project import Particle


def item(name: str, label: str | None = None, share: float = 0.7, **values) -> Item:
    """A particle that the forest calls yes with some probability."""
    rest = (1 - share) / 3
    said = Prediction(name, "model", (share, rest, rest, rest))
    circle = Circle(10.0, 10.0, values.pop("radius", 5.0))
    annotation = None if label is None else judged(name, circle, label)
    return Item(Particle(name, circle, annotation, said), 0, **values)


def judged(name: str, circle: Circle, label: str | None) -> Annotation:
    return Annotation(
        name, name, "content", circle, label, "corrected", "someone", "2026-01-01"
    )


def arranged(*items: Item, **choice) -> Arrangement:
    arrangement = Arrangement()
    arrangement.update({one.id: one for one in items})
    arrangement.choose(Choice(**choice))
    return arrangement


def ids(arrangement: Arrangement) -> list[str]:
    return [one.id for one in arrangement.rows]


ITEMS = (item("a", share=0.4), item("b", share=0.9), item("c", share=0.6))


def test_sections_follow_the_class_shown_and_the_surest_come_first():
    arrangement = arranged(*ITEMS, item("d", "null"), item("e", hidden=True))
    assert ids(arrangement) == ["b", "c", "a", "d", "e"]
    assert arrangement.sections == (("yes", 3), ("null", 1), ("unlabelled", 1))
    assert arrangement.counts()["yes"] == 3


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"sorting": "doubt"}, "acb"),
        ({"sorting": "size"}, "cba"),
        ({"sorting": "micrograph"}, "abc"),
        ({"who": "person"}, ""),
        ({"who": "forest"}, "bca"),
        ({"names": frozenset({"no"})}, ""),
        ({"micrograph": 1}, ""),
        ({"grouped": False}, "bca"),
    ],
)
def test_choices(choice, expected):
    sized = [
        replace(one, pixel_size_nm=size)
        for one, size in zip(ITEMS, (0.01, 0.02, 0.03), strict=True)
    ]
    assert "".join(ids(arranged(*sized, **choice))) == expected


def test_disputed_are_those_where_person_and_forest_disagree():
    arrangement = arranged(item("a", "no"), item("b", "yes"), item("c"), who="differ")
    assert ids(arrangement) == ["a"]


def test_what_is_judged_stays_until_sorted_anew():
    arrangement = arranged(*ITEMS, who="forest")
    assert ids(arrangement) == ["b", "c", "a"]
    changed = {"c": item("c", "empty", 0.6)}
    assert arrangement.keeps_rows(changed, ())
    assert arrangement.update(changed) == {1}
    assert ids(arrangement) == ["b", "c", "a"]
    assert arrangement.at(1).label == "empty"
    assert arrangement.misplaced == 1
    arrangement.sort()
    assert ids(arrangement) == ["b", "a"]
    assert arrangement.misplaced == 0


def test_taking_a_label_back_leaves_nothing_astray():
    arrangement = arranged(*ITEMS)
    arrangement.update({"b": item("b", "no", 0.9)})
    assert arrangement.misplaced == 1
    arrangement.update({"b": ITEMS[1]})
    assert arrangement.misplaced == 0


def test_a_new_one_comes_in_where_it_belongs_and_moves_nothing_else():
    arrangement = arranged(*ITEMS)
    arrangement.update({"b": item("b", "null", 0.9)})
    changed = {"d": item("d", share=0.5)}
    assert not arrangement.keeps_rows(changed, ())
    arrangement.update(changed)
    assert ids(arrangement) == ["b", "c", "d", "a"]
    arrangement.update({}, ["c"])
    assert ids(arrangement) == ["b", "d", "a"]
    arrangement.update({"c": ITEMS[2]})
    assert ids(arrangement) == ["b", "c", "d", "a"]


def test_another_prediction_is_placed_anew():
    arrangement = arranged(*ITEMS)
    arrangement.update({"a": item("a", share=0.95)})
    assert ids(arrangement) == ["a", "b", "c"]


def test_a_hidden_prediction_shows_in_no_way():
    hidden = item("a", share=0.99, hidden=True)
    assert (hidden.label, hidden.confidence, hidden.prediction) == (None, None, None)
    assert not hidden.differs
    for sorting in ("surest", "doubt"):
        others = (item("b", share=0.3), item("c", share=0.97))
        same = (replace(hidden, particle=item("a", share=0.3).particle), *others)
        one = arranged(hidden, *others, sorting=sorting, grouped=False)
        assert ids(one) == ids(arranged(*same, sorting=sorting, grouped=False))


def test_a_judged_one_that_was_hidden_stays_where_it_was():
    hidden = item("e", hidden=True)
    arrangement = arranged(*ITEMS, hidden)
    changed = {"e": item("e", "no")}
    assert arrangement.keeps_rows(changed, ())
    arrangement.update(changed)
    assert ids(arrangement)[-1] == "e"
