"""What a comparison of two snapshots finds, gesture by gesture."""

from __future__ import annotations

import numpy as np

from napari_cdse.core.records import Circle
from napari_cdse.gui.canvas.particles.geometry import circle_vertices
from napari_cdse.gui.canvas.particles.layer_diff import Changes, Row, compare, read_rows

A, B, C = Circle(50, 50, 20), Circle(150, 50, 25), Circle(100, 200, 30)


def row(particle_id: str, circle: Circle, name: str = "unlabelled") -> Row:
    return Row(particle_id, "ellipse", circle_vertices(circle), name)


BEFORE = (row("a", A, "yes"), row("b", B, "no"), row("c", C))


def found(*now: Row) -> Changes:
    return compare(BEFORE, now, smallest_diameter_px=5)


def test_nothing():
    assert found(*BEFORE) == Changes()
    assert not found(*BEFORE).edits


def test_another_order_is_no_change():
    assert found(BEFORE[2], BEFORE[0], BEFORE[1]) == Changes()


def test_what_float32_rounds_is_no_change():
    shaken = Row("a", "ellipse", BEFORE[0].vertices + 1e-4, "yes")
    assert found(shaken, *BEFORE[1:]) == Changes()


def test_drawn_by_a_new_id():
    changes = found(*BEFORE, row("", Circle(20, 20, 10)))
    (drawn,) = changes.drawn
    assert (drawn.index, drawn.circle, drawn.pasted) == (3, Circle(20, 20, 10), False)


def test_a_click_without_a_drag():
    changes = found(*BEFORE, row("", Circle(20, 20, 1)))
    assert changes.slipped == (3,)
    assert not changes.edits


def test_a_circle_of_the_least_diameter_is_drawn():
    (drawn,) = found(*BEFORE, row("", Circle(20, 20, 2.5))).drawn
    assert drawn.circle == Circle(20, 20, 2.5)


def test_a_line_is_refused():
    line = Row("", "line", np.array([[0, 0], [50, 50]]), "unlabelled")
    changes = found(*BEFORE, line)
    assert changes.refused == (3,)
    assert not changes.edits


def test_moved_and_resized_together():
    changes = found(
        row("a", Circle(60, 50, 20), "yes"),
        row("b", Circle(150, 50, 9), "no"),
        BEFORE[2],
    )
    assert changes.reshaped == {"a": Circle(60, 50, 20), "b": Circle(150, 50, 9)}
    assert not changes.relabelled
    assert not changes.removed


def test_removed():
    assert found(BEFORE[1]).removed in (("a", "c"), ("c", "a"))


def test_relabelled_in_the_table():
    changes = found(row("a", A, "null"), row("b", B, "unlabelled"), BEFORE[2])
    assert changes.relabelled == {"a": "null", "b": None}


def test_a_word_that_is_no_class_is_no_label():
    assert not found(row("a", A, "maybe"), *BEFORE[1:]).relabelled


def test_a_paste_keeps_the_id_with_the_one_that_stayed():
    changes = found(*BEFORE, row("a", A, "yes"))
    (drawn,) = changes.drawn
    assert drawn.index == 3
    assert drawn.pasted
    assert not changes.removed


def test_a_paste_that_was_dragged_away_before_anyone_looked():
    # napari may list the copy first; the one that stayed in place owns the id.
    changes = found(row("a", Circle(80, 80, 20), "yes"), *BEFORE)
    (drawn,) = changes.drawn
    assert (drawn.index, drawn.circle) == (0, Circle(80, 80, 20))
    assert not drawn.pasted
    assert not changes.reshaped


def test_a_mixed_gesture():
    changes = found(
        row("a", Circle(60, 50, 20), "no"), BEFORE[2], row("x", Circle(20, 20, 10))
    )
    assert changes.reshaped == {"a": Circle(60, 50, 20)}
    assert changes.relabelled == {"a": "no"}
    assert changes.removed == ("b",)
    assert len(changes.drawn) == 1


def test_stale_feature_rows_are_told_by_place():
    # Three feature rows for two shapes: which row is stale, nobody says.
    rows = read_rows(
        ["ellipse", "ellipse"],
        [circle_vertices(B), circle_vertices(C)],
        ["a", "b", "c"],
        ["yes", "no", "unlabelled"],
        BEFORE,
    )
    assert [one.particle_id for one in rows] == ["b", "c"]
    assert compare(BEFORE, rows, 5).removed == ("a",)


def test_a_shape_without_a_feature_row_is_new():
    rows = read_rows(
        ["ellipse"] * 2,
        [circle_vertices(A), circle_vertices(Circle(10, 10, 8))],
        ["a"],
        ["yes"],
        BEFORE[:1],
    )
    changes = compare(BEFORE[:1], rows, 5)
    assert [one.circle for one in changes.drawn] == [Circle(10, 10, 8)]


def test_a_polygon_that_begins_is_no_line_yet():
    point = Row("", "path", np.array([[30.0, 30.0], [30.0, 30.0]]), "unlabelled")
    changes = found(*BEFORE, point)
    assert changes.slipped == (3,)
    assert not changes.refused


def test_shrunk_to_nothing_is_no_edit():
    changes = found(row("a", Circle(50, 50, 1), "yes"), *BEFORE[1:])
    assert changes.spoilt == ("a",)
    assert not changes.edits


def test_a_small_particle_may_stay_as_small_as_it_is():
    before = (row("a", Circle(50, 50, 2)),)
    moved = (row("a", Circle(60, 50, 2)),)
    assert compare(before, moved, 5).reshaped == {"a": Circle(60, 50, 2)}


def test_an_id_that_was_written_over_is_known_by_its_place():
    changes = found(row("foo", A, "no"), *BEFORE[1:])
    assert changes.misnamed == {0: "a"}
    assert changes.relabelled == {"a": "no"}
    assert not changes.drawn
    assert not changes.removed
