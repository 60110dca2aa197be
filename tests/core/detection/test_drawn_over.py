"""Circles and words over a micrograph change nothing of what is found."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from tests.core.imaging.test_drawn_marks import (
    circles,
    drawn_over,
    picture,
    words,
)
from tests.core.imaging.test_insets import DOTS

FAINT = 100.0
"""Strength between that of the dots and that of what is found in speckle."""


def found_in(pixels: np.ndarray) -> Detection:
    return detect(Micrograph(pixels, "drawn", "0"), DetectionParams(method="bragg"))


@pytest.fixture(scope="module")
def bare() -> Detection:
    found = found_in(picture())
    assert sum(each > FAINT for each in found.strengths) == len(DOTS)
    return found


@pytest.mark.parametrize("draw", [circles, words])
@pytest.mark.parametrize("gray", [226, 255])
def test_circles_and_scale_are_those_of_the_bare_micrograph(
    draw, gray: int, bare: Detection
) -> None:
    pixels, _ = drawn_over(picture(), draw, gray)
    found = found_in(pixels)
    strong = [
        circle
        for circle, strength in zip(found.circles, found.strengths, strict=True)
        if strength > FAINT
    ]
    matches = match(list(bare.circles[: len(DOTS)]), strong, 0.8)
    assert len(matches.pairs) == len(DOTS)
    assert not matches.false
    assert found.pixel_size_nm == pytest.approx(bare.pixel_size_nm, rel=0.015)
