"""What is kept between runs, whoever else uses the file, and files that are damaged."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from napari_cdse.io import feature_file
from napari_cdse.io.cache_file import cache_path
from napari_cdse.io.feature_file import FeatureFile

KB = 1024


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "features.sqlite"


@pytest.fixture
def opened():
    """Open files that are closed when the test is over."""
    files: list[FeatureFile] = []

    def opens(*given):
        files.append(FeatureFile(*given))
        return files[-1]

    yield opens
    for file in files:
        file.close()


def kept(file, names):
    return [name for name in names if file.get(name) is not None]


def test_it_lies_in_the_cache_folder_that_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_CDSE_CACHE", str(tmp_path / "mine"))
    assert feature_file.default_path().parent == tmp_path / "mine"
    monkeypatch.delenv("NAPARI_CDSE_CACHE")
    assert feature_file.default_path() == cache_path(feature_file.default_path().name)
    assert feature_file.default_path().parent.name == "napari-cdse"


def test_what_was_put_is_there_next_time_for_that_key_alone(path, opened):
    first = opened(path)
    first.put({"a": b"\0one", "b": b""})
    first.put({"b": b"two"})
    first.close()
    second = opened(path)
    assert (second.get("a"), second.get("b"), second.get("c")) == (
        b"\0one",
        b"two",
        None,
    )


def test_what_was_not_used_for_longest_goes_when_there_are_too_many_bytes(path, opened):
    file = opened(path, 3 * KB)
    for name in "abc":
        file.put({name: bytes(KB)})
    file.put({}, used=["a"])
    file.put({"d": bytes(KB)})
    assert kept(file, "abcd") == ["a", "c", "d"]
    # What alone is too large takes nobody's place.
    file.put({"e": bytes(4 * KB)})
    assert kept(file, "abcde") == ["a", "c", "d"]
    file.put({"f": bytes(2 * KB)})
    assert kept(file, "abcdf") == ["d", "f"]


def test_the_file_itself_does_not_grow_beyond_its_bound(path, opened):
    file = opened(path, 64 * KB)
    for number in range(200):
        file.put({f"key {number}": bytes(4 * KB)})
    assert kept(file, [f"key {number}" for number in range(200)]) == [
        f"key {number}" for number in range(184, 200)
    ]
    # A third more for the pages of SQLite that are not full.
    assert path.stat().st_size < 64 * KB * 4 / 3 + 32 * KB


def test_two_at_once_lose_nothing(path, opened):
    names = {who: [f"{who} {number}" for number in range(60)] for who in "xy"}

    def fill(who):
        file = FeatureFile(path)
        for name in names[who]:
            file.put({name: name.encode()}, used=names[who][:1])
        file.close()

    threads = [threading.Thread(target=fill, args=(who,)) for who in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file = opened(path)
    every = [*names["x"], *names["y"]]
    assert [file.get(name) for name in every] == [name.encode() for name in every]


def test_bytes_that_changed_on_the_disk_are_not_given(path, opened):
    file = opened(path)
    file.put({"a": b"one", "b": b"two"})
    file.close()
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE features SET data = x'00' WHERE key = 'a'")
    other.close()
    file = opened(path)
    assert (file.get("a"), file.get("b")) == (None, b"two")
    file.put({"a": b"one"})
    assert file.get("a") == b"one"


def test_a_file_that_is_no_database_is_made_anew(path, opened):
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but long enough to be read as one" * 99)
    file = opened(path)
    file.put({"a": b"one"})
    assert file.get("a") == b"one"


def test_a_file_damaged_in_its_midst_is_made_anew_the_next_time(path, opened):
    file = opened(path)
    for number in range(50):
        file.put({f"key {number}": bytes(KB)})
    file.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    file = opened(path)
    file.put({"a": b"one"})
    assert file.get("a") is None
    file.close()
    file = opened(path)
    file.put({"a": b"one"})
    assert file.get("a") == b"one"


def test_where_none_can_be_made_nothing_is_kept(tmp_path, opened):
    (tmp_path / "file").write_text("in the way")
    file = opened(tmp_path / "file" / "features.sqlite")
    file.put({"a": b"one"})
    assert file.get("a") is None
