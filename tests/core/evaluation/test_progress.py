"""What takes long tells how far it is, from where it begins to the end."""

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.evaluation.feature_importance import importance
from napari_cdse.core.evaluation.label_forecast import forecast
from napari_cdse.core.evaluation.learning_curve import learning_curves
from napari_cdse.core.evaluation.tuning import tune
from napari_cdse.core.evaluation.validation import compare, cross_validate
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import Circle
from tests.tables import drawn_set

PARAMS = ForestParams(trees=4, folds=3, copies=0)
TRAINING = drawn_set(10, 1, copies=0)
IDS = np.unique(TRAINING.particle_ids)
GRID = {"trees": (2, 4), "split_features": ("3", "8"), "criteria": ("gini", "entropy")}
CIRCLES = {name: Circle(float(at), 0.0, 20.0) for at, name in enumerate(IDS.tolist())}

WORK = {
    "cross-validation": lambda to: cross_validate(TRAINING, PARAMS, to),
    "comparison": lambda to: compare(
        fit(drawn_set(seed=1), PARAMS), TRAINING, PARAMS, progress=to
    ),
    "tuning": lambda to: tune(TRAINING, PARAMS, to, **GRID),
    "importance": lambda to: importance(TRAINING, PARAMS, to),
    "forecast": lambda to: forecast(TRAINING, IDS, PARAMS, to),
    "learning curves": lambda to: learning_curves(
        TRAINING, CIRCLES, PARAMS, seeds=2, step=10, progress=to
    ),
}


@pytest.mark.parametrize("work", WORK)
def test_progress_goes_evenly_from_nothing_to_all(work):
    told = []
    WORK[work](told.append)
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == pytest.approx(1, abs=0.03)
    # No step of the work takes the place of several.
    assert max(np.diff([0.0, *told])) < 0.34
