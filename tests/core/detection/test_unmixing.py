"""N-FINDR finds the pure spectra; least squares finds how much of each."""

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.unmixing.abundances import abundances
from napari_cdse.core.detection.unmixing.endmembers import (
    MOST_ENDMEMBERS,
    n_findr,
    number_of_endmembers,
    principal_components,
    residual_shares,
    targets,
)
from napari_cdse.core.errors import MicrographError, ParameterError
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw


def _mixtures(seed: int, number: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pure = rng.random((number, 60)).astype(np.float32)
    shares = rng.dirichlet((1,) * number, 400).astype(np.float32)
    shares[[7, 130, 350]] = np.eye(number, dtype=np.float32)[:3]
    return pure, shares


@pytest.mark.parametrize("seed", range(4))
def test_endmembers_are_the_pure_windows(seed) -> None:
    pure, shares = _mixtures(seed)
    scores = principal_components(shares @ pure, 2)
    assert n_findr(scores, targets(scores, 3)) == [7, 130, 350]
    # From any start it is the largest simplex.
    assert n_findr(scores, [1, 2, 3]) == [7, 130, 350]


def test_targets_are_different_windows_even_where_all_are_alike() -> None:
    assert len(set(targets(np.zeros((6, 2)), 3))) == 3


@pytest.mark.parametrize("number", [3, 4, 6])
def test_the_number_of_endmembers_is_that_of_the_mixture(number) -> None:
    pure, shares = _mixtures(5, number)
    rng = np.random.default_rng(6)
    spectra = 10 * shares @ pure + rng.normal(0, 0.05, (400, 60))
    residual = residual_shares(spectra.astype(np.float32))
    assert len(residual) == MOST_ENDMEMBERS + 1
    assert residual[0] == 1
    assert np.all(np.diff(residual) <= 0)
    assert abs(number_of_endmembers(residual) - number) <= 1


def test_a_single_direction_takes_two_endmembers() -> None:
    residual = np.array([1.0, *np.linspace(0.08, 0.01, MOST_ENDMEMBERS)])
    assert number_of_endmembers(residual) == 2


def test_nothing_to_explain_takes_two_endmembers() -> None:
    residual = residual_shares(np.ones((9, 4), np.float32))
    assert number_of_endmembers(residual) == 2


def test_abundances_are_recovered() -> None:
    pure, shares = _mixtures(1)
    for sum_to_one in (False, True):
        found = abundances(shares @ pure, pure, sum_to_one=sum_to_one)
        np.testing.assert_allclose(found, shares, atol=2e-3)


def test_abundances_equal_those_of_scipy_where_a_mixture_is_impossible() -> None:
    pure, shares = _mixtures(2)
    rng = np.random.default_rng(3)
    spectra = (shares @ pure + rng.normal(0, 0.6, (400, 60))).astype(np.float32)
    found = abundances(spectra, pure)
    expected = [nnls(pure.T.astype(float), one.astype(float))[0] for one in spectra]
    assert (found == 0).any()
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_fully_constrained_abundances_are_the_nearest_that_add_up_to_one() -> None:
    pure, shares = _mixtures(2, 4)
    rng = np.random.default_rng(3)
    spectra = (3 * shares @ pure + rng.normal(0, 0.6, (400, 60))).astype(np.float32)
    found = abundances(spectra, pure, sum_to_one=True)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found >= 0).all()
    for one, ours in zip(spectra[:20], found, strict=False):
        best = minimize(
            lambda share, one=one: ((share @ pure - one) ** 2).sum(),
            np.full(4, 0.25),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda share: share.sum() - 1},
        )
        np.testing.assert_allclose(ours, best.x, atol=5e-3)


def test_detection_by_unmixing_lies_over_particles_however_they_are_turned() -> None:
    circles = [Circle(150.0, 160.0, 50.0), Circle(260.0, 420.0, 60.0)]
    dots = (
        Dot(circles[0], ((0.35, 20.0), (0.214, 80.0)), 1.5),
        Dot(circles[1], ((0.35, 115.0), (0.214, 175.0)), 1.5),
    )
    drawn = draw((400, 560), dots, seed=4)
    found = detect(drawn, DetectionParams(method="nfindr"))
    assert found.found_by == "nfindr"
    assert found.maps[0].name == "lattice abundance"
    assert len(match(circles, found.circles, 0.7).pairs) == 2
    assert len(found.circles) == 2
    lattice = found.maps[0]
    row, col = (
        (place - origin) / step
        for place, origin, step in zip(
            (150.0, 160.0), lattice.origin_px, lattice.step_px, strict=True
        )
    )
    inside = lattice.values[round(row), round(col)]
    assert inside > 3 * np.median(lattice.values)


