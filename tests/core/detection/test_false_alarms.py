"""The threshold follows from expected false alarms and back."""

import numpy as np
import pytest
from scipy.optimize import brentq

from napari_cdse.core.crystal.lattice import FringePrior
from napari_cdse.core.detection.false_alarms import (
    allowed_alarms,
    expected_alarms,
    searched_volume,
    threshold_for,
)


@pytest.mark.parametrize("alarms", [0.01, 0.1, 1.0, 10.0])
def test_threshold_inverts_the_expectation(alarms: float) -> None:
    level = threshold_for(alarms, 7000.0)
    assert expected_alarms(level, 7000.0) == pytest.approx(alarms, rel=1e-6)


def test_threshold_rises_with_area_and_falls_with_patience() -> None:
    prior = FringePrior((0.17, 0.45), 0.04)
    small, large = (searched_volume(s, prior) for s in ((512, 512), (1024, 2048)))
    assert large == pytest.approx(8 * small)
    assert threshold_for(1, large) > threshold_for(1, small)
    assert threshold_for(1, small) > threshold_for(10, small)


def test_volume_depends_on_nanometres_and_not_on_pixels() -> None:
    coarse = searched_volume((500, 500), FringePrior((0.17, 0.45), 0.04))
    fine = searched_volume((1000, 1000), FringePrior((0.17, 0.45), 0.02))
    assert coarse == pytest.approx(fine, rel=0.01)


def test_a_lattice_that_is_known_narrows_the_search() -> None:
    band = (0.17, 0.45)
    known = searched_volume((500, 500), FringePrior(band, 0.04))
    unknown = searched_volume((500, 500), FringePrior(band, 0.04, lattice=False))
    assert known < 0.2 * unknown


def test_more_alarms_than_cells_still_give_a_threshold() -> None:
    assert threshold_for(100.0, 1.0) > 0


@pytest.mark.parametrize(
    ("shape", "share"), [((512, 512), 1), ((2048, 2048), 1), ((256, 512), 0.5)]
)
def test_a_small_field_has_its_share_of_the_alarms(shape, share):
    assert allowed_alarms(0.3, shape) == pytest.approx(0.3 * share)


def test_the_expectation_is_that_of_a_random_fields_maxima():
    assert expected_alarms(10.0, 1e4) == pytest.approx(0.9e4 * 10**2.5 * np.exp(-10))


@pytest.mark.parametrize(("alarms", "volume"), [(0.1, 1e4), (1.0, 1e6), (0.01, 300)])
def test_the_threshold_is_the_higher_root(alarms, volume):
    wanted = brentq(lambda t: expected_alarms(t, volume) - alarms, 2.6, 200)
    found = threshold_for(alarms, volume)
    assert found == pytest.approx(max(wanted, 5.0), rel=1e-9)


def test_where_all_would_pass_the_level_is_twice_the_formulas_maximum():
    assert threshold_for(1e9, 10.0) == 5.0


def test_the_volume_of_even_odds_is_half_the_bands_area():
    """Half the plane between two circles: pi (k2^2 - k1^2) / 2 for each pixel."""
    prior = FringePrior((0.2, 0.4), 0.04, lattice=False)
    wanted = np.pi / 2 * (0.2**2 - 0.1**2) * 300 * 500
    assert searched_volume((300, 500), prior) == pytest.approx(wanted, rel=1e-5)
    # No frequency is beyond half a cycle per pixel.
    coarse = FringePrior((0.2, 0.4), 0.16, lattice=False)
    wanted = np.pi / 2 * (0.5**2 - 0.4**2) * 300 * 500
    assert searched_volume((300, 500), coarse) == pytest.approx(wanted, rel=1e-5)
