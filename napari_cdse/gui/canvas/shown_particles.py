"""Keep track of what the particles' Shapes layer shows, and update it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.gui.canvas.particle_style import ParticleStyle, Plan, plan, take_over
from napari_cdse.gui.canvas.shapes_io import read_layer, rebuild, touch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from napari.layers import Shapes

    from napari_cdse.gui.canvas.layer_diff import Row

    Wanted = Callable[[Iterable[str] | None], Mapping[str, ParticleStyle]]
    Due = tuple[Plan, Mapping[str, ParticleStyle]]


class ShownParticles:
    """The shapes of a layer as they were last read or written.

    Parameters
    ----------
    layer : Shapes
    wanted : callable
        Gives the looks of the particles with some ids, or of all in the layer's order.

    Attributes
    ----------
    rows : tuple of Row
        Shape by shape.
    styles : dict of particle id to ParticleStyle
        How each was dressed when last written.
    """

    def __init__(self, layer: Shapes, wanted: Wanted) -> None:
        self._layer = layer
        self._wanted = wanted
        self.rows: tuple[Row, ...] = ()
        self.styles: dict[str, ParticleStyle] = {}

    @property
    def in_order(self) -> bool:
        """Whether each shape has its feature row."""
        return bool(len(self._layer.features) == self._layer.nshapes)

    def ids(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Name the particles of some shapes."""
        rows = self.rows
        return tuple(rows[at].particle_id for at in indices if at < len(rows))

    def indices(self, ids: Collection[str]) -> set[int]:
        """Find the shapes of some particles."""
        return {at for at, row in enumerate(self.rows) if row.particle_id in ids}

    def fill(self) -> None:
        """Show all particles in whatever shapes there are: that is faster."""
        styles = list(self._wanted(None).values())
        rebuild(self._layer, take_over(self._layer.shape_type, styles), styles)
        self._take_note(styles)

    def due(self, ids: Iterable[str] | None = None) -> Due:
        """Find what is to be done, for some particles or for all, and the looks of it.

        When shapes come or go, all feature rows are set anew: then all looks are given.
        """
        only = None if ids is None or not self.in_order else frozenset(ids)
        wanted = self._wanted(only)
        todo = plan(self.rows, self.styles, wanted, only)
        return self.due() if only is not None and todo.structural else (todo, wanted)

    def due_anew(self) -> Due:
        """Find what is to be done after a look at the layer itself."""
        wanted = self._wanted(None)
        return plan(read_layer(self._layer, self.rows), self.styles, wanted), wanted

    def write(self, todo: Plan, wanted: Mapping[str, ParticleStyle]) -> None:
        """Do it."""
        if todo.structural or not self.in_order:
            self._write_all(todo, wanted)
        else:
            self._write_some(todo)

    def _write_all(self, todo: Plan, wanted: Mapping[str, ParticleStyle]) -> None:
        gone, rows = set(todo.remove), read_layer(self._layer, self.rows)
        order = [r.particle_id for at, r in enumerate(rows) if at not in gone]
        order += [one.particle_id for one in todo.add]
        styles = [wanted[particle_id] for particle_id in order]
        rebuild(self._layer, todo, styles)
        self._take_note(styles)

    def _take_note(self, styles: Sequence[ParticleStyle]) -> None:
        self.styles = {one.particle_id: one for one in styles}
        self.rows = tuple(one.row() for one in styles)

    def _write_some(self, todo: Plan) -> None:
        touch(self._layer, todo, self.styles)
        rows = list(self.rows)
        for index, one in (*todo.reshape, *todo.restyle):
            rows[index] = one.row()
            self.styles[one.particle_id] = one
        self.rows = tuple(rows)
