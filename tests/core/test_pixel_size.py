"""Five states of a pixel size that are never mixed."""

import pytest

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (PixelSize(0.0371, PixelSizeSource.FILE), "0.0371 nm/px, from the file"),
        (PixelSize(0.0371, PixelSizeSource.PERSON), "0.0371 nm/px, set by a person"),
        (
            PixelSize(0.03714, PixelSizeSource.ESTIMATED, 0.011),
            "0.0371 ± 0.0004 nm/px, estimated from the lattice",
        ),
        (
            PixelSize(0.0355, PixelSizeSource.UNSURE, other_nm=0.0651),
            "0.0355 or 0.0651 nm/px, unsure: please set it",
        ),
        (
            PixelSize(0.037, PixelSizeSource.ASSUMED),
            "0.037 nm/px is assumed, nothing tells it: please set it",
        ),
    ],
)
def test_every_state_says_itself(size, words):
    assert str(size) == words


def test_only_file_and_person_calibrate_and_guesses_are_not_trusted():
    given = [source for source in PixelSizeSource if source.is_given]
    assert given == ["file", "person"]
    trusted = [source for source in PixelSizeSource if source.is_trusted]
    assert trusted == ["file", "person", "estimated"]
