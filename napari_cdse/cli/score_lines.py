"""Format the scores of a forest, and the results of studies, as lines of text."""

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
    """Describe the scores of a cross-validated forest."""
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
    """Describe the best settings, and the present ones for comparison.

    Parameters
    ----------
    tuning : Tuning
        Scores of all settings, the best first.
    shown : int
        Number of settings to describe.
    """
    rows = [("now", tuning.present), *(("", each) for each in tuning.trials[:shown])]
    return [
        "     trees  features per split  criterion   balanced accuracy    to present",
        *(_trial_line(mark, each) for mark, each in rows),
        tuning.sentence,
    ]


def _trial_line(mark: str, trial: Trial) -> str:
    params, scores, gain = trial.params, trial.scores, trial.difference
    line = (
        f"{mark:4s} {params.trees:5d}  {params.split_features:>18s}  "
        f"{params.criterion:9s}   {scores.balanced_accuracy:.3f} "
        f"({_range(scores.interval_95, '.2f')})"
    )
    if mark:
        return line  # the present settings have no difference to themselves
    return f"{line}  {gain.value:+z.3f} ({_range(gain.interval_95, '+z.2f')})"


def importance_lines(importance: Importance, shown: int = 15) -> list[str]:
    """Describe the importance of families of features, and of single features.

    Parameters
    ----------
    importance : Importance
        The most important first.
    shown : int
        Number of single features to describe.
    """
    head = (
        f"Balanced accuracy {importance.balanced_accuracy:.3f} on held-out micrographs "
        f"({importance.n_micrographs}); lost when shuffled, 95 % over micrographs:"
    )
    families, features = importance.families, importance.features[:shown]
    some_missing = any(each.loss.interval_95 is None for each in (*families, *features))
    return [
        head,
        *map(_importance_line, families),
        "",
        *map(_importance_line, features),
        *_missing_intervals(some_missing, importance.n_micrographs),
    ]


def _missing_intervals(some_missing: bool, n_micrographs: int) -> list[str]:
    """Explain missing intervals, if there are enough micrographs for them."""
    if not some_missing or n_micrographs < MIN_MICROGRAPHS:
        return []
    return [
        "no interval: all micrographs say the same, or without one of them there is "
        "no number"
    ]


def _importance_line(each: FeatureImportance) -> str:
    return (
        f"  {each.name:22s} {each.loss.value:+z.3f} "
        f"({_range(each.loss.interval_95, '+z.3f')})   impurity {each.impurity:.3f}"
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
    """Describe the scores of detection and classification together.

    Parameters
    ----------
    evaluation : Evaluation
        The scores.
    classes : sequence of str
        Names of the rows and columns of its confusion matrix.
    """
    number = len(evaluation.micrographs)
    over = (
        "95 % intervals over them"
        if number >= MIN_MICROGRAPHS
        else f"an interval takes {MIN_MICROGRAPHS}"
    )
    lines = [f"{number} micrographs; {over}"]
    for key, name in _NAMES.items():
        if key not in evaluation.figures:
            continue
        interval = _range(evaluation.intervals[key], ".3f")
        lines.append(f"{name:30s} {evaluation.figures[key]:.3f}  ({interval})")
    return [
        *lines,
        *_confusion_lines(evaluation.confusion, classes),
        *_reliability_lines(evaluation),
    ]


def method_lines(scores: Sequence[MethodScores], n_micrographs: int) -> list[str]:
    """Describe all methods side by side, then each with intervals and differences.

    Parameters
    ----------
    scores : sequence of MethodScores
        The first is the method that the others are compared with.
    n_micrographs : int
        Number of micrographs.
    """
    standard = scores[0]
    # Figures of a structure that occurs in no micrograph are NaN for all methods.
    indices = [
        index
        for index in range(len(standard.figures))
        if not all(math.isnan(each.figures[index].value) for each in scores)
    ]
    width = max(len(standard.figures[index].name) for index in indices)
    table = [
        f"{n_micrographs} micrographs",
        *_method_table(scores, indices, width),
    ]
    if n_micrographs < MIN_MICROGRAPHS:
        return [*table, f"an interval takes {MIN_MICROGRAPHS} micrographs"]
    for method in scores:
        table += ["", *_interval_lines(method, standard, indices, width)]
    some_missing = any(
        figure.interval_95 is None
        or (method is not standard and figure.difference_95 is None)
        for method in scores
        for figure in (method.figures[index] for index in indices)
        if not math.isnan(figure.value)
    )
    return [*table, *_missing_intervals(some_missing, n_micrographs)]


def _method_table(
    scores: Sequence[MethodScores], indices: Sequence[int], width: int
) -> list[str]:
    """Return a table with a column for each method."""
    names = [figure.name for figure in scores[0].figures]
    return [
        " " * width + "".join(f"{each.name:>9s}" for each in scores),
        *(
            f"{names[index]:{width}s}"
            + "".join(f"{each.figures[index].value:9.3f}" for each in scores)
            for index in indices
        ),
        f"{'seconds of a core, median':{width}s}"
        + "".join(f"{each.seconds:9.2f}" for each in scores),
        f"{'memory in MB, most':{width}s}"
        + "".join(f"{each.peak_bytes / 1e6:9.0f}" for each in scores),
    ]


def _interval_lines(
    method: MethodScores, standard: MethodScores, indices: Sequence[int], width: int
) -> list[str]:
    """Return a line for each figure of a method, and its difference to the standard."""
    is_standard = method is standard
    difference = "" if is_standard else f", and difference to {standard.name}"
    lines = [f"{method.name}: 95 % intervals over micrographs{difference}"]
    for figure in (method.figures[index] for index in indices):
        line = (
            f"  {figure.name:{width}s} {figure.value:7.3f} "
            f"({_range(figure.interval_95, '.3f')})"
        )
        if not is_standard:
            line += (
                f"  {figure.difference:+z.3f} ({_range(figure.difference_95, '+z.3f')})"
            )
        lines.append(line)
    return lines


def _reliability_lines(evaluation: Evaluation) -> list[str]:
    """Describe how often the forest is right at each level of its confidence."""
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
