"""Presets, a person's own parameters, and what is refused in one sentence."""

import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.simulate.presets import NAMES, load_preset, preset_by_name
from napari_cdse.simulate.scene import draw_scene, make_grid


@pytest.mark.parametrize("name", NAMES)
def test_shipped_presets_draw_scenes(name):
    preset = preset_by_name(name)
    assert preset.name == name
    scene = draw_scene(preset, 1, 2)
    assert scene.name == f"{name}_1_0002"
    low, high = preset.field.pixel_size_nm
    assert low <= scene.grid.pixel_size_nm <= high
    assert len(scene.dots) <= preset.field.dots[1]


def test_a_file_changes_what_it_names(tmp_path):
    path = tmp_path / "lead.toml"
    path.write_text(
        'base = "easy"\n[material]\nlattice = "rock salt"\ncation = "Pb"\n'
        "in_plane_nm = 0.42\n[optics]\nvoltages_kV = [200]\n"
        "corrected_defocus_nm = [[10, 20], [30.5, 40]]\n"
    )
    preset = load_preset(path)
    easy = preset_by_name("easy")
    assert preset.name == "lead"
    assert preset.material.lattice == "rock salt"
    assert preset.material.layer_nm == easy.material.layer_nm
    assert preset.optics.voltages_kV == (200.0,)
    assert preset.optics.corrected_defocus_nm == ((10.0, 20.0), (30.5, 40.0))
    assert preset.camera == easy.camera
    assert not any(dot.hexagonal for dot in draw_scene(preset, 0, 0).dots)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[optics\n", "is not TOML"),
        ("a = " + "[" * 100_000, "is not TOML"),
        ("[camera]\nmtf = [1, " + "9" * 400 + "]\n", "camera.mtf is 9.*a number"),
        ("[optics]\nvoltage = 3\n", r"no parameter optics\.voltage"),
        ("[field]\nsize_px = 'big'\n", "field.size_px is big; write a whole number"),
        ("[camera]\nmtf = [0.3, 0.2]\n", "camera.mtf goes down"),
        ("[camera]\nmtf = 0.3\n", "write a range of two numbers"),
        ("[camera]\nmtf = [nan, 1.0]\n", "camera.mtf is nan"),
        ("[material]\nlattice = 'bcc'\n", "one of tetrahedral, rock salt, fcc"),
        ("name = '../up'\n", "name must be letters"),
        ("material = 3\n", "write a table"),
        ("[dots]\nperfect_share = 0.9\n", "shares must lie between 0 and 1"),
        ("[field]\ndots = [3, 300]\n", "between 0 and 255"),
        ("base = 'best'\n", "no preset 'best'"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path, text, sentence):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=sentence):
        load_preset(path)


@pytest.mark.parametrize("pixel_size", [0.012, 0.018, 0.03, 0.0421, 0.062, 0.11])
def test_grids_fit_their_pixels(pixel_size):
    grid = make_grid(1024, pixel_size)
    assert grid.step_nm <= 0.031
    assert grid.points == grid.padded_px * grid.oversampling
    assert grid.padded_px >= 1024 + 3.0 / pixel_size - 1
    for point in (0, 11, 400):
        assert grid.point_of(grid.place_of(point)) == point
