"""What the layer of particles needs of the project: styles, and a place for edits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.gui.canvas.particles.particle_style import ParticleStyle, style_of
from napari_cdse.project import Drawing, EditRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.core.records import Circle
    from napari_cdse.gui.canvas.particles.layer_diff import Changes, Drawn
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Particle


class ProjectParticles:
    """The particles of the open micrograph, for the layer that shows them.

    Parameters
    ----------
    session : Session
        Has the project and the open micrograph.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def styles(self, ids: Iterable[str] | None) -> dict[str, ParticleStyle]:
        """Return the styles of particles by id, in the order of the layer.

        Parameters
        ----------
        ids : iterable of str or None
            Those that lie in another micrograph, or were deleted, are left out; None
            for all of the open micrograph.
        """
        project = self._session.project
        if project.selection.micrograph is None:
            return {}
        particles = project.particles.current if ids is None else self._here(ids)
        size = max(project.selection.micrograph.shape)
        return {
            one.id: style_of(
                one.id,
                one.circle,
                one.label,
                by_person=one.by_person,
                deferred=one.deferred,
                selected=one.id == project.selection.particle_id,
                image_size_px=size,
            )
            for one in map(project.audits.as_seen, particles)
        }

    def _here(self, ids: Iterable[str]) -> tuple[Particle, ...]:
        """Return the particles of the open micrograph among some ids."""
        project = self._session.project
        here = (
            one
            for one in ids
            if project.particles.micrograph_of(one) == project.selection.index
        )
        return tuple(filter(None, map(project.particles.find, here)))

    def apply(self, changes: Changes) -> tuple[str, ...]:
        """Apply the changes of one gesture as an edit; select a single particle.

        Returns
        -------
        tuple of str
            Ids of the particles drawn, in order.

        Raises
        ------
        CdseError
            If the edit can't be stored.
        """
        project = self._session.project
        request = EditRequest(
            labelled=changes.relabelled,
            drawn=tuple(Drawing(self._place(one)) for one in changes.drawn),
            reshaped=changes.reshaped,
            removed=changes.removed,
        )
        ids = project.edits.apply(request)
        if len(ids) == 1:
            project.selection.select(ids[0])
        return ids

    def _place(self, drawn: Drawn) -> Circle:
        """Shift a pasted circle, which napari puts exactly over its original."""
        circle, micrograph = drawn.circle, self._session.micrograph
        if not drawn.pasted or micrograph is None:
            return circle
        rows, cols = micrograph.shape
        shift = circle.radius_px / 2
        return replace(
            circle,
            row_px=circle.row_px + (shift if circle.row_px + shift < rows else -shift),
            col_px=circle.col_px + (shift if circle.col_px + shift < cols else -shift),
        )
