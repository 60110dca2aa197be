"""The method `nfindr`: unmix window spectra, find circles where they are lattice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.detection.accumulation_map import (
    AccumulationMap,
    EndmemberSpectrum,
)
from napari_cdse.core.detection.bragg_contrast import fit_disks, whitened
from napari_cdse.core.detection.map_seeds import fringes_at, maxima
from napari_cdse.core.detection.unmixing.abundances import abundances
from napari_cdse.core.detection.unmixing.endmembers import (
    n_findr,
    number_of_endmembers,
    principal_components,
    residual_shares,
    targets,
)
from napari_cdse.core.detection.unmixing.window_spectra import (
    RINGS,
    SECTORS,
    measure,
)
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.progress import span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.detection.unmixing.window_spectra import WindowSpectra
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle


@dataclass(frozen=True, slots=True)
class UnmixingSettings:
    """Settings of the search for places where a disk is fitted. All are choices.

    The disk fit then decides whether there is a particle, and how large it is, at the
    number of false alarms that the user allows.

    Attributes
    ----------
    content_share : float
        Least Bragg content of an endmember that counts as lattice, relative to the
        endmember with the largest. With less, bright speckle counts as lattice; with
        more, particles with a fainter second spacing are missed.
    rise : float
        Least height of a maximum above the map's median, in robust standard deviations.
        A lower one takes more time, a higher one misses faint particles.
    """

    content_share: float = 0.5
    rise: float = 2.0


SETTINGS = UnmixingSettings()
_WHITENED, _MEASURED, _UNMIXED = 0.2, 0.4, 0.6
"""Shares of the progress bar at which these steps end. Guesses."""
_LEAST_TOTAL = 1e-12
"""Least sum of abundances to divide by, so that the shares are 0 if all of them are."""


def find_by_unmixing(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...], tuple[str, ...]]:
    """Unmix the window spectra, and fit disks where the endmembers are lattice.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    space : SearchSpace
        Lengths in pixels.
    params : DetectionParams
        Its false alarms, step, number of endmembers and abundances are used.
    progress : callable
        Called with the share done.

    Returns
    -------
    circles, strengths : list
        As those of Bragg contrast.
    maps : tuple of AccumulationMap
        The sum over lattice, then the abundance of each endmember.
    notices : tuple of str
        The number of endmembers, how it was chosen, and how many are lattice.

    Raises
    ------
    MicrographError
        If the image is smaller than one window, or there are fewer windows than
        endmembers.
    """
    white, threshold = whitened(prepared, space, params.false_alarms)
    progress(_WHITENED)
    spectra = measure(white, space, params.step_fraction)
    progress(_MEASURED)
    mixture = unmix(spectra, params.endmembers, params.abundances == "fcls")
    progress(_UNMIXED)
    maps = _maps(mixture, spectra, space.band_per_px)
    places = maxima(maps[0], space.radius_px[0], SETTINGS.rise)
    circles, strengths = fit_disks(
        white,
        space,
        fringes_at(white, space, places),
        threshold,
        span(progress, _UNMIXED, 1.0),
    )
    return circles, strengths, maps, (mixture.sentence,)


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Endmembers of one micrograph and their abundances in its windows.

    Attributes
    ----------
    spectra : ndarray of float32, shape (n, frequencies)
        Of the endmembers, in descending order of Bragg content.
    shares : ndarray of float32, shape (windows, n)
        Their abundances.
    content : ndarray of float64, shape (n,)
        Their Bragg content; see `WindowSpectra.bragg_content`.
    residual : ndarray of float64
        Share of the variance left by the first 0, 1, ... principal components.
    chosen : bool
        Whether the user gave the number of endmembers.
    """

    spectra: NDArray[np.float32]
    shares: NDArray[np.float32]
    content: NDArray[np.float64]
    residual: NDArray[np.float64]
    chosen: bool

    @property
    def lattice(self) -> NDArray[np.bool_]:
        """Which endmembers are lattice."""
        floor = SETTINGS.content_share * self.content.max()
        return np.asarray((self.content >= floor) & (self.content > 0))

    @property
    def sentence(self) -> str:
        """A sentence on the number of endmembers, and how it was chosen."""
        number = len(self.content)
        # A simplex of n endmembers has n - 1 dimensions.
        left = f"{self.residual[number - 1]:.0%} of the variance is left"
        why = "as was asked for" if self.chosen else "where the residual bends"
        lattice = int(self.lattice.sum())
        return (
            f"N-FINDR took {number} endmembers, {why}; {left}. Lattice is in "
            f"{lattice} of them, endmember 1 first."
        )


def unmix(spectra: WindowSpectra, number: int, sum_to_one: bool = False) -> Mixture:
    """Choose endmembers among the windows, and compute the abundances in all windows.

    Parameters
    ----------
    spectra : WindowSpectra
        From `measure`.
    number : int
        Number of endmembers; 0: by the elbow of the residual.
    sum_to_one : bool
        Whether the abundances in a window are constrained to a sum of 1.

    Raises
    ------
    MicrographError
        If there are fewer windows than endmembers.
    """
    counted = spectra.values[spectra.counted]
    residual = residual_shares(counted)
    wanted = number or number_of_endmembers(residual)
    if len(counted) <= wanted:
        raise MicrographError(
            f"The micrograph holds {len(counted)} windows, too few for "
            f"{wanted} endmembers; choose a smaller window or step."
        )
    scores = principal_components(counted, wanted - 1)
    corners = counted[n_findr(scores, targets(scores, wanted))]
    content = spectra.bragg_content(corners)
    order = np.argsort(-content, kind="stable")
    shares = abundances(spectra.values, corners[order], sum_to_one=sum_to_one)
    return Mixture(corners[order], shares, content[order], residual, bool(number))


def _maps(
    mixture: Mixture, spectra: WindowSpectra, band_per_px: tuple[float, float]
) -> tuple[AccumulationMap, ...]:
    endmembers = _endmember_spectra(mixture, spectra, band_per_px)
    lattice = mixture.shares[:, mixture.lattice].sum(axis=1)
    described = (None, *endmembers)
    rows, cols = spectra.rows_px, spectra.cols_px
    step = tuple(float(p[1] - p[0]) if len(p) > 1 else 1.0 for p in (rows, cols))
    return tuple(
        AccumulationMap(
            "lattice abundance" if each is None else f"endmember {each.number}",
            values.reshape(len(rows), len(cols)),
            (float(rows[0]), float(cols[0])),
            (step[0], step[1]),
            each,
        )
        for each, values in zip(described, (lattice, *mixture.shares.T), strict=True)
    )


def _endmember_spectra(
    mixture: Mixture, spectra: WindowSpectra, band_per_px: tuple[float, float]
) -> tuple[EndmemberSpectrum, ...]:
    """Return each endmember's spectrum as power over background, and its share."""
    # Values are logarithms of 1 + power over background, in standard deviations.
    power = np.expm1(mixture.spectra * spectra.spread).reshape(-1, RINGS, SECTORS)
    total = mixture.shares[spectra.counted].sum(axis=0, dtype=np.float64)
    rings = np.linspace(*band_per_px, RINGS + 1)
    return tuple(
        EndmemberSpectrum(
            number,
            rings,
            np.asarray(each, dtype=np.float32),
            bool(lattice),
            float(share / max(float(total.sum()), _LEAST_TOTAL)),
        )
        for number, (each, lattice, share) in enumerate(
            zip(power, mixture.lattice, total, strict=True), 1
        )
    )
