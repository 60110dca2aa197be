"""Calibrate probabilities by Dirichlet scaling, and measure how reliable they are.

A forest that averages its trees is less confident than it should be, and a class-
weighted training set biases it towards rare classes. Both are corrected by one affine
map of the logarithms, fitted on held-out micrographs (Dirichlet calibration: Kull and
others, NeurIPS 32 (2019), arXiv 1910.12656)::

    ln q = weights @ ln p + offsets - ln(sum)

Few labels must not change the map much. Each parameter therefore has a normal prior
about its value in the calibration of the forest *below*, the earlier forest that this
one learns on top of; without one, about plain temperature scaling (Guo, Pleiss, Sun,
Weinberger, Proc. ICML 70 (2017) 1321), which is the map with ``weights`` of one over
the temperature on the diagonal and 0 elsewhere.
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
"""Fewest held-out particles to which a temperature is fitted. A choice: with fewer, one
confident mistake changes it much; with more, small projects stay uncalibrated."""

_OWN_SD = 0.3
"""Standard deviation of the prior of the diagonal weights and of the offsets (natural
logarithm). A choice: about the difference between forests of two materials; ten labels
then move probabilities by some hundredths."""

_CROSS_SD = 0.1
"""Standard deviation of the prior of the off-diagonal weights. A choice: narrower,
since they carry the noise of one class into another's probability."""

BINS = 10
"""Bins of the reliability curve, each 0.1 wide in confidence. A choice: more hold too
few particles for a share, fewer hide where the curve leaves the diagonal."""

_LIMITS = (0.2, 5.0)
"""Lowest and highest temperature. A choice, a factor of five either way: an averaged
forest needs less. Without limits a set without mistakes would lead to 0, and random
answers to infinity."""

_FLOOR = 1e-4
"""Least probability that a logarithm is taken of: a forest of some hundred trees cannot
be more certain. A choice: with a lower one a single mistake dominates the likelihood,
with a higher one confident mistakes cost too little."""


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
    """Fit a calibration: the posterior mode under the prior described above.

    With few particles it is close to the prior's mean, with many it follows them.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers, one for each copy rather than averaged over copies. Averaged
        answers, to which the map is applied, are then slightly underconfident, which
        leaves a margin for micrographs of other microscopes.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.
    particles, micrographs : ndarray of str, shape (n,)
        The particle and the micrograph of each. All answers for one particle together
        have the weight of one.
    below : ModelCard, optional
        Card of the forest whose calibration is the prior's mean; without it that is
        the best-fitting temperature.

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
    """Mean of the prior: weights, with the offsets as last column, shape (4, 5)."""
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
    """Posterior mode: weights, with the offsets as last column, shape (4, 5)."""
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
    """Calibrate a forest's averaged answers as its card says.

    All probabilities that are shown or stored have passed through this function. A
    class with a probability of 0 keeps it.

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
    """Apply a calibration to probabilities, shape (n, 4); rows still add up to 1."""
    scores = _logs(probabilities) @ np.array(calibration.weights).T
    return _softmax(scores + np.array(calibration.offsets), probabilities == 0)


def predict_calibrated(model: Model, table: FeatureTable) -> NDArray[np.float64]:
    """Class probabilities of circles: averaged over their views and calibrated.

    Parameters
    ----------
    model : Model
        Its card says how it is calibrated.
    table : FeatureTable
        Features of `napari_cdse.core.classifier.augmentation.views`, shape (5 n, m).

    Returns
    -------
    ndarray of float64, shape (n, 4)

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
    """Compute the reliability curve: how often a forest is right, by its confidence.

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
