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


@pytest.mark.parametrize("name", ["schema", "values", "labels", "weights"])
def test_a_missing_part_is_named(name):
    arrays = to_arrays(drawn_set())
    del arrays[name]
    with pytest.raises(ModelError, match=name):
        from_arrays(arrays, "t.skops")


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
