"""N-FINDR finds the pure spectra; least squares finds how much of each."""

import numpy as np
import pytest
from scipy.optimize import nnls

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.detection.unmixing import (
    abundances,
    n_findr,
    principal_components,
)
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw


def _mixtures(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pure = rng.random((3, 60)).astype(np.float32)
    shares = rng.dirichlet((1, 1, 1), 400).astype(np.float32)
    shares[[7, 130, 350]] = np.eye(3)
    return pure, shares


def test_endmembers_are_the_pure_windows() -> None:
    pure, shares = _mixtures(0)
    scores = principal_components(shares @ pure, 2)
    for seed in range(4):
        assert n_findr(scores, 3, seed) == [7, 130, 350]


def test_abundances_are_recovered() -> None:
    pure, shares = _mixtures(1)
    found = abundances(shares @ pure, pure)
    np.testing.assert_allclose(found, shares, atol=2e-3)


def test_abundances_equal_those_of_scipy_where_a_mixture_is_impossible() -> None:
    pure, shares = _mixtures(2)
    rng = np.random.default_rng(3)
    spectra = (shares @ pure + rng.normal(0, 0.6, (400, 60))).astype(np.float32)
    found = abundances(spectra, pure)
    expected = [nnls(pure.T.astype(float), one.astype(float))[0] for one in spectra]
    assert (found == 0).any()
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_detection_by_unmixing_lies_over_the_particle() -> None:
    circle = Circle(180.0, 330.0, 55.0)
    drawn = draw((300, 460), (Dot(circle, amplitude=3.0),), seed=4)
    found = detect(drawn, DetectionParams(method="nfindr"))
    assert found.found_by == "nfindr"
    assert [m.name for m in found.maps] == [f"endmember {i}" for i in (1, 2, 3)]
    assert len(found.circles) == 1
    assert found.circles[0].row_px == pytest.approx(circle.row_px, abs=8)
    assert found.circles[0].col_px == pytest.approx(circle.col_px, abs=8)
    assert found.circles[0].radius_px == pytest.approx(circle.radius_px, rel=0.3)


def test_number_of_endmembers_follows_the_parameter() -> None:
    drawn = draw((256, 256), (Dot(Circle(120, 130, 50), amplitude=3.0),), seed=5)
    found = detect(drawn, DetectionParams(method="nfindr", endmembers=4))
    assert len(found.maps) == 4
    assert all((m.values >= 0).all() for m in found.maps)
