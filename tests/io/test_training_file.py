from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from napari_cdse.core.errors import ModelError
from napari_cdse.io.training_file import (
    from_arrays,
    load_training,
    save_training,
    to_arrays,
    training_bytes,
    training_from_bytes,
)
from tests.tables import drawn_set


def test_written_and_read_a_set_is_the_same(tmp_path):
    training = drawn_set(copies=2)
    save_training(training, tmp_path / "t.npz")
    again = load_training(tmp_path / "t.npz")
    assert again.digest() == training.digest()
    assert again.table.names == training.table.names
    assert np.array_equal(again.originals, training.originals)


@pytest.mark.parametrize("name", ["schema", "values", "labels", "weights"])
def test_a_missing_part_is_named(name):
    arrays = to_arrays(drawn_set())
    del arrays[name]
    with pytest.raises(ModelError, match=name):
        from_arrays(arrays, "t.npz")


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
        from_arrays(to_arrays(drawn_set()) | {name: odd}, "t.npz")


def test_pickled_arrays_are_refused():
    stream = io.BytesIO()
    np.savez(stream, labels=np.array([object()], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="type object"):
        training_from_bytes(stream.getvalue())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_truncated_files_are_refused(share):
    data = training_bytes(drawn_set())
    with pytest.raises(ModelError):
        training_from_bytes(data[: int(share * len(data))])


def test_an_archive_of_something_else_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ModelError, match="'schema'"):
        training_from_bytes(stream.getvalue())
