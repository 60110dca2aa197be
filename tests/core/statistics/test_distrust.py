"""What the program itself distrusts is counted apart from the headline."""

import numpy as np
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
from napari_cdse.core.statistics.sample import divided, evened, sample_of
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.populations import population
from tests.reviews import SOUND

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


def odd(label=None, route="none", micrograph="m", said=NO, **others) -> Evidence:
    known = {"label": label, "route": route, "distrust": "out of range", **others}
    return Evidence(micrograph, said, **known)


def test_where_all_such_circles_of_a_micrograph_were_judged_they_count() -> None:
    found = visible_defects([odd("yes", "queue"), Evidence("m", NO), Evidence("m", NO)])
    assert found.fraction == pytest.approx(1 / 3)
    assert found.apart == {}


@pytest.mark.parametrize(
    ("route", "apart"), [("queue", 2), ("hand", 2), ("order", 1), ("file", 1)]
)
def test_one_alone_counts_where_nobody_chose_it_by_its_look(
    route: str, apart: int
) -> None:
    found = visible_defects([odd("yes", route), odd(), Evidence("m", NO)])
    assert found.apart == {"out of range": apart}
    assert found.n_apart_judged == apart - 1
    assert found.fraction == pytest.approx((2 - apart) / (3 - apart))


def test_nine_draws_are_too_few_and_ten_stand_for_their_kind_alone() -> None:
    trusted = [Evidence("a", NO)] * 100
    draws = [odd("yes", "draw", f"m{n}", chance=0.5) for n in range(10)]
    others = [odd(micrograph=f"m{n}") for n in range(10)]
    found = visible_defects([*trusted, *draws[:9], *others])
    assert (found.fraction, found.apart) == (0, {"out of range": 19})
    assert (found.n_drawn, found.n_apart_judged) == (0, 9)
    found = visible_defects([*trusted, *draws, *others])
    assert found.fraction == pytest.approx(20 / 120)
    assert (found.n_drawn, found.apart) == (10, {})
    # Those of another kind are no wiser for it.
    elsewhere = [odd(distrust="centre outside", micrograph="b")] * 7
    found = visible_defects([*trusted, *draws, *others, *elsewhere])
    assert found.apart == {"centre outside": 7}


def test_draws_without_an_answer_are_made_up_for_by_their_own_kind() -> None:
    """All of ten are answered, of those beyond the forest's range ten of twenty."""
    trusted = [Evidence("a", NO, "yes", "draw", 0.5)] * 10
    draws = [odd("yes", "draw", chance=0.5)] * 10
    silent = [odd(None, "draw", chance=0.5)] * 10
    rest = [odd(micrograph="b"), Evidence("b", NO)]
    weight = sample_of([*trusted, *draws, *silent, *rest]).weight
    assert weight[[0, 10, 20]] == pytest.approx([2, 4, 0])


def test_what_stands_for_itself_tells_nothing_of_how_far_the_queue_came() -> None:
    """The queue reached all that is odd in one micrograph, and none of the others."""
    draws = [Evidence("b", NO, "no", "draw", 0.2)] * 10
    others = [Evidence("b", NO)] * 40
    whole = [odd("yes", "queue")] * 30
    chosen, _ = divided([*whole, *draws, *others])
    assert sample_of(chosen).weight[30] == pytest.approx(5)


@pytest.mark.parametrize("name", ["a third distrusted", "few distrusted"])
def test_19_of_20_intervals_hold_the_truth_beside_what_is_distrusted(name: str) -> None:
    """A small cell of ``python -m tests.benchmarks coverage``."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        evidence = SOUND[name](rng, population(rng, 0.3, 0.1, 20, "biased"))
        low, high = visible_defects(evidence).interval_95
        covered += low <= 0.3 <= high
    assert covered >= 88


def test_the_sentence_tells_every_reason_in_order() -> None:
    reasons: list[Distrust | None] = [*REASONS, "out of range", None]
    counts = distrust_counts(reasons)
    assert list(counts) == list(REASONS)
    assert counts["out of range"] == 2
    told = distrust_sentence(counts)
    assert told.startswith("7 circles are counted apart")
    assert "2 unlike anything that the forest learnt from. Those of one" in told
    assert told.endswith("are judged, or 10 that were drawn.")
    assert distrust_sentence({"one crystal": 1}) == (
        "1 circle is counted apart: 1 in micrographs that look like one crystal. Those "
        "of one reason are counted in once all of them in a micrograph are judged, or "
        "10 that were drawn."
    )
    assert "apart (3 judged): 4" in distrust_sentence({"quality": 4}, 3)


def test_draws_of_one_kind_give_no_interval_to_another() -> None:
    """Ten of what is distrusted were judged, and none of ninety that are trusted."""
    odd_ones = [odd("yes", "draw", f"m{n}", chance=0.5) for n in range(10)]
    trusted = [Evidence(f"m{n % 10}", NO) for n in range(90)]
    found = visible_defects([*odd_ones, *trusted, odd(micrograph="m1")])
    assert found.n_drawn == 10
    assert found.interval_95 is None
    assert "can't be known without particles drawn at random" in found.sentence
    assert found.missing_draws == 10


def _sample(odd_draws: int, odd_share: float) -> list[Evidence]:
    """Eight micrographs, half defects among the trusted, a tenth among the odd ones.

    Every trusted circle was drawn and judged, and so many of the odd ones.
    """
    made = []
    for m in range(8):
        for n in range(40):
            odd = n < 40 * odd_share
            label = "yes" if n % (10 if odd else 2) == 0 else "no"
            drawn = not odd or 8 * n + m < odd_draws
            made.append(
                Evidence(
                    f"m{m}",
                    (0.4, 0.5, 0.1, 0.0),
                    label if drawn else None,
                    "draw" if drawn else "none",
                    (0.5 if odd else 1.0) if drawn else None,
                    distrust="out of range" if odd else None,
                )
            )
    return made


def test_samples_that_are_compared_count_the_same_kinds() -> None:
    """Of one kind of particles, they differ in nothing but how many were judged."""
    many, few = _sample(64, 0.4), _sample(5, 0.4)
    alone = [visible_defects(each) for each in (many, few)]
    # The one with many draws counts them in, and seems to have far fewer defects.
    assert [each.apart for each in alone] == [{}, {"out of range": 128}]
    assert alone[1].fraction - alone[0].fraction > 0.1
    both = [visible_defects(each) for each in evened([many, few])]
    assert [each.apart for each in both] == [{"out of range": 128}] * 2
    assert [each.n_apart_judged for each in both] == [64, 5]
    for each in both:
        assert each.fraction == pytest.approx(0.5)
        assert each.interval_95 is not None
        assert "Samples that are compared count the same kinds" in each.sentence


def test_a_kind_that_all_samples_measured_is_counted_in_all() -> None:
    samples = [_sample(64, 0.4), _sample(40, 0.4), _sample(0, 0.0)]
    for one, same in zip(samples, evened(samples), strict=True):
        assert same == one
        assert not visible_defects(same).apart_as_compared


def test_kinds_are_kept_apart_one_by_one() -> None:
    outside = Evidence("m0", YES, distrust="centre outside")
    samples = [[*_sample(64, 0.4), outside], _sample(64, 0.4)]
    first, second = map(visible_defects, evened(samples))
    assert first.apart == {"centre outside": 1}
    assert second.apart == {}
    assert first.n_particles == second.n_particles == 320
