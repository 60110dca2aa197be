"""Keep track of what the particles' Shapes layer shows, and update it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.gui.canvas.particles.particle_style import (
    ParticleStyle,
    Plan,
    plan,
    plan_reuse,
)
from napari_cdse.gui.canvas.particles.shapes_io import (
    read_layer,
    rebuild,
    update_in_place,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from napari.layers import Shapes

    from napari_cdse.gui.canvas.particles.layer_diff import Row

    Styles = Callable[[Iterable[str] | None], Mapping[str, ParticleStyle]]
    PlannedStyles = tuple[Plan, Mapping[str, ParticleStyle]]


class ShownParticles:
    """The shapes of a layer as they were last read or written.

    Parameters
    ----------
    layer : Shapes
    styles_of : callable
        Returns the wanted styles of the particles with some ids, by id; for None, those
        of all particles in the layer's order.

    Attributes
    ----------
    rows : tuple of Row
        Shape by shape.
    styles : dict of particle id to ParticleStyle
        Styles as last written.
    """

    def __init__(self, layer: Shapes, styles_of: Styles) -> None:
        self._layer = layer
        self._styles_of = styles_of
        self.rows: tuple[Row, ...] = ()
        self.styles: dict[str, ParticleStyle] = {}

    @property
    def in_order(self) -> bool:
        """Whether each shape has its feature row."""
        return bool(len(self._layer.features) == self._layer.nshapes)

    def ids(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Return the particle ids of some shapes."""
        rows = self.rows
        return tuple(rows[at].particle_id for at in indices if at < len(rows))

    def indices(self, ids: Collection[str]) -> set[int]:
        """Return the indices of the shapes of some particles."""
        return {at for at, row in enumerate(self.rows) if row.particle_id in ids}

    def fill(self) -> None:
        """Show all particles in the shapes of the last micrograph, which is faster."""
        styles = list(self._styles_of(None).values())
        rebuild(self._layer, plan_reuse(self._layer.shape_type, styles), styles)
        self._remember(styles)

    def plan_update(self, ids: Iterable[str] | None = None) -> PlannedStyles:
        """Return what has to be changed, and the wanted styles.

        Parameters
        ----------
        ids : iterable of str, optional
            Particles that may differ; all by default. If the number of shapes changes,
            the styles of all particles are returned, since all feature rows are set.
        """
        only = None if ids is None or not self.in_order else frozenset(ids)
        wanted = self._styles_of(only)
        update = plan(self.rows, self.styles, wanted, only)
        if only is not None and update.structural:
            return self.plan_update()
        return update, wanted

    def plan_repair(self) -> PlannedStyles:
        """Return the same for all particles, after reading the layer itself."""
        wanted = self._styles_of(None)
        rows = read_layer(self._layer, self.rows)
        return plan(rows, self.styles, wanted), wanted

    def write(self, update: Plan, wanted: Mapping[str, ParticleStyle]) -> None:
        """Change the layer as planned."""
        if update.structural or not self.in_order:
            self._write_all(update, wanted)
        else:
            self._write_some(update)

    def _write_all(self, update: Plan, wanted: Mapping[str, ParticleStyle]) -> None:
        removed, rows = set(update.remove), read_layer(self._layer, self.rows)
        order = [r.particle_id for at, r in enumerate(rows) if at not in removed]
        order += [one.particle_id for one in update.add]
        styles = [wanted[particle_id] for particle_id in order]
        rebuild(self._layer, update, styles)
        self._remember(styles)

    def _remember(self, styles: Sequence[ParticleStyle]) -> None:
        self.styles = {one.particle_id: one for one in styles}
        self.rows = tuple(one.row() for one in styles)

    def _write_some(self, update: Plan) -> None:
        update_in_place(self._layer, update, self.styles)
        rows = list(self.rows)
        for index, one in (*update.reshape, *update.restyle):
            rows[index] = one.row()
            self.styles[one.particle_id] = one
        self.rows = tuple(rows)
