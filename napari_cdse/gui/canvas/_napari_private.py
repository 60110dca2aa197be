"""All uses of private parts of napari and vispy, each with a fallback.

Each use says what it is for and in which version it was seen. A newer napari may have
renamed or changed the part: then the public way beside it serves, which is slower with
hundreds of circles, and one notice says so. Nothing else may touch private names, nor
derive from a class of napari or vispy; ``tests/test_architecture.py`` sees to that.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
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
from vispy.gloo import IndexBuffer, Texture2D, VertexBuffer, gl
from vispy.scene.visuals import Mesh
from vispy.visuals import MeshVisual

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
_LEAST_WIDTH = 2.2
"""Of a ring, in pixels of the screen. A choice, by eye: thinner ones break up into
dots."""
_MOST_WIDTH = 1.5
"""What a ring may have of its least width where the view is zoomed in. A choice: one
that grows with its particle lies over the particle's edge."""
_BROADEST = 2.0
"""What the broadest ring has of the thinnest one's least width. A choice, by eye: the
one that is chosen is to be told from the others at any zoom."""
_CASING = 1.2
"""How far the dark line below a ring shows on either side, in pixels of the screen. A
choice: the least that still shows as a line where rows of pixels are missed."""
_CASING_COLOUR = (0.0, 0.0, 0.0, 1.0)
"""Black, as no speckle is so dark that a mark of ours would be lost in it."""
_ZOOM_STEP = 1.08
"""By how much the view may be zoomed before rings are drawn anew. A choice: a ring of
two pixels then differs by less than the eye sees."""
_SLOWER = (
    "napari {} is newer than this napari-cdse: everything works, but hundreds of "
    "circles are drawn more slowly, or all of them more faintly (no {}). A newer "
    "napari-cdse will know better."
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
            self._casing: Any = None
            self._drawn_at = 0.0
            super().__init__(*args, **kwargs)
            _lay_each_letter_out_once(_part(self, "node.text"))
            self._case()
            for part in _part(self.node, "_subvisuals") or ():
                if isinstance(part, MeshVisual):
                    _keep_program(part)
            update = _part(self, "_update_text")
            self._scaled = _part(self.layer.text, "_get_scaled_size")
            if update is not None and self._scaled is not None:
                self.layer.events.scale_factor.disconnect(update)
                self.layer.events.scale_factor.connect(self._on_zoom)

        def _on_zoom(self) -> None:
            """Keep letters and rings as large on the screen; they stay where they are.

            napari tells of it while it draws, and setting the size, even to what it is,
            would have all drawn once more.
            """
            layer, text = self.layer, self.node.text
            size = layer.text._get_scaled_size(layer.scale_factor)
            if not np.isclose(text.font_size, size):
                text.font_size = size
            zoomed = layer.scale_factor / self._drawn_at if self._drawn_at else 1.0
            if self._casing is not None and not 1 / _ZOOM_STEP < zoomed < _ZOOM_STEP:
                with self.node.being_drawn():
                    self._draw_rings()

        def _case(self) -> None:
            """Lay a dark line below each ring."""
            casing = _casing_of(self.node)
            mesh = _part(self.layer, "_data_view._mesh")
            there = [_part(mesh, name) is not None for name in _OF_THE_MESH]
            if casing is not None and mesh is not None and all(there):
                self._casing = casing
                self._on_blending_change()
                self._on_opacity_change()
                self._on_data_change()

        def _on_blending_change(self, *_: Any) -> None:
            super()._on_blending_change()
            if self._casing is not None:
                # What lies at the same depth must not be hidden by it.
                self._casing.update_gl_state(depth_test=False)

        def _on_opacity_change(self, *_: Any) -> None:
            super()._on_opacity_change()
            if self._casing is not None:
                # What came to the node later has an opacity of its own.
                self._casing.opacity = self.layer.opacity

        def _on_data_change(self, *_: Any) -> None:
            super()._on_data_change()
            if self._casing is not None:
                self._draw_rings()

        def _draw_rings(self) -> None:
            """Draw rings as broad as the screen needs; the layer's stay as they are."""
            mesh, self._drawn_at = self.layer._data_view._mesh, self.layer.scale_factor
            colours = mesh.displayed_triangles_colors
            seen = colours[:, 3] > 0
            # Flat circles in the midst of a 3-D view stay as napari draws them.
            flat = self.layer._slice_input.ndisplay == 2
            self._casing.visible = bool(seen.any()) and flat
            if not self._casing.visible:
                return
            triangles = mesh.displayed_triangles[seen]
            broad, dark = _drawn_rings(self.layer, mesh)
            self.node.shape_faces.set_data(broad, triangles, face_colors=colours[seen])
            # What fills a shape has no line below it; its corners keep their places.
            edges = triangles[mesh.vertices_offsets[triangles].any(axis=(1, 2))]
            self._casing.set_data(dark, edges, color=_CASING_COLOUR)

    known[ParticleShapes] = ParticlesVisual
    return ParticlesVisual


_OF_THE_MESH = (
    "vertices",
    "vertices_centers",
    "vertices_offsets",
    "vertices_index",
    "displayed_triangles",
    "displayed_triangles_colors",
)
"""What is read of ``napari.layers.shapes._mesh.Mesh``, seen in napari 0.9.2."""


def _drawn_rings(
    layer: Shapes, mesh: Any
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Give the corners of rings as they are drawn, and of the dark lines below them.

    A ring that was given no width has none.

    Returns
    -------
    ndarray, shape (n, 2)
        As vispy has it: column before row.
    ndarray, shape (n, 2)
    """
    px = layer.scale_factor / layer.scale[-1]
    # A layer that is drawn on by hand begins with whole numbers.
    given = np.array(layer.edge_width, dtype=float)
    thinnest = given.min(initial=np.inf, where=given > 0)
    least = np.minimum(given / thinnest, _BROADEST) * _LEAST_WIDTH * px
    # Where the corners of each shape begin, and where those of the last one end.
    lengths = np.diff(mesh.vertices_index)
    shown = np.clip(given, least, _MOST_WIDTH * least)
    width = np.repeat(shown, lengths)[:, np.newaxis]
    broad = mesh.vertices_centers + width * mesh.vertices_offsets
    dark = broad + (width > 0) * 2 * _CASING * px * mesh.vertices_offsets
    return broad[:, ::-1].astype(np.float32), dark[:, ::-1].astype(np.float32)


def _keep_program(mesh: Any) -> None:
    """Have vispy keep a mesh's program when its corners or colours change.

    ``MeshVisual._build_color_transform`` makes another function of the shader at each
    change, and the program is written, compiled and linked anew for it, which costs
    more than all else in the drawing of a few circles. Seen in vispy 0.17.
    """
    build = _part(mesh, "_build_color_transform")
    if build is None:
        return
    of_colours = build(np.zeros((1, 4), np.float32))

    def kept(colours: NDArray[np.floating]) -> object:
        # Numbers, which a colour map turns into colours, have limits of their own.
        numbers = colours.ndim == 2 and colours.shape[1] == 1
        return build(colours) if numbers else of_colours

    mesh._build_color_transform = kept
    # The texture of the usual map would be handed over anew each time.
    mesh.cmap = "grays"


def _casing_of(node: Any) -> Any:
    """Give a compound node of vispy another mesh, which is drawn first.

    napari finds the parts of the node by their numbers, so that it comes last in their
    list. ``CompoundVisual.draw`` and ``_subvisuals``: seen in vispy 0.17. None where
    they are missing.
    """
    known = _part(node, "_subvisuals")
    if known is None or _part(node, "_prepare_draw") is None:
        return None
    casing = Mesh()
    node.add_subvisual(casing)
    base: type = type(node)
    node.__class__ = _cased(base)
    return casing


@cache
def _cased(base: type) -> type:
    class Cased(base):  # type: ignore[misc]  # vispy has no types
        """A compound whose last part is drawn first."""

        _subvisuals: list[Any]

        @contextmanager
        def being_drawn(self) -> Iterator[None]:
            """Have what changes meanwhile not drawn once more: its turn is to come."""
            self.update = lambda: None
            try:
                yield
            finally:
                del self.update

        def draw(self) -> None:
            parts = self._subvisuals
            self._subvisuals = [*parts[-1:], *parts[:-1]]
            try:
                super().draw()
            finally:
                self._subvisuals = parts

    return Cased


def _lay_each_letter_out_once(text: Any) -> None:
    """Make a text node remember how each of its strings is laid out, and outline them.

    napari makes the node itself and takes no other class for it. Seen in napari 0.9.2.
    """
    letters = _letters_class()
    if text is not None and letters is not None:
        text.__class__ = letters
        _outline(text)


_END_OF_LETTERS = """        if (alpha <= 0) discard;

        gl_FragColor = vec4(v_color.rgb, v_color.a * alpha);"""
"""Last lines of the shader of ``TextVisual``, seen in vispy 0.17."""
_OUTLINE = """
        float dark = smoothstep(0.0, 0.2, distance);
        float all = alpha + (1.0 - alpha) * dark;
        if (all <= 0.0) discard;
        gl_FragColor = vec4(v_color.rgb * alpha / all, v_color.a * all);"""
"""Black under the letter, as far as its glyph's distance field reaches, which is 0.5 at
the letter's edge and 0 an eighth of a letter away."""


def _outline(text: Any) -> None:
    """Draw a dark line around each letter, so that no speckle comes next to it."""
    code = (_part(text, "_shaders") or {}).get("fragment", "")
    if _END_OF_LETTERS not in code:
        _miss("the shader of TextVisual as in vispy 0.17")
        return
    text.shared_program.frag = code.replace(_END_OF_LETTERS, _OUTLINE)


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
            _hand_over_once(self._font)
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


def _hand_over_once(font: Any) -> None:
    """Have vispy hand the table by which glyphs are enlarged to the screen but once.

    ``TextVisual._prepare_draw`` hands ``TextureFont._kernel``, an array, over again in
    each drawing. It is in use there, and so all that was drawn before has to be
    finished first. A texture stays where it is. Seen in vispy 0.17.
    """
    kernel = getattr(font, "_kernel", None)
    if isinstance(kernel, np.ndarray):
        font._kernel = Texture2D(kernel)


# --- layers that go -------------------------------------------------------------------


def outlive_removed_layers(viewer: ViewerModel) -> None:
    """Keep the window alive when layers go.

    Where the programs of a removed layer were deleted, Mesa's software renderer dies in
    the second draw that follows, in bare napari too, unless the first was flushed: seen
    with napari 0.9.2, vispy 0.17 and Mesa 22.3, and with every layer that has letters.
    What a canvas is to delete comes to ``GlirParser._parse``, whenever Python lets go
    of it. Without that part all is as in napari.

    Parameters
    ----------
    viewer : ViewerModel
        Whose canvas; one without a window draws nothing.
    """
    path = "window._qt_viewer.canvas._scene_canvas.context.shared.parser"
    try:
        parser: Any = attrgetter(path)(viewer)
        parse = parser._parse
    except (AttributeError, RuntimeError):
        return
    if "_parse" in vars(parser):
        return
    deleted = False

    def parse_and_flush(command: tuple[Any, ...]) -> None:
        nonlocal deleted
        parse(command)
        if command[0] == "DELETE":
            deleted = True
        elif command[0] == "DRAW" and deleted:
            deleted = False
            gl.glFlush()

    parser._parse = parse_and_flush


# --- notices --------------------------------------------------------------------------


def without_binding_notice() -> None:
    """Have napari not say at its start that it will do without PyQt5 one day.

    Its bubble lies over the first micrograph, and who started napari-cdse by itself can
    do nothing about it. ``napari._qt.qt_main_window.SHOW_QT_WARNING``: seen in napari
    0.9.2; without it the bubble comes.
    """
    with suppress(ImportError):
        module: Any = import_module("napari._qt.qt_main_window")
        module.SHOW_QT_WARNING = False


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
