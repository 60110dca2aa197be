"""Close-packed stacking sequences, in letters A, B, C and in words of h and c.

A layer is h (hexagonal) when both its neighbours have the same letter, else c (cubic).
Zinc blende is all c, wurtzite all h; every fault is a few letters of such a word. See
Hirth and Lothe, Theory of Dislocations (1982), chapter 10.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

LETTERS = "ABC"

CUBIC_DEFECTS = ("twin", "intrinsic", "polytype", "extrinsic", "mixed")
CUBIC_WEIGHTS = (0.37, 0.27, 0.2, 0.1, 0.06)
"""Kinds of faults in cubic hosts, and their probabilities. Chosen."""
HEXAGONAL_DEFECTS = ("wz_fault", "polytype", "mixed")
HEXAGONAL_WEIGHTS = (0.53, 0.3, 0.17)
"""The same for wurtzite. Chosen."""
PERFECT = "perfect"

_INSERTS = {
    "twin": ("h",),
    "intrinsic": ("hh",),
    "extrinsic": ("hch",),
    "wz_fault": ("c", "cc"),
}
"""Letters of a word that make up a fault; one of several is drawn."""


def sequence(word: str, first: str = "A", second: str = "B") -> str:
    """Return the letters of an h/c word.

    Parameters
    ----------
    word : str
        One h or c for each inner layer.
    first, second : str
        Letters of the first two layers.

    Returns
    -------
    str
        Two letters more than the word has.
    """
    letters = [first, second]
    for kind in word:
        before, last = letters[-2:]
        letters.append(before if kind == "h" else third(before, last))
    return "".join(letters)


def third(one: str, other: str) -> str:
    """Return the letter that is neither of two."""
    return next(letter for letter in LETTERS if letter not in (one, other))


def word(letters: str) -> str:
    """Return the h/c word of a sequence, two letters shorter."""
    return "".join(
        "h" if before == after else "c"
        for before, after in zip(letters, letters[2:], strict=False)
    )


def is_perfect(letters: str) -> bool:
    """Whether a sequence is pure zinc blende or pure wurtzite."""
    return len(set(word(letters))) <= 1


def draw_sequence(
    rng: np.random.Generator, layers: int, hexagonal: bool, defect: str, within: int
) -> str:
    """Draw a stacking with a defect near its middle.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    layers : int
        Number of layers.
    hexagonal : bool
        Whether the host is wurtzite.
    defect : str
        ``perfect``, or a name in `CUBIC_DEFECTS` or `HEXAGONAL_DEFECTS`.
    within : int
        Number of layers around the middle in which the defect is placed.
    """
    inner = max(layers - 2, 1)
    middle = round(inner / 2 + rng.uniform(-0.25, 0.25) * within)
    text = _draw_word(rng, inner, middle, "h" if hexagonal else "c", defect)
    first, second = rng.permutation(list(LETTERS))[:2]
    return sequence(text[:inner], str(first), str(second))


def perfect_stackings(layers: int) -> list[str]:
    """Return all perfect sequences of so many layers: six cubic, six hexagonal."""
    starts = list(permutations(LETTERS, 2))
    words = ("c" * (layers - 2), "h" * (layers - 2))
    return [sequence(text, *start) for text in words for start in starts]


def nearest_perfect(
    letters: str, weights: Sequence[float], count: int = 2
) -> list[str]:
    """Return the perfect stackings that share most atoms with a sequence.

    Parameters
    ----------
    letters : str
        The sequence with its defect.
    weights : sequence of float
        Number of atoms in each layer.
    count : int, optional
        Number of stackings to return, the nearest first.
    """

    def shared(other: str) -> float:
        pairs = zip(letters, other, weights, strict=True)
        return sum(weight for one, two, weight in pairs if one == two)

    return sorted(perfect_stackings(len(letters)), key=shared, reverse=True)[:count]


def _draw_word(
    rng: np.random.Generator, inner: int, middle: int, host: str, defect: str
) -> str:
    if defect == PERFECT:
        return host * inner
    if defect == "polytype":
        other = "h" if host == "c" else "c"
        return host * middle + other * (inner - middle)
    if defect == "mixed":
        return "".join(rng.choice(["h", "c"], size=inner))
    insert = str(rng.choice(_INSERTS[defect]))
    before = max(middle - len(insert) // 2, 0)
    return (host * before + insert + host * inner)[:inner]
