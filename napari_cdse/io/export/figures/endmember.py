"""Draw the power spectrum of an N-FINDR endmember."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from napari_cdse.core.crystal.lattice import Reflection
    from napari_cdse.core.detection.accumulation_map import EndmemberSpectrum
    from napari_cdse.io.export.figures.style import Palette

_SPECKLE = 1.0
"""Mean power of the support's speckle over the background, by definition."""
_STRONG = 50.0
"""Least intensity of a line of the powder pattern that is drawn, where the strongest
is 100. Chosen: weaker lines are closer than the rings of the spectrum resolve."""

_HEADROOM = 8.0
"""End of the logarithmic axis over the highest power. Chosen: leaves room for the names
of lines."""


def highest_power(spectra: Sequence[EndmemberSpectrum]) -> float:
    """Return the end of a common axis of power for several spectra."""
    return _HEADROOM * max(float(each.power.max()) for each in spectra)


def draw_endmember(
    axes: Axes,
    spectrum: EndmemberSpectrum,
    palette: Palette,
    *,
    colour: str,
    highest: float,
    pixel_size_nm: float | None = None,
    about: str = "",
    reflections: Sequence[Reflection] = (),
) -> None:
    """Draw power over the background against spatial frequency.

    The line is the power in the strongest direction of each ring of frequencies, the
    shaded area the mean of all directions. Peaks of a crystal have a high line over a
    low mean; for speckle both are similar.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    spectrum : EndmemberSpectrum
        The spectrum.
    palette : Palette
        Colours of the figure.
    colour : str
        Colour of the line, ``#rrggbb``.
    highest : float
        End of the vertical axis, from `highest_power`.
    pixel_size_nm : float, optional
        Converts cycles per px to cycles per nm.
    about : str, optional
        Prefix of that unit if the pixel size is an estimate.
    reflections : sequence of Reflection, optional
        Lines of the crystal, drawn if the pixel size is given.
    """
    size = pixel_size_nm or 1.0
    edges = spectrum.rings_per_px / size
    strongest = spectrum.power[:, 0]
    mean = spectrum.power.mean(axis=1)
    axes.axhline(_SPECKLE, color=palette.rule, linewidth=0.8)
    axes.stairs(mean, edges, baseline=0.0, fill=True, color=colour, alpha=0.25)
    axes.stairs(strongest, edges, baseline=None, color=colour)
    axes.set_yscale("log")
    axes.set_ylim(min(0.5, float(np.maximum(mean.min(), 0.05))), highest)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylabel("power")
    axes.set_xlabel(f"{about}cycles per nm" if pixel_size_nm else "cycles per px")
    if pixel_size_nm:
        _draw_lines(axes, reflections, palette)


def _draw_lines(
    axes: Axes, reflections: Sequence[Reflection], palette: Palette
) -> None:
    """Mark the crystal's strong lines, with name and spacing at the top."""
    low, high = axes.get_xlim()
    structure = reflections[0].structure if reflections else None
    for each in reflections:
        frequency = 1 / each.spacing_nm
        strong = each.intensity >= _STRONG and each.structure == structure
        if strong and low <= frequency <= high:
            axes.axvline(frequency, color=palette.rule, linewidth=0.8)
            axes.annotate(
                f"{each.name} {each.spacing_nm:.2f} nm",
                (frequency, 1),
                xycoords=("data", "axes fraction"),
                xytext=(2, -2),
                textcoords="offset points",
                va="top",
                fontsize=6.5,
                color=palette.ink,
            )
