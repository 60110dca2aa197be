"""The pixel size, estimated from the lattice where nobody said it.

Fringes are matched against the reflections of CdSe, or of another lattice: the pixel
size under which their spacings are likeliest wins. It sets windows and bands; it is no
calibration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.reflections import reflections_of
from napari_cdse.core.imaging.background import WINDOWS_PX, nearest_window
from napari_cdse.core.imaging.fringes import Fringes, find_fringes
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
class _LineSettings:
    """The lines that fringes are matched against.

    Attributes
    ----------
    zinc_blende_nm : float
        Edge of its cubic cell: 0.6077 (PDF 19-191, which the intensities are from, and
        Samarth and others, Appl. Phys. Lett. 54, 2680, 1989). In dots it is a stacking
        of wurtzite's layers, whose spacing it repeats to 0.1 %. With 0.6052, which
        Landolt-Boernstein has, all sizes would come out 0.4 % smaller.
    scatter : float
        Of ln(spacing) of single fringes about their line: small size, strain, tilt. A
        choice: 0.012 to 0.02 change nothing; 0.035, the scatter that is granted where
        the pixel size itself may be off, merges wurtzite's lines, 6 % apart.
    other : float
        Share of fringes granted to spacings that belong to no reflection: speckle, and
        two reflections seen as one. A choice: more of it lets wrong scales pass.
    band_nm : tuple of float
        Spacings among which lines are known: 0.1832 nm, {311}, to 0.3723 nm, wurtzite
        (100), with more than five widths of a line on either side.
    spacings_tabled : int
        Spacings at which the density is tabulated, 0.055 % apart: 27 in the width of
        a line, so that straight lines between are exact enough.
    falloffs : tuple of float
        Powers of the spacing that the lines' strengths are multiplied by; the best of
        them counts. 4 is electron scattering (Mott 1930), 0 the powder pattern, -2 a
        lens that passes {220} better than {111}. A choice: more of them fit wrong
        scales too, fewer take {220} for {111} near Scherzer focus.
    rarity_nats : tuple of float
        How much rarer each of these lenses is, in log likelihood. Choices: one
        micrograph in twenty passes {220} so much better, one in five is like the powder
        pattern. Without it, dots that show {111} alone could as well show {220} alone.
    too_fine, too_coarse : float
        Density, per unit of ln(spacing), of fringes finer and coarser than the band.
        Choices: 0.03 is about what the band holds between lines (0.027), as fine
        reflections exist; a tenth of it for coarse ones, as CdSe has none. Higher
        lets fringes fall out of the band unpunished, lower lets one stray peak decide.
    finest_nm : float
        Spacing down to which all reflections are listed, half a line's width below
        {311}; what is finer says nothing against the lattice.
    on_line : float
        Density from which a fringe lies on a line. A choice: seven times what lies
        between lines; higher drops weak lines, lower counts fringes of anything.
    """

    zinc_blende_nm: float = 0.6077
    scatter: float = 0.015
    other: float = 0.03
    band_nm: tuple[float, float] = (0.15, 0.45)
    spacings_tabled: int = 2000
    falloffs: tuple[float, ...] = (-2.0, 0.0, 2.0, 4.0)
    rarity_nats: tuple[float, ...] = (3.0, 1.6, 0.0, 0.0)
    too_fine: float = 0.03
    too_coarse: float = 0.003
    finest_nm: float = 0.178
    on_line: float = 0.2


@dataclass(frozen=True, slots=True)
class _ScaleSettings:
    """Which pixel sizes are tried, and what is concluded from them.

    Attributes
    ----------
    window_nm : float
        Best length of the windows: the smallest dots are 2.5 nm across, and in longer
        windows their fringes drown. A choice; from 2.2 to 5 nm the estimate moves by
        0.2 %.
    fair_window : float
        Distance in ln(length) from it up to which a window can tell a scale: from 1.6
        to 6.4 nm. A choice: of one dot in windows far too long, noise makes many.
    windows_tried : int
        How many of `WINDOWS_PX` are tried in turn. A choice: the last one, for pixels
        below 0.02 nm, would cost time in all micrographs that tell nothing.
    range_nm : tuple of float
        Pixel sizes that are tried. A choice: at 0.1 nm {111} takes 3.5 px and {220}
        just above 2; at 0.012 nm a window of 96 px holds three fringes of {111}. A
        wider range offers more wrong scales, a narrower one misses right ones.
    sizes_tried : int
        Pixel sizes tried in the range, 0.14 % apart: a tenth of a line's width.
    most_weight : float
        Most that a fringe weighs, its weight being its strength: reached at 63 mean
        powers. A choice: higher lets one bright dot outvote the rest, lower makes
        faint peaks count as much as clear ones.
    near : float
        Distance in ln(pixel size) up to which sizes are one scale, known more or less
        well. A choice: neighbouring lines, taken for each other, make up to 11 %, which
        windows and bands stand; more, and {220} is no rival of {111} any longer.
    apart : float
        Distance from which a second candidate is worth naming. A choice: two widths
        of a line.
    enough_nats : float
        Lead in log likelihood over all other scales from which an estimate is made: a
        likelihood ratio of 150. A choice: lower makes confident mistakes, higher
        leaves more micrographs without a scale.
    few_fringes : int
        Fewest fringes from which candidates are named. A choice: a micrograph of bare
        support has one to three peaks that pass for fringes.
    some_nats, some_fringes : float, int
        Lead, or number of fringes, that it takes besides. Choices: with less, speckle
        names them.
    places : int
        Fewest places with fringes on a line for an estimate. A choice: one or two
        dots in a rare orientation show one wrong reflection only; more leave
        micrographs of few dots without a scale.
    apart_nm : float
        What lies between the windows of two places, at least. A choice: about the
        diameter of a dot (2.5 to 6 nm), so that one dot is one place; less counts
        a dot twice, more passes over neighbours.
    on_lines : float
        Least share of the fringes' weight on lines for an estimate: else the lattice
        doesn't fit. A choice: other material and speckle put a third there by chance.
    independent : float
        Share of the fringes that err independently: those of one particle are tilted
        together, and those at one place of the lens's transfer are moved together. With
        0.6 the errors on 94 simulated micrographs are as large as claimed; see ``python
        -m tests.benchmarks scale``.
    lattice : float
        Relative uncertainty of the reference, see `REFERENCE_ERROR`.
    most_uncertain : float
        Relative uncertainty up to which it is an estimate. A choice: bands and windows
        are right to 5 % with it.
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
    """When what a person or a file says is doubted.

    Attributes
    ----------
    times : float
        Ratio of estimated and given pixel size from which the given one is doubted.
        Above 1.63, the ratio of {111} and {220}, which are the likeliest to be taken
        for one another, and 1.48, that of {111} and gold's {111} (0.2355 nm). A
        choice: lower doubts right calibrations, higher keeps wrong ones unsaid.
    nats, places : float, int
        Lead in log likelihood and places that it takes: a likelihood ratio of 20 000,
        and one place more than an estimate. Choices: a person who is
        contradicted wrongly will believe no warning after that.
    fitting : float
        Share of the fringes' weight on lines from which square pixels fit. A choice:
        a pixel 1.35 times as high as wide leaves less than half there.
    fringes, sizes_step : int
        How many of the strongest fringes are asked, and every how many-th size is
        tried, when pixels may not be square. Choices, for speed alone: steps of 0.7 %
        are half a line's width.
    stretches : int
        Ratios of a pixel's edges that are tried, to `widest` and its inverse; odd, so
        that square ones are among them.
    widest : float
        Largest ratio tried. A choice: 1.35 is met (video cameras, pictures stretched
        to fit a page), and beyond 1.63 lines are taken for each other.
    stretched : float
        Least ratio that is told. A choice: strain, and the scatter of few fringes,
        make some percent.
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


_LINES = _LineSettings()
_SCALE = _ScaleSettings()
_DOUBT = _DoubtSettings()


def _spacings() -> dict[str, float]:
    edge = _LINES.zinc_blende_nm
    cubic = {
        "{111}": edge / np.sqrt(3),
        "{200}": edge / 2,
        "{220}": edge / np.sqrt(8),
        "{311}": edge / np.sqrt(11),
    }
    return {line.name: line.spacing_nm for line in reflections_of(None)} | cubic


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """The lines of one lattice, as fringes are matched against them.

    Attributes
    ----------
    name : str
        Of the lattice.
    finest_nm : float
        Spacing down to which all reflections are listed.
    log_spacings : ndarray, shape (n,)
        Natural logarithms of spacings in nm.
    tables : tuple of ndarray, shape (n,)
        Logarithm of the density of fringes there, for each falloff.
    """

    name: str
    finest_nm: float
    log_spacings: NDArray[np.float64]
    tables: tuple[NDArray[np.float64], ...]


@lru_cache(maxsize=8)
def _lines_of(material: Material | None) -> _Lines:
    """Tabulate the lines of a lattice; of CdSe without one."""
    reflections = reflections_of(material)
    known = _spacings() if material is None else {}
    spacings = np.array([known.get(one.name, one.spacing_nm) for one in reflections])
    intensity = np.array([line.intensity for line in reflections])
    if material is None:
        name, band, finest = "CdSe", _LINES.band_nm, _LINES.finest_nm
    else:
        # As far beyond the lines as for CdSe, whose finest and coarsest are these.
        low, high = float(spacings.min()), float(spacings.max())
        cdse = _spacings()
        below = _LINES.band_nm[0] / cdse["{311}"]
        above = _LINES.band_nm[1] / cdse["(100)"]
        name, band = material.name, (low * below, high * above)
        finest = low * _LINES.finest_nm / cdse["{311}"]
    logs, tables = _tables(spacings, intensity, band)
    return _Lines(name, finest, logs, tables)


def _tables(
    spacings: NDArray[np.float64],
    intensity: NDArray[np.float64],
    band_nm: tuple[float, float],
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
    """Logarithms of spacings, and of the density of fringes there for each falloff."""
    low, high = np.log(band_nm)
    logs = np.linspace(low, high, _LINES.spacings_tabled)
    width = _LINES.scatter
    bells = np.exp(-(((logs[:, None] - np.log(spacings)) / width) ** 2) / 2)
    bells /= width * np.sqrt(2 * np.pi)
    even = _LINES.other / (high - low)
    tables = []
    for falloff in _LINES.falloffs:
        weights = intensity * spacings**falloff
        weights /= weights.sum()
        tables.append(np.log((1 - _LINES.other) * (bells @ weights) + even))
    return logs, tuple(tables)


_SIZES = np.geomspace(*_SCALE.range_nm, _SCALE.sizes_tried)


@dataclass(frozen=True, slots=True)
class PixelSizeEstimate:
    """What the lattice says about the scale.

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
        Of its log likelihood over all other scales.
    stretch : float or None
        How many times as high as wide pixels are, where fringes tell that they are
        not square.
    """

    pixel_size: PixelSize
    sentence: str
    fringes: int = 0
    places: int = 0
    lead: float = 0.0
    stretch: float | None = None

    @property
    def evidence(self) -> str:
        """What it rests on, in words."""
        fringes = "1 fringe" if self.fringes == 1 else f"{self.fringes} fringes"
        if self.places == 1:
            return f"{fringes} of 1 particle"
        return f"{fringes} of at least {self.places} particles"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Pixels that are not square: height over width, and what tells it."""

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
    """Take the micrograph's own pixel size, or else the estimate with a notice.

    The lattice is that of CdSe, unless it is another ``material``.
    """
    given = given_pixel_size(micrograph)
    if given is not None:
        return given, ()
    estimate = estimate_pixel_size(micrograph, material)
    return estimate.pixel_size, (estimate.sentence,)


