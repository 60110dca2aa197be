"""The calibration of a card reaches what a user is told, the right way up."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.tree_arrays import Forest
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import Calibration
from napari_cdse.pipeline.analysis import predict
from tests.drawn_particles import PIXEL_NM, micrograph_of
from tests.tables import drawn_set


@pytest.fixture(scope="module")
def model():
    """A forest of one leaf, which says the same of every circle."""
    fitted = fit(drawn_set(), ForestParams(trees=1))
    leaf = Forest(
        roots=np.zeros(1, np.int32),
        left=np.full(1, -1, np.int32),
        right=np.full(1, -1, np.int32),
        feature=np.full(1, -1, np.int32),
        threshold=np.zeros(1, np.float32),
        probability=np.array([[0.5, 0.25, 0.125, 0.125]], np.float32),
        importance=fitted.forest.importance,
    )
    return replace(fitted, forest=leaf)


@pytest.mark.parametrize(
    ("temperature", "parts"),
    [
        (1.0, [4, 2, 1, 1]),
        (0.5, [16, 4, 1, 1]),  # squared: surer
        (2.0, [2, 2**0.5, 1, 1]),  # square roots: less sure
    ],
)
def test_probabilities_are_raised_to_one_over_the_temperature(
    model, temperature, parts
):
    micrograph, circles = micrograph_of(["yes"], 0)
    card = replace(model.card, scores={"temperature": temperature})
    (told,) = predict(
        micrograph, ["p"], circles, replace(model, card=card), pixel_size_nm=PIXEL_NM
    )
    assert told.probabilities == pytest.approx(np.divide(parts, sum(parts)).tolist())
    assert told.model_id == card.id


def test_weights_and_offsets_of_a_calibration_hold_instead(model):
    micrograph, circles = micrograph_of(["yes"], 0)
    calibration = Calibration(
        # "no" by its square and twice over; "empty" once more by what "yes" has.
        weights=((1, 0, 0, 0), (0, 2, 0, 0), (0, 0, 1, 0), (1, 0, 0, 1)),
        offsets=(0.0, float(np.log(2)), 0.0, 0.0),
        prior_weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
        prior_offsets=(0, 0, 0, 0),
        n_particles=1,
        n_micrographs=1,
    )
    card = replace(model.card, scores={"temperature": 3.0}, calibration=calibration)
    (told,) = predict(
        micrograph, ["p"], circles, replace(model, card=card), pixel_size_nm=PIXEL_NM
    )
    parts = [0.5, 2 * 0.25**2, 0.125, 0.5 * 0.125]
    assert told.probabilities == pytest.approx(np.divide(parts, sum(parts)).tolist())
