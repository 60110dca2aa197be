"""Our layers in the viewer: micrograph, accumulation maps, regions, particles.

All have the same scale and unit (`world_scale`). The maps lie over the micrograph, then
the regions that are left out, then the particles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

from napari_cdse.gui.canvas.camera import MicrographCamera
from napari_cdse.gui.canvas.contrast import contrast_limits
from napari_cdse.gui.canvas.layer_stack import LayerStack
from napari_cdse.gui.canvas.map_layers import MapLayers
from napari_cdse.gui.canvas.particles.shapes_style import (
    LEFT_OUT,
    OURS,
    PARTICLES,
    new_layer,
    regions_layer,
)
from napari_cdse.gui.canvas.world_scale import scale_of
from napari_cdse.gui.session.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.records import Micrograph
    from napari_cdse.core.regions import Region

MICROGRAPH = "micrograph"
_BACKGROUND = "black"
"""Colour of the canvas around a micrograph, in every theme, since letters and circles
that extend beyond its edge are bright."""


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

    Attributes
    ----------
    camera : MicrographCamera
    image : Image or None
        The micrograph; this and the other layers are None before the first one.
    regions : Shapes or None
        Regions left out; None if there are none.
    particles : Shapes or None
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._stack = LayerStack(viewer)
        self._maps = MapLayers(self._stack)
        self.camera = MicrographCamera(self._stack)
        self.image: Image | None = None
        self.regions: Shapes | None = None
        self.particles: Shapes | None = None
        self._name = MICROGRAPH
        self._shown_id = ""

    @property
    def maps(self) -> tuple[Image, ...]:
        """The layers of accumulation maps."""
        return self._maps.layers

    @property
    def placement(self) -> Mapping[str, Any]:
        """Keyword arguments for a layer over the micrograph: its scale and units."""
        return self.camera.scale.placement

    @property
    def present(self) -> tuple[Layer, ...]:
        """All our layers that are still in the viewer."""
        ours = (self.image, *self.maps, self.regions, self.particles)
        return tuple(one for one in ours if one is not None and one in self._stack)

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
        return self._stack.hides

    # --- the micrograph -------------------------------------------------------

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
        viewer, view = self._stack.viewer, self.camera.view_px
        same, self._shown_id = micrograph.id == self._shown_id, micrograph.id
        before, scale = self.camera.scale, scale_of(micrograph)
        self.camera.scale = scale
        image, particles = self.image, self.particles
        are_present = image in self._stack and particles in self._stack
        if before.unit != scale.unit:
            self.clear()
        if (
            image is None
            or particles is None
            or not are_present
            or before.unit != scale.unit
        ):
            image, particles = self._add_layers(micrograph)
        self._fill(image, particles, micrograph)
        viewer.layers.selection.active = particles
        viewer.canvas.background_color_override = _BACKGROUND
        viewer.canvas.overlays.scale_bar.visible = scale.unit == "nm"
        if not are_present or (whole and not same):
            self.camera.see_whole(image)
        elif before != scale:
            # The pixel size was changed: keep place and magnification of the view.
            self.camera.look_at(*view)
        return particles

    def _add_layers(self, micrograph: Micrograph) -> tuple[Image, Shapes]:
        """Add the image and the layer of particles, if they are missing.

        Existing ones stay: with napari 0.9 and Mesa the process may crash if a Shapes
        layer is removed and other layers are added or removed before the next drawing.
        """
        stack, scale = self._stack, self.camera.scale
        image, particles = self.image, self.particles
        if image is None or image not in stack:
            image = self.image = _image_layer(micrograph, scale.unit)
            stack.insert_below(image, self._overlays)
        if particles is None or particles not in stack:
            particles = self.particles = new_layer(**scale.placement)
            stack.insert_below(particles, ())
            stack.hide_inserted(particles)
        return image, particles

    @property
    def _overlays(self) -> tuple[Layer, ...]:
        """Those of our layers that lie over the micrograph, the lowest first."""
        overlays = (one for one in self.present if one is not self.image)
        return tuple(sorted(overlays, key=self._stack.index))

    def _fill(self, image: Image, particles: Shapes, micrograph: Micrograph) -> None:
        """Put a micrograph into the layers, and remove what belongs to the last one."""
        self._stack.remove([self.regions])
        self.regions = None
        particles.mode = "pan_zoom"
        particles.metadata["image_shape"] = micrograph.shape
        image.name = self._name = one_line(micrograph.name) or MICROGRAPH
        image.data = micrograph.pixels
        per_px = self.camera.scale.per_px
        for layer in (image, particles):
            if not np.allclose(layer.scale, per_px):
                layer.scale = (per_px, per_px)
        image.reset_contrast_limits_range()
        image.contrast_limits = contrast_limits(micrograph)

    def see_whole(self) -> None:
        """Fit the micrograph into the view."""
        self.camera.see_whole(self.image)

    # --- what lies over it ----------------------------------------------------

    def show_maps(self, maps: Sequence[AccumulationMap]) -> None:
        """Show accumulation maps over the micrograph, see `MapLayers.show`."""
        self._maps.show(maps, self.camera.scale, (self.regions, self.particles))

    def show_only_map(self, number: int | None) -> None:
        """Show one of the maps alone, or all of them.

        Parameters
        ----------
        number : int or None
            Index in `maps`; None for all.
        """
        self._stack.unhide()
        self._maps.show_only(number)

    def blank_maps(self) -> None:
        """Clear the layers of maps, until there are new ones."""
        self._maps.blank()

    def show_regions(self, regions: Sequence[Region]) -> bool:
        """Show the regions left out; return whether the layer was replaced."""
        before = self.regions if self.regions in self._stack else None
        if self.image is None or not self._stack.is_open:
            return False
        if _regions_of(before) == tuple(regions):
            return False
        stack = self._stack
        visible = before is None or stack.is_shown(before)
        with stack.keeping_active():
            stack.remove([before])
            self.regions = None
            if regions:
                size = max(self.image.data.shape)
                layer = regions_layer(regions, **self.placement, image_size_px=size)
                layer.visible = visible
                stack.insert_below(layer, (self.particles,))
                self.regions = layer
                stack.hide_inserted(layer)
        return True

    def hide(self, hidden: bool) -> None:
        """Hide the layers over the micrograph, or show those that were visible."""
        if hidden:
            self._stack.hide(self._overlays)
        else:
            self._stack.unhide()

    # --- all of them ----------------------------------------------------------

    def clear(self) -> None:
        """Remove our layers."""
        if self.image is not None and self._stack.is_open:
            self._stack.viewer.canvas.background_color_override = None
        self._stack.remove(self.present)
        self.image, self.regions, self.particles = None, None, None
        self._maps.layers = ()
        self._stack.forget_hidden()

    def bring_up(self) -> None:
        """Move our layers above all others, in order, visible, with their names."""
        viewer = self._stack.viewer
        viewer.dims.ndisplay = 2
        viewer.canvas.grid.enabled = False
        self._stack.unhide()
        self._stack.raise_all(self.present)
        for layer, name in self.names.items():
            layer.name = name
            layer.visible = True
            layer.opacity = 1.0
        self._stack.make_active(self.particles)
