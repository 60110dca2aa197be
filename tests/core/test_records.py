"""The names of proposed circles."""

import numpy as np

from napari_cdse.core.records import Candidate, Circle


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
