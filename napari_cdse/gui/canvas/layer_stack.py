"""Insert, remove and hide our layers among those of the viewer."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_cdse.gui.session.viewer_window import WindowClosedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer


class LayerStack:
    """The viewer's list of layers, as far as our layers are concerned.

    It also hides the layers over the micrograph while a key is held, including those
    that are inserted meanwhile.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._hidden: list[Layer] = []
        self._hides = False

    @property
    def viewer(self) -> ViewerModel:
        """The viewer; raises `WindowClosedError` if its window was closed."""
        viewer = self._viewer()
        if viewer is None:
            raise WindowClosedError
        return viewer

    @property
    def is_open(self) -> bool:
        """Whether the viewer is still there."""
        return self._viewer() is not None

    def __contains__(self, layer: object) -> bool:
        """Whether a layer is in a viewer that is still there."""
        viewer = self._viewer()
        return viewer is not None and layer is not None and layer in viewer.layers

    def index(self, layer: Layer) -> int:
        """Return the place of a layer in the viewer's list, the lowest first."""
        return int(self.viewer.layers.index(layer))

    def insert_below(self, layer: Layer, above: Iterable[Layer | None]) -> None:
        """Insert a layer below the first of some others that is there, else on top."""
        places = (
            self.index(each) for each in above if each is not None and each in self
        )
        layers = self.viewer.layers
        layers.insert(next(places, len(layers)), layer)

    def remove(self, layers: Iterable[Layer | None]) -> None:
        """Remove those of some layers that are there."""
        for layer in layers:
            if layer in self:
                self.viewer.layers.remove(layer)

    def raise_all(self, layers: Iterable[Layer]) -> None:
        """Move layers above all others; the last one becomes the topmost."""
        for layer in layers:
            self.viewer.layers.move(self.index(layer), len(self.viewer.layers))

    def make_active(self, layer: Layer | None) -> None:
        """Make a layer the active one, if it is there."""
        if layer in self:
            self.viewer.layers.selection.active = layer

    @contextmanager
    def keeping_active(self) -> Iterator[None]:
        """Keep the active layer, which napari changes with each insertion."""
        active = self.viewer.layers.selection.active
        yield
        self.make_active(active)

    # --- hiding while a key is held -------------------------------------------

    @property
    def hides(self) -> bool:
        """Whether the layers over the micrograph are hidden by a key held down."""
        return self._hides

    def hide(self, layers: Iterable[Layer]) -> None:
        """Hide those of some layers that are visible, until `unhide`."""
        if not self._hides:
            self._hidden = [one for one in layers if one.visible]
        self._hides = True
        for layer in self._hidden:
            layer.visible = False

    def unhide(self) -> None:
        """Show the layers again that `hide` has hidden."""
        self._hides = False
        for layer in self._hidden:
            layer.visible = True
        self._hidden = []

    def hide_inserted(self, layer: Layer) -> None:
        """Hide a layer that was inserted while the key is held."""
        if self._hides and layer.visible:
            layer.visible = False
            self._hidden.append(layer)

    def is_shown(self, layer: Layer) -> bool:
        """Whether a layer is visible, or would be if the key was not held."""
        return layer.visible or layer in self._hidden

    def forget_hidden(self) -> None:
        """Forget the hidden layers, which were removed."""
        self._hidden = []
