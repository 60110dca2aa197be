"""Two disks as parts of one particle, and mixtures, for numbers set by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection import domain_fit
from napari_cdse.core.detection.disk_fit import Disk
from napari_cdse.core.detection.domain_fit import JoinedDisk, join_domains
from napari_cdse.core.detection.unmixing.method import Mixture, _endmember_spectra
from napari_cdse.core.detection.unmixing.window_spectra import RINGS, SECTORS

NOTHING = np.zeros((4, 4), np.float32)
FITTER = SimpleNamespace(radii=np.array([5.0, 40.0]))


def disk(row, col, radius, strength=50.0):
    return Disk(row, col, radius, strength)


def test_the_smallest_disk_that_holds_two():
    """From -10 to 60 along a row: a radius of 35 around 25."""
    one, other = disk(7.0, 0.0, 10.0), disk(7.0, 40.0, 20.0)
    found = domain_fit._enclosing_disk([one, other])
    assert (found.row, found.col, found.radius) == (7.0, 25.0, 35.0)
    found = domain_fit._enclosing_disk([other, one])
    assert (found.row, found.col, found.radius) == (7.0, 25.0, 35.0)
    assert domain_fit._enclosing_disk([one]) == one


@pytest.mark.parametrize(("apart", "touch"), [(34.4, True), (34.6, False)])
def test_disks_touch_up_to_a_gap_of_their_radii(apart, touch):
    """1.15 times radii of 30 together."""
    assert domain_fit._touch(disk(0, 0, 10.0), disk(0, apart, 20.0)) is touch


def test_a_disk_is_scaled_up_to_the_largest_radius():
    assert domain_fit._scaled(disk(0, 0, 10.0), 1.5, FITTER).radius == 15
    assert domain_fit._scaled(disk(0, 0, 30.0), 1.5, FITTER).radius == 40


def test_frequencies_in_the_peak_of_a_stronger_one_are_left_out():
    """In bins of a patch of 100 samples; peaks of a disk of 10 are 0.1 wide."""
    one = disk(0, 0, 10.0)
    bins = np.array(
        [[20.0, 10.0], [20.0, 19.0], [20.0, 21.0], [81.0, 89.0], [60.0, 40.0]]
    )
    kept = domain_fit._distinct(bins, one, 100)
    # 9 bins beside it, and beside its mirror image at (-20, -10).
    assert kept.tolist() == [[20, 10], [20, 21], [60, 40]]


def test_bins_of_a_disk_are_its_families_frequencies():
    one = Disk(0, 0, 10.0, 5.0, ((0.25, -0.1), (-0.02, 0.3)))
    fitter = SimpleNamespace(size=100)
    found = domain_fit._bins(one, fitter)
    assert found == pytest.approx(np.array([[25, 90], [98, 30]]))


@pytest.fixture
def fits(monkeypatch):
    """What a fit of two domains gives for each set of parts, by their columns."""
    told, asked = {}, []

    def fit(values, valid, parts, others, fitter):
        key = tuple(each.col for each in parts)
        asked.append((key, [each.col for each in others]))
        return told.get(key)

    monkeypatch.setattr(domain_fit, "fit_domains", fit)
    return told, asked


def joined(disks, same=lambda one, other: False):
    return join_domains(NOTHING, NOTHING, disks, FITTER, same)


LEFT, RIGHT, FAR = (
    disk(0, 0, 10.0, 60.0),
    disk(0, 20, 10.0, 40.0),
    disk(0, 90, 10.0, 30.0),
)


def test_two_touching_parts_become_the_disk_that_covers_both(fits):
    told, asked = fits
    whole = disk(0, 10, 20.0, 60.0)
    told[0, 20] = JoinedDisk(whole, 5.0)
    assert joined([LEFT, RIGHT, FAR]) == [whole, FAR]
    # The pair is tried first; what lies elsewhere is told as others.
    assert asked[0] == ((0, 20), [90])


def test_what_no_fit_explains_better_stays(fits):
    _, asked = fits
    assert joined([LEFT, RIGHT, FAR]) == [LEFT, RIGHT, FAR]
    # Pairs with weaker ones only, then each alone.
    assert [key for key, _ in asked] == [(0, 20), (0,), (20,), (90,)]
    assert asked[1][1] == [20, 90]


def test_a_disk_of_two_domains_replaces_one(fits):
    told, _ = fits
    whole = disk(0, 0, 15.0, 60.0)
    told[0,] = JoinedDisk(whole, 0.5)
    assert joined([LEFT, RIGHT]) == [whole, RIGHT]


@pytest.mark.parametrize(("gain", "replaces"), [(39.0, False), (41.0, True)])
def test_a_disk_too_near_to_another_must_explain_that_as_well(fits, gain, replaces):
    told, _ = fits
    whole = disk(0, 5, 18.0, 60.0)
    told[0,] = JoinedDisk(whole, gain)

    def same(one, other):
        return one is whole and other is RIGHT

    found = joined([LEFT, RIGHT, FAR], same)
    assert found == ([whole, FAR] if replaces else [LEFT, RIGHT, FAR])


# Mixtures


def mixture(content, residual=(1.0, 0.4, 0.2, 0.1), chosen=False):
    number = len(content)
    return Mixture(
        np.zeros((number, 1), np.float32),
        np.zeros((3, number), np.float32),
        np.array(content, float),
        np.array(residual),
        chosen,
    )


def test_endmembers_with_half_the_most_content_are_lattice():
    assert mixture([8.0, 4.0, 3.9]).lattice.tolist() == [True, True, False]
    assert mixture([0.0, 0.0]).lattice.tolist() == [False, False]
    assert mixture([-1.0, -3.0]).lattice.tolist() == [False, False]


def test_a_mixture_says_how_many_endmembers_and_why():
    assert mixture([8.0, 4.0, 3.9]).sentence == (
        "N-FINDR took 3 endmembers, where the residual bends; 20% of the variance is "
        "left. Lattice is in 2 of them, endmember 1 first."
    )
    told = mixture([8.0, 1.0], chosen=True).sentence
    assert told.startswith("N-FINDR took 2 endmembers, as was asked for; 40% of")


def test_an_endmembers_share_is_that_of_the_windows_that_count():
    spectra = np.stack([np.full(RINGS * SECTORS, 2.0), np.zeros(RINGS * SECTORS)])
    shares = np.array([[0.5, 0.25], [1.0, 0.25], [9.0, 9.0]], np.float32)
    found = Mixture(
        spectra.astype(np.float32),
        shares,
        np.array([5.0, 1.0]),
        np.array([1.0, 0.5]),
        False,
    )
    windows = SimpleNamespace(
        spread=np.full(RINGS * SECTORS, 0.5),
        counted=np.array([True, True, False]),
    )
    one, two = _endmember_spectra(found, windows, (0.05, 0.2))
    assert (one.number, two.number) == (1, 2)
    assert (one.is_lattice, two.is_lattice) == (True, False)
    assert (one.share, two.share) == (pytest.approx(0.75), pytest.approx(0.25))
    # Back from spreads of the logarithm: exp(2 * 0.5) - 1.
    assert one.power == pytest.approx(np.full((RINGS, SECTORS), np.e - 1))
    assert one.rings_per_px == pytest.approx(np.linspace(0.05, 0.2, RINGS + 1))