def test_the_user_hears_how_many_endmembers_and_which_are_lattice() -> None:
    drawn = draw((256, 256), (Dot(Circle(120, 130, 50), amplitude=3.0),), seed=5)
    found = detect(drawn, DetectionParams(method="nfindr", endmembers=4))
    assert len(found.maps) == 5
    assert all((m.values >= 0).all() for m in found.maps)
    (told,) = (each for each in found.notices if "N-FINDR" in each)
    assert "4 endmembers, as was asked for" in told
    alone = detect(drawn, DetectionParams(method="nfindr"))
    assert any("where the residual bends" in each for each in alone.notices)


def test_a_lattice_endmember_peaks_at_the_spacing_that_was_drawn() -> None:
    dots = (Dot(Circle(130, 130, 55), ((0.30, 35.0),), amplitude=2.0),)
    drawn = draw((256, 256), dots, seed=9)
    maps = detect(drawn, DetectionParams(method="nfindr", endmembers=3)).maps
    assert maps[0].endmember is None
    spectra = [each.endmember for each in maps[1:]]
    assert [each.number for each in spectra] == [1, 2, 3]
    assert sum(each.share for each in spectra) == pytest.approx(1)
    lattice, support = spectra[0], spectra[-1]
    assert lattice.is_lattice
    assert not support.is_lattice
    ring = int(lattice.power[:, 0].argmax())
    below, above = lattice.rings_per_px[ring : ring + 2] / 0.04
    # A peak between two rings may be higher in either.
    width = above - below
    assert below - width / 2 <= 1 / 0.30 <= above + width / 2
    # A crystal's power lies in one direction, speckle's in all alike.
    assert lattice.power[ring, 0] > 4 * lattice.power[ring].mean()
    assert support.power.mean() == pytest.approx(1, abs=0.5)


def test_fully_constrained_maps_add_up_to_one() -> None:
    drawn = draw((256, 256), (Dot(Circle(120, 130, 50), amplitude=3.0),), seed=5)
    params = DetectionParams(method="nfindr", endmembers=3, abundances="fcls")
    maps = detect(drawn, params).maps
    total = sum(each.values for each in maps[1:])
    np.testing.assert_allclose(total, 1, atol=1e-4)


def test_speckle_alone_gives_no_circles() -> None:
    found = detect(draw((512, 512), (), seed=8), DetectionParams(method="nfindr"))
    assert len(found.circles) <= 1


def test_a_field_of_too_few_windows_is_a_sentence() -> None:
    drawn = draw((80, 80), (Dot(Circle(40, 40, 30), amplitude=3.0),), seed=5)
    params = DetectionParams(method="nfindr", step_fraction=1.0, endmembers=8)
    with pytest.raises(MicrographError, match="too few for 8 endmembers"):
        detect(drawn, params)


def test_one_endmember_is_refused() -> None:
    with pytest.raises(ParameterError, match="choose 0, or a value from 2 to 8"):
        DetectionParams(endmembers=1)


@pytest.mark.parametrize("bend", [1, 3, 5])
def test_the_elbow_is_furthest_below_the_line_from_end_to_end(bend):
    """Falling straight to a twentieth, and straight on from there to nothing."""
    residual = np.interp(np.arange(9), [0, bend, 8], [1.0, 0.05, 0.0])
    assert number_of_endmembers(residual) == max(bend + 1, 2)


def test_shares_of_the_residual_are_those_of_the_singular_values() -> None:
    spectra = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    values = np.linalg.svd(spectra - spectra.mean(axis=0), compute_uv=False) ** 2
    wanted = [1 - values[:n].sum() / values.sum() for n in range(9)]
    assert residual_shares(spectra) == pytest.approx(wanted, abs=1e-5)


def test_components_have_the_variances_of_the_singular_values_and_a_sign() -> None:
    spectra = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    spectra[:, 2] *= 5
    found = principal_components(spectra, 3)
    centred = spectra - spectra.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    for at in range(3):
        axis = axes[at] * np.sign(axes[at][np.abs(axes[at]).argmax()])
        assert found[:, at] == pytest.approx(centred @ axis, abs=1e-4)
        assert np.linalg.norm(found[:, at]) == pytest.approx(values[at], rel=1e-5)
