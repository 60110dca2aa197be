"""Our layers in the viewer: micrograph, accumulation maps, particles.

All of them share one scale and one unit, so that they lie over each other: nanometres
where a file or a person said how large a pixel is, pixels otherwise. An estimate from
the lattice does not calibrate anything.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap

from napari_cdse.gui.regions_layer import regions_layer
from napari_cdse.gui.shapes_style import new_layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes

    from napari_cdse.core.accumulation import AccumulationMap
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.core.regions import Region

MICROGRAPH = "micrograph"
_MAP_COLOURS = ("#ffd166", "#4cc9a7", "#8fb4ff", "#ff9aa2", "#d0b3ff", "#f0f0f0")
_MAP_OPACITY = 0.35
_SHARE_OF_VIEW = 1 / 3


def scale_of(micrograph: Micrograph) -> tuple[float, str]:
    """World units per pixel and the unit; an estimate does not calibrate."""
    if micrograph.pixel_size_nm and micrograph.pixel_size_source in ("file", "person"):
        return micrograph.pixel_size_nm, "nm"
    return 1.0, "pixel"


def map_colormap(number: int) -> Colormap:
    """Black and clear at the low end, so that only lattice lights up."""
    colour = _MAP_COLOURS[number % len(_MAP_COLOURS)]
    return Colormap(["#000000", colour], name=f"cdse map {number + 1}")


def map_limits(values: np.ndarray) -> tuple[float, float]:
    """Contrast limits of a map: its median stays dark."""
    low, high = (float(v) for v in np.nanpercentile(values, (50, 99.8)))
    return (low, high) if high > low else (low, low + 1.0)


class Scene:
    """The layers of the open micrograph.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self.image: Image | None = None
        self.maps: tuple[Image, ...] = ()
        self.regions: Shapes | None = None
        self.particles: Shapes | None = None
        self._unit: tuple[float, str] = (1.0, "pixel")
        self._hidden: list[Layer] = []
        self._held = False

    @property
    def viewer(self) -> ViewerModel | None:
        """The viewer, as long as it is there."""
        return self._viewer()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All our layers that are still in the viewer."""
        mine = (self.image, *self.maps, self.regions, self.particles)
        viewer = self.viewer
        if viewer is None:
            return ()
        return tuple(one for one in mine if one is not None and one in viewer.layers)

    def show(self, micrograph: Micrograph) -> None:
        """Show another micrograph, without maps and without particles."""
        self.clear()
        viewer = self.viewer
        self._unit = scale_of(micrograph)
        scale, unit = self._unit
        pixels = micrograph.pixels
        self.image = Image(
            pixels,
            name=micrograph.name or MICROGRAPH,
            scale=(scale, scale),
            units=(unit, unit),
            contrast_limits=_limits(pixels),
            interpolation2d="linear",
            metadata={"napari_cdse": MICROGRAPH},
        )
        self.particles = new_layer((scale, scale), (unit, unit))
        self.particles.metadata["image_shape"] = micrograph.shape
        viewer.add_layer(self.image)
        viewer.add_layer(self.particles)
        self._hide_if_held(self.particles)
        viewer.layers.selection.active = self.particles
        viewer.canvas.overlays.scale_bar.visible = unit == "nm"
        self.see_whole()

    def show_maps(self, maps: Sequence[AccumulationMap]) -> None:
        """Lay accumulation maps over the micrograph, below the particles."""
        viewer = self.viewer
        hidden = [layer for layer in self.maps if layer in self._hidden]
        was_visible = [layer.visible or layer in hidden for layer in self.maps]
        active = viewer.layers.selection.active
        self._remove(self.maps)
        self.maps = tuple(self._map_layer(one, at) for at, one in enumerate(maps))
        for at, layer in enumerate(self.maps):
            if was_visible:
                layer.visible = was_visible[min(at, len(was_visible) - 1)]
            viewer.layers.insert(self._index_below(self.regions), layer)
            self._hide_if_held(layer)
        self._keep_active(active)

    def show_regions(self, regions: Sequence[Region]) -> bool:
        """Show which regions are left out; True if the layer is another one."""
        viewer, before = self.viewer, self.regions
        if viewer is None or self.image is None:
            return False
        there = before is not None and before in viewer.layers
        shown = tuple(before.metadata["regions"]) if there else ()
        if shown == tuple(regions) and (not there or before.nshapes == len(shown)):
            return False
        active = viewer.layers.selection.active
        visible = not there or before.visible or before in self._hidden
        self._remove([before] if there else [])
        self.regions = None
        if regions:
            scale, unit = self._unit
            size = max(self.image.data.shape)
            layer = regions_layer(regions, (scale, scale), (unit, unit), size)
            layer.visible = visible
            viewer.layers.insert(self._index_below(self.particles), layer)
            self.regions = layer
            self._hide_if_held(layer)
        self._keep_active(active)
        return True

    def clear(self) -> None:
        """Take our layers away."""
        self._remove(self.layers)
        self.image, self.maps, self.regions, self.particles = None, (), None, None
        self._hidden = []

    def hide(self, hidden: bool) -> None:
        """Hide what lies over the micrograph, or bring back what was shown."""
        if hidden and not self._held:
            over = [one for one in self.layers if one is not self.image]
            self._hidden = [one for one in over if one.visible]
        self._held = hidden
        for layer in self._hidden:
            layer.visible = not hidden
        if not hidden:
            self._hidden = []

    def see(self, circle: Circle) -> None:
        """Move the camera so that a particle fills about a third of the view."""
        viewer = self.viewer
        scale = self._unit[0]
        camera = viewer.scene.camera
        camera.center = (0, circle.row_px * scale, circle.col_px * scale)
        across = 2 * circle.radius_px * scale
        camera.zoom = min(viewer.canvas.size) * _SHARE_OF_VIEW / across

    def see_whole(self) -> None:
        """Fit the micrograph into the view."""
        self.viewer.reset_view()

    def pixel_at(self, position: Iterable[float]) -> tuple[float, float]:
        """Row and column of a world position."""
        row, col = tuple(position)[-2:]
        return row / self._unit[0], col / self._unit[0]

    def _map_layer(self, one: AccumulationMap, number: int) -> Image:
        # napari places the centre of sample [0, 0] at the translation.
        scale, unit = self._unit
        return Image(
            one.values,
            name=one.name,
            scale=tuple(step * scale for step in one.step_px),
            translate=tuple(origin * scale for origin in one.origin_px),
            units=(unit, unit),
            colormap=map_colormap(number),
            contrast_limits=map_limits(one.values),
            blending="additive",
            opacity=_MAP_OPACITY,
            interpolation2d="linear",
            metadata={"napari_cdse": "map"},
        )

    def _index_below(self, above: Layer | None) -> int:
        layers = self.viewer.layers
        for layer in (above, self.particles):
            if layer is not None and layer in layers:
                return layers.index(layer)
        return len(layers)

    def _hide_if_held(self, layer: Layer) -> None:
        """Hide a layer that comes while the overlays are held away."""
        if self._held and layer.visible:
            layer.visible = False
            self._hidden.append(layer)

    def _keep_active(self, layer: Layer | None) -> None:
        if layer is not None and layer in self.viewer.layers:
            self.viewer.layers.selection.active = layer

    def _remove(self, layers: Iterable[Layer]) -> None:
        viewer = self.viewer
        for layer in layers:
            if viewer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)


def _limits(pixels: np.ndarray) -> tuple[float, float]:
    """Contrast limits that leave out a few outlier pixels, from a sample of rows."""
    step = max(1, pixels.size // 1_000_000)
    sample = pixels.ravel()[::step]
    low, high = (float(value) for value in np.percentile(sample, (0.2, 99.8)))
    return (low, high) if high > low else (low, low + 1.0)
