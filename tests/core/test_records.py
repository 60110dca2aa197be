"""The names of proposed circles, and the scale that a forest learnt with."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.records import Candidate, Circle
from tests.project_tools import small_model


def name(row, col, radius):
    return Candidate.propose("m", Circle(row, col, radius), "bragg").id


def test_a_circle_that_another_machine_rounds_otherwise_bears_the_same_name():
    """Machines differ by some 1e-5 px; 0.0005 and 0.001 px are nothing special."""
    rng = np.random.default_rng(3)
    for row, col, radius in rng.uniform(20, 900, (200, 3)).round(3) + 0.0005:
        assert name(row, col, radius) == name(row + 1e-5, col - 1e-5, radius + 1e-5)


def test_a_circle_at_the_corner_has_one_name():
    assert name(-1e-6, 1e-6, 9.0) == name(1e-6, -1e-6, 9.0)


def test_the_name_is_that_of_every_version_and_machine():
    assert name(418.2, 77.0, 30.4) == "56a8b813-401b-511e-8f12-941364c0bbc1"


def test_other_places_micrographs_and_methods_have_other_names():
    names = {name(10 * r, 10 * c, 20.0) for r in range(9) for c in range(9)}
    other = Circle(10.0, 10.0, 20.0)
    names |= {name(10.0, 10.0, 22.0), Candidate.propose("n", other, "bragg").id}
    names |= {Candidate.propose("m", other, "window").id}
    assert len(names) == 81 + 3


@pytest.mark.parametrize(
    ("created", "trained_on", "scale"),
    [
        (
            "2026-11-27T09:00:00",
            "their pixel sizes were estimated from the lattice",
            1.014,
        ),
        (
            "2026-11-29T09:00:00",
            "their pixel sizes were estimated from the lattice",
            1.0,
        ),
        ("2026-11-27T09:00:00", "micrographs of my own", 1.0),
    ],
)
def test_a_forest_of_the_biased_estimate_is_asked_at_its_scale(
    created, trained_on, scale
):
    card = replace(small_model().card, created=created, trained_on=trained_on)
    assert card.learnt_scale == scale