def given_pixel_size(micrograph: Micrograph) -> PixelSize | None:
    """Return what file or person said of a micrograph's pixels."""
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
    """Do the same for prepared pixels, with windows that are tried in turn.

    The first window that tells a scale for which it has the best length ends the
    search; else the one that tells most counts.
    """
    found: list[PixelSizeEstimate] = []
    for window in windows_px:
        estimate = _estimate(find_fringes(image, window), _lines_of(material))
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
    """Say that the lattice fits another pixel size much better than the given one.

    Other materials than CdSe have other spacings, so only a large difference counts,
    and only when many fringes tell it.

    Parameters
    ----------
    pixel_size_nm : float
        What the file or the user said; it is doubted, not changed.
    image : Prepared
        From `prepare`.
    window_nm : float
        Length of the windows to look in, such as others measure in too.
    material : Material, optional
        The lattice; CdSe without it.
    """
    window = nearest_window(window_nm / pixel_size_nm)
    # A size far too small asks for windows that are far too large.
    windows = tuple(dict.fromkeys((window, min(window, WINDOWS_PX[0]))))
    estimate = estimate_from_pixels(image, windows, material)
    found, lattice = estimate.pixel_size, _lines_of(material).name
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


def _estimate(fringes: Fringes, lines: _Lines) -> PixelSizeEstimate:
    """Conclude what the fringes allow to."""
    weight = np.minimum(fringes.strength, _SCALE.most_weight)
    k_per_px = np.hypot(*fringes.k_per_px.T)
    nats = _log_likelihoods(k_per_px, weight, lines)
    place = np.log(_SIZES / _SIZES[nats.argmax()])
    near = np.abs(place) < _SCALE.near
    lead = float(nats.max() - nats[~near].max())
    chance = np.exp(nats[near] - nats.max())
    chance /= chance.sum()
    mean = float(chance @ place[near])
    doubt = chance**_SCALE.independent
    spread = float(np.sqrt(doubt @ (place[near] - mean) ** 2 / doubt.sum()))
    size = float(_SIZES[nats.argmax()] * np.exp(mean))
    beside = np.abs(np.log(_SIZES / size)) > _SCALE.apart
    other = float(_SIZES[beside][nats[beside].argmax()])
    on_line = _density(size / k_per_px, lines) > _LINES.on_line
    listed = weight[size / k_per_px > lines.finest_nm].sum()
    share = weight[on_line].sum() / max(listed, np.finfo(float).tiny)
    if share < _DOUBT.fitting:
        stretch = _stretch(fringes, weight, lines)
        if stretch is not None:
            return _of_stretched(stretch, lines.name)
    return _conclusion(
        lines.name,
        PixelSize(
            size,
            PixelSizeSource.ESTIMATED,
            float(np.hypot(spread, _SCALE.lattice)),
            other,
        ),
        int(on_line.sum()),
        fringes.places(on_line, _SCALE.apart_nm / size),
        lead,
        float(share),
        abs(np.log(size * fringes.window_px / _SCALE.window_nm)) < _SCALE.fair_window,
    )


