"""Colours of marks stand out from what they lie on, in dark and light."""

from __future__ import annotations

from itertools import combinations

import pytest

from napari_cdse.gui.canvas.class_colours import (
    HEX,
    LEAST_CONTRAST,
    contrast_ratio,
    readable,
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
