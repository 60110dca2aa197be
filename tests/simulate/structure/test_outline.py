"""Dots are as thick towards their rim as colloidal ones are: some thin, some boxy."""

import numpy as np
import pytest

from napari_cdse.simulate.structure.outline import draw_outline

DIAMETER_NM, HEIGHT_NM = 4.0, 2.8
STEP_NM = 0.01


def thickness_nm(outline, x_nm: float) -> float:
    """Thickness along the beam at a place on the x axis, in steps."""
    z = np.arange(-DIAMETER_NM / 2, DIAMETER_NM / 2, STEP_NM)
    places = np.stack([np.full(len(z), x_nm), np.zeros(len(z)), z], axis=1)
    # The crystal lies as the laboratory does.
    return STEP_NM * np.count_nonzero(outline.depth_nm(places, places) > 0)


def at_the_rim(outline) -> float:
    """Thickness at three quarters of the way to the rim, over that in the middle."""
    return thickness_nm(outline, 0.75 * outline.half_nm[0]) / thickness_nm(outline, 0)


def drawn(seed: int, facetted: bool):
    rng = np.random.default_rng(seed)
    return draw_outline(rng, DIAMETER_NM, HEIGHT_NM, facetted, hexagonal=False)


def is_thinned(outline) -> bool:
    return outline.half_nm[2] == HEIGHT_NM / 2


def test_a_round_dot_that_is_thinner_all_over_is_a_superellipsoid():
    thinned = [one for seed in range(40) if is_thinned(one := drawn(seed, False))]
    assert thinned
    for one in thinned:
        expected = (1 - 0.75**one.power) ** (1 / one.power)
        assert at_the_rim(one) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("facetted", [False, True])
def test_no_dot_is_thicker_than_asked_for_or_wider(facetted):
    for seed in range(40):
        one = drawn(seed, facetted)
        assert thickness_nm(one, 0) <= HEIGHT_NM + 2 * STEP_NM
        assert thickness_nm(one, 0.53 * DIAMETER_NM) == 0


def test_dots_are_of_all_kinds_from_thin_to_thick_at_the_rim():
    rims = [at_the_rim(drawn(seed, seed % 2 == 0)) for seed in range(200)]
    assert np.quantile(rims, 0.1) < 0.7
    assert np.quantile(rims, 0.9) > 0.85
