"""Planes of CdSe from its lattice constants, absent ones left out."""

import pytest

from napari_cdse.core.crystal.lattice import REFLECTIONS
from napari_cdse.core.crystal.lattice_planes import planes_fitting, planes_of

SHORTEST_NM = 0.08


def indices(structure):
    return {p.indices for p in planes_of(None, SHORTEST_NM) if p.structure == structure}


def test_zinc_blende_keeps_unmixed_indices_only():
    found = indices("zinc blende")
    for h, k, l_ in found:
        assert h % 2 == k % 2 == l_ % 2
    assert {(1, 1, 1), (2, 0, 0), (2, 2, 0), (3, 1, 1), (2, 2, 2)} <= found


def test_wurtzite_loses_hh2hl_with_odd_l():
    found = indices("wurtzite")
    assert not [p for p in found if p[0] == p[1] and p[2] % 2]
    assert {(0, 0, 2), (1, 1, 2), (1, 0, 1), (1, 0, 3), (2, 0, 1)} <= found
    # Its atoms sit where h - k = 3n with odd l cancels too.
    assert (3, 0, 1) not in found
    assert (3, 0, 0) in found


def test_spacings_are_those_of_the_powder_patterns():
    found = {(p.structure, p.name[1:-1]): p.spacing_nm for p in planes_of(None, 0.15)}
    for line in REFLECTIONS:
        key = (line.structure, line.name[1:-1])
        assert found[key] == pytest.approx(line.spacing_nm, abs=1e-4)


def test_the_list_ends_with_the_band():
    spacings = [planes.spacing_nm for planes in planes_of(None, 0.1613)]
    assert spacings == sorted(spacings, reverse=True)
    assert spacings[0] == pytest.approx(0.3723, abs=1e-4)
    assert 0.1613 <= spacings[-1] < 0.17


@pytest.mark.parametrize("spacing", [0.3494, 0.3505])
def test_both_structures_are_named_where_they_cannot_be_told_apart(spacing):
    found = planes_fitting(spacing, 0.0005, 0.16)
    names = {(planes.structure, planes.name) for planes in found}
    assert names == {("zinc blende", "{111}"), ("wurtzite", "{002}")}
    off = [abs(planes.spacing_nm - spacing) for planes in found]
    assert off == sorted(off)


def test_more_planes_fit_a_vague_spacing_and_none_a_wrong_one():
    assert len(planes_fitting(0.35, 0.012, 0.16)) > len(
        planes_fitting(0.35, 0.001, 0.16)
    )
    assert planes_fitting(0.45, 0.002, 0.16) == ()


def test_structure_factors_are_sums_of_the_atoms_waves():
    """Of zinc blende by hand: 4 |f + g i^(h+k+l)|, cadmium 48, selenium 34."""
    found = {
        p.indices: (p.structure_factor, p.multiplicity)
        for p in planes_of(None, SHORTEST_NM)
        if p.structure == "zinc blende"
    }
    either = 4 * (48**2 + 34**2) ** 0.5
    for indices_, factor, times in (
        ((1, 1, 1), either, 8),
        ((2, 0, 0), 4 * (48 - 34), 6),
        ((2, 2, 0), 4 * (48 + 34), 12),
        ((3, 1, 1), either, 24),
        ((2, 2, 2), 4 * (48 - 34), 8),
        ((4, 0, 0), 4 * (48 + 34), 6),
        ((4, 2, 0), 4 * (48 - 34), 24),
        ((5, 3, 1), either, 48),
    ):
        told, number = found[indices_]
        assert told == pytest.approx(factor), indices_
        assert number == times, indices_


def test_wurtzites_structure_factors_and_multiplicities_are_those_by_hand():
    """(002): all cadmium in phase, selenium 3/4 of a turn on; (100): half of each."""
    found = {
        p.indices: (p.structure_factor, p.multiplicity)
        for p in planes_of(None, SHORTEST_NM)
        if p.structure == "wurtzite"
    }
    for indices_, factor, times in (
        ((0, 0, 2), 2 * (48**2 + 34**2) ** 0.5, 2),
        ((1, 0, 0), 48 + 34, 6),
        ((1, 1, 0), 2 * (48 + 34), 6),
        ((3, 0, 0), 2 * (48 + 34), 6),
        ((2, 1, 0), 48 + 34, 12),
        ((1, 0, 2), abs(48 - 34j), 12),
        ((0, 0, 4), 2 * (48 - 34), 2),
    ):
        told, number = found[indices_]
        assert told == pytest.approx(factor), indices_
        assert number == times, indices_


def test_planes_fit_within_two_standard_uncertainties():
    """That of the measurement and one per cent of the spacing, in squares."""
    (spacing,) = (p.spacing_nm for p in planes_of(None, 0.16) if p.indices == (2, 2, 0))
    for sigma in (0.0, 0.002, 0.004):
        for sign in (1, -1):
            for factor, fits in ((0.99, True), (1.01, False)):
                # The scatter is one of the measured spacing.
                away = spacing
                for _ in range(30):
                    reach = 2 * (sigma**2 + (0.01 * away) ** 2) ** 0.5
                    away = spacing + sign * factor * reach
                found = planes_fitting(away, sigma, 0.16)
                assert any(p.indices == (2, 2, 0) for p in found) is fits


def test_names_stand_for_all_equivalent_planes():
    (planes,) = (p for p in planes_of(None, 0.16) if p.indices == (3, 1, 1))
    assert planes.name == "{311}"
