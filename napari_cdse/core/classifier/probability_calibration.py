"""Do probabilities mean what they say? Dirichlet scaling, and the reliability curve.

A forest that averages its trees is less sure than it could be where all of them saw
the same, and a weighted training set tilts it towards the rare classes. Both are mended
by one affine map of the logarithms, fitted on held-out micrographs (Dirichlet
calibration: Kull and others, NeurIPS 32 (2019), arXiv 1910.12656)::

    ln q = weights @ ln p + offsets - ln(sum)

Every parameter is held near that of a forest below, or near plain temperature scaling
(Guo, Pleiss, Sun, Weinberger, Proc. ICML 70 (2017) 1321), by a normal prior, so that
few labels move it little. Temperature scaling is the case of ``weights`` of one over
the temperature on the diagonal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cdse.core.classifier.augmentation import mean_over_views
from napari_cdse.core.classifier.forest import predict_proba
from napari_cdse.core.records import CLASSES, Calibration, four_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.features import FeatureTable
    from napari_cdse.core.records import Four, ModelCard

MIN_PARTICLES = 50
"""Held-out particles below which no temperature is fitted. A choice: with fewer, one
sure mistake moves it much; with more, young projects keep modest probabilities."""

_OWN_SD = 0.3
"""Standard deviation of the normal prior of a class's own weight and of its offset
(natural logarithm) about what lies below. A choice: how far apart the forests of two
materials lie; ten labels then move probabilities by some hundredths."""

_CROSS_SD = 0.1
"""The same of weights across classes. A choice, and a narrower one: they let the noise
of one class into another's probability."""

BINS = 10
"""Bins of the reliability curve, each 0.1 wide in confidence. A choice: more hold too
few particles for a share, fewer hide where the curve leaves the diagonal."""

_LIMITS = (0.2, 5.0)
"""Lowest and highest temperature. A choice, five times either way: an averaged forest
needs less; without limits a set without mistakes would drive it to 0, and one that is
called at random to infinity."""

_FLOOR = 1e-4
"""Least probability: no forest of some hundred trees can be surer. A choice: a lower
one lets a single mistake rule the likelihood, a higher one forgives sure ones."""


class ReliabilityBin(NamedTuple):
    """Particles whose most probable class has about the same probability.

    Attributes
    ----------
    confidence : float
        Mean probability of the most probable class.
    right : float
        Share of the particles that are of that class.
    number : int
    """

    confidence: float
    right: float
    number: int


def fit_temperature(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp]
) -> float:
    """Find the temperature under which the truth is most likely.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.

    Returns
    -------
    float
        Between 0.2 and 5; 1 where there are fewer than `MIN_PARTICLES`.
    """
    if len(truth) < MIN_PARTICLES:
        return 1.0

    def loss(log_temperature: float) -> float:
        told = sharpened(probabilities, float(np.exp(log_temperature)))
        return -float(np.log(told[np.arange(len(truth)), truth] + _FLOOR).mean())

    # Only who trains waits for it.
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(loss, bounds=tuple(np.log(_LIMITS)), method="bounded")
    return float(np.exp(found.x))


def fit_calibration(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.intp],
    particles: NDArray[np.str_],
    micrographs: NDArray[np.str_],
    below: ModelCard | None = None,
) -> Calibration:
    """Find the map under which the truth is most likely, near what lies below.

    The posterior mode under a normal prior: with few particles it is what lies below,
    with many what they say.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers. Single ones, to misplaced copies too, leave
        averaged answers a little modest, which other microscopes then use up.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.
    particles, micrographs : ndarray of str, shape (n,)
        The particle and the micrograph of each; a particle counts once, however many
        answers there are.
    below : ModelCard, optional
        Of the forest whose calibration it is held near; by default near the plain
        temperature that fits best.

    Returns
    -------
    Calibration
    """
    start = _start(probabilities, truth, below)
    fitted = start
    if len(truth):
        _, of, answers_to = np.unique(
            particles, return_inverse=True, return_counts=True
        )
        fitted = _posterior_mode(probabilities, truth, 1 / answers_to[of], start)
    return Calibration(
        weights=_rows(fitted),
        offsets=four_of(fitted[:, -1].tolist()),
        prior_weights=_rows(start),
        prior_offsets=four_of(start[:, -1].tolist()),
        n_particles=len(np.unique(particles)),
        n_micrographs=len(np.unique(micrographs)),
        below=None if below is None else below.id,
    )


def _rows(parameters: NDArray[np.float64]) -> tuple[Four, Four, Four, Four]:
    yes, no, null, empty = (four_of(row) for row in parameters[:, :-1].tolist())
    return yes, no, null, empty


