"""Tables of what a simulation shows: read back as written, refused in a sentence."""

from __future__ import annotations

import json

import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.statistics.defect_content import MIN_SETTINGS
from napari_cdse.io.visibility_table import SHIPPED, read_visibility, write_visibility


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_table_has_what_an_estimate_takes(name):
    table = read_visibility(name)
    assert table.preset == name
    assert len({dot.setting for dot in table.dots}) >= MIN_SETTINGS
    kinds = {dot.kind for dot in table.dots}
    assert kinds >= set(table.kinds)
    assert kinds >= {f"{host}: perfect" for host in table.hosts}
    assert not any(dot.shown for dot in table.dots if dot.kind.endswith("perfect"))
    assert all(dot.resolved for dot in table.dots if dot.shown)


def test_a_table_is_read_as_it_was_written(tmp_path):
    table = read_visibility("standard")
    write_visibility(tmp_path / "mine.json", table)
    assert read_visibility(str(tmp_path / "mine.json")) == table


def test_a_table_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(ParameterError, match="standard"):
        read_visibility("nowhere")


def without_a_column(record):
    del record["dots"]["shown"]


def with_a_short_column(record):
    record["dots"]["kind"].pop()


def with_half_the_kinds(record):
    record["kinds"].popitem()


def with_a_dot_of_no_size(record):
    record["dots"]["diameter_nm"][0] = 0


def of_another_version(record):
    record["version"] = 2


def with_a_part_that_is_no_number(record):
    record["kinds"]["cubic: twin"] = float("nan")


def with_an_endless_seed(record):
    record["seed"] = float("inf")


def with_an_axis_that_is_no_number(record):
    record["near_axis_deg"] = float("nan")


def with_a_name_that_never_ends(record):
    record["preset"] = "standard" * 1000


def with_a_kind_that_no_dot_has(record):
    record["kinds"] = {"cubic: unicorn": 1.0}


@pytest.mark.parametrize(
    "spoil",
    [
        without_a_column,
        with_a_short_column,
        with_half_the_kinds,
        with_a_dot_of_no_size,
        of_another_version,
        with_a_part_that_is_no_number,
        with_an_endless_seed,
        with_an_axis_that_is_no_number,
        with_a_name_that_never_ends,
        with_a_kind_that_no_dot_has,
    ],
)
def test_a_damaged_table_ends_in_a_sentence(tmp_path, spoil):
    path = tmp_path / "mine.json"
    write_visibility(path, read_visibility("standard"))
    record = json.loads(path.read_text())
    spoil(record)
    path.write_text(json.dumps(record))
    with pytest.raises(ParameterError, match=r"mine\.json is no table"):
        read_visibility(str(path))
