from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import NearestNeighbors

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.novelty import (
    is_novel,
    novelty,
    novelty_reference,
    out_of_range,
)
from napari_cdse.core.features import FeatureTable
from napari_cdse.core.params import ForestParams
from tests.tables import NAMES, SCHEMA, drawn_set

SMALL = ForestParams(trees=3, copies=0)


def drawn(n_rows: int, shift: float = 0.0, seed: int = 99) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n_rows, len(NAMES))) + shift).astype(np.float32)


def test_what_is_far_away_is_novel_and_more_of_the_same_is_not():
    known = novelty_reference(drawn_set(20, 3, copies=0, signal=0.0))
    same = known.novelty(drawn(2000))
    # One in a hundred by construction; the training set is small, so up to three.
    assert 0.001 < np.mean(same > 1) < 0.03
    assert np.all(known.novelty(drawn(50, shift=4.0)) > 1)


# Of 144 and of 360, the share of one in a hundred lies beyond the last but one and the
# last but three; 360 are more than are compared at a time.
@pytest.mark.parametrize(("n_micrographs", "last"), [(12, -2), (30, -4)])
def test_novelty_is_the_distance_to_the_fifth_neighbour_over_the_one_in_a_hundred(
    n_micrographs, last
):
    """Scaled by scipy, neighbours by scikit-learn, the limit by counting."""
    training = drawn_set(n_micrographs, 3, copies=2)
    originals = training.table.values[::3].astype(float)
    homes = training.micrograph_ids[::3]
    middle = np.median(originals, axis=0)
    spread = stats.iqr(originals, axis=0) / 1.349
    rows = np.arcsinh((originals - middle) / spread)

    def fifth(of, among):
        return NearestNeighbors(n_neighbors=5).fit(among).kneighbors(of)[0][:, -1]

    elsewhere = [
        fifth(rows[[at]], rows[homes != home])[0] for at, home in enumerate(homes)
    ]
    limit = sorted(elsewhere)[last]
    values = drawn(1100, shift=1.0)
    wanted = fifth(np.arcsinh((values - middle) / spread), rows) / limit
    found = novelty_reference(training).novelty(values)
    assert found == pytest.approx(wanted, rel=1e-6)


def test_one_feature_far_away_is_enough():
    known = novelty_reference(drawn_set(20, 3, copies=0))
    values = drawn(20)
    values[:, 7] = 1e6
    assert np.all(known.novelty(values) > 1)


def test_copies_and_the_own_micrograph_do_not_make_it_ordinary():
    """Particles of a micrograph alike: another micrograph is as new as these were."""
    rng = np.random.default_rng(0)
    training = drawn_set(40, 2, copies=2, signal=0.0)
    place = {name: 6 * rng.normal(size=len(NAMES)) for name in training.micrograph_ids}
    moved = training.table.values + [place[name] for name in training.micrograph_ids]
    table = replace(training.table, values=moved.astype(np.float32))
    known = novelty_reference(replace(training, table=table))
    others = drawn(100) + 6 * rng.normal(size=(100, len(NAMES)))
    assert np.mean(known.novelty(others.astype(np.float32)) > 1) < 0.1


@pytest.mark.parametrize(
    "training", [drawn_set(6, 4, copies=3), drawn_set(1, 40, copies=0)]
)
def test_too_few_to_tell(training):
    assert novelty_reference(training) is None


def test_a_constant_feature_tells_nothing():
    training = drawn_set(20, 3, copies=0)
    training.table.values[:, 3] = 1.0
    values = drawn(10)
    values[:, 3] = 1.0
    assert np.all(np.isfinite(novelty_reference(training).novelty(values)))


def test_a_model_without_its_table_cannot_tell():
    model = fit(drawn_set(20, 3, copies=0), SMALL)
    table = FeatureTable(NAMES, drawn(3, shift=9.0), SCHEMA)
    assert all(is_novel(each) for each in novelty(model, table))
    assert novelty(replace(model, training=None), table) == [None] * 3
    assert not is_novel(None)


