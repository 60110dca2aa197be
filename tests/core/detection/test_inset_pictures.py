"""An inset changes nothing of what is found outside it, and nothing is found in it."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Micrograph
from tests.core.imaging.test_insets import (
    DOTS,
    SHAPE,
    enlarged,
    picture,
    power_spectrum,
    put,
)

PLACE = (SHAPE[0] - 200, SHAPE[1] - 200)
"""Row and column from which the corner is covered; no dot lies there."""


def found_in(pixels: np.ndarray, method: str) -> Detection:
    return detect(Micrograph(pixels, "drawn", "0"), DetectionParams(method=method))


def in_corner(circle: Circle) -> bool:
    return circle.row_px > PLACE[0] and circle.col_px > PLACE[1]


@pytest.fixture(scope="module", params=["bragg", "unet"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bare(method: str) -> Detection:
    return found_in(picture(), method)


@pytest.mark.parametrize(
    ("kind", "line"),
    [(power_spectrum, "white"), (power_spectrum, "none"), (enlarged, "white")],
)
def test_circles_and_scale_are_those_outside_of_it(
    kind, line: str, method: str, bare: Detection
) -> None:
    pixels = picture()
    put(pixels, kind(200), *PLACE, line)
    found = found_in(pixels, method)
    outside = [each for each in bare.circles if not in_corner(each)]
    assert not any(in_corner(each) for each in found.circles)
    # Beside the dots faint ones are found in the speckle, which whitening alters.
    first = slice(len(DOTS))
    matches = match(outside[first], list(found.circles)[first], 0.7)
    assert len(matches.pairs) == len(DOTS)
    assert found.pixel_size_nm == pytest.approx(bare.pixel_size_nm, rel=0.015)
    (told,) = [each for each in found.notices if "another picture" in each]
    assert f"rows {PLACE[0]} to 511" in told
    assert f"columns {PLACE[1]} to 639" in told
    assert not any("another picture" in each for each in bare.notices)
