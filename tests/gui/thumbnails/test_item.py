"""What a picture says of its particle: whose word it is, and what may be shown."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_cdse.core.records import CLASSES, Prediction
from napari_cdse.gui.thumbnails.item import Item, item_of

SAYS_NO = Prediction("p", "m", (0.1, 0.6, 0.2, 0.1))


def item(label=None, prediction=SAYS_NO, hidden=False):
    """Of a particle that a person called something, or nobody."""
    particle = SimpleNamespace(
        id="p",
        label=label or (prediction.label if prediction else None),
        by_person=label is not None,
        prediction=prediction,
        deferred=False,
    )
    return Item(particle, 4, hidden)


@pytest.mark.parametrize(
    ("one", "label", "confidence", "differs"),
    [
        (item(), "no", 0.6, False),
        (item("no"), "no", 0.6, False),
        (item("null"), "null", 0.2, True),
        (item(prediction=None), None, None, False),
        (item("yes", prediction=None), "yes", None, False),
        # The forest's word is kept back until a person has judged.
        (item(hidden=True), None, None, False),
        (item("yes", hidden=True), "yes", None, False),
    ],
)
def test_a_persons_word_stands_over_that_of_the_forest(one, label, confidence, differs):
    assert one.label == label
    assert one.name == (label or "unlabelled")
    assert one.confidence == confidence
    assert one.differs == differs
    assert one.prediction == (None if one.hidden else one.particle.prediction)


@pytest.mark.parametrize("label", CLASSES)
def test_the_probability_is_that_of_the_class_shown(label):
    sure = tuple(0.7 if name == label else 0.1 for name in CLASSES)
    one = item(prediction=Prediction("p", "m", sure))
    assert (one.label, one.confidence) == (label, 0.7)


@pytest.mark.parametrize("hides", [True, False])
def test_it_is_of_its_micrograph_and_hidden_where_an_audit_wants_that(hides):
    asked = []
    audits = SimpleNamespace(hides=lambda one: asked.append(one) or hides)
    entry = SimpleNamespace(index=4, pixel_size_nm=0.05)
    particle = item().particle
    one = item_of(SimpleNamespace(audits=audits), particle, entry)
    assert (one.particle, one.id, one.micrograph) == (particle, "p", 4)
    assert (one.hidden, one.pixel_size_nm) == (hides, 0.05)
    assert (one.deferred, asked) == (False, ["p"])
