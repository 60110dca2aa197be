"""Tables in which nothing can be run, whatever a spreadsheet takes for a separator."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cdse.io.export.tables import DIALECTS, without_apostrophe, write_table

TEXTS = [
    "a;=1+1",
    "a,=1+1",
    "a\t=1+1",
    "a\n=1+1",
    "a\r@SUM(1)",
    "a; \u00a0+1",
    'a;"=1',
    "a;-2+3;b",
    "a;\uff1d1",
    "=1;=2",
]
STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def _cells(path, delimiter):
    text = path.read_text("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield from row


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("text", TEXTS)
def test_nothing_runs_where_a_cell_is_split_that_is_none(
    tmp_path, dialect, delimiter, text
):
    path = tmp_path / "a.csv"
    write_table(path, ["first", "second"], [["m1", text], [text, 2.0]], dialect)
    for cell in _cells(path, delimiter):
        assert not cell.strip(' "\u00a0\n').startswith(STARTS), cell


@given(st.text(st.sampled_from("ab=-@'; ,\n\t\""), max_size=9))
@pytest.mark.parametrize("dialect", ["standard", "excel-eu"])
def test_what_was_guarded_is_read_as_it_was(tmp_path_factory, dialect, text):
    path = tmp_path_factory.getbasetemp() / f"guarded_{dialect}.csv"
    write_table(path, ["name"], [[f"m{text}"], [text]], dialect)
    delimiter = DIALECTS[dialect].delimiter
    lines = io.StringIO(path.read_text("utf-8-sig"), newline="")
    read = [row[0] if row else "" for row in csv.reader(lines, delimiter=delimiter)]
    assert [without_apostrophe(each, delimiter) for each in read[1:]] == [
        f"m{text}",
        text,
    ]


def test_what_people_write_stays_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    notes = ["big, -3 nm", "a = b; c", "x;y", "10 +- 2", "don't; 'no'"]
    write_table(path, ["note"], [[note] for note in notes])
    assert list(_cells(path, ","))[1:] == notes


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_has_no_minus(tmp_path, dialect):
    path = tmp_path / "a.csv"
    write_table(path, ["x", "y"], [[-0.0, -1.0]], dialect)
    assert path.read_text("utf-8-sig").splitlines()[1] in ("0,-1", "0;-1")
