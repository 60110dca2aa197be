"""Replay the labelling of labelled folders, for learning curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.classifier.training_set import join
from napari_cdse.core.evaluation.learning_curve import ORDERS, learning_curves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.learning_curve import Ranking
    from napari_cdse.core.evaluation.learning_curve_records import LearningCurves
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle
    from napari_cdse.pipeline.labelled_folders import FolderExamples


def replay(
    labelled: Sequence[FolderExamples],
    params: ForestParams,
    *,
    seeds: int = 10,
    step: int = 20,
    base: TrainingSet | None = None,
    orders: Mapping[str, Ranking] = ORDERS,
    progress: Progress | None = None,
) -> LearningCurves:
    """Replay how a person labels folders, see `learning_curves`.

    What can be asked for is what the window shows: labelled particles, and circles of
    the detector that lie on nothing.

    Raises
    ------
    TrainingError
        When there are too few labels or micrographs for an honest score.
    """
    return learning_curves(
        join(*(item.training for item in labelled)),
        {name: circle for item in labelled for name, circle in _shown(item)},
        params,
        seeds=seeds,
        step=step,
        base=base,
        orders=orders,
        progress=progress,
    )


def _shown(item: FolderExamples) -> Iterator[tuple[str, Circle]]:
    """Name the circles as the training rows do."""
    for number, circle in enumerate(item.truth.circles):
        yield f"{item.micrograph_id}/{number}", circle
    for number, circle in enumerate(item.false_circles):
        yield f"{item.micrograph_id}/false/{number}", circle
