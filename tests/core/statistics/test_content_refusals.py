"""When there is no defect content, to the last particle, and what is said of it."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from napari_cdse.core.statistics import defect_content as module
from napari_cdse.core.statistics.defect_content import defect_content
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.core.statistics.test_defect_content import estimate, exact, particle
from tests.visibility_tables import the_table

TABLE = the_table()


@pytest.fixture(scope="module")
def evidence():
    """Ten micrographs of fifty particles."""
    found = exact(0.3, each=50)
    assert len(found) == 500
    return found


def changed(evidence, number, **change):
    """Change so many of the particles, spread over the micrographs."""
    return [
        replace(each, **change)
        if at * number // 500 < (at + 1) * number // 500
        else each
        for at, each in enumerate(evidence)
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"diameter_nm": None}, "known for 399 of 500 particles only"),
        ({"diameter_px": None}, "known for 399 of 500 particles only"),
        # A tenth beyond the pixels of the table, and a little more.
        ({"diameter_px": 4.25 / 0.0323}, "pixels are 0.040 nm large here and 0.036 to"),
        ({"diameter_px": 4.25 / 0.0507}, "pixels are 0.040 nm large here and 0.036 to"),
        ({"diameter_nm": 2.49, "diameter_px": 62}, "20% of the particles lie outside"),
        ({"diameter_nm": 6.01, "diameter_px": 150}, "lie outside 2.5 to 6 nm"),
    ],
)
def test_a_fifth_may_be_otherwise_and_not_one_more(evidence, change, words):
    assert estimate(changed(evidence, 100, **change), TABLE).content is not None
    refused = estimate(changed(evidence, 101, **change), TABLE)
    assert refused.content is None
    assert words in refused.note


@pytest.mark.parametrize("pixel", [0.0325, 0.0505])
def test_pixels_may_be_a_tenth_beyond_those_of_the_table(evidence, pixel):
    every = changed(evidence, 500, diameter_px=4.25 / pixel)
    assert estimate(every, TABLE).content is not None


@pytest.mark.parametrize("nm", [2.5, 6.0])
def test_the_ends_of_the_tables_sizes_are_inside(evidence, nm):
    dots = [replace(dot, diameter_nm=nm) for dot in TABLE.dots]
    every = changed(evidence, 500, diameter_nm=nm, diameter_px=nm / 0.04)
    assert estimate(every, replace(TABLE, dots=tuple(dots))).content is not None


def test_a_fraction_without_an_interval_is_not_enough(evidence):
    defects = visible_defects(evidence)
    for without in (
        replace(defects, interval_95=None),
        replace(defects, fraction=None, interval_95=None),
    ):
        found = defect_content(evidence, without, TABLE)
        assert found.content is None
        assert "no interval yet" in found.note


def test_five_micrographs_and_twenty_settings_are_enough(evidence):
    defects = visible_defects(evidence)
    five = [each for each in evidence if int(each.micrograph) < 5]
    assert defect_content(five, defects, TABLE).content is not None
    four = [each for each in evidence if int(each.micrograph) < 4]
    assert "it takes 5 micrographs" in defect_content(four, defects, TABLE).note
    assert estimate(evidence, the_table(settings=20)).content is not None
    few = estimate(evidence, the_table(settings=19))
    assert few.note == "the table has fewer than 20 settings of the microscope."


def test_twenty_resolved_dots_with_a_fault_are_enough(evidence):
    """Of equal weight; those that show less are resolved as often."""
    bare = [replace(dot, resolved=False, shown=False) for dot in TABLE.dots]
    faulted = [at for at, dot in enumerate(TABLE.dots) if dot.kind != "cubic: perfect"]
    for number, is_told in ((19, False), (20, True)):
        dots = list(TABLE.dots)
        for at in faulted:
            dots[at] = bare[at]
        along = [at for at in faulted if dots[at].aligned]
        for at in along[:: len(along) // number][:number]:
            dots[at] = replace(dots[at], seen=True, resolved=True, shown=True)
        found = estimate(evidence, replace(TABLE, dots=tuple(dots)))
        assert ("too few simulated dots" not in found.note) == is_told
        assert is_told or found.content is None


def solution(content=0.5, beyond=(), first=False, shown=0.4):
    rest = np.array(beyond, bool)
    number = 1 + len(rest)
    return module._Solved(
        np.full(number, content),
        np.full(number, 0.5),
        np.full(number, shown),
        np.append(first, rest),
        np.zeros(number, bool),
    )


@pytest.mark.parametrize(
    ("n_beyond", "first", "is_refused"),
    [(980, True, True), (975, True, False), (1000, False, False), (976, True, True)],
)
def test_more_resolved_than_can_be_is_told_where_it_is_sure(
    n_beyond, first, is_refused
):
    """In more than 975 of 1000 draws, and as the numbers are."""
    solved = solution(beyond=[True] * n_beyond + [False] * (1000 - n_beyond))
    solved = replace(solved, beyond=np.append(first, solved.beyond[1:]))
    note = module._unsolvable(solved, np.full(1001, 0.3), 0.95, TABLE)
    wanted = (
        "0.95 of the particles are resolved, more than the simulation 'standard' shows "
        "if every one lay along a close-packed row; its optics are not yours."
    )
    assert note == (wanted if is_refused else "")


def test_a_content_of_one_can_be_and_no_more():
    fraction = np.full(5, 0.62)
    whole = solution(content=1.0, beyond=[False] * 4)
    assert module._unsolvable(whole, fraction, 0.5, TABLE) == ""
    more = solution(content=1.01, beyond=[False] * 4, shown=0.61)
    assert module._unsolvable(more, fraction, 0.5, TABLE) == (
        "a fraction of 0.62 is more than the simulation 'standard' shows if every "
        "particle had a fault (0.61); faults, optics or how particles lie are "
        "otherwise than it has them."
    )


def test_where_all_are_resolved_its_optics_are_others():
    """Along a row 0.7 of 0.9 faulted and 0.8 of 0.95 perfect dots are."""
    every = [particle(m, "yes" if n < 9 else "no") for m in range(8) for n in range(30)]
    assert "lay along a close-packed row" in estimate(every, TABLE).note


def test_what_cannot_be_told_has_nothing_but_its_reason(evidence):
    found = estimate(changed(evidence, 500, diameter_nm=None), TABLE)
    assert asdict(found) == {
        "content": None,
        "interval_95": None,
        "shown": None,
        "shown_95": None,
        "aligned": None,
        "resolved": None,
        "kinds": (),
        "assumptions": module.assumptions(TABLE),
        "preset": "standard",
        "material": "CdSe",
        "program": "test",
        "note": found.note,
    }
    assert found.sentence == f"The defect content can't be estimated: {found.note}"


def test_a_content_says_what_it_goes_by(evidence):
    found = estimate(evidence, TABLE)
    low, high = found.interval_95
    assert found.sentence == (
        f"Estimated defect content {found.content:.2f} ({low:.2f} to {high:.2f}, "
        "95 %), if the sample is as the simulation 'standard' has it: there "
        f"{found.shown:.2f} of the faults in resolved particles show."
    )
    assert (found.preset, found.material, found.program) == ("standard", "CdSe", "test")
    assert found.note == ""
    resolved = [each.label != "null" for each in evidence]
    assert found.resolved == pytest.approx(np.mean(resolved))
    told = found.as_dict()
    assert told.pop("sentence") == found.sentence
    assert told == asdict(found)
    words = " ".join(found.assumptions)
    for each in (
        "has it at 300 kV, with pixels of 0.036 to 0.046 nm",
        "The material is CdSe",
        "simulated: cubic: twin 0.60, cubic: intrinsic 0.40.",
        "within 6.5 degrees of a close-packed row",
    ):
        assert each in words
    silent = module.assumptions(replace(TABLE, parameters={}))
    assert "has it, with pixels" in silent[0]


@pytest.mark.parametrize(
    ("label", "route", "chances", "particle_and_resolved"),
    [
        ("yes", "file", None, (1, 1)),
        ("no", "draw", (0.1, 0.2, 0.3, 0.4), (1, 1)),
        ("null", "queue", None, (1, 0)),
        ("empty", "queue", (0.1, 0.2, 0.3, 0.4), (0, 0)),
        # A label that a person chose by looking is none; the forest says what is.
        ("yes", "hand", (0.1, 0.2, 0.3, 0.4), (0.6, 0.3)),
        ("yes", "hand", None, (0, 0)),
        (None, "none", (0.1, 0.2, 0.3, 0.4), (0.6, 0.3)),
        (None, "none", None, (0, 0)),
    ],
)
def test_labels_that_count_are_sure_and_chances_are_not(
    label, route, chances, particle_and_resolved
):
    told = replace(
        particle("a", label),
        route=route,
        probabilities=chances,
        chance=0.5 if route == "draw" else None,
    )
    # Another one of the micrograph is left, so that it was not judged as a whole.
    (counted, _), _ = module._counted([told, particle("a", None)])
    found = module._particle(counted), module._resolvable(counted)
    assert found == pytest.approx(particle_and_resolved)


def test_five_classes_of_size_hold_all_from_the_smallest_to_the_largest():
    sizes = [2.0, 2.5, 3.19, 3.21, 4.59, 4.61, 5.31, 6.0, 7.0]
    assert module._bins(sizes, TABLE).tolist() == [0, 0, 0, 1, 2, 3, 4, 4, 4]
    narrow = replace(TABLE, diameter_nm=(4.0, 4.0))
    assert module._bins([3.0, 4.0, 5.0], narrow).tolist() == [0, 0, 4]


def test_dots_weigh_by_how_many_particles_are_of_their_size():
    """By chances of being a particle: three quarters small ones, one quarter large."""
    table = replace(
        TABLE,
        dots=tuple(
            replace(TABLE.dots[0], diameter_nm=nm) for nm in (2.6, 3.0, 4.25, 5.9)
        ),
    )
    small = [particle(0, "yes", nm=2.6)] * 2
    guessed = replace(particle(0, None, nm=2.6), probabilities=(0.2, 0.2, 0.1, 0.5))
    large = [particle(0, "null", nm=5.9)]
    unknown = replace(particle(0, "yes"), diameter_nm=None)
    weights = module._size_weights([*small, guessed, guessed, *large, unknown], table)
    # Shares over five classes: 1 where all were alike.
    assert weights == pytest.approx([5 * 3 / 4, 5 * 3 / 4, 0, 5 / 4])


def test_two_contents_that_fit_are_not_told_as_one():
    """As the numbers are, or in more than 25 of 1000 draws."""
    solved = solution(beyond=[False] * 1000)
    words = "more than one content fits what was seen"
    for n_ambiguous, is_refused in ((25, False), (26, True)):
        ambiguous = np.arange(1001) > 1000 - n_ambiguous
        told = replace(solved, ambiguous=ambiguous)
        note = module._unsolvable(told, np.full(1001, 0.3), 0.5, TABLE)
        assert (words in note) == is_refused
    first = replace(solved, ambiguous=np.arange(1001) == 0)
    assert words in module._unsolvable(first, np.full(1001, 0.3), 0.5, TABLE)
