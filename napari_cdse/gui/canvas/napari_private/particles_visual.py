"""How the layer of particles is drawn: napari's visual with quicker letters and rings.

`particle_shapes` creates the layer, and registers the visual with napari. The visual
shares the layout of equal letters (`letters`), draws rings that stay visible at any
zoom, each over a dark line (`rings`), and does without most of napari's work after a
change of the zoom.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes
from vispy.visuals import MeshVisual

from napari_cdse.gui.canvas.napari_private.letters import improve_letters
from napari_cdse.gui.canvas.napari_private.parts import private_import, private_part
from napari_cdse.gui.canvas.napari_private.rings import Rings
from napari_cdse.gui.canvas.napari_private.shapes_layer import ParticleShapes

if TYPE_CHECKING:
    from numpy.typing import NDArray


def particle_shapes(**options: Any) -> Shapes:
    """Make an empty Shapes layer that draws letters of hundreds of circles quickly.

    Parameters
    ----------
    **options
        Options of napari's Shapes; the features have the columns "letter" and
        "class".

    Returns
    -------
    Shapes
        A `ParticleShapes`, or napari's own layer if private parts are missing.
    """
    if visual_class() is None:
        return Shapes(**options)
    layer = ParticleShapes(**options)
    found = [private_part(layer, names) is not None for names in ParticleShapes.READS]
    return layer if all(found) else Shapes(**options)


def refresh_letters(layer: Shapes) -> None:
    """Show the letters of feature rows that were changed in place."""
    if not isinstance(layer, ParticleShapes):
        layer.refresh_text()


@cache
def visual_class() -> type | None:
    """Return the class that draws a `ParticleShapes`, and register it with napari.

    When the view is zoomed, napari transfers all letters again only to keep their size
    on the screen, and lays each of them out again. To prevent both, the layer has a
    visual of its own: a ``VispyShapesLayer``, with an entry in ``layer_to_visual``.
    Seen in napari 0.9.2. Returns None if these are missing.
    """
    base = private_import("napari._vispy.layers.shapes", "VispyShapesLayer")
    layer_to_visual = private_import("napari._vispy.utils.visual", "layer_to_visual")
    if base is None or layer_to_visual is None:
        return None

    class ParticlesVisual(base):  # type: ignore[misc, valid-type]  # napari has no types
        """Draws a `ParticleShapes` layer."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._rings: Rings | None = None
            super().__init__(*args, **kwargs)
            improve_letters(private_part(self, "node.text"))
            self._rings = Rings.of(self.layer, self.node)
            if self._rings is not None:
                self._on_blending_change()
                self._on_opacity_change()
                self._on_data_change()
            for part in private_part(self.node, "_subvisuals") or ():
                if isinstance(part, MeshVisual):
                    _keep_program(part)
            self._connect_zoom()

        def _connect_zoom(self) -> None:
            """Replace napari's reaction to the zoom, which updates all of the text."""
            update = private_part(self, "_update_text")
            size = private_part(self.layer.text, "_get_scaled_size")
            if update is not None and size is not None:
                self.layer.events.scale_factor.disconnect(update)
                self.layer.events.scale_factor.connect(self._on_zoom)

        def _on_zoom(self) -> None:
            """Keep the size of letters and rings on the screen.

            napari emits the event while it draws. Setting the font size, even to the
            present value, would have everything drawn once more.
            """
            layer, text = self.layer, self.node.text
            size = layer.text._get_scaled_size(layer.scale_factor)
            if not np.isclose(text.font_size, size):
                text.font_size = size
            if self._rings is not None:
                self._rings.follow_zoom()

        def _on_blending_change(self, *_: Any) -> None:
            super()._on_blending_change()
            if self._rings is not None:
                self._rings.follow_blending()

        def _on_opacity_change(self, *_: Any) -> None:
            super()._on_opacity_change()
            if self._rings is not None:
                self._rings.follow_opacity()

        def _on_data_change(self, *_: Any) -> None:
            super()._on_data_change()
            if self._rings is not None:
                self._rings.draw()

    layer_to_visual[ParticleShapes] = ParticlesVisual
    return ParticlesVisual


def _keep_program(mesh: Any) -> None:
    """Make vispy keep a mesh's shader program when its corners or colours change.

    ``MeshVisual._build_color_transform`` returns another shader function after each
    change, for which the program is written, compiled and linked again. That takes
    longer than everything else in drawing a few circles. Seen in vispy 0.17.
    """
    build = private_part(mesh, "_build_color_transform")
    if build is None:
        return
    colours_as_given = build(np.zeros((1, 4), np.float32))

    def build_or_reuse(colours: NDArray[np.floating]) -> object:
        # Single numbers, which a colour map converts, have limits of their own.
        are_numbers = colours.ndim == 2 and colours.shape[1] == 1
        return build(colours) if are_numbers else colours_as_given

    mesh._build_color_transform = build_or_reuse
    # The texture of the default colour map would be transferred after each change.
    mesh.cmap = "grays"
