"""The fraction with one choice made otherwise."""

import pytest

from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.sensitivity import as_class, sensitivity

DOUBTFUL = (0.36, 0.54, 0.1, 0.0)


def found(evidence, by_annotator=None):
    variants = sensitivity(evidence, by_annotator)
    return {(each.choice, each.value): each for each in variants}


def test_a_threshold_makes_classes_of_chances():
    evidence = [Evidence("m", DOUBTFUL), Evidence("m", (0.9, 0.0, 0.1, 0.0))]
    told = found(evidence)
    shares = [told["threshold", limit].fraction for limit in (0.3, 0.5, 0.7)]
    # 0.36 of 0.9 is 0.4: a defect at 0.3 only.
    assert shares == [1.0, 0.5, 0.5]
    assert told["range", "with"].fraction == pytest.approx(1.26 / 1.8)


@pytest.mark.parametrize(
    ("chances", "threshold", "name"),
    [
        ((0.36, 0.54, 0.1, 0.0), 0.39, "yes"),
        ((0.36, 0.54, 0.1, 0.0), 0.41, "no"),
        # Resolved from a half on.
        ((0.25, 0.25, 0.5, 0.0), 0.5, "yes"),
        ((0.25, 0.24, 0.26, 0.25), 0.3, "null"),
        ((0.2, 0.1, 0.6, 0.1), 0.3, "null"),
        ((0.2, 0.1, 0.35, 0.35), 0.3, "null"),
        ((0.2, 0.1, 0.1, 0.6), 0.3, "empty"),
    ],
)
def test_a_class_is_sure_and_one(chances, threshold, name):
    told = as_class(Evidence("m", chances), threshold).probabilities
    assert told == tuple(float(name == each) for each in CLASSES)


def test_the_doubt_by_which_the_queue_went_is_kept():
    before = Evidence("m", DOUBTFUL)
    assert as_class(before, 0.5).queue_doubt == before.queue_doubt
    assert as_class(Evidence("m"), 0.5) == Evidence("m")


def test_particles_out_of_range_can_be_left_out():
    odd = Evidence("m", (1.0, 0.0, 0.0, 0.0), distrust="out of range")
    told = found([Evidence("m", (0.0, 1.0, 0.0, 0.0)), odd])
    assert told["range", "with"].fraction == pytest.approx(0.5)
    assert told["range", "without"].fraction == 0
    assert told["range", "without"].n_particles == 1


def test_each_annotator_has_a_fraction_of_their_own():
    theirs = {
        name: [Evidence("m", label=label, route="file") for label in labels]
        for name, labels in (("Ada", ("yes", "no")), ("Bo", ("no", "no")))
    }
    told = found(theirs["Ada"], theirs)
    assert told["annotator", "Ada"].fraction == 0.5
    assert told["annotator", "Bo"].fraction == 0
    assert "2 micrographs" not in told["annotator", "Bo"].note
    assert told["annotator", "Bo"].note.startswith("How much micrographs differ")
