"""Colours of marks stand out from what they lie on, in dark and light."""

from __future__ import annotations

from itertools import combinations

import pytest

from napari_cdse.gui.canvas.class_colours import (
    CLASS_NAMES,
    HEX,
    LEAST_CONTRAST,
    LETTERS,
    MEANINGS,
    PALE,
    class_name,
    contrast_ratio,
    letter,
    mixed,
    readable,
    rgb,
    rgba,
)
from napari_cdse.gui.widgets.figure_view import palette_of

PAPERS = ("#000000", "#23242b", "#2e333e", "#ddd8d8", "#ebe7e6", "#ffffff")
"""From napari's dark canvas by its docks and buttons to paper."""


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#000000", 21.0),
        ("#123456", "#123456", 1.0),
        # As WCAG's own examples give them.
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
    ],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast_ratio(one, other) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_class_stands_out_and_apart_on_any_paper(paper):
    shades = {name: readable(one, paper) for name, one in HEX.items()}
    for name, shade in shades.items():
        assert contrast_ratio(shade, paper) >= LEAST_CONTRAST
        # No more is changed than is needed.
        enough = contrast_ratio(HEX[name], paper) >= LEAST_CONTRAST
        assert (shade == HEX[name]) == enough
    # Gray and white are told apart by the words beside them.
    named = [shades[name] for name in ("yes", "no", "null", "empty")]
    assert all(apart(*pair) > 40 for pair in combinations(named, 2))


def apart(one: str, other: str) -> float:
    parts = [[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in (one, other)]
    return sum((a - b) ** 2 for a, b in zip(*parts, strict=True)) ** 0.5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_figures_of_a_theme_can_be_read(theme):
    palette = palette_of(theme)
    for colour in (palette.ink, *palette.classes.values()):
        assert contrast_ratio(colour, palette.paper) >= LEAST_CONTRAST


def test_colours_mix_by_their_shares():
    assert mixed("#000000", "#ffffff", 0.25) == "#404040"
    assert mixed("#102030", "#506070", 0.0) == "#102030"
    assert mixed("#102030", "#506070", 1.0) == "#506070"
    assert mixed("#102030", "#506070", 0.5) == "#304050"


def test_a_class_has_its_colour_and_letter_pale_without_a_person():
    assert rgb("no") == pytest.approx((0x66 / 255, 1, 1))
    assert rgba("no", True) == (*rgb("no"), 1.0)
    assert 0.5 < PALE < 1
    assert rgba("yes", False) == (*rgb("yes"), PALE)
    assert rgba(None, False)[:3] == rgb("unlabelled")
    told = [letter(each, True) for each in ("yes", "no", "null", "empty", None)]
    assert told == ["Y", "N", "U", "O", ""]
    assert letter("empty", False) == "O?"
    assert CLASS_NAMES == ("yes", "no", "null", "empty", "unlabelled")
    assert (class_name(None), class_name("no")) == ("unlabelled", "no")
    assert set(HEX) == set(LETTERS) == set(CLASS_NAMES)
    assert set(MEANINGS) == set(CLASS_NAMES) - {"unlabelled"}


def test_a_shade_is_the_first_of_fifty_steps_that_can_be_read():
    """Each step is a fiftieth of the way to black or white."""
    for colour, paper in (("#66ffff", "#ffffff"), ("#202040", "#000000")):
        shade = readable(colour, paper)
        end = "#000000" if paper == "#ffffff" else "#ffffff"
        steps = [mixed(colour, end, at / 50) for at in range(51)]
        at = steps.index(shade)
        assert (
            contrast_ratio(steps[at - 1], paper) < 4.5 <= contrast_ratio(shade, paper)
        )
