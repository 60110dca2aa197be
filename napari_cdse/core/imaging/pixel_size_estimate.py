"""Estimate the pixel size from the lattice, where neither file nor person gave it.

The spacings of the fringes are compared with those of the reflections of CdSe, or of
another lattice (`lattice_lines`): the pixel size under which they are likeliest wins.
The estimate sets window lengths and search bands; it is no calibration, and lengths in
nm are not reported with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.imaging.background import WINDOWS_PX, nearest_window
from napari_cdse.core.imaging.fringes import Fringes, find_fringes
from napari_cdse.core.imaging.lattice_lines import LatticeLines, lines_of
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.pixel_size import (
    REFERENCE_ERROR,
    TYPICAL_PIXEL_SIZE_NM,
    PixelSize,
    PixelSizeSource,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.material import Material
    from napari_cdse.core.records import Micrograph


@dataclass(frozen=True, slots=True)
class _ScaleSettings:
    """Which pixel sizes are tried, and what is concluded from them.

    The result is one of three states of `PixelSizeSource`: ESTIMATED where the evidence
    is clear, UNSURE where candidates can be named, else ASSUMED.

    Attributes
    ----------
    window_nm : float
        Best length of the windows in nm: the smallest dots are 2.5 nm across, and in
        longer windows their fringes drown. A choice; from 2.2 to 5 nm the estimate
        moves by 0.2 %.
    fair_window : float
        Largest difference of ln(window length) and ln(`window_nm`) at which a result
        counts: from 1.6 to 6.4 nm. A choice: windows far longer than a dot show noise
        as further fringes of it.
    windows_tried : int
        How many of `WINDOWS_PX` are tried in turn. A choice: the last one, for pixels
        below 0.02 nm, would cost time in all micrographs that tell nothing.
    range_nm : tuple of float
        Smallest and largest pixel size that is tried, in nm. A choice: at 0.1 nm {111}
        takes 3.5 px and {220} just above 2; at 0.012 nm a window of 96 px holds three
        fringes of {111}. A wider range offers more wrong scales, a narrower one misses
        right ones.
    sizes_tried : int
        Pixel sizes tried in the range, 0.14 % apart: a tenth of a line's width.
    most_weight : float
        Largest weight of a fringe, in nats; below it the weight is the fringe's
        strength. Reached at 63 mean powers. A choice: higher lets one bright dot
        outvote the rest, lower makes faint peaks count as much as clear ones.
    near : float
        Largest difference in ln(pixel size) of two sizes that are one scale, known
        more or less precisely, rather than rivals. A choice: taking neighbouring lines
        for each other shifts the size by up to 11 %, which windows and bands tolerate;
        with more, {220} would be no rival of {111} any longer.
    apart : float
        Least difference in ln(pixel size) of a second candidate that is worth naming.
        A choice: two widths of a line.
    enough_nats : float
        Lead in log likelihood over all other scales that makes a size ESTIMATED: a
        likelihood ratio of 150. A choice: lower makes confident mistakes, higher
        leaves more micrographs without a scale.
    few_fringes : int
        Fewest fringes on lines for a size to be UNSURE rather than ASSUMED. A choice:
        a micrograph of bare support has one to three peaks that pass for fringes.
    some_nats, some_fringes : float, int
        For the same it also takes this lead in log likelihood, or this number of
        fringes. Choices: with less, speckle names candidates.
    places : int
        Fewest places with fringes on a line for ESTIMATED. A choice: one or two dots
        in a rare orientation show one wrong reflection only; more leave micrographs of
        few dots without a scale.
    apart_nm : float
        Least gap between the windows of two places, in nm. A choice: about the
        diameter of a dot (2.5 to 6 nm), so that one dot is one place; less counts a
        dot twice, more passes over neighbours.
    on_lines : float
        Least share of the fringes' weight on lines for ESTIMATED: below it the lattice
        does not fit. A choice: other material and speckle put a third there by chance.
    independent : float
        Effective share of independent fringes, by which the log likelihood is
        multiplied to get the uncertainty: fringes of one particle are tilted together,
        and those at one spatial frequency are shifted together by the lens. With 0.6
        the errors on 94 simulated micrographs are as large as claimed; see ``python -m
        tests.benchmarks scale``.
    lattice : float
        Relative uncertainty of the reference, see `REFERENCE_ERROR`.
    most_uncertain : float
        Largest relative uncertainty of ESTIMATED. A choice: bands and windows are
        right to 5 % with it.
    """

    window_nm: float = 3.2
    fair_window: float = 0.7
    windows_tried: int = 3
    range_nm: tuple[float, float] = (0.012, 0.1)
    sizes_tried: int = 1500
    most_weight: float = 1.5
    near: float = 0.12
    apart: float = 0.03
    enough_nats: float = 5.0
    few_fringes: int = 4
    some_nats: float = 1.0
    some_fringes: int = 10
    places: int = 3
    apart_nm: float = 4.0
    on_lines: float = 0.6
    independent: float = 0.6
    lattice: float = REFERENCE_ERROR
    most_uncertain: float = 0.05


@dataclass(frozen=True, slots=True)
class _DoubtSettings:
    """When a given pixel size is doubted, and when pixels are taken not to be square.

    Attributes
    ----------
    times : float
        Least ratio of estimated and given pixel size, either way, at which the given
        one is doubted. Above 1.63, the ratio of {111} and {220}, which are the
        likeliest to be taken for one another, and 1.48, that of {111} and gold's {111}
        (0.2355 nm). A choice: lower doubts right calibrations, higher passes over wrong
        ones.
    nats, places : float, int
        Least lead in log likelihood, and fewest places, for any doubt: a likelihood
        ratio of 20 000, and one place more than for an estimate. Choices: a person who
        is contradicted wrongly will believe no warning after that.
    fitting : float
        Share of the fringes' weight on lines from which pixels are taken to be square
        without a further test. A choice: pixels 1.35 times as high as wide leave less
        than half there.
    fringes, sizes_step : int
        In that test, the number of strongest fringes that are used, and every how
        many-th pixel size is tried. Choices, for speed alone: steps of 0.7 % are half a
        line's width.
    stretches : int
        Number of ratios of height to width that are tried, from 1 / `widest` to
        `widest`; odd, so that 1 is among them.
    widest : float
        Largest such ratio. A choice: 1.35 is met (video cameras, pictures stretched to
        fit a page), and beyond 1.63 lines are taken for each other.
    stretched : float
        Least ratio, either way, that is reported. A choice: strain, and the scatter of
        few fringes, make some percent.
    """

    times: float = 1.7
    nats: float = 10.0
    places: int = 4
    fitting: float = 0.75
    fringes: int = 100
    sizes_step: int = 5
    stretches: int = 31
    widest: float = 1.6
    stretched: float = 1.1


_SCALE = _ScaleSettings()
_DOUBT = _DoubtSettings()


_SIZES_NM = np.geomspace(*_SCALE.range_nm, _SCALE.sizes_tried)
"""Pixel sizes that are tried."""


@dataclass(frozen=True, slots=True)
class PixelSizeEstimate:
    """A pixel size estimated from the lattice, and the evidence for it.

    Attributes
    ----------
    pixel_size : PixelSize
        Estimated, unsure or assumed.
    sentence : str
        The same for the user.
    fringes, places : int
        How many fringes lie on lines of the lattice, and in how many places so far
        apart that each is a particle of its own.
    lead : float
        Lead in log likelihood over all other scales, in nats.
    stretch : float or None
        Height over width of a pixel, where the fringes show that it is not square.
    """

    pixel_size: PixelSize
    sentence: str
    fringes: int = 0
    places: int = 0
    lead: float = 0.0
    stretch: float | None = None

    @property
    def evidence(self) -> str:
        """Numbers of fringes and particles that it rests on, in words."""
        fringes = "1 fringe" if self.fringes == 1 else f"{self.fringes} fringes"
        if self.places == 1:
            return f"{fringes} of 1 particle"
        return f"{fringes} of at least {self.places} particles"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Pixels that are not square, and the evidence for it.

    Attributes
    ----------
    times : float
        Height over width.
    size_nm : float
        Geometric mean of both.
    fringes, places : int
        As in `PixelSizeEstimate`.
    gain : float
        Gain in log likelihood over square pixels, in nats.
    """

    times: float
    size_nm: float
    fringes: int
    places: int
    gain: float


