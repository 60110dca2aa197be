"""Show a matplotlib figure in napari's theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from napari.utils.theme import get_theme
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cdse.gui.canvas.class_colours import readable
from napari_cdse.gui.widgets.layout import flush_column, keyless
from napari_cdse.io.export.figures.style import (
    DARK,
    LOCK,
    PRINT,
    Palette,
    drawing,
)

if TYPE_CHECKING:
    from matplotlib.backend_bases import MouseEvent

    from napari_cdse.io.export.figures.style import Draw

_AGAIN_MS = 100
"""Milliseconds until the lock is requested again, while another thread draws."""
_LEAST_PX = (260, 260)
"""Least width and height in screen pixels: with less, the text of a figure does not
fit."""
_BRIGHT = 128
"""Mean of red, green and blue, of 255, above which a theme counts as light. A
choice."""


class FigureView(QWidget):
    """Shows one figure in the colours of the theme.

    Parameters
    ----------
    parent : QWidget, optional
    least_px : tuple of int
        Least width and height.

    Signals
    -------
    clicked(number), pointed(number)
        The integer on the horizontal axis that is nearest to the mouse; None outside of
        the axes.
    enlarging()
        The figure was double-clicked.
    """

    clicked = Signal(object)
    pointed = Signal(object)
    enlarging = Signal()

    def __init__(
        self, parent: QWidget | None = None, least_px: tuple[int, int] = _LEAST_PX
    ) -> None:
        super().__init__(parent)
        self._draw: Draw | None = None
        self._palette = DARK
        figure = Figure(layout="constrained")
        canvas: FigureCanvasQTAgg = FigureCanvasQTAgg(figure)  # type: ignore[no-untyped-call]
        self.canvas = keyless(canvas)
        self.canvas.setMinimumSize(*least_px)
        # matplotlib's size hint is that of a whole window.
        any_size = QSizePolicy.Policy.Ignored
        self.canvas.setSizePolicy(any_size, any_size)
        self.canvas.mpl_connect("button_press_event", self._on_press)
        self.canvas.mpl_connect("motion_notify_event", self._on_motion)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._redraw)
        flush_column(self).addWidget(self.canvas)

    @property
    def figure(self) -> Figure:
        """The figure."""
        return self.canvas.figure

    def set_theme(self, name: str) -> None:
        """Use the colours of one of napari's themes."""
        self._palette = palette_of(name)
        self._redraw()

    def show_figure(self, draw: Draw) -> None:
        """Show another figure."""
        self._draw = draw
        self._redraw()

    def _redraw(self) -> None:
        # Another thread may be drawing a file, for which the window must not wait.
        if not LOCK.acquire(blocking=False):
            self._again.start(_AGAIN_MS)
            return
        try:
            with drawing(self._palette):
                self.figure.clear()
                self.figure.set_facecolor(self._palette.paper)
                if self._draw is not None:
                    self._draw(self.figure, self._palette)
        finally:
            LOCK.release()
        self.canvas.draw_idle()  # type: ignore[no-untyped-call]

    def _on_press(self, event: MouseEvent) -> None:
        if event.dblclick:
            self.enlarging.emit()
        else:
            self.clicked.emit(_place(event))

    def _on_motion(self, event: MouseEvent) -> None:
        self.pointed.emit(_place(event))


def palette_of(theme: str) -> Palette:
    """Return the colours of figures in one of napari's themes."""
    colours = get_theme(theme)
    background = colours.background.as_rgb_tuple()
    ours = PRINT if sum(background[:3]) > 3 * _BRIGHT else DARK
    paper = _hex(background)
    return Palette(
        ink=_hex(colours.text.as_rgb_tuple()),
        paper=paper,
        rule=_hex(colours.primary.as_rgb_tuple()),
        classes={name: readable(one, paper) for name, one in ours.classes.items()},
    )


def _hex(colour: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in colour[:3])


def _place(event: MouseEvent) -> int | None:
    if event.inaxes is None or event.xdata is None:
        return None
    return round(event.xdata)
