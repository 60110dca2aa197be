"""Distributions of the diameters of particle rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.detection.disk_fit_error import FIT_ERROR, HARMLESS_NM
from napari_cdse.core.pixel_size import REFERENCE_ERROR, PixelSize, PixelSizeSource
from napari_cdse.core.statistics.size_distribution import (
    ClassSizes,
    EstimatedSizes,
    SizeSummary,
    class_sizes,
    size_distribution,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.records import Label
    from napari_cdse.io.export.particle_rows import ParticleRow


def sizes_of(rows: Sequence[ParticleRow]) -> ClassSizes:
    """Return the diameters of rows by class, with their distributions.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs.

    Returns
    -------
    ClassSizes
        In nm if any pixel size is known or estimated, else in px.
    """
    return class_sizes(
        [row.diameter_nm for row in rows],
        [row.diameter_px for row in rows],
        sized_as(rows),
        [row.micrograph_id or row.micrograph for row in rows],
        relative_error=pixel_size_error(rows),
        fit_errors=fit_errors_of(rows),
        estimated=EstimatedSizes(
            [row.estimated_nm for row in rows], _own_errors(rows), REFERENCE_ERROR
        ),
    )


def sizes_by_estimate(rows: Sequence[ParticleRow]) -> tuple[SizeSummary, ...]:
    """Summarise diameters in nm by pixel sizes that were estimated from the lattice.

    An estimate is not a calibration, so that single diameters by it are in no table.
    The distribution, with its uncertainty, still tells how large the particles are.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs; those with another source of the pixel size are ignored.

    Returns
    -------
    tuple of SizeSummary
        By class.
    """
    estimated = [
        row for row in rows if row.pixel_size_source is PixelSizeSource.ESTIMATED
    ]
    return size_distribution(
        [row.estimated_nm for row in estimated],
        sized_as(estimated),
        [row.micrograph_id or row.micrograph for row in estimated],
        relative_error=REFERENCE_ERROR,
        fit_errors=fit_errors_of(estimated),
        estimate_errors=_own_errors(estimated),
    )


def _own_errors(rows: Sequence[ParticleRow]) -> dict[str, float]:
    """Return by micrograph the relative error of an estimate that is its own alone."""
    return {
        row.micrograph_id or row.micrograph: PixelSize(
            row.pixel_size_nm or 0.0, PixelSizeSource.ESTIMATED, row.pixel_size_error
        ).own_uncertainty
        for row in rows
        if row.pixel_size_source is PixelSizeSource.ESTIMATED
    }


def sizes_sentence(relative_error: float) -> str:
    """Describe the systematic uncertainty of all diameters.

    Parameters
    ----------
    relative_error : float
        Relative standard uncertainty of the pixel size; 0 if it is unknown.
    """
    scale = (
        f"The pixel size is known to within {relative_error:.2%} (standard uncertainty)"
        if relative_error
        else "The pixel size is taken as exact"
    )
    fits = ", ".join(f"{label} {error:.1%}" for label, error in FIT_ERROR.items())
    return (
        f"{scale}; what it is off by moves all sizes alike. So does the fit of the "
        f"circles, which was off by so much on simulated micrographs: {fits}; by more "
        f"where fringes are delocalised by over {HARMLESS_NM:g} nm. Sizes are not "
        "corrected for it, since other optics and dose had it otherwise."
    )


def pixel_size_error(rows: Sequence[ParticleRow]) -> float:
    """Return the largest relative uncertainty of pixel sizes from file or person."""
    return max(
        (row.pixel_size_error for row in rows if row.diameter_nm is not None),
        default=0.0,
    )


def fit_errors_of(rows: Sequence[ParticleRow]) -> list[float]:
    """Return the relative error of each diameter due to the fit."""
    return [row.fit_error for row in rows]


def sized_as(rows: Sequence[ParticleRow]) -> list[Label | None]:
    """Return the class of each row in distributions of sizes; None if counted apart."""
    return [None if row.distrust else row.label for row in rows]
