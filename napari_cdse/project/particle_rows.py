"""The rows of a project's particles for tables and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.detection.disk_fit_error import fit_error, is_as_fitted
from napari_cdse.io.export.particle_rows import ParticleRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.core.statistics.distrust import Distrust
    from napari_cdse.project.project import Project
    from napari_cdse.project.state.records import MicrographEntry, Particle


def used_entries(project: Project) -> list[MicrographEntry]:
    """Return the micrographs that are not left out."""
    return [entry for entry in project.micrographs.entries if entry.excluded is None]


def rows_of(
    project: Project,
    entry: MicrographEntry,
    name: str,
    include_predictions: bool,
    apart: Mapping[str, Distrust],
    pixel_size_error: float | None = None,
) -> list[ParticleRow]:
    """Return the particles of a micrograph as tables and figures show them.

    Parameters
    ----------
    project : Project
        Open.
    entry : MicrographEntry
        In use.
    name : str
        What to call the micrograph.
    include_predictions : bool
        Also those that only the forest classified.
    apart : mapping of str to str
        Which particles are counted apart, see `Statistics.apart`.
    pixel_size_error : float, optional
        Relative standard uncertainty of pixel sizes that file or person told; without
        it that of the project's settings.
    """
    size = project.micrographs.pixel_size(entry.index)
    error = 0.0
    if size is not None:
        told = project.settings.pixel_size_error
        told = told if pixel_size_error is None else pixel_size_error
        error = size.uncertainty or told
    return [
        ParticleRow(
            micrograph=name,
            particle=particle.id,
            circle=particle.circle,
            label=particle.label,
            probabilities=_probabilities(particle),
            pixel_size_nm=None if size is None else size.nm,
            pixel_size_source=None if size is None else size.source,
            by_person=particle.by_person,
            micrograph_id=entry.id or str(entry.path),
            novelty=None
            if particle.prediction is None
            else particle.prediction.novelty,
            distrust=apart.get(particle.id),
            fit_error=fit_error(particle.label, particle.circle, entry.quality)
            if is_as_fitted(particle.id, entry.id or "", particle.circle)
            else 0.0,
            pixel_size_error=error,
            note="" if particle.annotation is None else particle.annotation.note,
            sample=entry.sample or "",
        )
        for particle in sorted(project.particles.stored(entry.index), key=place)
        if particle.by_person or include_predictions
    ]


def place(particle: Particle) -> tuple[float, float]:
    """Sort particles by row, then by column."""
    return particle.circle.row_px, particle.circle.col_px


def _probabilities(particle: Particle) -> tuple[float, float, float, float] | None:
    return None if particle.prediction is None else particle.prediction.probabilities
