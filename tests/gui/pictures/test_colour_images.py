"""Colours of phase, amplitude and filtered pictures, against matplotlib's maps."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colormaps

from napari_cdse.gui.pictures.colour_images import (
    amplitude_colours,
    filtered_colours,
    phase_colours,
    phase_key,
)


def of(name, share):
    """A colour of matplotlib's map, as 8 bits."""
    return np.round(255 * np.array(colormaps[name](np.round(share * 255) / 255)))


@pytest.mark.parametrize(
    ("phase", "share"), [(-np.pi, 0), (-np.pi / 2, 0.25), (0, 0.5), (2, 0.818)]
)
def test_a_phase_goes_once_round_its_colours(phase, share):
    (found,) = phase_colours(np.array([phase], np.float32))
    assert found == pytest.approx(of("twilight_shifted", share), abs=4)


def test_a_phase_of_either_end_looks_the_same():
    low, high = phase_colours(np.array([-np.pi, np.pi], np.float32))
    assert low == pytest.approx(high, abs=4)


def test_an_amplitude_goes_from_nothing_to_its_largest():
    found = amplitude_colours(np.array([0, 1, 2, 4, np.nan], np.float32))
    for colour, share in zip(found, (0, 0.25, 0.5, 1), strict=False):
        assert colour == pytest.approx(of("viridis", share), abs=4)
    assert found[:, 3].tolist() == [255] * 4 + [0]
    assert not amplitude_colours(np.full((2, 2), np.nan, np.float32))[..., 3].any()
    nothing = amplitude_colours(np.zeros(3, np.float32))
    assert nothing[0] == pytest.approx(of("viridis", 0), abs=4)


def test_a_filtered_picture_has_its_zero_in_the_middle_and_clips_its_extremes():
    """At the 99.5th percentile of what is there, either way."""
    values = np.linspace(-1, 1, 2001).astype(np.float32)
    values[0], values[-1] = -50, 50
    found = filtered_colours(np.append(values, np.float32(np.nan)))
    end = np.percentile(np.abs(values), 99.5)
    assert end == pytest.approx(0.995, abs=0.002)
    for at in (0, 300, 1000, 1500, 2000):
        share = np.clip(0.5 + 0.5 * values[at] / end, 0, 1)
        assert found[at, :3] == pytest.approx(np.full(3, 255 * share), abs=1.5)
    assert (found[:-1, 3] == 255).all()
    assert found[-1, 3] == 0
    assert not filtered_colours(np.full(3, np.nan, np.float32))[:, 3].any()
    assert filtered_colours(np.zeros(2, np.float32))[0, :3].tolist() == [128] * 3


def test_the_key_of_the_phase_has_its_colours_in_order():
    key = phase_key()
    assert len(key) == 24
    for number in (0, 6, 12, 23):
        colour = [int(key[number][at : at + 2], 16) for at in (1, 3, 5)]
        wanted = of("twilight_shifted", number / 23)[:3]
        assert colour == pytest.approx(wanted.tolist(), abs=4)
