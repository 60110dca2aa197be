"""All that the package uses of the private parts of napari and vispy.

Each use says what it is for and in which version it was seen. A newer napari may have
renamed or changed the part: then the public way beside it serves, which is slower with
hundreds of circles, and one notice says so. Nothing else may touch private names, nor
derive from a class of napari or vispy; ``tests/test_architecture.py`` sees to that.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from napari.layers import Shapes
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QMenu
from vispy.gloo import IndexBuffer, VertexBuffer

from napari_cdse.gui.canvas.class_colours import CLASS_NAMES, rgb
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.viewer_window import find_main_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari import Viewer
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

_COLOURS = np.array([[*rgb(name), 1.0] for name in CLASS_NAMES], dtype=np.float32)
_CORNERS = 4
_TRIANGLES = np.array([0, 1, 2, 0, 2, 3], dtype=np.uint32)
_SLOWER = (
    "napari {} is newer than this napari-cdse: everything works, but hundreds of "
    "circles are drawn more slowly (no {}). A newer napari-cdse will know better."
)
_missed: set[str] = set()


def _miss(part: str) -> None:
    """Note that a private part is not there, and say it the first time."""
    if not _missed:
        notifications.inform(_SLOWER.format(napari.__version__, part))
    _missed.add(part)


def _part(owner: object, names: str) -> Any:
    """Give a private part by its dotted name; None, and a notice, if it is missing."""
    try:
        return attrgetter(names)(owner)
    except AttributeError:
        _miss(f"{getattr(owner, '__name__', type(owner).__name__)}.{names}")
        return None


def _imported(module: str, name: str) -> Any:
    """Give a name of a private module; None, and a notice, if it is missing."""
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError):
        _miss(f"{module}.{name}")
        return None


# --- shapes changed in place ----------------------------------------------------------


def change_shapes(
    layer: Shapes,
    corners: Mapping[int, NDArray[np.floating]],
    widths: Mapping[int, float],
    colours: Mapping[int, NDArray[np.floating]],
) -> None:
    """Change some shapes of a layer; whoever calls it has them drawn.

    ``Shapes.data``, ``edge_width`` and ``edge_color`` set all shapes at once, and
    triangulate or colour each of them anew: at 500 circles that is what the user would
    wait for after a key. ``Shapes._data_view`` (a ``ShapeList``) changes one of them.
    Seen in napari 0.9.2.

    Parameters
    ----------
    layer : Shapes
        To be changed.
    corners : mapping of int to ndarray, shape (n, 2)
        By index of the shape, its vertices in pixels.
    widths : mapping of int to float
        Its edge width in pixels.
    colours : mapping of int to ndarray, shape (4,)
        Its edge colour, RGBA from 0 to 1.
    """
    batched = _part(layer, "_data_view.batched_updates")
    edit = _part(layer, "_data_view.edit")
    set_width = _part(layer, "_data_view.update_edge_width")
    set_colour = _part(layer, "_data_view.update_edge_color")
    if None in (batched, edit, set_width, set_colour):
        _set_all(layer, corners, widths, colours)
        return
    with batched():
        for index, vertices in corners.items():
            edit(index, vertices)
        for index, colour in colours.items():
            set_colour(index, colour)
        for index, width in widths.items():
            set_width(index, width)


def _set_all(
    layer: Shapes,
    corners: Mapping[int, NDArray[np.floating]],
    widths: Mapping[int, float],
    colours: Mapping[int, NDArray[np.floating]],
) -> None:
    """Do the same by the layer's public properties."""
    if corners:
        vertices = [corners.get(at, old) for at, old in enumerate(layer.data)]
        layer.data = list(zip(vertices, layer.shape_type, strict=True))
    if widths:
        layer.edge_width = [widths.get(at, w) for at, w in enumerate(layer.edge_width)]
    if colours:
        edges = np.array(layer.edge_color)
        for index, colour in colours.items():
            edges[index] = colour
        layer.edge_color = edges


# --- several changes of a layer as one ------------------------------------------------


