"""Samples of a project: named by folder, pattern, table or hand; kept, taken back."""

from __future__ import annotations

import pytest

from napari_cdse.core.errors import CdseError
from napari_cdse.project import Project
from napari_cdse.project.sample_names import (
    SampleTable,
    by_folder,
    by_pattern,
    chosen,
    names_by,
)
from tests.project_tools import Heard, restarted, write_folder


def names(project):
    return [each.sample for each in project.micrographs.entries]


def test_names_are_kept_in_the_project(project):
    project.micrographs.set_samples({0: "aged", 2: "  fresh \n one "})
    again = restarted(project)
    assert names(again) == ["aged", None, "fresh one"]
    again.close()


def test_naming_is_one_step_that_undo_takes_back(project):
    project.micrographs.set_samples({0: "aged", 1: "fresh"})
    project.micrographs.set_samples({0: "old"})
    assert project.history.undo_summary == "Sample old for 1 micrograph"
    project.history.undo()
    assert names(project) == ["aged", "fresh", None]
    assert project.history.undo_summary == "Samples for 2 micrographs"
    project.history.undo()
    assert names(project) == [None, None, None]
    project.history.redo()
    again = restarted(project)
    assert names(again) == names(project) == ["aged", "fresh", None]
    again.close()


def test_the_same_name_again_is_no_step_and_a_blank_takes_it_away(project):
    project.micrographs.set_samples({0: "aged"})
    before = project.history.undo_summary
    project.micrographs.set_samples({0: "aged", 1: None, 2: ""})
    assert project.history.undo_summary == before
    project.micrographs.set_samples({0: " "})
    assert names(project) == [None, None, None]
    assert project.history.undo_summary == "Sample none for 1 micrograph"


def test_another_window_follows(project):
    other = restarted(project)
    project.micrographs.set_samples({1: "aged"})
    assert other.sync.poll()
    assert names(other) == [None, "aged", None]
    other.close()


def test_the_table_is_told_and_the_queue_is_not_worked_out_anew(project):
    heard, outdated = Heard(project), []
    project.events.queue_outdated.connect(listener := lambda: outdated.append(1))
    project.micrographs.set_samples({1: "aged"})
    assert heard.of("micrographs_changed")
    assert outdated == []
    project.events.queue_outdated.disconnect(listener)


@pytest.fixture
def entries(tmp_path):
    files = ("x/a_b_001.png", "y/A-7 002.png", "y/c.d_003.png")
    place = write_folder(tmp_path / "many", files)
    project = Project.create_or_open([place / name for name in files])
    yield project.micrographs.entries
    project.close()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("{sample}_*", ["a", None, "c.d"]),
        ("{sample}_???", ["a_b", None, "c.d"]),
        ("{sample}[_ ]*", [None, None, None]),
        ("*-{sample} *", [None, "7", None]),
        ("{sample}", ["a_b_001", "A-7 002", "c.d_003"]),
        (r"^(\w+?)[_-]", ["a", "A", None]),
        (r"\d+", ["001", "7", "003"]),
        (r"^( ?)", [None, None, None]),
    ],
)
def test_a_pattern_takes_a_part_of_the_file_name(entries, pattern, found):
    by_name = {each.name: by_pattern(pattern)(each) for each in entries}
    assert [by_name[n] for n in ("a_b_001.png", "A-7 002.png", "c.d_003.png")] == found


@pytest.mark.parametrize("pattern", ["(", "{sample}_{sample}"])
def test_what_is_no_pattern_is_a_sentence(pattern):
    with pytest.raises(CdseError, match=r"is no regular expression|twice"):
        by_pattern(pattern)


def test_folders_and_tables_name_samples(entries):
    assert sorted(names_by(by_folder, entries).values()) == ["x", "y", "y"]
    # As a disk of macOS writes it, with the accent apart.
    table = SampleTable({"c.d_003.png": "u\u0308ber"})
    assert list(names_by(table.naming(entries), entries).values()) == ["u\u0308ber"]
    assert table.sentences == ()


def test_a_table_may_leave_out_suffixes(entries):
    table = SampleTable({"c.d_003": "u\u0308ber", "A-7 002.png": "b", "a_b_001": "c"})
    naming = table.naming(entries)
    assert [naming(each) for each in entries] == ["c", "b", "u\u0308ber"]
    assert table.sentences == ()
    # What is no suffix of a picture is not cut off.
    assert names_by(SampleTable({"c": "x"}).naming(entries), entries) == {}
    both = SampleTable({"a_b_001": "c", "a_b_001.png": "c"})
    assert list(names_by(both.naming(entries), entries).values()) == ["c"]
    both = SampleTable({"a_b_001": "c", "a_b_001.png": "d"})
    with pytest.raises(
        CdseError, match=r"a_b_001.png that it is of d, and of a_b_001,"
    ):
        both.naming(entries)


def test_names_of_a_table_that_fit_nothing_or_two_are_told(tmp_path):
    place = write_folder(tmp_path / "m", ("m1.png", "m1.tif", "m2.png"))
    project = Project.create_or_open(place)
    entries = project.micrographs.entries
    project.close()
    table = SampleTable({"m1": "a", "m2": "b", "m3.png": "c", "M2": "d"})
    assert list(names_by(table.naming(entries), entries).values()) == ["b"]
    assert table.sentences == (
        "No micrograph is called as the table says: m3.png, M2; write file names as "
        "the table of micrographs shows them.",
        "m1 of the table may be m1.png or m1.tif; write the suffix.",
    )
    exact = SampleTable({"m1.tif": "a", "m1.png": "b"})
    assert list(names_by(exact.naming(entries), entries).values()) == ["b", "a"]
    # Of several projects, one may have what another lacks.
    table = SampleTable({"m2": "b", "m1.tif": "a"})
    table.naming(entries[:1])
    table.naming(entries[1:])
    assert table.sentences == ()


def test_micrographs_are_chosen_by_their_names(entries):
    assert [each.name for each in chosen(entries, ["a_b_001"])] == ["a_b_001.png"]
    assert len(chosen(entries, ["*_00?.png", "a_b_001.png"])) == 2
    with pytest.raises(CdseError, match="No micrograph of the project is called b"):
        chosen(entries, ["a_b_001", "b"])