_UNKNOWN = PixelSizeEstimate(
    PixelSize(TYPICAL_PIXEL_SIZE_NM, PixelSizeSource.ASSUMED),
    "The pixel size is unknown and too few lattice fringes tell it; "
    f"{TYPICAL_PIXEL_SIZE_NM} nm is assumed, please set the true one.",
)


def pixel_size_for(
    micrograph: Micrograph, material: Material | None = None
) -> tuple[PixelSize, tuple[str, ...]]:
    """Take the given pixel size, or else the estimate with a notice.

    Parameters
    ----------
    micrograph : Micrograph
        Its own pixel size is taken if it has one.
    material : Material, optional
        The lattice; CdSe without it.

    Returns
    -------
    PixelSize
    notices : tuple of str
        How the size was estimated; empty where it was given.

    Raises
    ------
    MicrographError
        If it has to be estimated, and the micrograph is constant or smaller than the
        smallest window.
    """
    given = given_pixel_size(micrograph)
    if given is not None:
        return given, ()
    estimate = estimate_pixel_size(micrograph, material)
    return estimate.pixel_size, (estimate.sentence,)


def given_pixel_size(micrograph: Micrograph) -> PixelSize | None:
    """Return the pixel size that file or person gave; None if neither did."""
    if micrograph.pixel_size_nm is None:
        return None
    source = micrograph.pixel_size_source or PixelSizeSource.FILE
    # Scripts name the source by its word.
    return PixelSize(micrograph.pixel_size_nm, PixelSizeSource(source))


