"""The threshold follows from expected false alarms and back."""

import pytest

from napari_cdse.core.crystal.lattice import FringePrior
from napari_cdse.core.detection.false_alarms import (
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
