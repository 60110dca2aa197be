"""Populations of particles of known visible-defect fraction, and forests over them.

A micrograph's own fraction is drawn from a beta distribution, which gives its particles
the wanted intra-cluster correlation. A forest sees one number for "defect" and one for
"resolved", normal around another mean in either class; the one that is right gives the
exact chances, the biased one is sure that there are fewer defects, the bad one hardly
tells the classes apart and believes in too many.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from napari_cdse.core.review.draw_chances import draw_chances
from napari_cdse.core.statistics.sample import Sample

RESOLVED = 0.6
"""Share of resolved particles, about that of the shipped standard set."""

SIZE = 20
"""Mean number of particles of a micrograph; they scatter as a negative binomial."""

_DISPERSION = 8

_HARDLY_ANY = 0.01
"""Floor of chances that costs next to nothing and keeps them above 0."""


@dataclass(frozen=True)
class Forest:
    """How well a forest sees, and how far its logits are shifted."""

    sharpness: float
    resolved_sharpness: float
    scale: float = 1.0
    shift: float = 0.0
    resolved_shift: float = 0.0


FORESTS = {
    "right": Forest(2.2, 3.0),
    # Calls most of the doubtful no: one-sided, as forests have been found to be.
    "biased": Forest(2.2, 3.0, shift=-1.2, resolved_shift=0.5),
    "bad": Forest(0.5, 1.0, scale=0.7, shift=0.6, resolved_shift=0.5),
}


@dataclass(frozen=True, eq=False)
class Population:
    """Particles with their truth and what a forest says."""

    micrograph: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray

    @property
    def doubts(self):
        yes, resolved = self.predicted.T
        return np.sqrt(yes * (resolved - yes))


def population(rng, fraction, correlation, micrographs, forest, size=SIZE):
    """Draw one; the forest is one of `FORESTS`."""
    chance = _DISPERSION / (_DISPERSION + size)
    sizes = np.maximum(rng.negative_binomial(_DISPERSION, chance, micrographs), 1)
    own = np.full(micrographs, fraction)
    if correlation:
        strength = (1 - correlation) / correlation
        own = rng.beta(fraction * strength, (1 - fraction) * strength, micrographs)
    micrograph = np.repeat(np.arange(micrographs), sizes)
    resolved = rng.random(micrograph.size) < RESOLVED
    defect = resolved & (rng.random(micrograph.size) < own[micrograph])
    eye = FORESTS[forest]
    yes = eye.scale * _logits(rng, defect, eye.sharpness, fraction) + eye.shift
    seen = _logits(rng, resolved, eye.resolved_sharpness, RESOLVED) + eye.resolved_shift
    told = expit(seen)
    return Population(
        micrograph,
        np.stack([defect, resolved], axis=1).astype(float),
        np.stack([told * expit(yes), told], axis=1),
    )


def exact_doubts(found, forest, fraction):
    """Return how far a label will be from the forest's word, as root mean square.

    It takes what the forest's numbers are truly worth, which only a simulation knows.
    Chances that go with it leave the least variance that any can (Neyman 1934), for
    the sum that the ratio's linearisation is made of. A micrograph's own fraction is
    not used: nothing tells it before labels do.
    """
    eye = FORESTS[forest]
    yes, resolved = found.predicted.T
    # Back to the two numbers that were seen, as likelihood ratios of their classes.
    defect_logit = (logit(_inner(yes / resolved)) - eye.shift) / eye.scale
    for_defect = np.exp(defect_logit - logit(fraction))
    for_resolved = np.exp(
        logit(_inner(resolved)) - eye.resolved_shift - logit(RESOLVED)
    )
    weights = np.stack(
        [
            fraction * RESOLVED * for_defect * for_resolved,
            (1 - fraction) * RESOLVED * for_resolved,
            np.full_like(yes, 1 - RESOLVED),
        ]
    )
    labels = np.array([1 - fraction, -fraction, 0.0])[:, None]
    said = yes - fraction * resolved
    return np.sqrt(np.sum(weights / weights.sum(axis=0) * (labels - said) ** 2, axis=0))


def _inner(chances):
    return np.clip(chances, 1e-12, 1 - 1e-12)


def _logits(rng, positive, sharpness, share):
    seen = rng.normal(np.where(positive, sharpness / 2, -sharpness / 2))
    return logit(share) + sharpness * seen


def drawn(rng, found, draws, *, unequal=False):
    """Draw particles by lot and judge them; a `Sample` as the estimator takes it."""
    doubts = found.doubts if unequal else np.zeros(found.micrograph.size)
    return drawn_with(rng, found, draw_chances(doubts, _at_most(found, draws)))


def drawn_at_best(rng, found, draws, forest, fraction):
    """Draw with the chances of `exact_doubts`, and judge."""
    doubts = exact_doubts(found, forest, fraction)
    chances = draw_chances(doubts, _at_most(found, draws), floor=_HARDLY_ANY)
    return drawn_with(rng, found, chances)


def _at_most(found, draws):
    return min(draws, 0.8 * found.micrograph.size)


def drawn_with(rng, found, chances):
    """Draw each particle with its chance and judge what was drawn."""
    chosen = rng.random(chances.size) < chances
    return Sample(
        found.micrograph,
        found.predicted,
        np.where(chosen[:, None], found.truth, found.predicted),
        np.where(chosen, 1 / chances, 0.0),
        chosen,
    )


def confusions(rng, micrographs, size=SIZE, correlation=0.1):
    """Confusion matrices by micrograph of two forests that are worth the same.

    They agree on six particles of ten, and by micrograph each class is easier or
    harder for both.
    """
    shares, recall = np.array([0.25, 0.35, 0.3, 0.1]), np.array([0.7, 0.85, 0.8, 0.9])
    chance = _DISPERSION / (_DISPERSION + size)
    sizes = np.maximum(rng.negative_binomial(_DISPERSION, chance, micrographs), 1)
    strength = (1 - correlation) / correlation
    tables = np.zeros((2, micrographs, 4, 4), np.int64)
    for at, n in enumerate(sizes):
        truth = rng.choice(4, n, p=rng.dirichlet(4 * shares))
        easy = rng.beta(recall * strength, (1 - recall) * strength)[truth]
        luck = rng.random((2, n))
        luck[1] = np.where(rng.random(n) < 0.6, luck[0], luck[1])
        wrong = (truth + rng.integers(1, 4, n)) % 4
        for table, right in zip(tables, luck < easy, strict=True):
            np.add.at(table[at], (truth, np.where(right, truth, wrong)), 1)
    return tables
