import random
from collections import Counter
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from napari_cdse.core.records import CLASSES, Circle, Prediction
from napari_cdse.core.review.review_queue import (
    EXPLORE,
    ORDERS,
    SPREAD,
    QueueItem,
    following,
    ordered,
)


def item(name, micrograph=0, row=0.0, sure=None, label="yes", radius=5.0, draw=None):
    said = None
    if sure is not None:
        other = CLASSES[CLASSES.index(label) - 1]
        chances = {label: sure, other: 1 - sure}
        said = Prediction(name, "model", tuple(chances.get(c, 0.0) for c in CLASSES))
    return QueueItem(micrograph, name, Circle(row, 0.0, radius), said, draw)


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


def test_by_confidence_the_surest_come_first_and_the_unclassified_last():
    found = ordered([UNKNOWN, DOUBTFUL, CERTAIN, UNSURE], "confidence")
    assert names(found) == ["certain", "unsure", "doubtful", "unknown"]


def test_by_class_as_predicted_and_the_doubtful_of_each_first():
    items = [
        UNKNOWN,
        item("empty", label="empty", sure=0.9),
        item("no", label="no", sure=0.9),
        item("no, maybe", label="no", sure=0.6),
        item("yes", label="yes", sure=0.9),
    ]
    found = names(ordered(items, "class"))
    assert found == ["yes", "no, maybe", "no", "empty", "unknown"]


def strange(one, novelty):
    return replace(one, prediction=replace(one.prediction, novelty=novelty))


def test_one_that_is_no_way_new_comes_behind_all_that_are_a_little():
    items = [
        UNKNOWN,
        strange(item("known", sure=0.6), 0.0),
        strange(item("a little new", sure=0.9), 0.3),
    ]
    found = ordered(items, "novelty")
    assert names(found) == ["a little new", "known", "unknown"]


def test_two_with_the_same_lot_come_by_their_names():
    drawn = [item(name, sure=0.9, draw=0.5) for name in "ba"]
    assert names(ordered([*drawn, UNSURE], "class")) == ["unsure", "a", "b"]


def explored(found):
    """Those in the places that go to the least familiar."""
    return found[EXPLORE - 1 :: EXPLORE]


def test_the_least_familiar_take_turns_with_the_doubtful():
    """Surely and wrongly classified, for the forest never met its like."""
    doubtful = [strange(item(f"d{n}", n, sure=0.6), 0.5) for n in range(30)]
    odd = [strange(item(f"odd{n}", n, sure=0.99), 2.0) for n in range(3)]
    found = ordered([*doubtful, *odd])
    assert set(names(explored(found)[:3])) == {"odd0", "odd1", "odd2"}
    assert all(one in doubtful for one in found[: EXPLORE - 1])
    assert Counter(names(found)) == Counter(names([*doubtful, *odd]))


def test_the_least_familiar_are_not_all_alike():
    """One strange support holds thirty of them; others come in between."""
    doubtful = [strange(item(f"d{n}", 9, sure=0.6), 0.5) for n in range(30)]
    support = [
        strange(item(f"s{n}", 0, sure=0.9, label="null"), 3 - n / 100)
        for n in range(30)
    ]
    others = [
        strange(item(f"o{n}", n, sure=0.9, label=label, radius=9.0 * n), 2.5)
        for n, label in enumerate(CLASSES, 1)
    ]
    every = [*doubtful, *support, *others]
    plain = sorted(every, key=lambda one: -one.prediction.novelty)
    assert {one.micrograph for one in plain[:10]} == {0}
    found = explored(ordered(every))[:10]
    assert found[0].particle_id == "s0"
    assert len({one.micrograph for one in found}) >= 4
    assert Counter(names(ordered(every))) == Counter(names(every))


def in_rows(items):
    """Micrographs in turn, each named once as long as it is not left."""
    return [key for key, _ in groupby(each.micrograph for each in items)]


def test_a_batch_goes_micrograph_by_micrograph_and_holds_the_same():
    rng = random.Random(2)
    items = [
        strange(
            item(f"p{n:03}", n % 7, float(n), sure=rng.uniform(0.5, 1)), rng.random()
        )
        for n in range(100)
    ]
    flying, gathered = ordered(items), ordered(items, batch=20)
    for start in range(0, 100, 20):
        batch = gathered[start : start + 20]
        assert set(names(batch)) == set(names(flying[start : start + 20]))
        assert len(in_rows(batch)) == len({each.micrograph for each in batch})
        for one in {each.micrograph for each in batch}:
            kept = [
                n for n in names(flying) if n in names(batch) and n in here(batch, one)
            ]
            assert here(batch, one) == kept
    # The next batch begins where the one before ended.
    assert len(in_rows(gathered)) <= 5 * 7 - 4
    assert len(in_rows(flying)) > 60


def here(items, micrograph):
    return [each.particle_id for each in items if each.micrograph == micrograph]