@contextmanager
def changed_at_once(viewer: ViewerModel, layer: Layer) -> Iterator[None]:
    """Have napari take note of new data, scale and place of a layer once for all.

    Each of them has the layer refreshed, and the viewer look anew at how far all
    layers reach, which costs as much as to show the data. ``Layer._block_refresh`` and
    ``ViewerModel._on_layers_change``: seen in napari 0.9.2.

    Parameters
    ----------
    viewer : ViewerModel
        Whose sliders follow its layers.
    layer : Layer
        One of them, or one that is still to be added, to which nobody listens.
    """
    held = _part(layer, "_block_refresh")
    follow = _part(viewer, "_on_layers_change")
    if held is None or follow is None or layer not in viewer.layers:
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(held())
        for name in ("data", "scale", "translate"):
            stack.enter_context(layer.events[name].blocker(follow))
        yield
    layer.refresh()
    follow()


# --- letters --------------------------------------------------------------------------


def particle_shapes(**options: Any) -> Shapes:
    """Make an empty Shapes layer that is quick to draw letters of hundreds of circles.

    Parameters
    ----------
    **options
        As of napari's Shapes; the features have the columns "letter" and "class".

    Returns
    -------
    Shapes
        napari's own where the parts that ours reads are missing.
    """
    if _visual_class() is None:
        return Shapes(**options)
    layer = ParticleShapes(**options)
    there = [_part(layer, names) is not None for names in ParticleShapes.READS]
    return layer if all(there) else Shapes(**options)


def refresh_letters(layer: Shapes) -> None:
    """Let the layer take note of feature rows that were changed in place."""
    if not isinstance(layer, ParticleShapes):
        layer.refresh_text()


class ParticleShapes(Shapes):  # type: ignore[misc]  # napari has no types
    """Shapes layer that reads its letters and their colours from the feature rows.

    napari formats and colours each string by itself, and gathers the corners of all
    shapes anew for each of them; here it is one step for all. ``_view_text``,
    ``_view_text_color`` and ``_view_text_coords`` are what its visual asks for, seen in
    napari 0.9.2.
    """

    READS = (
        "_view_text",
        "_view_text_color",
        "_view_indices",
        "_data_view.displayed_vertices",
        "_data_view.displayed_index",
        "_slice_input.ndisplay",
        "_slice_input.order",
    )
    # Layers are written to files by this name; without it napari takes the class's.
    _type_string = "shapes"

    @property
    def _view_text(self) -> NDArray[np.str_]:
        text: NDArray[np.str_] = (
            super()._view_text
            if not self._rows_fit
            else (self.features["letter"].to_numpy(dtype=str)[self._view_indices])
        )
        return text

    @property
    def _view_text_color(self) -> NDArray[np.floating]:
        colours: NDArray[np.floating]
        if not self._rows_fit:
            colours = super()._view_text_color
            return colours
        # The window stands before any letter is shown: it does not wait for the import.
        import pandas as pd

        # A class that is not known has the code -1, and so the last colour.
        named = pd.Categorical(self.features["class"], categories=CLASS_NAMES)
        colours = _COLOURS[named.codes][self._view_indices]
        return colours

    @property
    def _rows_fit(self) -> bool:
        features = self.features
        return {"letter", "class"} <= set(features) and len(features) == self.nshapes

    @property
    def _view_text_coords(self) -> tuple[NDArray[np.floating], str, str]:
        shapes = self._data_view
        corners, first = shapes.displayed_vertices, shapes.displayed_index
        lengths = np.diff(first, append=len(corners))
        grouped: Any = (
            corners.reshape(len(first), lengths[0], -1).swapaxes(0, 1)
            if np.all(lengths == lengths[0])
            else np.split(corners, first[1:])
        )
        coords: tuple[NDArray[np.floating], str, str] = self.text.compute_text_coords(
            grouped, self._slice_input.ndisplay, self._slice_input.order
        )
        return coords


