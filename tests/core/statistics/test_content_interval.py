"""Intervals of the defect content, against a bootstrap written out draw by draw."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import expit, logit

from napari_cdse.core.statistics import defect_content as module
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.core.statistics.test_defect_content import estimate, exact, particle
from tests.visibility_tables import KINDS, the_table


def counted(table, kind, aligned):
    """Numbers of dots, seen, resolved and shown, by setting; shape (settings, 4)."""
    sums = defaultdict(lambda: np.zeros(4))
    for dot in table.dots:
        sums[dot.setting] += 0
        if (dot.kind, dot.aligned) == (kind, aligned):
            seen = dot.seen or dot.resolved
            sums[dot.setting] += (1, seen, dot.resolved, dot.shown)
    return np.array([sums[setting] for setting in sorted(sums)])


def solved(fraction, resolved, faulted, perfect):
    """Content, aligned share and share shown, by scipy's root of one equation.

    ``faulted`` and ``perfect`` are shares seen, resolved and shown of dots that lie
    otherwise and along a row, shape (2, 3).
    """

    def at(aligned):
        (u, f, s), (v, p, _) = (
            (1 - aligned) * each[0] + aligned * each[1] for each in (faulted, perfect)
        )
        bottom = s - fraction * (f - p)
        content = fraction * p / bottom if bottom > 0 else math.inf
        held = min(content, 1.0)
        seen = held * u + (1 - held) * v
        return content, (held * f + (1 - held) * p) / seen, s / f

    ends = [at(end)[1] - resolved for end in (0.0, 1.0)]
    if ends[0] * ends[1] > 0:
        aligned = float(np.argmin(np.abs(ends)))
    else:
        aligned = optimize.brentq(lambda a: at(a)[1] - resolved, 0, 1)
    content, _, shown = at(aligned)
    return content, aligned, shown


def bootstrap(table, fraction, fraction_95, resolved, spread, kinds, number=1500):
    """Draw settings, fraction and resolved share; contents and shares shown."""
    rng = np.random.default_rng(77)
    sums = {
        (kind, aligned): counted(table, kind, aligned)
        for kind in (*kinds, "cubic: perfect")
        for aligned in (False, True)
    }
    settings = len({dot.setting for dot in table.dots})
    middle, (low, high) = logit(fraction), logit(fraction_95)
    found = []
    for _ in range(number):
        drawn = rng.integers(0, settings, settings)
        shares = {key: each[drawn].sum(axis=0) for key, each in sums.items()}
        pairs = {
            kind: np.array([shares[kind, a][1:] / shares[kind, a][0] for a in (0, 1)])
            for kind in (*kinds, "cubic: perfect")
        }
        deviate = rng.normal() / 1.96
        width = high - middle if deviate > 0 else middle - low
        faulted = sum(part * pairs[kind] for kind, part in kinds.items())
        found.append(
            solved(
                expit(middle + deviate * width),
                rng.normal(resolved, spread),
                faulted / sum(kinds.values()),
                pairs["cubic: perfect"],
            )
        )
    contents, _, shown = np.array(found).T
    return np.minimum(contents, 1), shown


@pytest.fixture(scope="module")
def drawn_table():
    table = the_table(np.random.default_rng(4), settings=30, per_kind=8, between=0.08)
    # All of one size, so that every dot counts alike.
    dots = tuple(replace(dot, diameter_nm=4.25) for dot in table.dots)
    return replace(table, dots=dots)


@pytest.mark.parametrize("kinds", [KINDS, {"cubic: twin": 1.0}], ids=["all", "one"])
def test_the_intervals_are_the_middle_95_percent_of_a_bootstrap(drawn_table, kinds):
    evidence = exact(0.3)
    # Micrographs differ: some have more that is not resolved.
    evidence += [particle(m, "null") for m in (0, 2, 5) for _ in range(60)]
    defects = visible_defects(evidence)
    table = replace(drawn_table, kinds=kinds)
    found = module.defect_content(evidence, defects, table)
    share, spread = module._resolved(*module._counted(evidence))
    contents, shown = bootstrap(
        table, defects.fraction, defects.interval_95, share, spread, kinds
    )
    # An end scatters by a tenth of a standard deviation; 97.5 % are 0.28 further.
    for told, drawn in ((found.interval_95, contents), (found.shown_95, shown)):
        wanted = np.quantile(drawn, (0.025, 0.975))
        assert told == pytest.approx(tuple(wanted), abs=0.2 * drawn.std())
        assert told[0] < told[1]
    if len(kinds) == 1:
        (only,) = found.kinds
        assert only.shown_95 == pytest.approx(found.shown_95)
        assert (only.content, only.shown) == pytest.approx((found.content, found.shown))


def test_the_content_is_the_root_of_both_equations(drawn_table):
    """At the numbers as they are, without any draw."""
    evidence = exact(0.3)
    defects = visible_defects(evidence)
    found = estimate(evidence, drawn_table)
    shares = {
        kind: np.array(
            [
                (s := counted(drawn_table, kind, a).sum(axis=0))[1:] / s[0]
                for a in (False, True)
            ]
        )
        for kind in (*KINDS, "cubic: perfect")
    }
    faulted = sum(part * shares[kind] for kind, part in KINDS.items())
    wanted = solved(defects.fraction, found.resolved, faulted, shares["cubic: perfect"])
    assert (found.content, found.aligned, found.shown) == pytest.approx(wanted)
    assert len(found.kinds) == 2
    for told in found.kinds:
        content, aligned, shown = solved(
            defects.fraction,
            found.resolved,
            shares[told.kind],
            shares["cubic: perfect"],
        )
        assert told.shown == pytest.approx(shown)
        assert told.content is None or told.content == pytest.approx(content)
        resolved = (1 - aligned) * shares[told.kind][0, 1]
        resolved += aligned * shares[told.kind][1, 1]
        assert told.resolved == pytest.approx(resolved)
        assert told.part == KINDS[told.kind]
        assert told.n_dots == 30 * 8 * 2


def test_several_hosts_are_mixed_as_the_table_says(drawn_table):
    """Perfect dots of a second host that shows less: they weigh as they are told."""
    second = [
        replace(dot, kind="hexagonal: perfect", resolved=dot.resolved and n % 4 > 0)
        for n, dot in enumerate(drawn_table.dots)
        if dot.kind == "cubic: perfect"
    ]
    table = replace(drawn_table, dots=(*drawn_table.dots, *second))
    evidence = exact(0.3)
    defects = visible_defects(evidence)
    for hosts in ({"cubic": 0.25, "hexagonal": 0.75}, {"cubic": 1.0}):
        found = estimate(evidence, replace(table, hosts=hosts))
        shares = {
            kind: np.array(
                [
                    (s := counted(table, kind, a).sum(axis=0))[1:] / s[0]
                    for a in (False, True)
                ]
            )
            for kind in (*KINDS, "cubic: perfect", "hexagonal: perfect")
        }
        perfect = sum(part * shares[f"{host}: perfect"] for host, part in hosts.items())
        faulted = sum(part * shares[kind] for kind, part in KINDS.items())
        content, *_ = solved(defects.fraction, found.resolved, faulted, perfect)
        assert found.content == pytest.approx(content)


def test_the_same_data_give_the_same_interval(drawn_table):
    one, other = (estimate(exact(0.3), drawn_table) for _ in range(2))
    assert one == other


def test_fractions_are_drawn_as_halves_of_a_normal_on_the_logit_scale():
    drawn = logit(module._fractions(np.random.default_rng(0), 0.2, (0.15, 0.5)))
    middle, low, high = logit((0.2, 0.15, 0.5))
    below, above = drawn[drawn < middle], drawn[drawn > middle]
    for part, end in ((middle - below, middle - low), (above - middle, high - middle)):
        scaled = part * 1.959964 / end
        assert stats.kstest(scaled, stats.halfnorm.cdf).pvalue > 0.01


@pytest.mark.parametrize(("fraction", "end"), [(0.0, 1e-4), (1.0, 1 - 1e-4)])
def test_a_fraction_at_its_end_is_drawn_from_close_to_it(fraction, end):
    """A ten-thousandth from it, where a logit is finite."""
    interval = fraction, fraction
    drawn = module._fractions(np.random.default_rng(0), fraction, interval)
    assert drawn == pytest.approx(np.full(1000, end), abs=1e-9)


def test_the_resolved_share_is_known_the_worse_the_fewer_micrographs_tell():
    """The textbook variance of a ratio, widened from the normal to Student's t."""
    rng = np.random.default_rng(6)
    sizes, resolved = rng.integers(20, 60, 7), []
    evidence = []
    for m, size in enumerate(sizes.tolist()):
        resolved.append(int(rng.integers(5, 20)))
        labels = ["no"] * resolved[-1] + ["null"] * (size - resolved[-1])
        evidence += [particle(m, label) for label in labels]
    share, spread = module._resolved(*module._counted(evidence))
    wanted = sum(resolved) / sizes.sum()
    assert share == pytest.approx(wanted)
    rest = np.array(resolved) - wanted * sizes
    deviation = math.sqrt(7 / 6 * (rest**2).sum()) / sizes.sum()
    widened = stats.t.ppf(0.975, 6) / stats.norm.ppf(0.975)
    assert spread == pytest.approx(deviation * widened, rel=1e-4)
