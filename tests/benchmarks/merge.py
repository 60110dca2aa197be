"""What becomes of circles that one way alone found, and what the mean rests on.

``python -m tests.benchmarks.merge FOLDER...``: simulated micrographs with truth, other
ones than scores are told of. Prints how many single circles of Bragg contrast are
right, how many of the wrong ones the shipped forest calls ``empty``, and F1, radius
error and overlap by the U-Net's weight, and by the strength from which it has it: what
`napari_cdse.core.detection.merge` rests on.
"""

import argparse
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from napari_cdse.core.classifier.forest import Model
from napari_cdse.core.detection.bragg_contrast import SearchSpace, search_space
from napari_cdse.core.detection.false_alarms import (
    allowed_alarms,
    searched_volume,
    threshold_for,
)
from napari_cdse.core.detection.merge import (
    SETTINGS,
    MergeSettings,
    MethodResult,
    merge,
)
from napari_cdse.core.detection.methods import detect
from napari_cdse.core.evaluation.detection_tally import (
    LOOSE_IOU,
    STRICT_IOU,
    LabelledParticles,
    count,
)
from napari_cdse.core.matching import circle_iou, match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.labels.pairing import pair_labels
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline.analysis import predict
from napari_cdse.pipeline.method_runs import truth_of
from napari_cdse.resources import default_model_path

WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 1.0)
SURE = (0.01, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


@dataclass(frozen=True, eq=False)
class Seen:
    """One micrograph, both ways."""

    truth: LabelledParticles
    micrograph: Micrograph
    pixel_nm: float
    bragg: MethodResult
    unet: MethodResult
    threshold: float
    space: SearchSpace


def look(path: Path, labels: Path, size_nm: float | None) -> Seen:
    """Find both ways what is in a micrograph."""
    micrograph = read_micrograph(path, pixel_size_nm=size_nm)
    labelled = read_label_file(labels, shape=micrograph.shape)
    assert labelled is not None, f"{labels} is empty"
    params = DetectionParams(method="bragg")
    bragg = detect(micrograph, params)
    unet = detect(micrograph, replace(params, method="unet"))
    size = bragg.pixel_size
    space = search_space(params, size.nm, size.source.is_trusted)
    alarms = allowed_alarms(params.false_alarms, micrograph.shape)
    return Seen(
        truth_of(path, labelled),
        micrograph,
        size.nm,
        MethodResult(bragg.circles, bragg.strengths, bragg.maps[0]),
        MethodResult(unet.circles, unet.strengths, unet.maps[0]),
        threshold_for(alarms, searched_volume(micrograph.shape, space.prior)),
        space,
    )


def is_true(seen: Seen) -> list[bool | None]:
    """Whether each circle of Bragg contrast is right; None where nobody asks."""
    truth, found = seen.truth, seen.bragg.circles
    told: list[bool | None] = [False] * len(found)
    forgiving = [
        *truth.unlisted,
        *(c for c, asked in zip(truth.circles, truth.asked, strict=True) if not asked),
    ]
    for number, circle in enumerate(found):
        for other in forgiving:
            apart = np.hypot(circle.row_px - other.row_px, circle.col_px - other.col_px)
            if apart < other.radius_px:
                told[number] = None
    for true, number in match(truth.circles, found, STRICT_IOU).pairs:
        told[number] = True if truth.asked[true] else None
    return told


def tell_singles(everything: list[Seen]) -> None:
    """Print what becomes of the circles of Bragg contrast that have no partner."""
    for inside in (False, True):
        right, wrong, empty = 0, 0, 0
        for seen in everything:
            told = is_true(seen)
            for number in singles(seen, inside):
                if told[number]:
                    right += 1
                elif told[number] is not None:
                    wrong += 1
                    empty += is_called_empty(seen, seen.bragg.circles[number])
        place = "centred in a circle of the network" if inside else "elsewhere"
        print(f"single, {place}: {right} right, {wrong} wrong, {empty} called empty")


def singles(seen: Seen, within: bool) -> list[int]:
    """Number circles of Bragg contrast alone, within those of the network or not."""
    pairs = match(seen.bragg.circles, seen.unet.circles, SETTINGS.same_iou).pairs
    alone = set(range(len(seen.bragg.circles))) - {i for i, _ in pairs}
    return [
        number
        for number in sorted(alone)
        if within
        == any(
            np.hypot(one.row_px - other.row_px, one.col_px - other.col_px)
            < other.radius_px
            for one in [seen.bragg.circles[number]]
            for other in seen.unet.circles
        )
    ]


def is_called_empty(seen: Seen, circle: Circle) -> bool:
    """Whether the shipped forest takes a circle away again."""
    (told,) = predict(seen.micrograph, ["one"], [circle], forest(), seen.pixel_nm)
    return told.label == "empty"


@cache
def forest() -> Model:
    return load_model(default_model_path())


def score(everything: list[Seen], settings: MergeSettings) -> None:
    """Print what comes of such a mean."""
    tallies, overlaps = [], []
    for seen in everything:
        circles, _ = merge(seen.bragg, seen.unet, seen.threshold, seen.space, settings)
        pairs = match(seen.truth.circles, circles, LOOSE_IOU).pairs
        every = circle_iou(seen.truth.circles, circles) if pairs else None
        overlaps += [every[i, j] for i, j in pairs if seen.truth.asked[i]]
        classes = ["null"] * len(circles)
        tallies.append(count(seen.truth, circles, classes, seen.micrograph.shape))
    found = sum(one.found[STRICT_IOU] for one in tallies)
    below = found + sum(one.false[STRICT_IOU] + one.asked for one in tallies)
    error = np.median([error for one in tallies for error in one.radius_errors])
    print(
        f"  weight {settings.weight:.1f} from {settings.sure:4.2f}"
        f"  F1 {2 * found / below:.4f}  radius {error:.4f}"
        f"  overlap {np.mean(overlaps):.4f}"
    )


def tell_means(everything: list[Seen]) -> None:
    """Print what comes of other weights, and of other strengths."""
    for weight in WEIGHTS:
        score(everything, replace(SETTINGS, weight=weight))
    for sure in SURE:
        score(everything, replace(SETTINGS, sure=sure))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=10**6, help="of each folder")
    parser.add_argument("--pixel-size", type=float)
    arguments = parser.parse_args()
    everything: list[Seen] = []
    for folder in arguments.folders:
        pairs = list(pair_labels(folder).pairs.items())[: arguments.most]
        here = [look(path, labels, arguments.pixel_size) for path, labels in pairs]
        print(f"{folder}: {len(here)} micrographs")
        tell_means(here)
        everything += here
    tell_singles(everything)
    tell_means(everything)


if __name__ == "__main__":
    main()
