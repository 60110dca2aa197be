"""Memory of a search: large pictures must fit where they can be read."""

import tracemalloc

import numpy as np

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Micrograph
from tests.drawn_particles import PIXEL_NM, speckle

EDGES_PX = (1536, 3072)
MOST_PICTURES = 4.0


def test_a_search_takes_four_times_the_picture_at_most():
    # What it takes at any size, some 30 MB, cancels in the difference.
    (small, low), (large, high) = map(taken, EDGES_PX)
    # The picture itself counts too.
    assert 1 + (high - low) / (large - small) <= MOST_PICTURES


def taken(edge_px):
    """Bytes of a picture, and the most that a search in it takes beside them."""
    tile = speckle((512, 512), 3).astype(np.float32)
    pixels = np.tile(tile, (edge_px // 512, edge_px // 512))
    drawn = Micrograph(pixels, "drawn", "drawn", PIXEL_NM, PixelSizeSource.PERSON)
    tracemalloc.start()
    try:
        detect(drawn, DetectionParams())
        return pixels.nbytes, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
