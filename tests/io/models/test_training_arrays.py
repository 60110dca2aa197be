from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.training_arrays import from_arrays, to_arrays
from tests.tables import drawn_set


def test_taken_apart_and_put_together_a_set_is_the_same():
    training = drawn_set(copies=2)
    again = from_arrays(to_arrays(training), "t")
    assert again.digest() == training.digest()
    assert again.table.names == training.table.names
    assert np.array_equal(again.originals, training.originals)


@pytest.mark.parametrize("name", list(to_arrays(drawn_set())))
def test_a_missing_part_is_named(name):
    arrays = to_arrays(drawn_set())
    del arrays[name]
    with pytest.raises(ModelError, match=name):
        from_arrays(arrays, "t.skops")


@pytest.mark.parametrize("name", list(to_arrays(drawn_set())))
def test_a_part_of_another_kind_or_shape_is_named(name):
    arrays = to_arrays(drawn_set())
    other = arrays[name].astype("U9" if arrays[name].dtype.kind == "f" else "S9")
    for odd in (other, arrays[name][None]):
        with pytest.raises(ModelError, match=f"'{name}' .* missing or odd"):
            from_arrays(arrays | {name: odd}, "t.skops")


@pytest.mark.parametrize("name", ["values", "weights", "pixel_sizes_nm"])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(name, number):
    arrays = to_arrays(drawn_set())
    odd = arrays[name].copy()
    odd.flat[-1] = number
    with pytest.raises(ModelError, match=f"'{name}' .* holds no numbers"):
        from_arrays(arrays | {name: odd}, "t.skops")


def test_numbers_of_another_machine_are_read_as_ours():
    arrays = to_arrays(drawn_set())
    foreign = {
        name: array.astype(array.dtype.newbyteorder(">"))
        for name, array in arrays.items()
    }
    again = from_arrays(foreign, "t")
    assert again.digest() == drawn_set().digest()
    dtypes = [again.table.values.dtype, again.weights.dtype, again.pixel_sizes_nm.dtype]
    assert dtypes == [np.float32, np.float64, np.float64]


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("labels", np.zeros(3)),
        ("weights", np.zeros(3)),
        ("values", np.zeros((2, 2))),
        ("labels", np.array(["maybe"] * 192)),
    ],
)
def test_parts_that_do_not_fit_are_refused(name, odd):
    with pytest.raises(ModelError, match="training table"):
        from_arrays(to_arrays(drawn_set()) | {name: odd}, "t.skops")
