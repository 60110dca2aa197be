"""What napari is given of a file that is dropped on it."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Shapes

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.gui.app.readers import get_label_reader, label_layer
from napari_cdse.gui.canvas.class_colours import rgba
from napari_cdse.io.labels.label_file import write_label_file

CIRCLES = [Circle(20.0, 30.0, 8.0), Circle(50.0, 60.0, 12.0)]


def test_generic_text_is_not_ours(tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("Dear diary, today the beam was stable.\n")
    labels = tmp_path / "labels.txt"
    labels.write_text("\nParticle Location:\n[1.0, 2.0]\n")
    assert get_label_reader(str(note)) is None
    assert get_label_reader(str(labels)) is not None
    assert get_label_reader([str(labels), str(note)]) is None
    assert get_label_reader(str(tmp_path / "missing.txt")) is None


def test_a_label_file_becomes_circles_in_class_colours(tmp_path):
    path = tmp_path / "one.txt"
    write_label_file(path, CIRCLES, ["yes", "no"], (100, 120))
    ((corners, attributes, kind),) = get_label_reader(str(path))(str(path))
    assert kind == "shapes"
    assert attributes["name"] == "one"
    layer = Shapes(corners, **attributes)
    for corner, circle in zip(layer.data, CIRCLES, strict=True):
        middle = corner.mean(axis=0)
        assert middle == pytest.approx((circle.row_px, circle.col_px), abs=0.6)
        assert np.ptp(corner, axis=0) == pytest.approx([2 * circle.radius_px] * 2)
    for colour, label in zip(layer.edge_color, ("yes", "no"), strict=True):
        assert colour == pytest.approx(rgba(label, True), abs=1e-3)
    assert layer.edge_width == attributes["edge_width"]


def test_no_circles_make_a_layer_too():
    corners, attributes, _ = label_layer([], [], (100, 120), "none")
    assert len(Shapes(corners, **attributes).data) == 0


def test_an_empty_label_file_says_so(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("\nParticle Location:\n[1.0, 2.0]\n")
    read = get_label_reader(str(path))
    path.write_text("")
    with pytest.raises(LabelFileError, match=r"labels.txt is empty"):
        read(str(path))
