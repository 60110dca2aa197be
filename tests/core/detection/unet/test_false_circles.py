"""From false alarms to a strength: what is expected on bare support."""

import numpy as np
import pytest

from napari_cdse.core.detection.unet.false_circles import threshold_for

TABLE = ((0.0, 8.0), (1.0, 2.0), (2.0, 0.5))


def test_the_number_expected_falls_with_strength_as_the_table_says():
    # On 1000 nm**2 the table's own numbers, on twice the area twice as many.
    for strength, count in TABLE:
        assert threshold_for(count, 1000.0, TABLE) == pytest.approx(strength)
        assert threshold_for(2 * count, 2000.0, TABLE) == pytest.approx(strength)
    assert threshold_for(4.0, 1000.0, TABLE) == pytest.approx(0.5)


def test_beyond_the_table_its_last_fall_is_carried_on():
    assert threshold_for(0.125, 1000.0, TABLE) == pytest.approx(3.0)
    assert threshold_for(50.0, 1000.0, TABLE) == 0.0
    # A network that shows too few circles to use up what is allowed.
    assert threshold_for(9.0, 1000.0, ((2.0, 8.0), (3.0, 2.0))) == 0.0
    assert threshold_for(9.0, 1000.0, ((-2.0, 8.0), (-1.0, 2.0))) == -2.0


def test_fewer_false_alarms_never_lower_the_threshold():
    asked = np.geomspace(1e-3, 100, 40)
    levels = [threshold_for(each, 1500.0, TABLE) for each in asked]
    assert all(np.diff(levels) <= 0)
    flat = ((0.0, 1.0), (1.0, 1.0))
    assert np.isfinite(threshold_for(1e-3, 1500.0, flat))


def test_without_a_table_a_place_likelier_inside_than_outside_counts():
    assert threshold_for(1.0, 1000.0, ()) == 0.0


def test_a_table_of_one_or_two_points_is_carried_on_too():
    # A single point falls by a tenth of its logarithm for each unit.
    one = threshold_for(1.0, 1000.0, ((2.0, 2.0),))
    assert one == pytest.approx(2 + np.log(2) / 0.1)
    two = threshold_for(0.25, 1000.0, ((0.0, 2.0), (2.0, 0.5)))
    assert two == pytest.approx(3.0)
    assert threshold_for(0.25, 0.5, ((0.0, 2.0),)) == 0.0
