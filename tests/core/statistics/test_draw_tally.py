"""What became of the draws, counted by hand."""

from __future__ import annotations

from napari_cdse.core.statistics.draw_tally import DrawTally, draw_tallies
from napari_cdse.core.statistics.evidence import Evidence

YES, NO, NULL, EMPTY = (
    tuple(0.7 if at == most else 0.1 for at in range(4)) for most in range(4)
)


def draw(said, label=None, **others):
    return Evidence("m", said, label, "draw", 0.5, **others)


def test_draws_are_counted_by_what_the_forest_says():
    evidence = [
        draw(None, "no"),
        draw(NO, "yes"),
        draw(NO, "empty", removed=True),
        draw(NO, "no", deferred=True),
        draw(NO, deferred=True),
        draw(NO, deferred=True),
        draw(NO),
        draw(YES),
        draw(EMPTY, "empty", removed=True),
        # No lot fell on these.
        Evidence("m", NULL, "null", "queue"),
        Evidence("m", YES, "empty", "hand", removed=True),
    ]
    assert draw_tallies(evidence) == (
        DrawTally("yes", drawn=1, judged=0, skipped=0, removed=0),
        DrawTally("no", drawn=6, judged=3, skipped=2, removed=1),
        DrawTally("empty", drawn=1, judged=1, skipped=0, removed=1),
        DrawTally(None, drawn=1, judged=1, skipped=0, removed=0),
    )
    assert draw_tallies([Evidence("m", YES)]) == ()
