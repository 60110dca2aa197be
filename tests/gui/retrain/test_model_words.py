"""What the list of forests says of each."""

from dataclasses import replace

from napari_cdse.gui.retrain.model_row import _score

SCORES = {"balanced_accuracy": 0.8126, "interval_95": [0.7, 0.91]}


def test_a_score_is_told_with_its_interval_or_not_at_all(forest):
    card = replace(forest.card, scores=SCORES)
    assert _score(card).endswith("held-out micrographs 0.81 (0.70 to 0.91)")
    for missing in SCORES:
        some = {name: value for name, value in SCORES.items() if name != missing}
        assert _score(replace(card, scores=some)).startswith("No score")
    unknown = replace(card, scores={**SCORES, "interval_95": None})
    assert _score(unknown).startswith("No score")
