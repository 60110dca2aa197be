"""The fit of one disk, on a single dot without noise whose numbers are known."""

import numpy as np
import pytest

from napari_cdse.core.detection.bragg_contrast import search_space
from napari_cdse.core.detection.disk_fit import Disk, DiskFitter
from napari_cdse.core.params import DetectionParams

SHAPE = (110, 150)
ROW, COL, RADIUS = 61.3, 47.8, 17.0
FAMILIES = ((0.05, 0.19), (-0.16, 0.08))
AMPLITUDES = (2.0, 1.4)
PENALTY = 3.0


def fitter(penalty=PENALTY):
    radii = np.geomspace(10, 26, 24)
    return DiskFitter(radii, (0.1, 0.3), lambda k: np.full(np.shape(k), penalty))


def drawn(row=ROW, col=COL):
    """Fringes in half an ellipsoid: waves of known amplitude, nothing else."""
    down, right = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    down, right = down - row, right - col
    dome = np.sqrt(np.maximum(1 - (down**2 + right**2) / RADIUS**2, 0))
    waves = [
        a * np.cos(2 * np.pi * (k_row * down + k_col * right))
        for a, (k_row, k_col) in zip(AMPLITUDES, FAMILIES, strict=True)
    ]
    return (dome * sum(waves)).astype(np.float32), np.ones(SHAPE, np.float32)


def strength(amplitude):
    """Half the amplitude meets the template; its square sums up to pi R^2 / 2."""
    return amplitude**2 / 4 * np.pi * RADIUS**2 / 2 - PENALTY


@pytest.mark.parametrize("family", [0, 1])
def test_the_strength_of_a_disk_is_that_of_its_first_family(family):
    other = FAMILIES[1 - family]
    disk = Disk(ROW, COL, RADIUS, 0.0, (FAMILIES[family], other))
    found = fitter().strength_at(*drawn(), disk)
    assert found == pytest.approx(strength(AMPLITUDES[family]), rel=0.02)


def test_a_disk_that_is_mostly_hidden_has_no_strength():
    values, valid = drawn()
    valid[:, int(COL) - 5 :] = 0
    disk = Disk(ROW, COL, RADIUS, 0.0, FAMILIES)
    assert fitter().strength_at(values * valid, valid, disk) == 0


def test_place_radius_and_families_are_those_that_were_drawn():
    found = fitter().fit(*drawn(), Disk(ROW + 4, COL - 3, 15.0, 10.0))
    assert (found.row, found.col) == pytest.approx((ROW, COL), abs=0.2)
    assert found.radius == pytest.approx(RADIUS, rel=0.02)
    assert found.strength == pytest.approx(strength(AMPLITUDES[0]), rel=0.05)
    for told, true in zip(found.families, FAMILIES, strict=True):
        # A wave and its opposite are one.
        assert np.multiply(np.sign(told[1]), told) == pytest.approx(true, abs=0.002)


def test_a_scale_that_is_known_prefers_the_lattices_spacings_and_a_guess_does_not():
    band = np.linspace(0.09, 0.2, 40)
    known, guessed = (
        search_space(DetectionParams(), 0.04, each) for each in (True, False)
    )
    assert np.ptp(known.prior.penalty(band)) > 1
    assert np.ptp(guessed.prior.penalty(band)) == 0
    # The lattice's strongest spacing costs least.
    spacing_nm = 0.04 / band[known.prior.penalty(band).argmin()]
    assert spacing_nm == pytest.approx(0.35, abs=0.02)
    assert guessed.band_per_px[0] < known.band_per_px[0]