def estimate_pixel_size(
    micrograph: Micrograph, material: Material | None = None
) -> PixelSizeEstimate:
    """Find the pixel size under which the strongest fringes are those of a lattice.

    Parameters
    ----------
    micrograph : Micrograph
        Its own pixel size is not looked at.
    material : Material, optional
        The lattice; CdSe without it.

    Raises
    ------
    MicrographError
        If it is constant or smaller than the smallest window.
    """
    return estimate_from_pixels(prepare(micrograph.pixels), material=material)


def estimate_from_pixels(
    image: Prepared,
    windows_px: tuple[int, ...] = WINDOWS_PX[: _SCALE.windows_tried],
    material: Material | None = None,
) -> PixelSizeEstimate:
    """Do the same as `estimate_pixel_size` for prepared pixels.

    Parameters
    ----------
    image : Prepared
        From `prepare`.
    windows_px : tuple of int
        Window lengths that are tried in turn. The search ends at the first one that
        gives an estimate for which no other has a better length; without such a one
        the result with the largest lead counts.
    material : Material, optional
        The lattice; CdSe without it.
    """
    found: list[PixelSizeEstimate] = []
    for window in windows_px:
        estimate = _estimate(
            find_fringes(image, window).without_overtones(), lines_of(material)
        )
        found.append(estimate)
        if _is_settled(estimate) and _suits(window, estimate, windows_px):
            return estimate
    return max(found, key=lambda each: (_is_settled(each), each.lead))


