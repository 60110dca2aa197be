"""Which projects were open last, as the next start finds them."""

from __future__ import annotations

import pytest

from napari_cdse.io import recent_projects as module
from napari_cdse.io.recent_projects import MOST, recent_projects, remember_project


@pytest.fixture
def listed(tmp_path, monkeypatch):
    file = tmp_path / "data" / "recent.json"
    monkeypatch.setattr(module, "default_file", lambda: file)
    return file


def projects(folder, number):
    made = [folder / f"{at}.cdse" for at in range(number)]
    for one in made:
        one.touch()
    return made


def test_the_newest_come_first_and_each_once(listed, tmp_path):
    assert recent_projects() == ()
    first, second = projects(tmp_path, 2)
    for one in (first, second, first):
        remember_project(one)
    assert recent_projects() == (first, second)
    first.unlink()
    assert recent_projects() == (second,)


def test_only_a_few_are_kept(listed, tmp_path):
    made = projects(tmp_path, MOST + 3)
    for one in made:
        remember_project(one)
    assert recent_projects() == tuple(reversed(made))[:MOST]


@pytest.mark.parametrize(
    "text", [b"", b"\xff{", b'{"a": 1}', b"[1, null]", b"[" * 10**5]
)
def test_a_damaged_list_is_an_empty_one(listed, tmp_path, text):
    listed.parent.mkdir()
    listed.write_bytes(text)
    assert recent_projects() == ()
    (one,) = projects(tmp_path, 1)
    remember_project(one)
    assert recent_projects() == (one,)


def test_where_it_cannot_be_written_nothing_fails(listed, tmp_path):
    listed.parent.write_text("a file where the folder should be")
    remember_project(tmp_path / "x.cdse")
    assert recent_projects() == ()
