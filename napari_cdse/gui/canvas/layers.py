"""Our layers in the viewer: micrograph, accumulation maps, particles.

All have the same scale and unit: nanometres if file or user gave the pixel size, else
pixels, since an estimate from the lattice is no calibration.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap

from napari_cdse.core.imaging.pixel_size_estimate import given_pixel_size
from napari_cdse.gui.canvas._napari_private import changed_at_once
from napari_cdse.gui.canvas.contrast import contrast_limits
from napari_cdse.gui.canvas.shapes_style import (
    LEFT_OUT,
    OURS,
    PARTICLES,
    new_layer,
    regions_layer,
)
from napari_cdse.gui.session.plain_text import one_line
from napari_cdse.gui.session.viewer_window import WindowClosedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.core.regions import Region

MICROGRAPH = "micrograph"
_MAP_COLOURS = ("#ffd166", "#4cc9a7", "#8fb4ff", "#ff9aa2", "#d0b3ff", "#f0f0f0")
_MAP_OPACITY = 0.35
"""Opacity of accumulation maps. A choice: fringes stay visible below them."""
_SHARE_OF_VIEW = 1 / 3
"""Share of the view that a particle's diameter takes in `MicrographLayers.see`. A
choice: its surroundings stay visible."""
_BEHIND = "black"
"""Colour of the canvas around a micrograph, in every theme, since letters and circles
that extend beyond its edge are bright."""
_SHARE_OF_WHOLE = 0.95
"""Share of the view that a whole micrograph takes: as in napari's `reset_view`."""


def scale_of(micrograph: Micrograph) -> tuple[float, str]:
    """Return world units per pixel, and the unit; "pixel" without a calibration."""
    size = given_pixel_size(micrograph)
    if size is not None and size.source.is_given:
        return size.nm, "nm"
    return 1.0, "pixel"


def map_colormap(number: int) -> Colormap:
    """Return a map's colours, from black, which is clear with additive blending."""
    colour = _MAP_COLOURS[number % len(_MAP_COLOURS)]
    return Colormap(["#000000", colour], name=f"cdse map {number + 1}")


def map_limits(values: np.ndarray) -> tuple[float, float]:
    """Return the contrast limits of a map, whose median is black."""
    low, high = (float(v) for v in np.nanpercentile(values, (50, 99.8)))
    return (low, high) if high > low else (low, low + 1.0)


def _visible_maps(
    maps: Sequence[AccumulationMap], before: Sequence[bool]
) -> list[bool]:
    """Return which maps are visible, given the visibility of those before."""
    wanted = not before or any(before)
    if any(one.endmember is not None for one in maps):
        return [wanted] * len(maps)
    seen = [at < len(before) and before[at] for at in range(len(maps))]
    if maps and not any(seen):
        seen[0] = wanted
    return seen


def _regions_of(layer: Shapes | None) -> tuple[Region, ...] | None:
    """Return the regions that a layer shows; None if the user changed the layer."""
    if layer is None:
        return ()
    regions: tuple[Region, ...] = layer.metadata["regions"]
    return regions if layer.nshapes == len(regions) else None


def _image_layer(micrograph: Micrograph, unit: str) -> Image:
    return Image(
        micrograph.pixels,
        units=(unit, unit),
        interpolation2d="linear",
        metadata={OURS: MICROGRAPH},
    )