def doubts_about(
    pixel_size_nm: float,
    image: Prepared,
    window_nm: float,
    material: Material | None = None,
) -> tuple[str, ...]:
    """Warn if the lattice fits another pixel size much better than the given one.

    Other materials than CdSe have other spacings, so only a large difference counts,
    and only where many fringes agree on it.

    Parameters
    ----------
    pixel_size_nm : float
        What the file or the user gave; it is doubted, not changed.
    image : Prepared
        From `prepare`.
    window_nm : float
        Length of the windows; a caller names one whose background it needs as well.
    material : Material, optional
        The lattice; CdSe without it.

    Returns
    -------
    tuple of str
        One sentence for the user, or none.
    """
    window = nearest_window(window_nm / pixel_size_nm)
    # If the given size is far too small, that window is far too long for the lattice:
    # a short one is tried as well.
    windows = tuple(dict.fromkeys((window, min(window, WINDOWS_PX[0]))))
    estimate = estimate_from_pixels(image, windows, material)
    found, lattice = estimate.pixel_size, lines_of(material).name
    if estimate.stretch is not None:
        return (estimate.sentence,)
    if found.source is not PixelSizeSource.ESTIMATED or not _is_strong(estimate):
        return ()
    times = found.nm / pixel_size_nm
    if max(times, 1 / times) < _DOUBT.times:
        return ()
    return (
        f"The pixel size is set to {pixel_size_nm:.4g} nm, but {estimate.evidence} fit "
        f"the {lattice} lattice at {found.nm:.4f} nm, {max(times, 1 / times):.1f} "
        f"times as {'much' if times > 1 else 'little'}; check the calibration.",
    )


def _is_settled(estimate: PixelSizeEstimate) -> bool:
    return estimate.pixel_size.source is PixelSizeSource.ESTIMATED


def _is_strong(estimate: PixelSizeEstimate) -> bool:
    return estimate.lead >= _DOUBT.nats and estimate.places >= _DOUBT.places


def _suits(
    window_px: int, estimate: PixelSizeEstimate, windows_px: tuple[int, ...]
) -> bool:
    """Whether no other of the windows has a better length for the size found."""
    best = _SCALE.window_nm / estimate.pixel_size.nm
    return window_px == min(windows_px, key=lambda each: abs(np.log(each / best)))


def _estimate(fringes: Fringes, lines: LatticeLines) -> PixelSizeEstimate:
    """Estimate the pixel size from the fringes of windows of one length."""
    weight = np.minimum(fringes.strength, _SCALE.most_weight)
    k_per_px = np.hypot(*fringes.k_per_px.T)
    nats = lines.log_likelihoods(k_per_px, weight, _SIZES_NM)
    best, lead = _likeliest(nats)
    on_line = lines.are_on_line(best.nm / k_per_px)
    listed = weight[best.nm / k_per_px > lines.finest_nm].sum()
    share = weight[on_line].sum() / max(listed, np.finfo(float).tiny)
    if share < _DOUBT.fitting:
        stretch = _stretch(fringes, weight, lines)
        if stretch is not None:
            return _of_stretched(stretch, lines.name)
    window_nm = best.nm * fringes.window_px
    return _conclusion(
        lines.name,
        best,
        int(on_line.sum()),
        fringes.places(on_line, _SCALE.apart_nm / best.nm),
        lead,
        float(share),
        abs(np.log(window_nm / _SCALE.window_nm)) < _SCALE.fair_window,
    )


def _likeliest(nats: NDArray[np.float64]) -> tuple[PixelSize, float]:
    """Size with uncertainty and next best candidate, and its lead in nats.

    The size is the posterior mean, under an even prior of ln(size), over the sizes that
    are one scale with the likeliest one. Its uncertainty is the posterior's standard
    deviation with the log likelihood multiplied by ``independent``.
    """
    place = np.log(_SIZES_NM / _SIZES_NM[nats.argmax()])
    near = np.abs(place) < _SCALE.near
    lead = float(nats.max() - nats[~near].max())
    chance = np.exp(nats[near] - nats.max())
    chance /= chance.sum()
    mean = float(chance @ place[near])
    wider = chance**_SCALE.independent
    spread = float(np.sqrt(wider @ (place[near] - mean) ** 2 / wider.sum()))
    uncertainty = float(np.hypot(spread, _SCALE.lattice))
    size = float(_SIZES_NM[nats.argmax()] * np.exp(mean))
    beside = np.abs(np.log(_SIZES_NM / size)) > _SCALE.apart
    other = float(_SIZES_NM[beside][nats[beside].argmax()])
    return PixelSize(size, PixelSizeSource.ESTIMATED, uncertainty, other), lead


