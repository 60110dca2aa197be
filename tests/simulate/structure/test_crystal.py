"""Atoms lie where the lattice says, and only inside the outline."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_cdse.simulate.params import Material, Preset
from napari_cdse.simulate.structure.crystal import cut
from napari_cdse.simulate.structure.dots import draw_dots, zone_axis
from napari_cdse.simulate.structure.outline import Outline, draw_outline
from napari_cdse.simulate.structure.stacking import sequence

BALL = Outline(np.zeros((0, 3)), np.zeros(0), (2.0, 2.0, 2.0), 2.0, -9.0, 9.0)
CDSE = Material()
PBS = Material("PbS", "rock salt", "Pb", "S", in_plane_nm=0.4197, layer_nm=0.3427)
GOLD = Material("Au", "fcc", "Au", "", in_plane_nm=0.2884, layer_nm=0.2355)


def inner_distances(crystal, anions, neighbours):
    places = crystal.places_nm
    deep = np.linalg.norm(places, axis=1) < 1.2
    chosen = places if anions is None else places[crystal.is_anion == anions]
    return cKDTree(chosen).query(places[deep], k=neighbours)[0]


def test_zinc_blende_has_its_bonds_and_density():
    crystal = cut(CDSE, sequence("c" * 14), np.eye(3), BALL)
    near = inner_distances(crystal, None, 6)[:, 1:]
    assert near[:, :4] == pytest.approx(0.262, abs=0.003)  # four bonds
    assert near[:, 4].min() > 0.4
    a = CDSE.in_plane_nm * math.sqrt(2)
    expected = 8 / a**3 * 4 / 3 * math.pi * 2.0**3
    assert len(crystal.places_nm) == pytest.approx(expected, rel=0.05)
    assert crystal.is_anion.mean() == pytest.approx(0.5, abs=0.03)


def test_rock_salt_has_six_neighbours_and_fcc_twelve():
    salt = cut(PBS, sequence("c" * 14), np.eye(3), BALL)
    near = inner_distances(salt, None, 8)[:, 1:]
    assert near[:, :6] == pytest.approx(0.2967, abs=0.002)
    assert near[:, 6].min() > 0.4
    gold = cut(GOLD, sequence("c" * 20), np.eye(3), BALL)
    assert not gold.is_anion.any()
    near = inner_distances(gold, None, 14)[:, 1:]
    assert near[:, :12] == pytest.approx(0.2884, abs=0.001)


def test_zone_axes_are_those_of_the_cubic_lattice():
    """Along a zone axis atoms lie in columns: few distinct places are left."""
    crystal = cut(GOLD, sequence("c" * 20), np.eye(3), BALL).places_nm
    counts = {}
    for zone in ("110", "112", "111", "100"):
        beam = zone_axis(zone)
        flat = crystal - np.outer(crystal @ beam, beam)
        counts[zone] = len(np.unique(np.round(flat, 3), axis=0))
    tilted = crystal - np.outer(crystal @ [0.3, 0.5, 0.81], [0.3, 0.5, 0.81])
    random = len(np.unique(np.round(tilted, 3), axis=0))
    assert max(counts.values()) < random / 2
    assert counts["110"] == min(counts.values())


def test_a_fault_outside_the_outline_is_cut_off():
    letters = sequence("c" * 20 + "h" + "cc")
    crystal = cut(CDSE, letters, np.eye(3), BALL)
    assert set(crystal.stacking) == set("ABC")
    assert len(crystal.stacking) < 14
    assert crystal.stacking in letters[:21]


def test_a_twin_in_the_same_outline_keeps_its_layers():
    letters = sequence("c" * 18)
    tilt = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    off = replace(BALL, half_nm=(2.0, 1.6, 1.8))
    one = cut(CDSE, letters, tilt, off)
    other = cut(CDSE, one.stacking, tilt, off, one.middle_nm)
    assert other.stacking == one.stacking
    assert np.allclose(np.sort(other.places_nm, axis=0), np.sort(one.places_nm, axis=0))


@pytest.mark.parametrize("facetted", [True, False])
@pytest.mark.parametrize("hexagonal", [True, False])
def test_outlines_keep_to_their_diameter_and_height(facetted, hexagonal):
    rng = np.random.default_rng(1)
    for _ in range(5):
        outline = draw_outline(rng, 4.0, 2.4, facetted, hexagonal)
        points = rng.uniform(-3, 3, size=(20000, 3))
        kept = points[outline.depth_nm(points, points) > 0]
        extent = np.ptp(kept, axis=0)
        assert 2.8 < extent[:2].min() <= extent[:2].max() < 4.4
        assert extent[2] < 2.4
        assert np.linalg.norm(kept, axis=1).max() < outline.reach_nm


def test_dots_keep_apart_and_hold_a_defect_only_when_it_shows():
    preset = Preset()
    for seed in range(3):
        dots = draw_dots(np.random.default_rng(seed), preset, 0.04)
        for number, dot in enumerate(dots):
            assert (dot.defect == "perfect") == (not dot.has_defect)
            assert np.allclose(dot.rotation @ dot.rotation.T, np.eye(3))
            assert np.linalg.det(dot.rotation) == pytest.approx(1)
            for other in dots[:number]:
                gap = math.dist((dot.x_px, dot.y_px), (other.x_px, other.y_px))
                assert gap * 0.04 > 0.43 * (dot.diameter_nm + other.diameter_nm)
