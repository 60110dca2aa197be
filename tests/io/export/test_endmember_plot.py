"""The figure of an endmember's spectrum shows its numbers."""

import numpy as np

from napari_cdse.core.crystal.lattice import REFLECTIONS
from napari_cdse.core.detection.accumulation_map import EndmemberSpectrum
from napari_cdse.io.export.figures.endmember import draw_endmember, highest_power
from napari_cdse.io.export.figures.style import PRINT, drawing, new_figure

RINGS = np.array([0.08, 0.12, 0.16, 0.20])
POWER = np.array([[9.0, 1.0], [2.0, 1.0], [1.5, 0.5]], np.float32)
SPECTRUM = EndmemberSpectrum(1, RINGS, POWER, is_lattice=True, share=0.25)


def drawn(**told):
    with drawing(PRINT):
        axes = new_figure(2.0).subplots()
        draw_endmember(
            axes,
            SPECTRUM,
            PRINT,
            colour="#804000",
            highest=highest_power([SPECTRUM]),
            **told,
        )
    return axes


def test_the_line_is_the_strongest_direction_and_the_shade_the_mean():
    shade, line = drawn().patches
    np.testing.assert_allclose(line.get_data().values, [9, 2, 1.5])
    np.testing.assert_allclose(shade.get_data().values, [5, 1.5, 1])
    np.testing.assert_allclose(line.get_data().edges, RINGS)


def test_with_a_pixel_size_the_axis_is_in_nm_and_names_the_strong_lines():
    axes = drawn(pixel_size_nm=0.04, reflections=REFLECTIONS)
    assert axes.get_xlabel() == "cycles per nm"
    np.testing.assert_allclose(axes.patches[1].get_data().edges, RINGS / 0.04)
    # From 2 to 5 cycles per nm, 0.5 to 0.2 nm: {311} at 0.1825 nm lies beyond.
    words = [each.get_text() for each in axes.texts]
    assert words == ["{111} 0.35 nm", "{220} 0.21 nm"]


def test_without_one_no_line_of_the_crystal_is_drawn():
    axes = drawn(reflections=REFLECTIONS)
    assert axes.get_xlabel() == "cycles per px"
    assert not axes.texts
