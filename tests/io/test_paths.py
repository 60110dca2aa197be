"""Which paths are one file, and names that no disk takes for one."""

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.paths import (
    LONGEST_NAME,
    alike,
    distinct_names,
    is_same_file,
    name_from_text,
    portable_name,
    without_repeats,
)

DECOMPOSED = unicodedata.normalize("NFD", "Probe f\u00fcr 1")
COMPOSED = unicodedata.normalize("NFC", DECOMPOSED)


def test_a_folder_named_twice_gives_each_file_once(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path.parent)
    ways = [Path(tmp_path.name), tmp_path, tmp_path / "..", tmp_path / "a.png"]
    ways[2] = ways[2] / tmp_path.name
    found = find_micrographs(ways).files
    assert [path.name for path in found] == ["a.png", "b.png"]


def test_twins_in_capitals_are_two_files_where_the_disk_says_so(tmp_path):
    one, other = tmp_path / "a.png", tmp_path / "A.png"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    if len(os.listdir(tmp_path)) == 1:
        assert is_same_file(one, other)
        assert without_repeats([one, other]) == [one]
        return
    assert not is_same_file(one, other)
    assert without_repeats([one, other]) == [one, other]
    names = distinct_names([one, other])
    assert len({alike(name) for name in names.values()}) == 2


def test_a_link_is_a_file_of_its_own(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert not is_same_file(tmp_path / "a.png", tmp_path / "b.png")


def test_names_stay_short_and_grow_only_where_they_must(tmp_path):
    paths = [tmp_path / "x" / "m.png", tmp_path / "x" / "n.png", tmp_path / "y/m.tif"]
    names = distinct_names(paths)
    assert [names[path] for path in paths] == ["m.png", "n", "m.tif"]


def test_a_name_too_long_for_a_disk_is_cut(tmp_path):
    folders = [tmp_path / ("d" * 150) / str(n) for n in range(2)]
    paths = [folder / ("m" * 150 + ".png") for folder in folders]
    names = distinct_names(paths)
    assert len(set(names.values())) == 2
    assert all(len(name.encode()) <= LONGEST_NAME + 8 for name in names.values())


LETTERS = st.text(st.sampled_from("aA\u00fc\u00dc\u00dfs_.1 "), min_size=1, max_size=4)


@given(st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=12, unique=True))
def test_no_two_files_ever_share_a_name_on_any_disk(parts):
    paths = [Path("/data", folder, f"{stem}.png") for folder, stem in parts]
    names = distinct_names(paths)
    kept = [alike(names[path]) for path in dict.fromkeys(paths)]
    assert len(set(kept)) == len(kept)


# From "Naming Files, Paths, and Namespaces" of Microsoft.
DEVICES = ["CON", "nul", "Aux", "prn", "COM1", "lpt9", "COM\u00b2", "aux.tar", "nul .x"]
FORBIDDEN = ["a:b", 'a"b', "a|b", "a?", "<a>", "a*", "a\\b", "a\nb", "a\x1b[1m"]
ENDINGS = ["end.", "end ", "aux ", "..", "con. "]


@pytest.mark.parametrize("name", [*DEVICES, *FORBIDDEN, *ENDINGS])
def test_a_name_that_windows_takes_for_none_of_a_file_becomes_one(name):
    made = portable_name(name)
    assert portable_name(made) == made != name
    before_the_dot = made.partition(".")[0].rstrip().upper()
    assert before_the_dot[:3] not in {"CON", "NUL", "AUX", "PRN", "COM", "LPT"}
    assert not set(made) & set('<>:"/\\|?*\n\x1b')
    assert made[-1] not in ". "


@pytest.mark.parametrize(
    "name", ["m1", "console", "aux2", "com10", "a.b", "\u00fc (2)"]
)
def test_a_name_that_every_system_takes_stays(name):
    assert portable_name(name) == name


def test_names_that_look_alike_without_their_letters_stay_apart():
    names = ["a:b", "a?b", "a*b", "a_b", "a_b.", "a_b ", "aux", "_aux", "AUX"]
    assert len({alike(portable_name(name)) for name in names}) == len(names)


def test_a_mac_and_a_windows_write_one_portable_name():
    assert portable_name(f"{DECOMPOSED}:") == portable_name(f"{COMPOSED}:")


@pytest.mark.parametrize(
    ("text", "name"),
    [("a/../b", "a____b"), (" x ", "x"), ("", ""), ("d\u00fc-1", "d\u00fc-1")],
)
def test_what_people_call_things_becomes_a_name(text, name):
    assert name_from_text(text) == name


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_are_alike_however_they_are_written(form):
    assert alike(unicodedata.normalize(form, "\u00dcBER.png")) == alike("\u00fcber.png")