def _conclusion(
    lattice: str,
    best: PixelSize,
    fringes: int,
    places: int,
    lead: float,
    share: float,
    fair: bool,
) -> PixelSizeEstimate:
    """Call the best size estimated, unsure, or no better than an assumption."""
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
    fringes: Fringes, weight: NDArray[np.float64], lines: _Lines
) -> _Stretch | None:
    """Tell how much higher than wide pixels are, where that is beyond doubt.

    Pixels that are not square turn the circles that a lattice's lines make in the
    spectrum into ellipses, so that fringes of one spacing fit as many as they have
    directions.
    """
    strongest = np.argsort(-weight, kind="stable")[: _DOUBT.fringes]
    k_rows, k_cols = fringes.k_per_px[strongest].T
    sizes = _SIZES[:: _DOUBT.sizes_step]
    times = np.geomspace(1 / _DOUBT.widest, _DOUBT.widest, _DOUBT.stretches)
    nats = np.array(
        [
            _log_likelihoods(
                np.hypot(k_rows / np.sqrt(each), k_cols * np.sqrt(each)),
                weight[strongest],
                lines,
                sizes,
            )
            for each in times
        ]
    )
    best, at = np.unravel_index(nats.argmax(), nats.shape)
    stretch, size = float(times[best]), float(sizes[at])
    gain = nats.max() - nats[_DOUBT.stretches // 2].max()
    k_square = np.hypot(k_rows / np.sqrt(stretch), k_cols * np.sqrt(stretch))
    on_line = _density(size / k_square, lines) > _LINES.on_line
    seen = np.zeros(len(fringes.strength), bool)
    seen[strongest[on_line]] = True
    places = fringes.places(seen, _SCALE.apart_nm / size)
    told = max(stretch, 1 / stretch) >= _DOUBT.stretched
    if not told or gain < _DOUBT.nats or places < _DOUBT.places:
        return None
    return _Stretch(stretch, size, int(on_line.sum()), places, float(gain))


def _of_stretched(found: _Stretch, lattice: str) -> PixelSizeEstimate:
    """Call the size unsure, and say why; what others do not fit a square pixel."""
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


def _log_likelihoods(
    k_per_px: NDArray[np.float64],
    weight: NDArray[np.float64],
    lines: _Lines,
    sizes: NDArray[np.float64] = _SIZES,
) -> NDArray[np.float64]:
    """Log likelihood of the fringes under each size, with the lens that suits it.

    Focus and voltage decide whether {111} or {220} is the stronger, so the lines'
    weights are not known beforehand; one power of the spacing is fitted. No plane of
    CdSe lies further apart than 0.372 nm, so fringes coarser than the band are very
    unlikely, finer ones only unlikely.
    """
    logs = np.log(sizes)[:, None] - np.log(k_per_px)
    fine, coarse = np.log(_LINES.too_fine), np.log(_LINES.too_coarse)
    each = [
        np.interp(logs, lines.log_spacings, table, left=fine, right=coarse) @ weight
        - rarity
        for table, rarity in zip(lines.tables, _LINES.rarity_nats, strict=True)
    ]
    return np.asarray(np.max(each, axis=0))


def _density(spacing_nm: NDArray[np.float64], lines: _Lines) -> NDArray[np.float64]:
    """Density of fringes per unit of ln(spacing), under the lens that suits best."""
    logs = np.log(spacing_nm)
    nats = [np.interp(logs, lines.log_spacings, table) for table in lines.tables]
    return np.asarray(np.exp(np.max(nats, axis=0)))
