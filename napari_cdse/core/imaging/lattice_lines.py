"""The spacings at which fringes of a lattice are expected, as a likelihood.

Each reflection of a lattice is a *line*: a narrow normal distribution of ln(spacing)
about the spacing of its planes. The lines of a lattice together are the probability
density of the spacing of a fringe, from which the likelihood of a pixel size follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.reflections import reflections_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.material import Material


@dataclass(frozen=True, slots=True)
class _LineSettings:
    """Positions, widths and strengths of the lines.

    Attributes
    ----------
    zinc_blende_nm : float
        Edge of its cubic cell in nm: 0.6077 (PDF 19-191, which the intensities are
        from, and Samarth and others, Appl. Phys. Lett. 54, 2680, 1989). In dots it is a
        stacking of wurtzite's layers, whose spacing it repeats to 0.1 %. With 0.6052,
        which Landolt-Boernstein has, all sizes would come out 0.4 % smaller.
    scatter : float
        Standard deviation of ln(spacing) of single fringes about their line, by small
        size, strain and tilt. A choice: 0.012 to 0.02 change nothing; 0.035, the
        scatter that is granted where the pixel size itself may be off, merges
        wurtzite's lines, 6 % apart.
    other : float
        Share of fringes that belong to no line: speckle, and two reflections seen as
        one. A choice: more of it lets wrong scales pass.
    band_nm : tuple of float
        Shortest and longest spacing of the table in nm. The lines of CdSe lie between
        0.1832 (zinc blende {311}) and 0.3723 (wurtzite (100)), and the rest is more
        than five widths of a line on either side.
    spacings_tabled : int
        Spacings at which the density is tabulated, 0.055 % apart: 27 in the width of
        a line, so that linear interpolation is exact enough.
    falloffs : tuple of float
        Exponents: the intensity of each line is multiplied by this power of its
        spacing, as focus and voltage pass some spatial frequencies better than others.
        Each exponent is tried, and the likeliest counts. 4 is electron scattering
        (Mott 1930), 0 the powder pattern, -2 a lens that passes {220} better than
        {111}. A choice: more of them fit wrong scales too, fewer take {220} for {111}
        near Scherzer focus.
    rarity_nats : tuple of float
        What is taken off the log likelihood for each exponent, as such a lens is rare.
        Choices: one micrograph in twenty passes {220} so much better, one in five is
        like the powder pattern. Without it, dots that show {111} alone could as well
        show {220} alone.
    too_fine, too_coarse : float
        Density, per unit of ln(spacing), of fringes finer and coarser than the band.
        Choices: 0.03 is about what the band holds between lines (0.027), as fine
        reflections exist; a tenth of it for coarse ones, as CdSe has none. Higher
        lets fringes fall out of the band unpunished, lower lets one stray peak decide.
    finest_nm : float
        Spacing in nm down to which all reflections are listed, half a line's width
        below {311}. A fringe that is finer says nothing against the lattice.
    on_line : float
        Least density at the spacing of a fringe, per unit of ln(spacing), for the
        fringe to lie on a line. A choice: seven times the density between lines;
        higher drops weak lines, lower counts fringes of anything.
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


_LINES = _LineSettings()


@dataclass(frozen=True, slots=True, eq=False)
class LatticeLines:
    """The tabulated density of the fringes of one lattice.

    Attributes
    ----------
    name : str
        Of the lattice.
    finest_nm : float
        Spacing in nm down to which all reflections are listed.
    log_spacings : ndarray of float64, shape (n,)
        Natural logarithms of spacings in nm, ascending.
    log_densities : tuple of ndarray of float64, shape (n,)
        Logarithm of the density of fringes at these spacings, per unit of ln(spacing);
        one array for each exponent of ``_LineSettings.falloffs``.
    """

    name: str
    finest_nm: float
    log_spacings: NDArray[np.float64]
    log_densities: tuple[NDArray[np.float64], ...]

    def log_likelihoods(
        self,
        k_per_px: NDArray[np.float64],
        weight: NDArray[np.float64],
        sizes_nm: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Log likelihood of fringes under each of several pixel sizes.

        Focus and voltage decide whether {111} or {220} is the stronger, so the relative
        strengths of the lines are not known beforehand: for each pixel size the
        likeliest exponent of the falloff counts. No planes of CdSe lie further apart
        than 0.372 nm, so fringes coarser than the band are very unlikely, finer ones
        only unlikely.

        Parameters
        ----------
        k_per_px : ndarray of float64, shape (n,)
            Spatial frequencies of the fringes, in cycles per pixel.
        weight : ndarray of float64, shape (n,)
            What the log likelihood of each fringe is multiplied by.
        sizes_nm : ndarray of float64, shape (m,)
            Pixel sizes to try.

        Returns
        -------
        ndarray of float64, shape (m,)
        """
        logs = np.log(sizes_nm)[:, None] - np.log(k_per_px)
        fine, coarse = np.log(_LINES.too_fine), np.log(_LINES.too_coarse)
        each = [
            np.interp(logs, self.log_spacings, table, left=fine, right=coarse) @ weight
            - rarity
            for table, rarity in zip(
                self.log_densities, _LINES.rarity_nats, strict=True
            )
        ]
        return np.asarray(np.max(each, axis=0))

    def are_on_line(self, spacing_nm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which spacings lie on a line, under the exponent that suits each best.

        Parameters
        ----------
        spacing_nm : ndarray of float64, shape (n,)
            Spacings of fringes.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        logs = np.log(spacing_nm)
        tables = [
            np.interp(logs, self.log_spacings, table) for table in self.log_densities
        ]
        return np.asarray(np.exp(np.max(tables, axis=0)) > _LINES.on_line)


@lru_cache(maxsize=8)
def lines_of(material: Material | None) -> LatticeLines:
    """Tabulate the lines of a lattice; those of CdSe without one."""
    reflections = reflections_of(material)
    measured = _cdse_spacings_nm() if material is None else {}
    spacings = np.array([measured.get(one.name, one.spacing_nm) for one in reflections])
    intensity = np.array([line.intensity for line in reflections])
    if material is None:
        name, band, finest = "CdSe", _LINES.band_nm, _LINES.finest_nm
    else:
        # As far beyond the lines as for CdSe, whose finest and coarsest are these.
        low, high = float(spacings.min()), float(spacings.max())
        cdse = _cdse_spacings_nm()
        below = _LINES.band_nm[0] / cdse["{311}"]
        above = _LINES.band_nm[1] / cdse["(100)"]
        name, band = material.name, (low * below, high * above)
        finest = low * _LINES.finest_nm / cdse["{311}"]
    logs, tables = _tabulated(spacings, intensity, band)
    return LatticeLines(name, finest, logs, tables)


def _cdse_spacings_nm() -> dict[str, float]:
    """Spacing of each reflection of CdSe by its name, in nm."""
    edge = _LINES.zinc_blende_nm
    cubic = {
        "{111}": edge / np.sqrt(3),
        "{200}": edge / 2,
        "{220}": edge / np.sqrt(8),
        "{311}": edge / np.sqrt(11),
    }
    return {line.name: line.spacing_nm for line in reflections_of(None)} | cubic


def _tabulated(
    spacings: NDArray[np.float64],
    intensity: NDArray[np.float64],
    band_nm: tuple[float, float],
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
    """Compute the two tables of `LatticeLines`."""
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
