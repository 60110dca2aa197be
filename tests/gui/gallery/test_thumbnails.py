"""Pictures of the gallery: made, kept, missing, and only what is wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.tasks.analysis import Source
from napari_cdse.tasks.thumbnails import (
    EDGE_PX,
    Request,
    RequestQueue,
    thumbnail,
    thumbnailing,
)


@pytest.fixture
def picture(tmp_path) -> Path:
    """A dark picture with one bright square of 8 pixels at (30, 50)."""
    pixels = np.zeros((60, 90), dtype=np.uint8)
    pixels[26:34, 46:54] = 255
    path = tmp_path / "square.png"
    Image.fromarray(pixels).save(path)
    return path


def request(path: Path, *circles: Circle, others=(), known=None) -> Request:
    return Request(Source(0, path, 0, None), known, circles, others)


def answers(kept: Path | None, *requests: Request) -> list:
    queue = RequestQueue()
    queue.replace(requests)
    found = list(thumbnailing(queue, kept, lambda _share: None))
    assert not queue.waiting
    return found


def test_a_thumbnail_shows_the_particle_in_its_middle(picture):
    pixels = read_micrograph(picture).pixels
    square = thumbnail(pixels, Circle(30.0, 50.0, 8.0))
    assert square.shape == (EDGE_PX, EDGE_PX)
    rows, cols = np.nonzero(square > 127)
    assert rows.mean() == pytest.approx(EDGE_PX / 2, abs=4)
    assert cols.mean() == pytest.approx(EDGE_PX / 2, abs=4)
    assert np.ptp(rows) + 1 == pytest.approx(8 / 21 * EDGE_PX, abs=3)


def test_one_reading_gives_all_and_the_next_session_reads_nothing(picture, tmp_path):
    kept = tmp_path / "kept.sqlite"
    here, there, other = (Circle(30.0, col, 8.0) for col in (50.0, 40.0, 20.0))
    known = read_micrograph(picture).id
    (found,) = answers(
        kept, request(picture, here, there, others=(other,), known=known)
    )
    assert set(found.pictures) == {here, there}
    assert found.micrograph is None
    picture.unlink()
    (again,) = answers(kept, request(picture, here, there, other, known=known))
    assert set(again.pictures) == {here, there, other}
    np.testing.assert_array_equal(again.pictures[here], found.pictures[here])


def test_pictures_of_an_earlier_content_are_not_taken(picture, tmp_path):
    kept = tmp_path / "kept.sqlite"
    circle = Circle(30.0, 50.0, 8.0)
    old = read_micrograph(picture).id
    answers(kept, request(picture, circle, known=old))
    Image.fromarray(np.arange(5400, dtype=np.uint16).reshape(60, 90)).save(
        picture.with_suffix(".tif")
    )
    changed = picture.with_suffix(".tif")
    new = read_micrograph(changed).id
    (found,) = answers(kept, request(changed, circle, known=new))
    np.testing.assert_array_equal(
        found.pictures[circle], thumbnail(read_micrograph(changed).pixels, circle)
    )


def test_an_unknown_content_is_told(picture):
    (found,) = answers(None, request(picture, Circle(30.0, 50.0, 8.0)))
    assert found.micrograph.id == found.micrograph_id == read_micrograph(picture).id


def test_a_file_that_cannot_be_read_stops_no_other(picture, tmp_path):
    circle = Circle(30.0, 50.0, 8.0)
    lost = request(tmp_path / "lost.png", circle)
    bad, good = answers(None, lost, request(picture, circle))
    assert bad.micrograph_id is None
    assert not bad.pictures
    assert set(good.pictures) == {circle}


def test_only_what_is_wanted_now_is_made(picture):
    queue = RequestQueue()
    one, other = Circle(30.0, 50.0, 8.0), Circle(30.0, 20.0, 8.0)
    queue.replace([request(picture, one)])
    work = thumbnailing(queue, None, lambda _share: None)
    queue.replace([request(picture, other)])
    assert [set(found.pictures) for found in work] == [{other}]


def test_what_is_at_work_is_not_wished_for_twice(picture):
    queue = RequestQueue()
    one, other = Circle(30.0, 50.0, 8.0), Circle(30.0, 20.0, 8.0)
    queue.replace([request(picture, one)])
    assert queue.next() == (request(picture, one), False)
    queue.replace([request(picture, one, other)])
    assert queue.next() == (request(picture, other), False)