def _conclusion(
    lattice: str,
    best: PixelSize,
    fringes: int,
    places: int,
    lead: float,
    share: float,
    fair: bool,
) -> PixelSizeEstimate:
    """Decide whether the likeliest size is ESTIMATED, UNSURE or to be ASSUMED.

    ``share`` is that of the fringes' weight on lines, ``fair`` whether the windows have
    a length from which a size can be told; the rest is as in `PixelSizeEstimate`.
    """
    told = lead >= _SCALE.some_nats or fringes >= _SCALE.some_fringes
    few = places < _SCALE.places - 1 or fringes < _SCALE.few_fringes
    if few or not fair or not told:
        return _UNKNOWN
    many = places >= _SCALE.places and lead >= _SCALE.enough_nats
    fits = share >= _SCALE.on_lines
    if many and fits and (best.uncertainty or 0) <= _SCALE.most_uncertain:
        size = PixelSize(best.nm, PixelSizeSource.ESTIMATED, best.uncertainty)
        sentence = (
            f"The pixel size is estimated from the {lattice} lattice as "
            f"{best.nm:.4f} nm, within {max(best.uncertainty or 0, 1e-3):.1%}; set it "
            "to get lengths in nm."
        )
        return PixelSizeEstimate(size, sentence, fringes, places, lead)
    size = PixelSize(best.nm, PixelSizeSource.UNSURE, other_nm=best.other_nm)
    why = "too few fringes tell" if fits else f"the {lattice} lattice does not fit"
    sentence = (
        f"The pixel size is unsure, for {why}: {best.nm:.4f} nm or {best.other_nm:.4f} "
        "nm; please set the true one."
    )
    return PixelSizeEstimate(size, sentence, fringes, places, lead)


def _stretch(
    fringes: Fringes, weight: NDArray[np.float64], lines: LatticeLines
) -> _Stretch | None:
    """Find the ratio of height to width of pixels; None unless it is beyond doubt.

    Pixels that are not square turn the circle of each lattice line in the spectrum into
    an ellipse, so that fringes of one spacing seem to have another in each direction.
    """
    strongest = np.argsort(-weight, kind="stable")[: _DOUBT.fringes]
    k_rows, k_cols = fringes.k_per_px[strongest].T
    sizes = _SIZES_NM[:: _DOUBT.sizes_step]
    times = np.geomspace(1 / _DOUBT.widest, _DOUBT.widest, _DOUBT.stretches)
    nats = np.array(
        [
            lines.log_likelihoods(
                np.hypot(k_rows / np.sqrt(each), k_cols * np.sqrt(each)),
                weight[strongest],
                sizes,
            )
            for each in times
        ]
    )
    best, at = np.unravel_index(nats.argmax(), nats.shape)
    stretch, size = float(times[best]), float(sizes[at])
    gain = nats.max() - nats[_DOUBT.stretches // 2].max()
    k_square = np.hypot(k_rows / np.sqrt(stretch), k_cols * np.sqrt(stretch))
    on_line = lines.are_on_line(size / k_square)
    seen = np.zeros(len(fringes.strength), bool)
    seen[strongest[on_line]] = True
    places = fringes.places(seen, _SCALE.apart_nm / size)
    told = max(stretch, 1 / stretch) >= _DOUBT.stretched
    if not told or gain < _DOUBT.nats or places < _DOUBT.places:
        return None
    return _Stretch(stretch, size, int(on_line.sum()), places, float(gain))


def _of_stretched(found: _Stretch, lattice: str) -> PixelSizeEstimate:
    """Make an UNSURE estimate that tells height and width of the pixels."""
    high, wide = (found.size_nm * found.times**power for power in (0.5, -0.5))
    size = PixelSize(found.size_nm, PixelSizeSource.UNSURE)
    estimate = PixelSizeEstimate(
        size, "", found.fringes, found.places, found.gain, found.times
    )
    sentence = (
        f"Pixels do not seem to be square: {estimate.evidence} fit the {lattice} "
        f"lattice with pixels {high:.4f} nm high and {wide:.4f} nm wide; scale the "
        "picture back to square pixels before lengths and circles are trusted."
    )
    return replace(estimate, sentence=sentence)