@cache
def _visual_class() -> type | None:
    """Give the class that draws a `ParticleShapes`, which napari then knows as well.

    napari hands all letters over again when the view is zoomed, only to keep them as
    large on the screen, and its text's layout is done anew for each letter. For both,
    the visual of the layer must be another one: ``VispyShapesLayer``, and its entry in
    ``layer_to_visual``. Seen in napari 0.9.2. None where these are missing.
    """
    base = _imported("napari._vispy.layers.shapes", "VispyShapesLayer")
    known = _imported("napari._vispy.utils.visual", "layer_to_visual")
    if base is None or known is None:
        return None

    class ParticlesVisual(base):  # type: ignore[misc, valid-type]  # napari has no types
        """Draws a `ParticleShapes` layer."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            _lay_each_letter_out_once(_part(self, "node.text"))
            update = _part(self, "_update_text")
            self._scaled = _part(self.layer.text, "_get_scaled_size")
            if update is not None and self._scaled is not None:
                self.layer.events.scale_factor.disconnect(update)
                self.layer.events.scale_factor.connect(self._on_zoom)

        def _on_zoom(self) -> None:
            """Keep the letters as large on the screen; they stay where they are.

            napari tells of it while it draws, and setting the size, even to what it is,
            would have all drawn once more.
            """
            layer, text = self.layer, self.node.text
            size = layer.text._get_scaled_size(layer.scale_factor)
            if not np.isclose(text.font_size, size):
                text.font_size = size

    known[ParticleShapes] = ParticlesVisual
    return ParticlesVisual


def _lay_each_letter_out_once(text: Any) -> None:
    """Make a text node remember how each of its strings is laid out.

    napari makes the node itself and takes no other class for it. Seen in napari 0.9.2.
    """
    letters = _letters_class()
    if text is not None and letters is not None:
        text.__class__ = letters


@cache
def _letters_class() -> type | None:
    """Give the text node of our letters; None where its parts are missing.

    vispy lays each string out by itself: at 500 letters that takes longer than all
    else in the picture. There are a handful of different ones. ``_text_to_vbo`` and
    the attributes of ``TextVisual`` that its ``_prepare_draw`` fills: seen in
    vispy 0.17.
    """
    base = _imported("napari._vispy.visuals.text", "Text")
    lay_out = _imported("vispy.visuals.text.text", "_text_to_vbo")
    if base is None or lay_out is None:
        return None

    class Letters(base):  # type: ignore[misc, valid-type]  # vispy has no types
        """Text that lays each of its different strings out once."""

        _vertices: Any

        def _prepare_draw(self, view: Any) -> object:
            strings = [self.text] if isinstance(self.text, str) else list(self.text)
            try:
                if self._vertices is None and strings:
                    self._lay_out(strings)
            except (AttributeError, TypeError) as error:
                # vispy does it otherwise now, and knows how.
                _miss(f"TextVisual as in vispy 0.17: {error}")
                self._vertices = None
                self.__class__ = base
            return base._prepare_draw(self, view)

        def _lay_out(self, strings: list[str]) -> None:
            """Give vispy the corners of all letters, as it would have found them."""
            known = {one: self._corners_of(one) for one in set(strings)}
            self._vertices_data = np.concatenate([known[one] for one in strings])
            self._vertices = VertexBuffer(self._vertices_data)
            first = np.arange(0, len(self._vertices_data), _CORNERS, dtype=np.uint32)
            triangles = _TRIANGLES + first[:, np.newaxis]
            self._index_buffer = IndexBuffer(triangles.ravel())
            self.shared_program.bind(self._vertices)
            self._configure_gl_state()

        def _corners_of(self, string: str) -> NDArray[np.void]:
            font = self._font
            corners: NDArray[np.void] = lay_out(
                string, font, *self._anchors, font._lowres_size, self._line_height
            )
            return corners

    return Letters


# --- keys -----------------------------------------------------------------------------


def menu_keys(viewer: Viewer) -> Iterator[tuple[str, str]]:
    """Give the keys of napari's menus, each with the name of what it does.

    There is no public list of them: ``napari._app_model.get_app_model`` has it, seen
    in napari 0.9.2. Without it the menus of the window say it, as Qt knows them.
    """
    model = _imported("napari._app_model", "get_app_model")
    if model is not None:
        for rule in model().keybindings:
            yield str(rule.keybinding), rule.command_id.rpartition(".")[2]
        return
    window = find_main_window(viewer)
    menus = () if window is None else window.findChildren(QMenu)
    for action in (one for menu in menus for one in menu.actions()):
        for key in action.shortcuts():
            written = key.toString(QKeySequence.SequenceFormat.PortableText)
            yield str(coerce_keybinding(written)), action.text().replace("&", "")
