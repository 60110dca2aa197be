"""Stacking sequences are letters; faults are letters too."""

import itertools

import numpy as np
import pytest

from napari_cdse.simulate.structure import stacking


def test_words_and_letters_are_inverse():
    for text in ("cccc", "hhhh", "cchcc", "hhcchh"):
        assert stacking.word(stacking.sequence(text)) == text


def test_perfect_lattices_have_one_letter_in_their_word():
    assert stacking.sequence("cccc") == "ABCABC"
    assert stacking.sequence("hhhh") == "ABABAB"
    assert stacking.is_perfect("CABCAB")
    assert not stacking.is_perfect("ABCBA")


@pytest.mark.parametrize(
    ("defect", "hexagonal", "count"),
    [("twin", False, (1,)), ("intrinsic", False, (2,)), ("wz_fault", True, (1, 2))],
)
def test_a_fault_is_a_few_layers_near_the_middle(defect, hexagonal, count):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        letters = stacking.draw_sequence(rng, 20, hexagonal, defect, within=10)
        assert len(letters) == 20
        text = stacking.word(letters)
        odd = [i for i, kind in enumerate(text) if (kind == "h") != hexagonal]
        assert len(odd) in count
        assert all(4 <= place <= 14 for place in odd)


def test_no_layer_lies_on_its_like():
    rng = np.random.default_rng(0)
    for name in (*stacking.CUBIC_DEFECTS, *stacking.HEXAGONAL_DEFECTS, "perfect"):
        letters = stacking.draw_sequence(rng, 15, False, name, within=8)
        assert all(a != b for a, b in itertools.pairwise(letters))


def test_the_nearest_perfect_stacking_shares_the_larger_part():
    letters = stacking.sequence("ccccccch" + "cc")  # a twin near the top
    best = stacking.nearest_perfect(letters, [1.0] * len(letters), count=1)[0]
    assert stacking.word(best) == "c" * 10
    assert best[:9] == letters[:9]
