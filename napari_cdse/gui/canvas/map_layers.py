"""The layers of accumulation maps over the micrograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap

from napari_cdse.gui.canvas.napari_private.shapes import changed_at_once
from napari_cdse.gui.canvas.particles.shapes_style import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.gui.canvas.layer_stack import LayerStack
    from napari_cdse.gui.canvas.world_scale import WorldScale

_MAP_COLOURS = ("#ffd166", "#4cc9a7", "#8fb4ff", "#ff9aa2", "#d0b3ff", "#f0f0f0")
_MAP_OPACITY = 0.35
"""Opacity of accumulation maps. A choice: fringes stay visible below them."""
_CONTRAST_PERCENT = (50, 99.8)
"""Percentiles of a map that are black and brightest. A choice: most of a map is
background, and a few outliers must not darken the rest."""


def map_colormap(number: int) -> Colormap:
    """Return a map's colours, from black, which is clear with additive blending."""
    colour = _MAP_COLOURS[number % len(_MAP_COLOURS)]
    return Colormap(["#000000", colour], name=f"cdse map {number + 1}")


def map_limits(values: np.ndarray) -> tuple[float, float]:
    """Return the contrast limits of a map, whose median is black."""
    low, high = (float(v) for v in np.nanpercentile(values, _CONTRAST_PERCENT))
    return (low, high) if high > low else (low, low + 1.0)


class MapLayers:
    """One layer for each accumulation map of the open micrograph.

    Parameters
    ----------
    stack : LayerStack

    Attributes
    ----------
    layers : tuple of Image
    """

    def __init__(self, stack: LayerStack) -> None:
        self._stack = stack
        self.layers: tuple[Image, ...] = ()

    def show(
        self,
        maps: Sequence[AccumulationMap],
        scale: WorldScale,
        above: Sequence[Layer | None],
    ) -> None:
        """Show other maps; layers are reused where their number is the same.

        Of several maps only the first is visible until the user shows others, since
        together they would hide the fringes. Maps of endmembers are all visible: they
        are parts of one picture.

        Parameters
        ----------
        maps : sequence of AccumulationMap
            Maps of the open micrograph.
        scale : WorldScale
            Scale of the micrograph.
        above : sequence of Layer or None
            The maps are inserted below the first of these that is there.
        """
        stack = self._stack
        if len(maps) == len(self.layers) and all(one in stack for one in self.layers):
            for layer, one in zip(self.layers, maps, strict=True):
                self._show_in(layer, one, scale)
            return
        visible = _visible_maps(maps, [stack.is_shown(one) for one in self.layers])
        with stack.keeping_active():
            stack.remove(self.layers)
            self.layers = tuple(
                self._new_layer(one, number, scale) for number, one in enumerate(maps)
            )
            for layer, is_visible in zip(self.layers, visible, strict=True):
                layer.visible = is_visible
                stack.insert_below(layer, above)
                stack.hide_inserted(layer)

    def show_only(self, number: int | None) -> None:
        """Show one of the maps alone; all of them for None."""
        for at, layer in enumerate(self.layers):
            layer.visible = number is None or at == number

    def blank(self) -> None:
        """Clear the layers, until there are new maps."""
        for layer in self.layers:
            layer.data = np.zeros((2, 2), dtype=np.float32)

    def _new_layer(self, one: AccumulationMap, number: int, scale: WorldScale) -> Image:
        layer = Image(
            one.values,
            units=(scale.unit, scale.unit),
            colormap=map_colormap(number),
            blending="additive",
            opacity=_MAP_OPACITY,
            interpolation2d="linear",
            metadata={OURS: "map"},
        )
        self._show_in(layer, one, scale)
        return layer

    def _show_in(self, layer: Image, one: AccumulationMap, scale: WorldScale) -> None:
        # napari places the centre of sample [0, 0] at the translation.
        layer.name = one.name
        with changed_at_once(self._stack.viewer, layer):
            layer.data = one.values
            layer.scale = tuple(step * scale.per_px for step in one.step_px)
            layer.translate = tuple(origin * scale.per_px for origin in one.origin_px)
        layer.reset_contrast_limits_range()
        layer.contrast_limits = map_limits(one.values)


def _visible_maps(
    maps: Sequence[AccumulationMap], before: Sequence[bool]
) -> list[bool]:
    """Return which maps are visible, given the visibility of those before."""
    wanted = not before or any(before)
    if any(one.endmember is not None for one in maps):
        return [wanted] * len(maps)
    visible = [at < len(before) and before[at] for at in range(len(maps))]
    if maps and not any(visible):
        visible[0] = wanted
    return visible
