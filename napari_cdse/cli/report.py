"""Scores as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.batch import Evaluation
    from napari_cdse.core.scores import Scores

_NAMES = {
    "f1": "detection F1 (IoU 0.5)",
    "precision": "detection precision",
    "recall": "detection recall",
    "class_accuracy": "class accuracy",
    "balanced_accuracy": "balanced accuracy",
    "end_to_end": "right circle and class (F1)",
}


def score_lines(scores: Scores) -> list[str]:
    """Describe a cross-validated forest."""
    if scores.note is not None:
        return [scores.note]
    low, high = scores.interval_95
    head = (
        f"balanced accuracy {scores.balanced_accuracy:.3f} "
        f"(95 % interval {low:.3f} to {high:.3f}), "
        f"{scores.folds} folds over {scores.n_micrographs} micrographs"
    )
    rows = [
        f"  {name:6s} recall {scores.recall[name]:.3f}  "
        f"precision {scores.precision[name]:.3f}  of {count}"
        for name, count in scores.class_counts.items()
        if count
    ]
    return [head, *rows]


def evaluation_lines(evaluation: Evaluation, classes: Sequence[str]) -> list[str]:
    """Describe the whole way from pixels to classes."""
    lines = [f"{len(evaluation.micrographs)} micrographs; 95 % intervals over them"]
    for key, name in _NAMES.items():
        low, high = evaluation.intervals[key]
        value = evaluation.figures[key]
        lines.append(f"{name:30s} {value:.3f}  ({low:.3f} to {high:.3f})")
    return [*lines, *_confusion_lines(evaluation.confusion, classes)]


def _confusion_lines(confusion: NDArray[np.int64], classes: Sequence[str]) -> list[str]:
    head = "truth \\ forest " + "".join(f"{name:>7s}" for name in classes)
    rows = [
        f"{name:15s}" + "".join(f"{int(count):7d}" for count in row)
        for name, row in zip(classes, confusion, strict=True)
    ]
    return [head, *rows]
