"""Chances of draws, and what edits say of whole micrographs, in their tables."""

import pytest

from napari_cdse.core.regions import Region
from napari_cdse.io.store.store import MicrographChange, Store
from tests.io.store.stores import change_file


def test_chances_stay_as_they_were_first_written_until_taken_back(store, path):
    store.draws.add(1, {"p": 0.25, "q": 1.0})
    store.draws.add(2, {"p": 0.5, "r": 0.125})
    assert store.draws.chances() == {"p": 0.25, "q": 1.0, "r": 0.125}
    store.draws.forget([2, 7])
    assert store.draws.chances() == {"p": 0.25, "q": 1.0}
    store.draws.forget([1])
    assert store.draws.chances() == {}


@pytest.mark.parametrize("value", ["0.0", "-0.5", "1.001", "'x'"])
def test_a_chance_that_is_none_is_left_aside(store, path, value):
    store.draws.add(1, {"p": 0.25, "q": 0.5})
    store.close()
    change_file(
        path,
        "PRAGMA ignore_check_constraints = ON",
        f"UPDATE draws SET chance = {value} WHERE particle_id = 'p'",
        loose=True,
    )
    again = Store.open(path)
    assert again.draws.chances() == {"q": 0.5}
    assert "1 of the chances of draws cannot be read (p)" in again.set_aside[0]
    again.close()


def test_edits_of_micrographs_set_their_columns(store):
    quality_and_more = {"content_id": "abc", "problem": "odd"}
    store.update_micrograph(1, **quality_and_more)
    store.update_micrograph(2, **quality_and_more)
    region = Region("r", ((0.0, 1.0), (5.0, 1.0), (5.0, 7.5)), "")
    store.apply_micrograph_changes(
        [
            MicrographChange("excluded", 1, None, "drift"),
            MicrographChange("pixel_size", 1, None, 0.03),
            MicrographChange("pixel_size", None, None, 0.05),
            MicrographChange("sample", 1, None, "batch"),
            MicrographChange("region", 1, None, region, "r"),
            MicrographChange("frame", 2, None, "mean"),
        ]
    )
    one, two = store.micrographs()
    assert (one.excluded, one.person_pixel_size_nm, one.sample) == (
        "drift",
        0.03,
        "batch",
    )
    # What was known of the first frame says nothing of the mean.
    assert (one.content_id, one.problem, one.chosen_frame) == ("abc", "odd", None)
    assert (two.content_id, two.problem, two.chosen_frame) == (None, None, "mean")
    assert (two.excluded, two.person_pixel_size_nm, two.sample) == (None,) * 3
    assert store.setting("pixel_size_nm") == 0.05