def test_batches_leave_what_was_drawn_where_its_draw_puts_it():
    items = [item(f"p{n:03}", n % 5, sure=0.5 + n / 200) for n in range(60)]
    drawn = [item(f"d{n}", n, sure=0.9, draw=n / 6) for n in range(6)]
    for goal in ("learn", "both", "measure"):
        places = [
            [at for at, name in enumerate(names(found)) if name.startswith("d")]
            for found in (
                ordered([*items, *drawn], goal=goal, batch=batch) for batch in (1, 20)
            )
        ]
        assert places[0] == places[1]


def test_what_is_unlike_the_training_set_comes_first():
    near, far, unknown = (
        replace(one, prediction=replace(one.prediction, novelty=value))
        for one, value in ((DOUBTFUL, 0.4), (CERTAIN, 1.8), (UNSURE, None))
    )
    found = ordered([UNKNOWN, unknown, near, far], "novelty")
    assert names(found) == names([far, near, unknown, UNKNOWN])


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_does_not_depend_on_the_order_of_arrival(order):
    items = [
        strange(
            item(
                f"p{n:03}",
                n % 3,
                10.0,
                sure=0.6,
                draw=n / 137 if n % 10 == 0 else None,
            ),
            n % 7 / 5,
        )
        for n in range(137)
    ]
    expected = names(ordered(items, order))
    for seed in range(5):
        random.Random(seed).shuffle(items)
        assert names(ordered(items, order)) == expected


def crowd(number=400, micrographs=40, seed=3):
    """Particles whose doubt goes with micrograph, class and size, as in folders."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(number):
        micrograph = n * micrographs // number
        sure = 0.5 + 0.45 * micrograph / micrographs + 0.02 * rng.random()
        label = CLASSES[micrograph * 4 // micrographs]
        radius = 20.0 + micrograph
        found.append(item(f"p{n:03}", micrograph, n, sure, label, radius))
    return found


def test_the_next_ten_are_not_all_alike():
    items = crowd()
    plain = sorted(items, key=lambda each: each.prediction.margin)
    assert len({each.micrograph for each in plain[:10]}) == 1
    found = ordered(items)
    tens = [found[start : start + 10] for start in range(0, 400, 10)]
    kinds = [len({each.micrograph for each in ten}) for ten in tens]
    assert min(kinds) >= 2
    assert np.mean(kinds) > 3
    assert Counter(names(found)) == Counter(names(items))
    # Nobody waits much longer for it: doubt still comes first.
    late = [found.index(each) - plain.index(each) for each in plain]
    assert max(late) < 50


def test_two_classes_of_the_same_doubt_take_turns():
    items = [
        item(f"{label}{n}", n, 0.0, 0.6, label) for label in CLASSES for n in range(5)
    ]
    found = ordered(items)
    for start in range(0, 20, 4):
        assert len({e.prediction.label for e in found[start : start + 4]}) == 4


def test_likeness_weighs_less_than_doubt():
    alike = [item(f"alike{n}", sure=0.5 + 0.001 * n) for n in range(3)]
    other = item("other", 9, 0.0, 0.5 + 0.002 + SPREAD / 2, "empty", 50.0)
    assert names(ordered([other, *alike]))[-1] == "other"


def test_a_drawn_particle_stands_where_its_lot_says_whatever_was_predicted():
    crowd_ = crowd(100)
    for order in ("uncertain", "class", "confidence"):
        for label in CLASSES:
            drawn = [
                item(f"lot{n}", 7, 3.0, 0.5 + n / 20, label, 20.0, draw=n / 10)
                for n in range(10)
            ]
            found = names(ordered([*crowd_, *drawn], order))
            places = [found.index(each.particle_id) for each in drawn]
            assert places == [11 * n for n in range(10)]


def test_by_micrograph_a_drawn_particle_stays_at_its_place():
    drawn = replace(UNSURE, draw=0.0)
    found = ordered([drawn, CERTAIN, UNKNOWN], "micrograph")
    assert names(found) == ["unknown", "unsure", "certain"]


QUEUE = ["a", "b", "c", "d", "e"]


def waiting(open_ids, deferred=""):
    return lambda one: one in deferred if one in open_ids else None


def test_what_is_done_is_left_out_and_what_is_deferred_comes_last():
    found = following(QUEUE, waiting("abde", "ad"))
    assert list(found) == ["b", "e", "a", "d"]


def test_from_a_place_on_and_once_around():
    found = following(QUEUE, waiting("abcde", "d"), 3)
    assert list(found) == ["e", "a", "b", "c", "d"]


def test_what_was_passed_comes_again_when_the_others_are_through():
    found = following(QUEUE, waiting("abcde", "bc"), 0, {"a", "b"})
    assert list(found) == ["d", "e", "c", "a", "b"]


def test_there_is_nothing_after_the_last():
    assert list(following(QUEUE, waiting(""))) == []
    assert list(following([], waiting("abcde"))) == []


def test_no_more_is_looked_at_than_is_asked_for():
    seen = []

    def waits(one):
        seen.append(one)
        return False

    assert next(following(QUEUE, waits, 2)) == "c"
    assert seen == ["c"]