def _start(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp], below: ModelCard | None
) -> NDArray[np.float64]:
    """Weights with the offsets as last column, shape (4, 5): the prior's mean."""
    if below is not None and below.calibration is not None:
        held = below.calibration
        return np.column_stack([np.array(held.weights), np.array(held.offsets)])
    by = fit_temperature(probabilities, truth) if below is None else below.temperature
    return np.eye(len(CLASSES), len(CLASSES) + 1) / by


def _posterior_mode(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.intp],
    counted: NDArray[np.float64],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weights with the offsets as last column, shape (4, 5), that are most likely."""
    # Only who trains waits for it.
    from scipy.optimize import minimize

    logs = np.column_stack([_logs(probabilities), np.ones(len(truth))])
    impossible = probabilities == 0
    told = ~impossible[np.arange(len(truth)), truth]
    logs, impossible, truth = logs[told], impossible[told], truth[told]
    counted = counted[told]
    wanted = np.eye(len(CLASSES))[truth]
    deviations = np.full(start.shape, _CROSS_SD)
    np.fill_diagonal(deviations, _OWN_SD)
    deviations[:, -1] = _OWN_SD

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        away = (flat.reshape(start.shape) - start) / deviations
        shares = _softmax(logs @ flat.reshape(start.shape).T, impossible)
        likelihood = counted @ np.log(shares[wanted == 1] + np.finfo(float).tiny)
        slope = (shares - wanted).T @ (counted[:, None] * logs) + away / deviations
        return float((away**2).sum() / 2 - likelihood), slope.ravel()

    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B")
    return np.asarray(found.x.reshape(start.shape))


def calibrated(
    probabilities: NDArray[np.float64], card: ModelCard
) -> NDArray[np.float64]:
    """Turn a forest's averaged answers into probabilities, as its card says.

    The only way from a forest's answers to what anyone is told. What a forest holds
    for impossible stays so.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Rows that add up to 1.
    card : ModelCard
        With a calibration, or else a temperature.
    """
    if card.calibration is None:
        return sharpened(probabilities, card.temperature)
    return applied(card.calibration, probabilities)


def applied(
    calibration: Calibration, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Map probabilities, shape (n, 4); rows still add up to 1."""
    scores = _logs(probabilities) @ np.array(calibration.weights).T
    return _softmax(scores + np.array(calibration.offsets), probabilities == 0)


def predict_calibrated(model: Model, table: FeatureTable) -> NDArray[np.float64]:
    """Ask a forest about the views of some circles; calibrated, shape (n, 4).

    Parameters
    ----------
    model : Model
        Its card says how it is calibrated.
    table : FeatureTable
        Features of `napari_cdse.core.classifier.augmentation.views`, shape (5 n, m).

    Raises
    ------
    ModelError
        When the features are of another schema.
    """
    return calibrated(mean_over_views(predict_proba(model, table)), model.card)


def _logs(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.maximum(probabilities, _FLOOR))


def _softmax(
    scores: NDArray[np.float64], impossible: NDArray[np.bool_]
) -> NDArray[np.float64]:
    scores = np.where(impossible, -np.inf, scores)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def sharpened(
    probabilities: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Raise to the power of one over a temperature; rows still add up to 1.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Rows that add up to 1.
    temperature : float
        Below 1 sharpens, above 1 blurs, 1 leaves all as it is.
    """
    if temperature == 1:
        return probabilities
    powers = np.maximum(probabilities, _FLOOR) ** (1 / temperature)
    powers[probabilities == 0] = 0
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def reliability(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp]
) -> tuple[ReliabilityBin, ...]:
    """Compare how sure a forest is with how often it is right.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.

    Returns
    -------
    tuple of ReliabilityBin
        Up to `BINS`, of equal width in confidence, empty ones left out.
    """
    if not len(truth):
        return ()
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        ReliabilityBin(
            float(confidence[place == each].mean()),
            float(right[place == each].mean()),
            int(np.count_nonzero(place == each)),
        )
        for each in np.unique(place)
    )


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Mean distance of confidence and share right, weighted by particles.

    Expected calibration error (Naeini, Cooper, Hauskrecht, Proc. AAAI 29 (2015)).
    """
    total = sum(each.number for each in bins)
    if not total:
        return float("nan")
    apart = sum(each.number * abs(each.confidence - each.right) for each in bins)
    return apart / total


def class_errors(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp]
) -> dict[str, float]:
    """Distance of probability and frequency, class by class, weighted by particles.

    Class-wise expected calibration error (Kull and others, NeurIPS 32 (2019)), before
    the mean over classes is taken.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.

    Returns
    -------
    dict of str to float
        By class, in probability; NaN without a particle.
    """
    return {
        name: _class_error(probabilities[:, code], truth == code)
        for code, name in enumerate(CLASSES)
    }


def _class_error(told: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    if not len(told):
        return float("nan")
    place = np.minimum((told * BINS).astype(int), BINS - 1)
    # In a bin, particles times the distance of the means is that of the sums.
    return float(np.abs(np.bincount(place, told - true)).sum() / len(told))
