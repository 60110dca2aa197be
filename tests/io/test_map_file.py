"""Maps that are kept between sessions, and files that are not what they should."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from napari_cdse.core.detection.accumulation_map import (
    AccumulationMap,
    EndmemberSpectrum,
)
from napari_cdse.io.map_file import MapFile

SHAPE = (7, 5)
BYTES = 2 * SHAPE[0] * SHAPE[1]
"""Of one map in sixteen bits."""


def drawn(seed: int = 0, spectrum: EndmemberSpectrum | None = None) -> AccumulationMap:
    values = np.random.default_rng(seed).normal(20, 9, SHAPE).astype(np.float32)
    return AccumulationMap("Bragg contrast", values, (3.5, 4.0), (16.0, 17.0), spectrum)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "maps.sqlite"


def test_what_was_put_is_there_next_time_for_that_key_alone(path):
    first = MapFile(path)
    one = drawn()
    first.put("key", (one, drawn(1)))
    first.close()
    second = MapFile(path)
    found = second.get("key")
    assert second.get("other key") is None
    second.close()
    assert len(found) == 2
    again = found[0]
    assert (again.name, again.origin_px, again.step_px, again.endmember) == (
        one.name,
        one.origin_px,
        one.step_px,
        None,
    )
    assert again.values.dtype == np.float32
    # Half a step of sixteen bits, and float32's own rounding.
    step = np.ptp(one.values) / 2**16
    np.testing.assert_allclose(again.values, one.values, rtol=1e-6, atol=step)


def test_an_endmember_keeps_its_spectrum(path):
    power = np.arange(6, dtype=np.float32).reshape(3, 2) / 7
    spectrum = EndmemberSpectrum(2, np.array([0.1, 0.2, 0.3, 0.4]), power, True, 0.25)
    file = MapFile(path)
    file.put("key", (drawn(0, spectrum),))
    (found,) = file.get("key")
    file.close()
    np.testing.assert_array_equal(found.endmember.power, power)
    np.testing.assert_array_equal(found.endmember.rings_per_px, spectrum.rings_per_px)
    assert (found.endmember.number, found.endmember.is_lattice) == (2, True)
    assert found.endmember.share == 0.25


def test_a_flat_map_and_one_with_gaps_come_back(path):
    flat = AccumulationMap("flat", np.full(SHAPE, 4.0, np.float32), (0, 0), (1, 1))
    values = drawn().values
    values[2, 3] = np.nan
    file = MapFile(path)
    file.put("key", (flat, AccumulationMap("gap", values, (0, 0), (1, 1))))
    again, gap = file.get("key")
    file.close()
    np.testing.assert_array_equal(again.values, flat.values)
    np.testing.assert_array_equal(np.isnan(gap.values), np.isnan(values))


def test_no_map_at_all_is_an_answer_too(path):
    file = MapFile(path)
    file.put("key", ())
    assert file.get("key") == ()
    file.close()


def test_the_oldest_go_when_there_are_too_many_bytes(path):
    file = MapFile(path, most_bytes=3 * BYTES)
    for number in range(6):
        file.put(f"key {number}", (drawn(number),))
    kept = [number for number in range(6) if file.get(f"key {number}") is not None]
    assert kept == [3, 4, 5]
    # What alone is too large takes nobody's place.
    file.put("large", tuple(drawn(number) for number in range(4)))
    assert file.get("large") is None
    assert file.get("key 5") is not None
    file.close()


def test_a_map_that_was_damaged_on_the_disk_is_not_shown(path):
    file = MapFile(path)
    file.put("key", (drawn(),))
    file.put("other", (drawn(1),))
    file.close()
    other = sqlite3.connect(path)
    with other:
        other.execute(
            "UPDATE maps SET pixels = zeroblob(length(pixels)) WHERE key = 'key'"
        )
        other.execute("UPDATE maps SET told = '[]' WHERE key = 'other'")
    other.close()
    file = MapFile(path)
    assert file.get("key") is None
    assert file.get("other") is None
    file.close()


def test_a_damaged_file_is_made_anew(path):
    path.parent.mkdir()
    path.write_bytes(
        b"this is no database, but it is long enough to be read as one" * 9
    )
    file = MapFile(path)
    file.put("key", (drawn(),))
    assert file.get("key") is not None
    file.close()


def test_where_none_can_be_made_there_are_no_maps(tmp_path):
    (tmp_path / "file").write_text("in the way")
    file = MapFile(tmp_path / "file" / "maps.sqlite")
    file.put("key", (drawn(),))
    assert file.get("key") is None
    file.close()
