"""What a study of the project's labels does in its thread; no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.importance import importance
from napari_cdse.core.progress import span
from napari_cdse.core.tuning import tune
from napari_cdse.gui.retrain_work import taught

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cdse.core.importance import Importance
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.tuning import Tuning
    from napari_cdse.gui.retrain_work import Order

_READ = 0.1
"""Share of the time after which all labelled particles are measured."""


def tuning(order: Order, report: Progress) -> Iterator[Tuning]:
    """Score a grid of settings on the person's own labels."""
    own, training, _ = taught(order, span(report, 0.0, _READ))
    ids = np.unique(own.particle_ids)
    yield tune(training, order.params, span(report, _READ, 1.0), ids)


def weighing(order: Order, report: Progress) -> Iterator[Importance]:
    """Tell what features are worth on the person's own labels."""
    own, training, _ = taught(order, span(report, 0.0, _READ))
    ids = np.unique(own.particle_ids)
    yield importance(training, order.params, span(report, _READ, 1.0), ids)
