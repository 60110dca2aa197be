"""Format scores and studies as lines of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.evaluation.feature_importance import (
        FeatureImportance,
        Importance,
    )
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
    from napari_cdse.core.evaluation.method_comparison import MethodScores
    from napari_cdse.core.evaluation.scores import Scores
    from napari_cdse.core.evaluation.tuning import Trial, Tuning
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.pipeline import Evaluation

_NAMES = {
    "f1": "detection F1 (IoU 0.5)",
    "precision": "detection precision",
    "recall": "detection recall",
    "recall_yes": "  of those labelled yes",
    "recall_no": "  of those labelled no",
    "recall_null": "  of those labelled null",
    "class_accuracy": "class accuracy",
    "balanced_accuracy": "balanced accuracy",
    "end_to_end": "right circle and class (F1)",
}


def score_lines(scores: Scores) -> list[str]:
    """Describe a cross-validated forest."""
    if scores.note is not None:
        return [line for line in (scores.note, scores.inheritance) if line]
    head = (
        f"balanced accuracy {scores.balanced_accuracy:.3f} "
        f"({_interval(scores.interval_95)}), "
        f"{scores.folds} folds over {scores.n_micrographs} micrographs"
    )
    rows = [
        f"  {name:6s} recall {scores.recall[name]:.3f}  "
        f"precision {scores.precision[name]:.3f}  of {count}"
        for name, count in scores.class_counts.items()
        if count
    ]
    limits = [f"  {scores.limits}"] if scores.limits else []
    return [head, *rows, *limits]


def tuning_lines(tuning: Tuning, shown: int = 10) -> list[str]:
    """Describe the best settings beside the present ones."""
    rows = [("now", tuning.present), *(("", one) for one in tuning.trials[:shown])]
    return [
        "     trees  features per split  criterion   balanced accuracy    to present",
        *(_trial_line(mark, one) for mark, one in rows),
        tuning.sentence,
    ]


def _trial_line(mark: str, trial: Trial) -> str:
    params, scores, gain = trial.params, trial.scores, trial.difference
    told = (
        f"{mark:4s} {params.trees:5d}  {params.split_features:>18s}  "
        f"{params.criterion:9s}   {scores.balanced_accuracy:.3f} "
        f"({_range(scores.interval_95, '.2f')})"
    )
    if mark:
        # Its difference to itself is no finding.
        return told
    return f"{told}  {gain.value:+z.3f} ({_range(gain.interval_95, '+z.2f')})"


def importance_lines(found: Importance, shown: int = 15) -> list[str]:
    """Describe what families and features are worth."""
    head = (
        f"Balanced accuracy {found.balanced_accuracy:.3f} on held-out micrographs "
        f"({found.n_micrographs}); lost when shuffled, 95 % over micrographs:"
    )
    features = found.features[:shown]
    silent = any(one.loss.interval_95 is None for one in (*found.families, *features))
    return [
        head,
        *(_worth_line(one) for one in found.families),
        "",
        *(_worth_line(one) for one in features),
        *_why_none(silent, found.n_micrographs),
    ]


def _why_none(silent: bool, n_micrographs: int) -> list[str]:
    """Say why some number has no interval, where there are micrographs enough."""
    if not silent or n_micrographs < MIN_MICROGRAPHS:
        return []
    return [
        "no interval: all micrographs say the same, or without one of them there is "
        "no number"
    ]


def _worth_line(worth: FeatureImportance) -> str:
    return (
        f"  {worth.name:22s} {worth.loss.value:+z.3f} "
        f"({_range(worth.loss.interval_95, '+z.3f')})   impurity {worth.impurity:.3f}"
    )


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return f"an interval takes {MIN_MICROGRAPHS} micrographs"
    return f"95 % interval {_range(interval, '.3f')}"


def _range(interval: Interval | None, form: str) -> str:
    if interval is None:
        return "no interval"
    low, high = interval
    return f"{low:{form}} to {high:{form}}"


def curve_lines(curves: LearningCurves) -> list[str]:
    """Describe learning curves step by step."""
    names = list(curves.scores)
    rows = [
        f"{count:8d}" + "".join(f"{curves.mean(name)[at]:10.3f}" for name in names)
        for at, count in enumerate(curves.labels)
    ]
    head = "  labels" + "".join(f"{name:>10s}" for name in names)
    return [head, *rows, curves.sentence()]


def evaluation_lines(evaluation: Evaluation, classes: Sequence[str]) -> list[str]:
    """Describe the whole way from pixels to classes."""
    number = len(evaluation.micrographs)
    over = (
        "95 % intervals over them"
        if number >= MIN_MICROGRAPHS
        else f"an interval takes {MIN_MICROGRAPHS}"
    )
    lines = [f"{number} micrographs; {over}"]
    told = [(key, name) for key, name in _NAMES.items() if key in evaluation.figures]
    for key, name in told:
        interval = _range(evaluation.intervals[key], ".3f")
        lines.append(f"{name:30s} {evaluation.figures[key]:.3f}  ({interval})")
    return [
        *lines,
        *_confusion_lines(evaluation.confusion, classes),
        *_reliability_lines(evaluation),
    ]


def method_lines(scores: Sequence[MethodScores], n_micrographs: int) -> list[str]:
    """Put all methods beside each other, then each with intervals and differences."""
    standard = scores[0]
    # A structure of which nobody was asked for has no row.
    rows = [
        at
        for at, each in enumerate(standard.figures)
        if not all(math.isnan(one.figures[at].value) for one in scores)
    ]
    width = max(len(standard.figures[at].name) for at in rows)
    table = [
        f"{n_micrographs} micrographs",
        " " * width + "".join(f"{one.name:>9s}" for one in scores),
        *(
            f"{standard.figures[at].name:{width}s}"
            + "".join(f"{one.figures[at].value:9.3f}" for one in scores)
            for at in rows
        ),
        f"{'seconds of a core, median':{width}s}"
        + "".join(f"{one.seconds:9.2f}" for one in scores),
        f"{'memory in MB, most':{width}s}"
        + "".join(f"{one.peak_bytes / 1e6:9.0f}" for one in scores),
    ]
    if n_micrographs < MIN_MICROGRAPHS:
        return [*table, f"an interval takes {MIN_MICROGRAPHS} micrographs"]
    for one in scores:
        apart = "" if one is standard else f", and difference to {standard.name}"
        table += ["", f"{one.name}: 95 % intervals over micrographs{apart}"]
        for at in rows:
            figure = one.figures[at]
            line = (
                f"  {figure.name:{width}s} {figure.value:7.3f} "
                f"({_range(figure.interval_95, '.3f')})"
            )
            if one is not standard:
                line += (
                    f"  {figure.difference:+z.3f} "
                    f"({_range(figure.difference_95, '+z.3f')})"
                )
            table.append(line)
    silent = any(
        each.interval_95 is None or (one is not standard and each.difference_95 is None)
        for one in scores
        for each in (one.figures[at] for at in rows)
        if not math.isnan(each.value)
    )
    return [*table, *_why_none(silent, n_micrographs)]


def _reliability_lines(evaluation: Evaluation) -> list[str]:
    """Say how often the forest is right when it is so sure."""
    errors = evaluation.class_errors
    classes = ", ".join(f"{name} {errors[name]:.3f}" for name in errors)
    head = f"calibration error {evaluation.calibration_error:.3f} over all circles"
    rows = [
        f"  sure {each.confidence:.2f}  right {each.right:.2f}  of {each.number}"
        for each in evaluation.reliability
    ]
    return [head, *rows, f"calibration error by class {classes}"] if rows else []


def _confusion_lines(confusion: NDArray[np.int64], classes: Sequence[str]) -> list[str]:
    head = "truth \\ forest " + "".join(f"{name:>7s}" for name in classes)
    rows = [
        f"{name:15s}" + "".join(f"{int(count):7d}" for count in row)
        for name, row in zip(classes, confusion, strict=True)
    ]
    return [head, *rows]
