"""Defect content by simulation: closed form, coverage, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.statistics import defect_content as defect_content_module
from napari_cdse.core.statistics.defect_content import MIN_SETTINGS, defect_content
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.visibility_tables import CHANCES, KINDS, WHOLE, the_table

ALIGNED = 0.7


def expected(content):
    """Shares of all dots that are seen, resolved, and shown."""
    faulted = sum(part * np.array(CHANCES[kind]) for kind, part in KINDS.items())
    mixed = content * faulted + (1 - content) * np.array(WHOLE)
    return (1 - ALIGNED) * mixed[0] + ALIGNED * mixed[1]


def particles(rng, content, micrographs=12, each=30):
    """Judge all that is seen of dots, some of which have a fault."""
    found = []
    for micrograph in range(micrographs):
        for _ in range(each):
            kind = "cubic: perfect"
            if rng.random() < content:
                kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
            chances = CHANCES[kind][int(rng.random() < ALIGNED)]
            seen, resolved, shown = (np.array(chances) > rng.random()).tolist()
            if seen:
                label = "yes" if shown else "no" if resolved else "null"
                found.append(particle(micrograph, label))
    return found


def particle(micrograph, label, nm=4.25, pixel=0.04):
    return Evidence(
        str(micrograph), None, label, "file", diameter_nm=nm, diameter_px=nm / pixel
    )


def exact(content, micrographs=10, each=200):
    """Particles in the shares that are to be expected, the same in each micrograph."""
    seen, resolved, shown = expected(content)
    yes = round(each * shown / seen)
    no = round(each * resolved / seen) - yes
    labels = ["yes"] * yes + ["no"] * no + ["null"] * (each - yes - no)
    return [particle(m, label) for m in range(micrographs) for label in labels]


def estimate(evidence, table):
    return defect_content(evidence, visible_defects(evidence), table)


@pytest.mark.parametrize("content", [0.1, 0.3, 0.6])
def test_the_content_behind_a_fraction_is_found_again(content):
    evidence = exact(content)
    found = estimate(evidence, the_table(settings=50, per_kind=20))
    assert found.content == pytest.approx(content, abs=0.01)
    assert found.aligned == pytest.approx(ALIGNED, abs=0.02)
    assert visible_defects(evidence).fraction < content
    assert "close-packed row" in " ".join(found.assumptions)
    assert f"{found.content:.2f}" in found.sentence


def test_the_interval_holds_the_content_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(defect_content_module, "_REPLICATES", 200)
    rng = np.random.default_rng(5)
    held, number = 0, 40
    for _ in range(number):
        table = the_table(rng, settings=30, per_kind=2, between=0.05)
        found = estimate(particles(rng, 0.35, each=20), table)
        low, high = found.interval_95 or (0.0, 1.0)
        held += low <= 0.35 <= high
    # Of 40, 95 % are 38 with a standard deviation of 1.4.
    assert held >= 34


def test_a_small_table_makes_the_interval_wider_than_a_large_one():
    rng = np.random.default_rng(1)
    evidence = exact(0.3)
    widths = []
    for settings in (20, 320):
        found = estimate(evidence, the_table(rng, settings, 3))
        low, high = found.interval_95
        widths.append(high - low)
    assert widths[0] > 2 * widths[1]


def test_kinds_that_show_less_stand_for_more():
    found = estimate(exact(0.3), the_table(settings=50, per_kind=20))
    shown = {each.kind: each.shown for each in found.kinds}
    content = {each.kind: each.content for each in found.kinds}
    assert shown["cubic: twin"] < shown["cubic: intrinsic"]
    assert content["cubic: twin"] > content["cubic: intrinsic"]


def test_the_share_of_each_kind_is_that_of_its_dots():
    """Where all faults are of one kind, its line has the chances that were put in."""
    kind = "cubic: twin"
    mixed = 0.4 * np.array(CHANCES[kind]) + 0.6 * np.array(WHOLE)
    seen, resolved, shown = (1 - ALIGNED) * mixed[0] + ALIGNED * mixed[1]
    yes, no = round(400 * shown / seen), round(400 * (resolved - shown) / seen)
    labels = ["yes"] * yes + ["no"] * no + ["null"] * (400 - yes - no)
    evidence = [particle(m, label) for m in range(10) for label in labels]
    found = estimate(evidence, the_table(settings=50, per_kind=20))
    (told,) = (each for each in found.kinds if each.kind == kind)
    (_, here, bare), (_, along, fault) = CHANCES[kind]
    assert told.content == pytest.approx(0.4, abs=0.02)
    assert told.resolved == pytest.approx(0.3 * here + 0.7 * along, abs=0.01)
    of_resolved = (0.3 * bare + 0.7 * fault) / (0.3 * here + 0.7 * along)
    assert told.shown == pytest.approx(of_resolved, abs=0.01)


def test_the_resolved_share_counts_labels_and_chances_and_scatters_by_micrograph():
    labelled = [particle("a", label) for label in ("yes", "null", "null", "null")]
    # Five circles of four particles, three of which are resolved.
    guessed = [
        replace(particle("b", None), probabilities=(0.4, 0.2, 0.2, 0.2))
        for _ in range(5)
    ]
    counted = defect_content_module._counted([*labelled, *guessed])
    share, spread = defect_content_module._resolved(*counted)
    assert share == pytest.approx(0.5)
    # One less and one more than half of four, of eight; Student's t of one degree.
    assert spread == pytest.approx(math.sqrt(2 * 2 / 64) * stats.t.ppf(0.975, 1) / 1.96)


@pytest.mark.parametrize("said", [(0.2, 0.3, 0.5, 0.0), (0.4, 0.5, 0.05, 0.05)])
def test_draws_put_right_how_many_the_forest_calls_resolved(said):
    """Each tenth is drawn, of each class alike; the forest says 0.5 or 0.9 of all."""
    evidence = [
        replace(each, probabilities=said, route="draw", chance=0.1)
        if at % 10 == 0
        else replace(each, probabilities=said, route="none", label=None)
        for at, each in enumerate(sorted(exact(0.3), key=lambda one: str(one.label)))
    ]
    wanted, found = (estimate(each, the_table()) for each in (exact(0.3), evidence))
    assert found.resolved == pytest.approx(wanted.resolved, abs=0.01)
    assert found.content == pytest.approx(wanted.content, abs=0.03)


def test_micrographs_that_were_judged_as_a_whole_count_however_labels_came():
    evidence = exact(0.3)
    by_hand = [replace(each, route="hand") for each in evidence]
    assert estimate(by_hand, the_table()) == estimate(evidence, the_table())


def test_fractions_are_drawn_from_their_interval_however_lopsided():
    rng = np.random.default_rng(0)
    drawn = defect_content_module._fractions(rng, 0.2, (0.15, 0.5))
    low, middle, high = np.quantile(drawn, (0.025, 0.5, 0.975))
    assert (low, middle, high) == pytest.approx((0.15, 0.2, 0.5), abs=0.04)


def test_dots_of_unequal_weight_count_for_fewer():
    table = the_table(settings=1, per_kind=1)
    dots = tuple(replace(table.dots[0], resolved=True) for _ in range(2))
    two = replace(table, dots=dots)
    count = defect_content_module._effective
    assert count(two, np.array([2.0, 2.0])) == pytest.approx(2)
    assert count(two, np.array([1.0, 3.0])) == pytest.approx(16 / 10)


def test_smaller_particles_take_what_smaller_dots_show():
    table = the_table(settings=50, per_kind=20)
    small = [replace(dot, diameter_nm=2.6, shown=False) for dot in table.dots]
    both = replace(table, dots=(*table.dots, *small))
    assert estimate(exact(0.3), both).content == pytest.approx(0.3, abs=0.02)
    mixed = [
        replace(each, diameter_nm=2.6, diameter_px=65) if n % 2 else each
        for n, each in enumerate(exact(0.3))
    ]
    # Half of the faults that would show are in dots that show none.
    (_, faulted, shown), (_, perfect, _) = expected(1.0), expected(0.0)
    fraction = visible_defects(mixed).fraction
    content = fraction * perfect / (shown / 2 - fraction * (faulted - perfect))
    assert estimate(mixed, both).content == pytest.approx(content, abs=0.02)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"diameter_nm": None}, "give the pixel size"),
        ({"diameter_px": 30.0}, "pixels are"),
        ({"diameter_nm": 9.0, "diameter_px": 225.0}, "lie outside"),
    ],
)
def test_particles_that_the_table_does_not_know_get_a_sentence(change, words):
    evidence = [replace(each, **change) for each in exact(0.3, each=50)]
    found = estimate(evidence, the_table())
    assert found.content is None
    assert words in found.sentence


def test_more_defects_than_can_show_get_a_sentence():
    evidence = [particle(m, "yes") for m in range(6) for _ in range(20)]
    evidence += [particle(m, "null") for m in range(6) for _ in range(20)]
    found = estimate(evidence, the_table())
    assert found.content is None
    assert "if every particle had a fault" in found.note


def test_too_few_micrographs_or_settings_get_a_sentence():
    few = estimate(exact(0.3, micrographs=3, each=40), the_table())
    assert few.content is None
    small = estimate(exact(0.3, each=40), the_table(settings=MIN_SETTINGS - 1))
    assert "fewer than" in small.note


def shares_of(rng, number):
    """Make shares seen, resolved and shown up, lying otherwise and aligned."""
    seen = rng.uniform(0.6, 1, (number, 2))
    resolved = seen * rng.uniform((0.05, 0.5), (0.5, 1), (number, 2))
    shown = resolved * rng.uniform(0.1, 0.9, (number, 2))
    return np.stack([seen, resolved, shown], axis=-1)


def test_both_unknowns_are_found_again_whatever_shows():
    """Also where putting in what came out leads away; two that fit are known as two."""
    rng = np.random.default_rng(1)
    number = 4000
    faulted, perfect = shares_of(rng, number), shares_of(rng, number)
    content, aligned = rng.uniform(0.02, 0.98, (2, number))
    lying = np.stack([1 - aligned, aligned], axis=1)[..., None]
    seen = np.stack([(lying * each).sum(axis=1) for each in (faulted, perfect)])
    parts = np.stack([content, 1 - content])
    both = (parts[..., None] * seen).sum(axis=0)
    solved = defect_content_module._solve(
        defect_content_module._Shares(faulted, perfect),
        content * seen[0, :, 2] / both[:, 1],
        both[:, 1] / both[:, 0],
    )
    clear = ~solved.ambiguous
    # A few have two solutions nearer to each other than contents are tried.
    assert np.count_nonzero(clear) > 0.98 * number
    off = np.abs(solved.content - content)[clear]
    assert np.count_nonzero(off > 1e-6) <= 2
    assert np.abs(solved.aligned - aligned)[clear][off <= 1e-6].max() < 1e-5
