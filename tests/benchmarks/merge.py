"""Learn how far single circles of Bragg contrast are to be believed, and the weight.

``python -m tests.benchmarks.merge FOLDER...``: simulated micrographs with truth, other
ones than scores are told of. Prints the logistic regression whose numbers stand in
`napari_cdse.core.detection.merge.MergeSettings`, and F1 and radius error by weight.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from napari_cdse.core.detection.bragg_contrast import scene
from napari_cdse.core.detection.false_alarms import (
    allowed_alarms,
    searched_volume,
    threshold_for,
)
from napari_cdse.core.detection.merge import SETTINGS, Finds, merge, single_evidence
from napari_cdse.core.detection.methods import detect
from napari_cdse.core.evaluation.detection_tally import (
    STRICT_IOU,
    LabelledParticles,
    count,
)
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.labels.pairing import pair_labels
from napari_cdse.pipeline.method_runs import truth_of

WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)


@dataclass(frozen=True, eq=False)
class Seen:
    """One micrograph, both ways."""

    truth: LabelledParticles
    shape: tuple[int, int]
    bragg: Finds
    unet: Finds
    threshold: float


def look(path: Path, labels: Path, size_nm: float | None) -> Seen:
    """Find both ways what is in a micrograph."""
    micrograph = read_micrograph(path, pixel_size_nm=size_nm)
    labelled = read_label_file(labels, shape=micrograph.shape)
    assert labelled is not None, f"{labels} is empty"
    params = DetectionParams()
    bragg = detect(micrograph, params)
    unet = detect(micrograph, replace(params, method="unet"))
    size = bragg.pixel_size
    prior = scene(params, size.nm, size.source.is_trusted).prior
    alarms = allowed_alarms(params.false_alarms, micrograph.shape)
    return Seen(
        truth_of(path, labelled),
        micrograph.shape,
        Finds(bragg.circles, bragg.strengths, bragg.maps[0]),
        Finds(unet.circles, unet.strengths, unet.maps[0]),
        threshold_for(alarms, searched_volume(micrograph.shape, prior)),
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


def learn(everything: list[Seen]) -> None:
    """Print the regression over single finds."""
    evidence, right = [], []
    for seen in everything:
        pairs = match(seen.bragg.circles, seen.unet.circles, SETTINGS.same_iou).pairs
        paired = {i for i, _ in pairs}
        for number, told in enumerate(is_true(seen)):
            if number in paired or told is None:
                continue
            ratio = seen.bragg.strengths[number] / seen.threshold
            circle = seen.bragg.circles[number]
            evidence.append(
                single_evidence(ratio, circle, seen.unet.map, SETTINGS.ring)
            )
            right.append(told)
    print(f"{len(right)} single finds, {sum(right)} of them right")
    fitted = LogisticRegression(C=10).fit(evidence, right)
    by_strength, by_share = fitted.coef_[0]
    print(
        f"odds_start {fitted.intercept_[0]:.2f}  odds_strength {by_strength:.2f}"
        f"  odds_share {by_share:.2f}"
    )


def score(everything: list[Seen], weight: float) -> None:
    """Print F1 and radius error of a weight."""
    settings = replace(SETTINGS, weight=weight)
    tallies = []
    for seen in everything:
        circles, _ = merge(seen.bragg, seen.unet, seen.threshold, settings)
        classes = ["null"] * len(circles)
        tallies.append(count(seen.truth, circles, classes, seen.shape))
    found = sum(one.found[STRICT_IOU] for one in tallies)
    below = found + sum(one.false[STRICT_IOU] + one.asked for one in tallies)
    error = np.median([error for one in tallies for error in one.radius_errors])
    print(f"  weight {weight:.1f}  F1 {2 * found / below:.4f}  radius {error:.4f}")


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
        for weight in WEIGHTS:
            score(here, weight)
        everything += here
    learn(everything)
    for weight in WEIGHTS:
        score(everything, weight)


if __name__ == "__main__":
    main()
