"""The fixed input by which a network is known."""

import numpy as np
import pytest

from napari_cdse.core.detection.unet.card import PROBE_ANSWERS, probe_input


def test_the_probe_is_a_sine_of_the_square_of_its_place():
    """A chirp over both channels: 2 sin(n^2 / 1000)."""
    given = probe_input()
    assert (given.shape, given.dtype) == ((2, 64, 64), np.float32)
    for place in ((0, 0, 0), (0, 0, 63), (0, 17, 5), (1, 0, 0), (1, 63, 63)):
        number = place[0] * 4096 + place[1] * 64 + place[2]
        wanted = 2 * np.sin(number**2 / 1000)
        assert given[place] == pytest.approx(wanted, abs=1e-4)
    # Three maps at a quarter of it.
    assert PROBE_ANSWERS == 3 * 16 * 16
