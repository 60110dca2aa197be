"""How our Shapes layers are made, without a viewer."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.records import Circle
from napari_cdse.core.regions import Region
from napari_cdse.gui.canvas.particles.particle_style import style_of
from napari_cdse.gui.canvas.particles.shapes_style import (
    feature_table,
    new_layer,
    regions_layer,
    set_features,
    undo_transform,
)

SCALE, UNITS = (0.04, 0.04), ("nm", "nm")
REGION = Region("r", ((10.0, 10.0), (10.0, 90.0), (60.0, 90.0)), "a scratch")


def style(name, label=None, by_person=False):
    return style_of(
        name,
        Circle(10, 10, 8),
        label,
        by_person=by_person,
        selected=False,
        image_size_px=1024,
    )


def test_a_row_of_features_tells_id_class_letter_and_who():
    table = feature_table([style("a", "null", True), style("b")])
    assert list(table.columns) == ["particle_id", "class", "letter", "by_person"]
    assert table.iloc[0].tolist() == ["a", "null", "U", True]
    assert table.iloc[1].tolist() == ["b", "unlabelled", "?", False]
    names = ["yes", "no", "null", "empty", "unlabelled"]
    assert table["class"].cat.categories.tolist() == names
    empty = feature_table(())
    assert len(empty) == 0
    assert empty.dtypes.equals(table.dtypes)


def test_an_empty_layer_is_dressed_for_particles():
    layer = new_layer(SCALE, UNITS)
    assert (layer.name, layer.ndim, layer.nshapes) == ("particles", 2, 0)
    assert layer.scale.tolist() == [0.04, 0.04]
    assert [str(unit) for unit in layer.units] == ["nanometer"] * 2
    assert layer.metadata == {"napari_cdse": "particles"}
    assert layer.opacity == 1
    assert layer.current_face_color == "#00000000"
    # The name that CSS has for #f5f5f5.
    assert layer.current_edge_color == "whitesmoke"
    assert layer.text.size == 13
    assert layer.text.anchor == "upper_left"
    assert layer.feature_defaults.iloc[0].tolist() == ["", "unlabelled", "", False]


def test_letters_have_the_colours_of_their_classes():
    layer = new_layer(SCALE, UNITS)
    layer.add_ellipses([np.array([[0, 0], [0, 9], [9, 9], [9, 0]])] * 2)
    set_features(layer, [style("a", "yes", True), style("b", "no", True)])
    assert layer.text.values.tolist() == ["Y", "N"]
    colours = np.round(255 * layer.text.color._values).astype(int)
    assert colours[:, :3].tolist() == [[0xF0, 0x20, 0xD8], [0x66, 0xFF, 0xFF]]
    assert layer.features["particle_id"].tolist() == ["a", "b"]
    assert layer.feature_defaults.iloc[0].tolist() == ["", "unlabelled", "", False]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", (2.0, 3.0)),
        ("translate", (5.0, -6.0)),
        ("rotate", 30),
        ("shear", [0.5]),
        ("affine", [[1, 0.2, 3], [0, 1, 4], [0, 0, 1]]),
    ],
)
def test_a_layer_that_was_moved_as_a_whole_goes_back(name, value):
    layer, plain = new_layer(SCALE, UNITS), new_layer(SCALE, UNITS)
    setattr(layer, name, value)
    told = []
    for event in ("scale", "translate", "rotate", "shear", "affine"):
        getattr(layer.events, event).connect(lambda e: told.append(e.type))
    undo_transform(layer, SCALE)
    for each in ("scale", "translate", "rotate", "shear"):
        assert np.allclose(getattr(layer, each), getattr(plain, each))
    assert np.allclose(layer.affine.affine_matrix, np.eye(3))
    assert told == [name]
    undo_transform(layer, SCALE)
    assert told == [name]


def test_what_is_left_out_is_dark_outlined_and_says_why():
    layer = regions_layer([REGION], SCALE, UNITS, 2048)
    assert layer.name == "left out"
    assert layer.shape_type == ["polygon"]
    assert layer.data[0].tolist() == [list(each) for each in REGION.corners_px]
    # Two pixels on 1024.
    assert layer.edge_width == [4.0]
    face, edge = (
        np.round(255 * each[0]) for each in (layer.face_color, layer.edge_color)
    )
    assert face.tolist() == [0x1F, 0x1F, 0x1F, 0x8C]
    assert edge.tolist() == [0xD9, 0xD9, 0xD9, 0xE6]
    assert layer.text.values.tolist() == ["a scratch"]
    assert layer.text.size == 11
    assert np.allclose(layer.text.color.constant, 1)
    assert layer.metadata == {"napari_cdse": "left out", "regions": (REGION,)}
    assert layer.scale.tolist() == [0.04, 0.04]
    assert [str(unit) for unit in layer.units] == ["nanometer"] * 2
    assert (layer.opacity, layer.editable) == (1, False)
