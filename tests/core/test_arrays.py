"""Small helpers on arrays against NumPy's own."""

import numpy as np
import pytest

from napari_cdse.core.arrays import (
    block_means,
    medians,
    peaks_among,
    power_of,
    spread_blocks,
    vertex,
)


@pytest.mark.parametrize("length", [1, 2, 3, 16, 49, 132])
def test_medians_are_those_of_numpy(length):
    rows = np.random.default_rng(length).normal(size=(7, length)).astype(np.float32)
    wanted = np.median(rows, axis=1)
    np.testing.assert_array_equal(medians(rows), wanted)


def test_blocks_have_the_mean_of_whole_blocks_only():
    values = np.arange(5 * 7, dtype=np.float32).reshape(5, 7)
    means = block_means(values, 3)
    wanted = [[values[:3, :3].mean(), values[:3, 3:6].mean()]]
    np.testing.assert_allclose(means, wanted)
    np.testing.assert_allclose(block_means(values > 8, 3), [[4 / 9, 6 / 9]])


def test_samples_beyond_the_whole_blocks_belong_to_the_last_ones():
    spread = spread_blocks(np.array([[True, False]]), 3, (5, 7))
    wanted = np.zeros((5, 7), bool)
    wanted[:, :3] = True
    np.testing.assert_array_equal(spread, wanted)


def test_power_is_the_sum_of_the_squared_parts():
    spectrum = np.array([[3 + 4j, -1j], [0, 1e-12 + 1e-12j]], np.complex64)
    out = np.empty((2, 2), np.float32)
    assert power_of(spectrum, out) is out
    np.testing.assert_allclose(out, [[25, 1], [0, 2e-24]], rtol=1e-6)


def test_a_peak_is_no_lower_than_its_neighbours_around_the_borders():
    power = np.zeros((5, 5), np.float32)
    power[0, 0], power[4, 4], power[2, 2], power[2, 3] = 3, 2, 1, 1
    rows, cols = peaks_among(power, *np.nonzero(power))
    # The corners touch; two that are alike are both as high as any beside them.
    assert list(zip(rows.tolist(), cols.tolist(), strict=True)) == [
        (0, 0),
        (2, 2),
        (2, 3),
    ]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_vertex_lies_where_the_parabola_along_its_axis_has_it(axis):
    places = np.moveaxis(np.indices((5, 6, 7)).astype(np.float32), 0, -1)
    middle = np.array([2.0, 3.0, 2.0])
    middle[axis] += 0.3
    total = (50 - np.square(places - middle).sum(axis=-1)).astype(np.float32)
    best = np.unravel_index(int(total.argmax()), total.shape)
    shifts = [vertex(total, best, each) for each in range(3)]
    wanted = [0.3 if each == axis else 0 for each in range(3)]
    assert shifts == pytest.approx(wanted, abs=1e-4)
