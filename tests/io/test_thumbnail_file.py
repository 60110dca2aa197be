"""Pictures that are kept between sessions, and files that are not what they should."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from napari_cdse.core.records import Circle
from napari_cdse.io.thumbnail_file import ThumbnailFile

EDGE = 8
CIRCLES = [Circle(float(row), 2.5, 3.0) for row in range(10)]


def gray(value: int) -> np.ndarray:
    return np.full((EDGE, EDGE), value, dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "thumbnails.sqlite"


def opened(path, most=100) -> ThumbnailFile:
    return ThumbnailFile(path, EDGE, most)


def test_what_was_put_is_there_next_time_for_that_content_alone(path):
    first = opened(path)
    first.put("content", {CIRCLES[0]: gray(3), CIRCLES[1]: gray(4)})
    first.close()
    second = opened(path)
    found = second.get("content", CIRCLES)
    assert set(found) == {CIRCLES[0], CIRCLES[1]}
    np.testing.assert_array_equal(found[CIRCLES[1]], gray(4))
    assert second.get("other content", CIRCLES) == {}
    second.close()


def test_the_oldest_go_when_there_are_too_many(path):
    file = opened(path, most=4)
    for number, circle in enumerate(CIRCLES):
        file.put("content", {circle: gray(number)})
    assert set(file.get("content", CIRCLES)) == set(CIRCLES[-4:])
    file.close()


def test_a_damaged_file_is_made_anew(path):
    path.parent.mkdir()
    path.write_bytes(
        b"this is no database, but it is long enough to be read as one" * 9
    )
    file = opened(path)
    file.put("content", {CIRCLES[0]: gray(3)})
    assert set(file.get("content", CIRCLES)) == {CIRCLES[0]}
    file.close()


def test_where_none_can_be_made_there_are_no_pictures(tmp_path):
    (tmp_path / "file").write_text("in the way")
    file = opened(tmp_path / "file" / "thumbnails.sqlite")
    file.put("content", {CIRCLES[0]: gray(3)})
    assert file.get("content", CIRCLES) == {}
    file.close()


def test_pictures_of_another_size_are_not_taken(path):
    file = opened(path)
    file.put("content", {CIRCLES[0]: np.zeros((4, 4), dtype=np.uint8)})
    assert file.get("content", CIRCLES) == {}
    file.close()


def test_a_table_that_vanished_is_done_without(path):
    file = opened(path)
    other = sqlite3.connect(path)
    other.execute("DROP TABLE thumbnails")
    other.commit()
    other.close()
    file.put("content", {CIRCLES[0]: gray(3)})
    assert file.get("content", CIRCLES) == {}
    file.close()