class MicrographLayers:
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
        self._name = MICROGRAPH
        self._unit: tuple[float, str] = (1.0, "pixel")
        self._hidden: list[Layer] = []
        self._held = False
        self._shown_id = ""

    @property
    def viewer(self) -> ViewerModel:
        """The viewer; raises `WindowClosedError` if its window was closed."""
        viewer = self._viewer()
        if viewer is None:
            raise WindowClosedError
        return viewer

    @property
    def placement(self) -> Mapping[str, Any]:
        """Keyword arguments for a layer over the micrograph: its scale and units."""
        scale, unit = self._unit
        return {"scale": (scale, scale), "units": (unit, unit)}

    @property
    def present(self) -> tuple[Layer, ...]:
        """All our layers that are still in the viewer."""
        mine = (self.image, *self.maps, self.regions, self.particles)
        viewer = self._viewer()
        if viewer is None:
            return ()
        return tuple(one for one in mine if one is not None and one in viewer.layers)

    @property
    def names(self) -> Mapping[Layer, str]:
        """Names of our layers, except for maps."""
        named = (
            (self.image, self._name),
            (self.regions, LEFT_OUT),
            (self.particles, PARTICLES),
        )
        return {layer: name for layer, name in named if layer in self.present}

    @property
    def held(self) -> bool:
        """Whether the layers over the micrograph are hidden by a key held down."""
        return self._held

    def show(self, micrograph: Micrograph, *, whole: bool = True) -> Shapes:
        """Show another micrograph; maps stay those of the last one until `show_maps`.

        Existing layers are reused, since removing and adding one takes napari most of a
        second.

        Parameters
        ----------
        micrograph : Micrograph
            With its pixels.
        whole : bool
            Fit it into the view; False: the caller moves the camera.

        Returns
        -------
        Shapes
            The layer of particles, which the caller fills.
        """
        viewer, view = self.viewer, self._view_px
        same, self._shown_id = micrograph.id == self._shown_id, micrograph.id
        before, self._unit = self._unit, scale_of(micrograph)
        unit = self._unit[1]
        image, particles = self.image, self.particles
        there = image in viewer.layers and particles in viewer.layers
        if before[1] != unit:
            self.clear()
        if image is None or particles is None or not there or before[1] != unit:
            image, particles = self._add_layers(micrograph)
        self._fill(image, particles, micrograph)
        viewer.layers.selection.active = particles
        viewer.canvas.background_color_override = _BEHIND
        viewer.canvas.overlays.scale_bar.visible = unit == "nm"
        if not there or (whole and not same):
            self.see_whole()
        elif before != self._unit:
            # The pixel size was changed: keep place and magnification of the view.
            self._look_at(*view)
        return particles

    def _add_layers(self, micrograph: Micrograph) -> tuple[Image, Shapes]:
        """Add the image and the layer of particles, if they are missing.

        Existing ones stay: with napari 0.9 and Mesa the process may crash if a Shapes
        layer is removed and other layers are added or removed before the next drawing.
        """
        layers, (scale, unit) = self.viewer.layers, self._unit
        image, particles = self.image, self.particles
        if image is None or image not in layers:
            image = self.image = _image_layer(micrograph, unit)
            layers.insert(
                min(map(layers.index, self._over), default=len(layers)), image
            )
        if particles is None or particles not in layers:
            particles = self.particles = new_layer((scale, scale), (unit, unit))
            layers.append(particles)
            self._hide_if_held(particles)
        return image, particles

    @property
    def _over(self) -> tuple[Layer, ...]:
        """Those of our layers that lie over the micrograph."""
        return tuple(one for one in self.present if one is not self.image)

    def _fill(self, image: Image, particles: Shapes, micrograph: Micrograph) -> None:
        """Put a micrograph into the layers, and remove what belongs to the last one."""
        self._remove([self.regions])
        self.regions = None
        particles.mode = "pan_zoom"
        particles.metadata["image_shape"] = micrograph.shape
        image.name = self._name = one_line(micrograph.name) or MICROGRAPH
        image.data = micrograph.pixels
        for layer in (image, particles):
            if not np.allclose(layer.scale, self._unit[0]):
                layer.scale = (self._unit[0], self._unit[0])
        image.reset_contrast_limits_range()
        image.contrast_limits = contrast_limits(micrograph)

    def blank_maps(self) -> None:
        """Clear the layers of maps, until there are new ones."""
        for layer in self.maps:
            layer.data = np.zeros((2, 2), dtype=np.float32)

    def show_maps(self, maps: Sequence[AccumulationMap]) -> None:
        """Show accumulation maps over the micrograph, below the particles.

        Of several only the first is visible until the user shows others, since together
        they would hide the fringes. Maps of endmembers are all visible: they are parts
        of one picture.
        """
        viewer = self.viewer
        if len(maps) == len(self.maps) and all(m in viewer.layers for m in self.maps):
            for layer, one in zip(self.maps, maps, strict=True):
                self._put_map(layer, one)
            return
        hidden = [layer for layer in self.maps if layer in self._hidden]
        was_visible = [layer.visible or layer in hidden for layer in self.maps]
        active = viewer.layers.selection.active
        self._remove(self.maps)
        self.maps = tuple(self._map_layer(one, at) for at, one in enumerate(maps))
        for layer, is_seen in zip(
            self.maps, _visible_maps(maps, was_visible), strict=True
        ):
            layer.visible = is_seen
            viewer.layers.insert(self._index_below(self.regions), layer)
            self._hide_if_held(layer)
        self._keep_active(active)

    def show_only_map(self, number: int | None) -> None:
        """Show one of the maps alone, or all of them.

        Parameters
        ----------
        number : int or None
            Index in `maps`; None for all.
        """
        self.hide(False)
        for at, layer in enumerate(self.maps):
            layer.visible = number is None or at == number

    def show_regions(self, regions: Sequence[Region]) -> bool:
        """Show the regions left out; return whether the layer was replaced."""
        viewer, before = self._viewer(), self.regions
        if viewer is None or self.image is None:
            return False
        if before is not None and before not in viewer.layers:
            before = None
        if _regions_of(before) == tuple(regions):
            return False
        active = viewer.layers.selection.active
        visible = before is None or before.visible or before in self._hidden
        self._remove([before])
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
        """Remove our layers."""
        viewer = self._viewer()
        if viewer is not None and self.image is not None:
            viewer.canvas.background_color_override = None
        self._remove(self.present)
        self.image, self.maps, self.regions, self.particles = None, (), None, None
        self._hidden = []

    def bring_up(self) -> None:
        """Move our layers above all others, in order, visible, with their names."""
        viewer = self.viewer
        viewer.dims.ndisplay = 2
        viewer.canvas.grid.enabled = False
        self.hide(False)
        for layer in self.present:
            viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))
        for layer, name in self.names.items():
            layer.name = name
            layer.visible = True
            layer.opacity = 1.0
        self._keep_active(self.particles)

    def hide(self, hidden: bool) -> None:
        """Hide the layers over the micrograph, or show those that were visible."""
        if hidden and not self._held:
            self._hidden = [one for one in self._over if one.visible]
        self._held = hidden
        for layer in self._hidden:
            layer.visible = not hidden
        if not hidden:
            self._hidden = []

    @property
    def _view_px(self) -> tuple[tuple[float, float], float]:
        """Row and column in the middle of the view, and screen pixels per pixel."""
        camera, scale = self.viewer.scene.camera, self._unit[0]
        row, col = camera.center[-2:]
        return (row / scale, col / scale), camera.zoom * scale

    def _look_at(self, middle_px: tuple[float, float], screen_per_px: float) -> None:
        camera, scale = self.viewer.scene.camera, self._unit[0]
        camera.center = (0, middle_px[0] * scale, middle_px[1] * scale)
        camera.zoom = screen_per_px / scale

    def bring_into_sight(self, circle: Circle) -> None:
        """Move the camera to a particle if it is out of view, without zooming."""
        middle, screen_per_px = self._view_px
        place = np.array([circle.row_px, circle.col_px])
        half = np.array(self.viewer.canvas.size) / 2 / screen_per_px
        off = np.abs(place - np.array(middle)) + circle.radius_px
        if np.any(off > half):
            self._look_at((circle.row_px, circle.col_px), screen_per_px)

    def see(self, circle: Circle) -> None:
        """Move the camera so that a particle fills about a third of the view."""
        viewer = self.viewer
        scale = self._unit[0]
        camera = viewer.scene.camera
        camera.center = (0, circle.row_px * scale, circle.col_px * scale)
        across = 2 * circle.radius_px * scale
        camera.zoom = min(viewer.canvas.size) * _SHARE_OF_VIEW / across

    def see_whole(self) -> None:
        """Fit the micrograph into the view, whatever other layers there are.

        napari's `reset_view` can't fit a layer of two dimensions if another layer has
        three.
        """
        viewer, image = self.viewer, self.image
        if image is None:
            viewer.reset_view()
            return
        shape, scale = np.array(image.data.shape), self._unit[0]
        camera = viewer.scene.camera
        # The centre of pixel 0 is at 0.
        camera.center = (0, *((shape - 1) / 2 * scale))
        fits = np.array(viewer.canvas.size) / (shape * scale)
        camera.zoom = _SHARE_OF_WHOLE * float(fits.min())

    @property
    def screen_px(self) -> float:
        """Edge of a screen pixel, in pixels of the micrograph."""
        return 1 / float(self.viewer.scene.camera.zoom * self._unit[0])

    def pixel_at(self, position: Iterable[float]) -> tuple[float, float]:
        """Row and column of a world position."""
        row, col = tuple(position)[-2:]
        return row / self._unit[0], col / self._unit[0]

    def _map_layer(self, one: AccumulationMap, number: int) -> Image:
        unit = self._unit[1]
        layer = Image(
            one.values,
            units=(unit, unit),
            colormap=map_colormap(number),
            blending="additive",
            opacity=_MAP_OPACITY,
            interpolation2d="linear",
            metadata={OURS: "map"},
        )
        self._put_map(layer, one)
        return layer

    def _put_map(self, layer: Image, one: AccumulationMap) -> None:
        # napari places the centre of sample [0, 0] at the translation.
        scale = self._unit[0]
        layer.name = one.name
        with changed_at_once(self.viewer, layer):
            layer.data = one.values
            layer.scale = tuple(step * scale for step in one.step_px)
            layer.translate = tuple(origin * scale for origin in one.origin_px)
        layer.reset_contrast_limits_range()
        layer.contrast_limits = map_limits(one.values)

    def _index_below(self, above: Layer | None) -> int:
        layers = self.viewer.layers
        for layer in (above, self.particles):
            if layer is not None and layer in layers:
                return int(layers.index(layer))
        return len(layers)

    def _hide_if_held(self, layer: Layer) -> None:
        """Hide a layer that is added while the key for hiding is held down."""
        if self._held and layer.visible:
            layer.visible = False
            self._hidden.append(layer)

    def _keep_active(self, layer: Layer | None) -> None:
        if layer is not None and layer in self.viewer.layers:
            self.viewer.layers.selection.active = layer

    def _remove(self, layers: Iterable[Layer | None]) -> None:
        viewer = self._viewer()
        for layer in layers:
            if viewer is not None and layer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)
