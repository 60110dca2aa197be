"""Sample micrographs in every kind of frame: ``python -m tests.benchmarks frames``.

For each kind, over all samples: circles farther than `NEAR_PX` from the border that the
frame cost, and that it added; the largest shift of such a circle, centre and radius
added; and the largest change of the estimated pixel size.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.resources import sample_data_dir
from tests.core.framed import FRAMES

NEAR_PX = 10
"""Circles that reach so near the border may change: the frame hides what they are."""
SAME_IOU = 0.5
"""Overlap from which two circles are one, as scores count it."""


@dataclass(frozen=True)
class Change:
    """What one frame changed in one micrograph."""

    lost: int
    added: int
    shift_px: float
    scale: float


def changed(bare: Micrograph, before: Detection, name: str) -> Change:
    picture, (row, col) = FRAMES[name](bare.pixels)
    after = detect(replace(bare, pixels=picture.astype(np.float32)), DetectionParams())
    circles = [circle.moved(-row, -col) for circle in after.circles]
    matches = match(before.circles, circles, SAME_IOU)

    def far(circle: Circle) -> bool:
        place = np.array([circle.row_px, circle.col_px])
        nearest = min(place.min(), (np.array(bare.shape) - 1 - place).min())
        return bool(nearest - circle.radius_px > NEAR_PX)

    shifts = [
        np.hypot(one.row_px - two.row_px, one.col_px - two.col_px)
        + abs(one.radius_px - two.radius_px)
        for one, two in ((before.circles[i], circles[j]) for i, j in matches.pairs)
        if far(one)
    ]
    return Change(
        sum(far(before.circles[i]) for i in matches.missed),
        sum(far(circles[j]) for j in matches.false),
        float(max(shifts, default=0.0)),
        abs(after.pixel_size_nm / before.pixel_size_nm - 1),
    )


def changes(quick: bool) -> Iterator[tuple[str, list[Change]]]:
    paths = sorted((sample_data_dir() / "images").glob("*.png"))
    samples = [read_micrograph(path) for path in paths[: 2 if quick else None]]
    bare = [(each, detect(each, DetectionParams())) for each in samples]
    for name in FRAMES:
        yield name, [changed(one, found, name) for one, found in bare]


def show(quick: bool) -> None:
    print("frame                      lost  added  shift (px)  pixel size")
    for name, each in changes(quick):
        print(
            f"{name:26} {sum(one.lost for one in each):4} "
            f"{sum(one.added for one in each):6} "
            f"{max(one.shift_px for one in each):11.2f} "
            f"{max(one.scale for one in each):10.2%}",
            flush=True,
        )
