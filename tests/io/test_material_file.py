"""A lattice of the user's own, from a TOML file."""

import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.material import Material
from napari_cdse.io.material_file import read_material

PBS = """
[material]
name = "PbS"
lattice = "rock salt"
cation = "Pb"
anion = "S"
in_plane_nm = 0.4197
layer_nm = 0.3427
hexagonal_share = 0.0

[optics]
voltages_kV = [200.0]
"""


def read(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_material(path)


def test_the_file_that_simulate_reads_is_read(tmp_path):
    assert read(tmp_path, PBS) == Material(
        "PbS", "rock salt", "Pb", "S", 0.4197, 0.3427
    )


def test_a_metal_has_no_anion_and_a_file_may_name_the_lattice(tmp_path):
    text = '[material]\nlattice="fcc"\ncation="Au"\nin_plane_nm=0.2884\nlayer_nm=0.2355'
    assert read(tmp_path, text) == Material("mine", "fcc", "Au", "", 0.2884, 0.2355)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("material", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        ("a = " + "[" * 100_000, "not TOML"),
        ("[optics]", r"no table \[material\]"),
        ("material = 3", r"no table \[material\]"),
        (PBS.replace("0.3427", '"wide"'), "material.layer_nm is missing or wrong"),
        (PBS.replace("0.3427", "true"), "material.layer_nm is missing or wrong"),
        (PBS.replace('cation = "Pb"', ""), "material.cation is missing or wrong"),
        (PBS.replace("0.3427", "9" * 400), "material.layer_nm is missing or wrong"),
        (PBS.replace("0.3427", "3.427"), "must lie between 0.1 and 1 nm"),
        (PBS.replace("0.3427", "nan"), "must lie between 0.1 and 1 nm"),
    ],
)
def test_what_is_no_lattice_ends_in_a_sentence(tmp_path, text, problem):
    with pytest.raises(ParameterError, match=problem):
        read(tmp_path, text)


def test_a_file_that_is_not_there_ends_in_a_sentence(tmp_path):
    with pytest.raises(ParameterError, match="does not exist"):
        read_material(tmp_path / "nowhere.toml")
