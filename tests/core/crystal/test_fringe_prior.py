"""How likely fringes of each spacing are, against normal densities of SciPy."""

import numpy as np
import pytest
from scipy.stats import norm

from napari_cdse.core.crystal.lattice import (
    REFLECTIONS,
    FringePrior,
    Reflection,
    spacing_density,
)

BAND = (0.17, 0.45)
# Powder diffraction file: hkl, d in nm, intensity.
ZINC_BLENDE_19_191 = [
    ("111", 0.3494, 100),
    ("200", 0.3026, 2),
    ("220", 0.2140, 55),
    ("311", 0.1825, 25),
]
WURTZITE_8_459 = [
    ("100", 0.3723, 100),
    ("002", 0.3505, 70),
    ("101", 0.3288, 75),
    ("102", 0.2552, 25),
    ("110", 0.2150, 85),
    ("103", 0.1979, 70),
]
TWO = (
    Reflection("a", "fcc", 0.35, 100.0),
    Reflection("b", "fcc", 0.21, 50.0),
    Reflection("outside", "fcc", 0.5, 1000.0),
    Reflection("beyond", "fcc", 0.1, 1000.0),
)


@pytest.mark.parametrize(
    ("structure", "card"),
    [("zinc blende", ZINC_BLENDE_19_191), ("wurtzite", WURTZITE_8_459)],
)
def test_lines_and_intensities_are_those_of_the_cards(structure, card):
    told = [
        (line.name[1:-1], line.spacing_nm, line.intensity)
        for line in REFLECTIONS
        if line.structure == structure
    ]
    assert told == card


@pytest.mark.parametrize("falloff", [4.0, 0.0, 2.0])
def test_the_density_is_that_of_bells_round_the_lines_of_the_band(falloff):
    spacing = np.array([[0.2, 0.21], [0.3, 0.36]])
    weights = np.array([100 * 0.35**falloff, 50 * 0.21**falloff])
    weights /= weights.sum()
    bells = sum(
        weight * norm.pdf(np.log(spacing), np.log(line), 0.035)
        for weight, line in zip(weights, (0.35, 0.21), strict=True)
    )
    wanted = 0.97 * bells + 0.03 / np.log(0.45 / 0.17)
    found = spacing_density(spacing, BAND, falloff, TWO)
    assert found == pytest.approx(wanted)


def test_the_density_of_the_logarithm_is_one_in_all():
    log = np.linspace(np.log(0.17), np.log(0.45), 20_001)
    # Lines far from the ends of the band, so that no bell is cut off.
    found = spacing_density(np.exp(log), BAND, reflections=TWO)
    assert np.trapezoid(found, log) == pytest.approx(1, abs=1e-3)
    assert spacing_density(np.array([0.3]), BAND) == pytest.approx(
        spacing_density(np.array([0.3]), BAND, 4.0)
    )


def test_a_band_without_lines_is_even():
    found = spacing_density(np.array([0.31, 0.33]), (0.3, 0.34), reflections=TWO[:2])
    assert found == pytest.approx(1 / np.log(0.34 / 0.3))


def test_the_penalty_is_nothing_at_the_likeliest_frequency_of_the_plane():
    prior = FringePrior(BAND, 0.04, reflections=TWO)
    spacing = np.geomspace(*BAND, 4001)
    penalty = prior.penalty(0.04 / spacing)
    assert penalty.min() == pytest.approx(0, abs=1e-3)
    # In the plane a spacing's share is spread over a ring: density times its square.
    density = spacing_density(spacing, BAND, reflections=TWO) * spacing**2
    assert penalty == pytest.approx(np.log(density.max() / density), abs=1e-3)
    assert np.isfinite(prior.penalty(np.array([0.0])))
    assert spacing[penalty.argmin()] == pytest.approx(0.351, abs=0.001)


def test_without_a_trusted_scale_all_spacings_are_alike():
    prior = FringePrior(BAND, 0.04, lattice=False)
    assert prior.penalty(np.array([[0.1, 0.2]])).tolist() == [[0, 0]]
