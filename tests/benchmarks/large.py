"""A large micrograph against as many small ones, and the memory that it takes."""

import statistics
import tracemalloc
from collections.abc import Iterator

import numpy as np

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from tests.benchmarks.measuring import ROUNDS, Row, sample_micrograph, scaled, seconds

TITLE = "large micrographs"


def rows(quick: bool = False) -> Iterator[Row]:
    repeat = 4 if quick else 8
    params = DetectionParams()
    micrograph = sample_micrograph()
    size = detect(micrograph, params).pixel_size_nm
    small = scaled(micrograph, size)
    pixels = np.tile(micrograph.pixels, (repeat, repeat))
    tiled = Micrograph(pixels, "large", "large", size, "person")
    one = statistics.median(
        seconds(lambda: detect(small, params)) for _ in range(ROUNDS)
    )
    took = seconds(lambda: detect(tiled, params))
    name = f"{len(pixels)} px"
    yield Row(
        f"{name} / {repeat**2} of {micrograph.shape[0]} px",
        took,
        value=took / repeat**2 / one,
        limit=1.2,
    )
    yield Row(f"peak memory / image, {name}", value=peak_images(tiled), limit=4)


def peak_images(micrograph: Micrograph) -> float:
    """Most memory at any time, the image's own with it, in sizes of the image."""
    tracemalloc.start()
    detect(micrograph, DetectionParams())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / micrograph.pixels.nbytes + 1