def test_a_micrograph_is_marked_for_its_scale_and_for_what_is_in_it():
    card = fit(drawn_set(20, 3, copies=0), SMALL).card
    assert out_of_range(card, 0.04, [0.5] * 12) is None
    assert out_of_range(card, None, []) is None
    assert "0.0600 nm are outside" in out_of_range(card, 0.06, [0.5])
    # One of twelve happens in every ninth micrograph, four do not.
    assert out_of_range(card, 0.04, [1.2] + [0.5] * 11) is None
    assert "4 of its 12 circles" in out_of_range(card, 0.04, [1.2] * 4 + [0.5] * 8)
    assert out_of_range(card, 0.04, [None] * 9) is None


def test_a_hundred_particles_and_two_micrographs_are_enough():
    training = drawn_set(25, 1, copies=0)
    assert novelty_reference(training) is not None
    assert novelty_reference(training.rows(np.arange(99))) is None
    assert novelty_reference(training.rows(np.arange(40)), least=40) is not None
    assert novelty_reference(drawn_set(2, 13, copies=0)) is not None
    # Where nearly all are of one micrograph, few have neighbours elsewhere.
    lopsided = replace(
        training,
        micrograph_ids=np.array(["a"] * 98 + ["b"] * 2),
    )
    assert novelty_reference(lopsided) is None


def test_particles_that_are_all_alike_call_nothing_novel():
    training = drawn_set(25, 1, copies=0)
    training.table.values[:] = 3.0
    assert novelty_reference(training) is None


def test_of_very_many_particles_some_stand_for_all():
    training = drawn_set(90, 9, copies=0, signal=0.0)
    known = novelty_reference(training)
    assert np.unique(known.rows, axis=0).shape == (3000, len(NAMES))
    assert np.array_equal(known.rows, novelty_reference(training).rows)
    assert 0.003 < np.mean(known.novelty(drawn(1000)) > 1) < 0.03


@pytest.mark.parametrize(
    ("pixel_nm", "is_outside"),
    [(0.0294, False), (0.0293, True), (0.0408, False), (0.0409, True), (0.035, False)],
)
def test_a_pixel_size_may_lie_a_fiftieth_beyond_those_learnt_from(pixel_nm, is_outside):
    card = replace(
        fit(drawn_set(20, 3, copies=0), SMALL).card, pixel_size_range_nm=(0.03, 0.04)
    )
    told = out_of_range(card, pixel_nm, [])
    assert (told is not None) == is_outside
    assert not is_outside or "(0.0300 to 0.0400 nm)" in told
    assert out_of_range(replace(card, pixel_size_range_nm=None), pixel_nm, []) is None


def test_strange_circles_are_told_where_chance_brings_as_many_once_in_a_hundred():
    """By scipy's binomial distribution, of up to 40 circles."""
    card = fit(drawn_set(20, 3, copies=0), SMALL).card
    # One of one comes by chance once in a hundred, exactly.
    for n in range(2, 41):
        for strange in range(min(n, 5) + 1):
            told = out_of_range(card, None, [1.5] * strange + [1.0] * (n - strange))
            is_odd = strange > 0 and stats.binom.sf(strange - 1, n, 0.01) <= 0.01
            assert (told is not None) == is_odd, (strange, n)


def test_particles_may_lie_close_together():
    """A limit far below 1: what is far from them is novel all the same."""
    training = drawn_set(25, 1, copies=0)
    training.table.values[:, 1:] = 1.0
    known = novelty_reference(training)
    assert 0 < known.limit < 0.5
    values = drawn(2)
    values[:, 1:] = 1.0
    values[:, 0] = 1e3
    assert np.all(known.novelty(values) > 1)


def test_a_feature_that_is_mostly_one_value_counts_by_its_standard_deviation():
    training = drawn_set(25, 1, copies=0)
    training.table.values[:, 1:] = 1.0
    training.table.values[:, 0] = np.arange(100) % 10 == 0
    # Each has more than five neighbours of its own value: the limit is that of other
    # features, which are drawn close together.
    rng = np.random.default_rng(0)
    training.table.values[:, 1] = rng.normal(size=100)
    values = np.ones((2, len(NAMES)), np.float32)
    values[:, 1] = 0.0
    values[:, 0] = 0.0, 0.9
    known = novelty_reference(training)
    # The median is 0, the standard deviation of a tenth of ones 0.3.
    assert known.scale[0] == pytest.approx(0.3)
    apart = known.novelty(values) * known.limit
    one = np.arcsinh(1 / 0.3) - np.arcsinh(0.9 / 0.3)
    assert apart[0] < 0.2
    assert one <= apart[1] < np.hypot(one, 0.8)
