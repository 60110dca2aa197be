"""How particles are dressed, and that only what differs is touched."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.gui.canvas.class_colours import LETTERS, PALE, letter, rgb, rgba
from napari_cdse.gui.canvas.particles.layer_diff import Row
from napari_cdse.gui.canvas.particles.particle_style import plan, plan_reuse, style_of

# Severity 1.0 of Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009).
MACHADO = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(values: np.ndarray) -> np.ndarray:
    return np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )


def seen(colour, matrix) -> np.ndarray:
    """CIELAB coordinates of a colour as a person with that eye sees it."""
    mixed = np.clip(np.array(matrix) @ linear(np.array(colour)), 0, 1)
    bent = np.where(
        mixed <= 0.0031308, mixed * 12.92, 1.055 * mixed ** (1 / 2.4) - 0.055
    )
    return rgb2lab(bent[None, None])[0, 0]


@pytest.mark.parametrize("eye", MACHADO)
def test_colours_stay_apart_for_every_eye(eye):
    lab = {name: seen(rgb(name), MACHADO[eye]) for name in CLASSES}
    for one, other in itertools.combinations(CLASSES, 2):
        assert np.linalg.norm(lab[one] - lab[other]) > 20, (eye, one, other)


def test_letters_say_the_same_without_colour():
    assert len({LETTERS[name] for name in CLASSES}) == 4
    assert letter("null", by_person=True) == "U"
    assert letter("null", by_person=False) == "U?"
    assert letter(None, by_person=False) == "?"


def test_a_person_is_opaque_and_broad_the_forest_pale_and_thin():
    circle = Circle(10, 10, 40)
    options = {"selected": False, "image_size_px": 1024}
    person = style_of("a", circle, "yes", by_person=True, **options)
    forest = style_of("a", circle, "yes", by_person=False, **options)
    assert person.rgba[3] == 1.0
    assert forest.rgba[3] < 1.0
    assert person.width > forest.width
    assert rgba("yes", True)[:3] == rgba("yes", False)[:3]


def dressed(name: str, label=None, row: float = 50.0, selected: bool = False):
    circle = Circle(row, 50, 20)
    return style_of(
        name, circle, label, by_person=False, selected=selected, image_size_px=1000
    )


def test_nothing_to_do_when_all_is_shown():
    shown = {name: dressed(name) for name in "abc"}
    assert not plan([one.row() for one in shown.values()], shown, shown)


def test_one_relabelled_touches_one():
    shown = {name: dressed(name) for name in "abc"}
    wanted = shown | {"b": dressed("b", "yes")}
    todo = plan([one.row() for one in shown.values()], shown, wanted)
    assert todo.restyle == ((1, wanted["b"]),)
    assert not todo.structural
    assert not todo.reshape


def test_indices_are_those_after_the_removal():
    shown = {name: dressed(name) for name in "abc"}
    wanted = {"c": dressed("c", row=70.0), "d": dressed("d")}
    todo = plan([one.row() for one in shown.values()], shown, wanted)
    assert todo.remove == (0, 1)
    assert todo.reshape == ((0, wanted["c"]),)
    assert todo.add == (wanted["d"],)


def test_doubles_and_other_shapes_go():
    shown = {"a": dressed("a")}
    row = shown["a"].row()
    box = Row("a", "rectangle", row.vertices, row.name)
    todo = plan([box, row, row], shown, shown)
    assert todo.remove == (0, 2)
    assert not todo.add


def test_those_that_do_not_differ_need_not_be_wanted():
    shown = {name: dressed(name) for name in "abc"}
    wanted = {"b": dressed("b", row=70.0)}
    rows = [one.row() for one in shown.values()]
    todo = plan(rows, shown, wanted, only=frozenset("b"))
    assert not todo.structural
    assert todo.reshape == ((1, wanted["b"]),)


def test_the_selected_one_is_broader():
    shown = {"a": dressed("a")}
    wanted = {"a": dressed("a", selected=True)}
    todo = plan([shown["a"].row()], shown, wanted, only={"a"})
    assert todo.restyle[0][1].width > shown["a"].width


def test_the_ring_does_not_cover_the_edge_of_a_small_particle():
    for radius in (12.0, 25.0, 50.0):
        one = style_of(
            "a",
            Circle(50, 50, radius),
            "yes",
            by_person=True,
            selected=True,
            image_size_px=4096,
        )
        assert one.width <= radius / 10


@pytest.mark.parametrize(
    ("by_person", "selected", "width"),
    [(True, False, 2.4), (False, False, 1.6), (True, True, 6.0), (False, True, 4.0)],
)
def test_rings_are_as_broad_as_the_image_is_large(by_person, selected, width):
    """On 1024 pixels, and twice that on 2048; at most 0.08 of the radius."""
    for size, radius in ((1024, 500.0), (2048, 500.0), (1024, 10.0)):
        one = style_of(
            "a",
            Circle(50, 50, radius),
            "no",
            by_person=by_person,
            selected=selected,
            image_size_px=size,
        )
        assert one.width == pytest.approx(min(width * size / 1024, 0.08 * radius))
        # Opaque where a person looks at it or has judged it.
        assert one.rgba == (*rgb("no"), 1.0 if by_person or selected else PALE)


def test_a_style_holds_all_that_is_told_of_a_particle():
    circle = Circle(10, 20, 30)
    options = {"by_person": False, "selected": False, "image_size_px": 1024}
    one = style_of("p", circle, "null", deferred=True, **options)
    assert one.features() == ("p", "null", "U? later", False)
    row = one.row()
    assert (row.particle_id, row.kind, row.name) == ("p", "ellipse", "null")
    corners = [[-20, -10], [-20, 50], [40, 50], [40, -10]]
    assert row.vertices.tolist() == corners
    bare = style_of("q", circle, None, **options)
    assert bare.features() == ("q", "unlabelled", "?", False)


@pytest.mark.parametrize(("moved", "is_reshaped"), [(0.0, False), (0.5, True)])
def test_a_shape_is_moved_only_where_it_lies_elsewhere(moved, is_reshaped):
    shown = {"a": dressed("a")}
    wanted = {"a": dressed("a", row=50.0 + moved)}
    todo = plan([shown["a"].row()], shown, wanted)
    assert bool(todo.reshape) == is_reshaped
    assert bool(todo) == is_reshaped
    assert not todo.restyle


def test_a_class_changed_in_the_layer_itself_is_dressed_again():
    shown = {"a": dressed("a", "yes")}
    row = shown["a"].row()
    other = Row(row.particle_id, row.kind, row.vertices, "no")
    assert plan([other], shown, shown).restyle == ((0, shown["a"]),)
    assert plan([row], {}, shown).restyle == ((0, shown["a"]),)
    short = Row("a", "ellipse", row.vertices[:3], row.name)
    assert plan([short], shown, shown).reshape == ((0, shown["a"]),)


def test_shapes_of_another_micrograph_are_taken_over_one_by_one():
    styles = [dressed(name) for name in "abc"]
    less = plan_reuse(["ellipse"] * 2, styles)
    assert less.reshape == less.restyle == ((0, styles[0]), (1, styles[1]))
    assert (less.remove, less.add) == ((), (styles[2],))
    more = plan_reuse(["ellipse"] * 5, styles)
    assert more.reshape == tuple(enumerate(styles))
    assert (more.remove, more.add) == ((3, 4), ())
    odd = plan_reuse(["ellipse", "path"], styles)
    assert (odd.reshape, odd.remove, odd.add) == ((), (0, 1), tuple(styles))
    assert plan_reuse([], styles).add == tuple(styles)
