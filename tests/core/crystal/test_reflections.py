"""Lattices other than CdSe: which planes reflect, how strongly, in which band."""

import numpy as np
import pytest

from napari_cdse.core.crystal.lattice import REFLECTIONS
from napari_cdse.core.crystal.lattice_planes import planes_fitting, planes_of
from napari_cdse.core.crystal.reflections import (
    band_of,
    fringe_band_per_nm,
    reflections_of,
    shortest_spacing_nm,
)
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.material import Material

PBS = Material("PbS", "rock salt", "Pb", "S", 0.4197, 0.3427)
GOLD = Material("Au", "fcc", "Au", "", 0.2884, 0.2355)
CDSE = Material("CdSe", "tetrahedral", "Cd", "Se", 0.430, 0.351)


@pytest.mark.parametrize(
    ("material", "listed"),
    [
        # PDF 5-592 (galena) and 4-784 (gold), in nm.
        (PBS, {"{111}": 0.3429, "{200}": 0.2969, "{220}": 0.2099, "{311}": 0.1790}),
        (GOLD, {"{111}": 0.2355, "{200}": 0.2039, "{220}": 0.1442, "{311}": 0.1230}),
    ],
)
def test_lines_lie_where_the_cards_have_them(material, listed):
    found = {each.name: each.spacing_nm for each in reflections_of(material)}
    assert {name: found[name] for name in listed} == pytest.approx(listed, rel=1e-3)
    assert not any(name in found for name in ("{100}", "{110}", "{210}", "{211}"))


def test_the_strongest_lines_are_those_of_the_cards():
    strongest = {
        each.name: max(
            (line for line in reflections_of(each)), key=lambda line: line.intensity
        ).name
        for each in (PBS, GOLD)
    }
    assert strongest == {"PbS": "{200}", "Au": "{111}"}


def test_cdse_as_a_lattice_of_ones_own_has_the_lines_of_cdse():
    found = {
        (each.structure, each.name.strip("{}")): each for each in reflections_of(CDSE)
    }
    for line in REFLECTIONS:
        same = found[line.structure, line.name.strip("{}()")]
        assert same.spacing_nm == pytest.approx(line.spacing_nm, rel=0.006)
    assert found["zinc blende", "200"].intensity < 5
    low, high = band_of(CDSE)
    assert (low, high) == pytest.approx((0.17, 0.45), rel=0.01)


def test_without_a_lattice_all_is_as_it_was():
    assert reflections_of(None) is REFLECTIONS


@pytest.mark.parametrize(
    ("material", "structure", "indices", "number"),
    [
        (PBS, "rock salt", (1, 1, 1), 8),
        (PBS, "rock salt", (2, 0, 0), 6),
        (PBS, "rock salt", (2, 2, 0), 12),
        (PBS, "rock salt", (3, 1, 1), 24),
        (CDSE, "wurtzite", (0, 0, 2), 2),
        (CDSE, "wurtzite", (1, 0, 0), 6),
        (CDSE, "wurtzite", (1, 1, 0), 6),
        (CDSE, "wurtzite", (1, 0, 1), 12),
    ],
)
def test_equivalent_planes_are_counted(material, structure, indices, number):
    (found,) = [
        each
        for each in planes_of(material, 0.17)
        if (each.structure, each.indices) == (structure, indices)
    ]
    assert found.multiplicity == number


def test_the_structure_factor_of_rock_salt_is_a_sum_or_a_difference():
    found = {each.indices: each.structure_factor for each in planes_of(PBS, 0.2)}
    assert found[1, 1, 1] == pytest.approx(4 * (82 - 16))
    assert found[2, 0, 0] == pytest.approx(4 * (82 + 16))


def test_a_spacing_is_named_by_the_planes_of_the_lattice_in_use():
    assert [each.name for each in planes_fitting(0.2968, 0.001, 0.17, PBS)] == ["{200}"]
    assert {each.structure for each in planes_fitting(0.2968, 0.001, 0.17)} <= {
        "zinc blende",
        "wurtzite",
    }


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"lattice": "hcp"}, "choose one of tetrahedral, rock salt, fcc"),
        ({"cation": "Xx"}, "symbols of elements"),
        ({"anion": ""}, "symbols of elements"),
        ({"layer_nm": 3.4}, "between 0.1 and 1 nm"),
        ({"in_plane_nm": np.nan}, "between 0.1 and 1 nm"),
        ({"name": " "}, "a name of up to 40 letters"),
        ({"name": "a\nb"}, "a name of up to 40 letters"),
    ],
)
def test_what_is_no_crystal_is_refused(values, problem):
    good = {
        "name": "PbS",
        "lattice": "rock salt",
        "cation": "Pb",
        "anion": "S",
        "in_plane_nm": 0.4197,
        "layer_nm": 0.3427,
    }
    with pytest.raises(ParameterError, match=problem):
        Material(**good | values)


def test_a_particles_fringes_are_looked_for_as_far_beyond_the_lines_as_those_of_cdse():
    assert fringe_band_per_nm(None) == (1.8, 6.2)
    # Lines of CdSe lie from 0.1825 to 0.3723 nm, those of gold from 0.1177 to 0.2355.
    low, high = fringe_band_per_nm(GOLD)
    finest = min(each.spacing_nm for each in reflections_of(GOLD))
    assert low == pytest.approx(1.8 * 0.3723 / 0.2355, rel=1e-3)
    assert high == pytest.approx(6.2 * 0.1825 / finest, rel=1e-3)
    assert finest < 0.1231
    assert shortest_spacing_nm(GOLD) == pytest.approx(1 / high)
    assert fringe_band_per_nm(CDSE) == pytest.approx((1.8, 6.2), rel=0.01)
