"""Draw letters: equal ones are laid out once, and all have a dark outline."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from vispy.gloo import IndexBuffer, Texture2D, VertexBuffer

from napari_cdse.gui.canvas.napari_private.parts import (
    note_missing,
    private_import,
    private_part,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_CORNERS = 4
_TRIANGLES = np.array([0, 1, 2, 0, 2, 3], dtype=np.uint32)
"""The two triangles of a glyph's rectangle, as indices of its four corners."""
SHADER_END = """        if (alpha <= 0) discard;

        gl_FragColor = vec4(v_color.rgb, v_color.a * alpha);"""
"""Last lines of the shader of ``TextVisual``; seen in vispy 0.17."""
_SHADER_WITH_OUTLINE = """
        float dark = smoothstep(0.0, 0.2, distance);
        float all = alpha + (1.0 - alpha) * dark;
        if (all <= 0.0) discard;
        gl_FragColor = vec4(v_color.rgb * alpha / all, v_color.a * all);"""
"""Black below the letter, as far as the distance field of its glyph extends; that is
0.5 at the letter's edge and 0 at an eighth of a letter from it."""


def improve_letters(text: Any) -> None:
    """Give a text node an outline around its letters, and a layout for each string.

    napari creates the node itself and accepts no other class, so that the class of the
    existing node is replaced. Seen in napari 0.9.2.

    Parameters
    ----------
    text : Text or None
        napari's text node.
    """
    letters = letters_class()
    if text is not None and letters is not None:
        text.__class__ = letters
        outline(text)


def outline(text: Any) -> None:
    """Draw a dark line around each letter, to set it off from the speckle."""
    code = (private_part(text, "_shaders") or {}).get("fragment", "")
    if SHADER_END not in code:
        note_missing("the shader of TextVisual as in vispy 0.17")
        return
    text.shared_program.frag = code.replace(SHADER_END, _SHADER_WITH_OUTLINE)


@cache
def letters_class() -> type | None:
    """Return the class of the text node; None if private parts are missing.

    vispy lays each string out by itself, which takes longer than all else in a picture
    with 500 letters, of which only a few differ. ``_text_to_vbo``, and the attributes
    of ``TextVisual`` that its ``_prepare_draw`` fills: seen in vispy 0.17.
    """
    base = private_import("napari._vispy.visuals.text", "Text")
    text_to_corners = private_import("vispy.visuals.text.text", "_text_to_vbo")
    if base is None or text_to_corners is None:
        return None

    class Letters(base):  # type: ignore[misc, valid-type]  # vispy has no types
        """Text that lays each of its different strings out once."""

        _vertices: Any

        def _prepare_draw(self, view: Any) -> object:
            strings = [self.text] if isinstance(self.text, str) else list(self.text)
            _keep_kernel_texture(self._font)
            try:
                if self._vertices is None and strings:
                    self._lay_out(strings)
            except (AttributeError, TypeError) as error:
                # A newer vispy works otherwise: leave the layout to it.
                note_missing(f"TextVisual as in vispy 0.17: {error}")
                self._vertices = None
                self.__class__ = base
            return base._prepare_draw(self, view)

        def _lay_out(self, strings: Sequence[str]) -> None:
            """Set the corners of all letters, as vispy would compute them."""
            font = self._font
            by_string = {
                each: text_to_corners(
                    each, font, *self._anchors, font._lowres_size, self._line_height
                )
                for each in set(strings)
            }
            corners: NDArray[np.void]
            corners = np.concatenate([by_string[each] for each in strings])
            self._vertices_data = corners
            self._vertices = VertexBuffer(corners)
            self._index_buffer = IndexBuffer(_triangles(len(corners)))
            self.shared_program.bind(self._vertices)
            self._configure_gl_state()

    return Letters


def _triangles(n_corners: int) -> NDArray[np.uint32]:
    """Return the corners of two triangles for each glyph's rectangle."""
    first = np.arange(0, n_corners, _CORNERS, dtype=np.uint32)
    return (_TRIANGLES + first[:, np.newaxis]).ravel()


def _keep_kernel_texture(font: Any) -> None:
    """Make vispy transfer the table for the interpolation of glyphs only once.

    ``TextVisual._prepare_draw`` transfers the array ``TextureFont._kernel`` in each
    drawing. The table is in use then, so that the transfer waits for all that was drawn
    before. A texture is not transferred again. Seen in vispy 0.17.
    """
    kernel = getattr(font, "_kernel", None)
    if isinstance(kernel, np.ndarray):
        font._kernel = Texture2D(kernel)
