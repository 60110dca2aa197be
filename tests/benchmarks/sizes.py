"""How far circles are off in diameter: ``python -m tests.benchmarks sizes``.

The micrographs of ``scale`` (simulated at known pixel sizes, of three kinds) are looked
at with their true pixel size, and each circle is matched with the particle that it lies
on. Printed is the mean of log(found / true) by class and by true diameter, its error
over micrographs; `napari_cdse.core.detection.disk_fit_error` has what follows from it.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from tests.benchmarks.scale import simulated_folder

CLASSES = ("yes", "no", "null")
EDGES_NM = (0.0, 3.0, 4.0, 5.0, 6.0, 99.0)

Found = tuple[str, str, float, float]
"""Micrograph, class, true and found diameter in nm."""


def show(quick: bool) -> None:
    """Print the table."""
    show_pairs(list(pairs(simulated_folder(quick))))


def show_pairs(found: list[Found]) -> None:
    """Print bias by class and true diameter, with its standard error."""
    print(f"\nlog(found / true diameter), {len(found)} particles")
    spans = list(pairwise(EDGES_NM))
    print(
        f"{'class':8s}{'all':>22s}"
        + "".join(f"{f'{a:g}-{b:g}':>22s}" for a, b in spans)
    )
    for name in (*CLASSES, "all"):
        mine = [each for each in found if name in ("all", each[1])]
        parts = [mine, *([e for e in mine if a <= e[2] < b] for a, b in spans)]
        print(f"{name:8s}" + "".join(f"{_told(part):>22s}" for part in parts))


def _told(part: list[Found]) -> str:
    """Mean over particles, its error over micrographs, and the number."""
    if len(part) < 5:
        return f"({len(part)})"
    logs = np.array([np.log(each[3] / each[2]) for each in part])
    _, of = np.unique([each[0] for each in part], return_inverse=True)
    sums = np.bincount(of, logs - logs.mean())
    error = float(np.sqrt(np.sum(sums**2))) / len(part)
    return f"{logs.mean():+.3f} +- {error:.3f} ({len(part)})"


def pairs(folder: Path) -> Iterator[Found]:
    """Look at each micrograph with its true pixel size, and match."""
    for file in sorted((folder / "truth").glob("*.json")):
        truth = json.loads(file.read_text("utf-8"))
        size = truth["pixel_size_nm"]
        path = folder / "images" / f"{file.stem}.png"
        micrograph = read_micrograph(path, pixel_size_nm=size)
        circles = detect(micrograph, DetectionParams(method="bragg")).circles
        dots = truth["dots"]
        true = [Circle(d["y"], d["x"], d["radius_equiv_px"]) for d in dots]
        for at, one in match(true, circles).pairs:
            # The border and other dots hide a part, which is no bias of the fit.
            if dots[at]["cut_by_border"] or dots[at]["overlaps"]:
                continue
            yield (
                file.stem,
                dots[at]["label"],
                2 * true[at].radius_px * size,
                2 * circles[one].radius_px * size,
            )
