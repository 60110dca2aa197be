"""Leave out micrographs and regions: menu, drawing, question for the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Shapes
from qtpy.QtCore import QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.core.regions import REASONS
from napari_cdse.gui.canvas.particles.drawing_state import DrawingState
from napari_cdse.gui.canvas.particles.geometry import ellipse_outline
from napari_cdse.gui.canvas.particles.shapes_style import OURS
from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.layout import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.utils.events import Event
    from qtpy.QtWidgets import QWidget

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.tools.active_tool import ActiveTool
    from napari_cdse.project import MicrographEntry

DRAWING = "leave out"
_HINT = (
    "Drag over the region to leave out; P: a polygon corner by corner, closed by "
    "Escape or a double click; Escape again ends."
)
_COLOUR = "#e6e6e6"
_FACE = "#8080804d"
_WIDTH_SCREEN_PX = 2.0
_SLIP_SCREEN_PX = 6.0


class RegionTool(QObject):
    """A tool: drag over a region or draw a polygon, Escape to leave.

    Its layer goes with the tool. The tool ends when another layer becomes the active
    one.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        It must show a micrograph.

    Attributes
    ----------
    drawn : signal
        Carries the corners of a region, (row, column) each, in px.
    ended : signal
    """

    drawn = Signal(object)
    ended = Signal()

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(canvas)
        self._session = session
        self._layers = canvas.layers
        self._over = False
        self.name = DRAWING
        viewer = session.open_viewer
        self._before = viewer.layers.selection.active
        self.layer = Shapes(
            ndim=2,
            name=DRAWING,
            **canvas.layers.placement,
            face_color=_FACE,
            edge_color=_COLOUR,
            opacity=1.0,
        )
        self.layer.metadata[OURS] = DRAWING
        self._drawing = DrawingState(self.layer)
        self.layer.current_edge_width = _WIDTH_SCREEN_PX * self._layers.camera.screen_px
        viewer.add_layer(self.layer)
        canvas.layer_added.emit(self.layer)
        self.layer.bind_key("Escape", lambda _layer: self._escape(), overwrite=True)
        self.layer.mode = "add_rectangle"
        self.layer.events.data.connect(self._on_data)
        viewer.layers.selection.events.active.connect(self._on_active)

    def end(self) -> None:
        """Take the layer away and go back to the one that was active before."""
        if self._over:
            return
        self._over = True
        viewer, layer = self._session.viewer, self.layer
        layer.events.data.disconnect(self._on_data)
        if viewer is not None:
            viewer.layers.selection.events.active.disconnect(self._on_active)
            mine_is_active = viewer.layers.selection.active is layer
            if layer in viewer.layers:
                viewer.layers.remove(layer)
            if mine_is_active and self._before in viewer.layers:
                viewer.layers.selection.active = self._before
        self.ended.emit()
        self.deleteLater()

    def clear(self) -> None:
        """Take away what was drawn."""
        if not self._over and self.layer.nshapes:
            self.layer.remove(list(range(self.layer.nshapes)))

    def _escape(self) -> None:
        """Finish a polygon first, as napari does, then leave the tool."""
        if self._drawing.active:
            # To leave the mode is the public way to finish what is drawn in it.
            mode, self.layer.mode = self.layer.mode, "pan_zoom"
            self.layer.mode = mode
        else:
            self.end()

    def _on_active(self) -> None:
        viewer = self._session.viewer
        if viewer is not None and viewer.layers.selection.active is not self.layer:
            self.end()

    def _on_data(self, event: Event) -> None:
        # While a polygon grows, and in the middle of napari's own handling, the
        # layer must not be touched.
        if self._drawing.follow(event):
            QTimer.singleShot(0, self._read)

    def _read(self) -> None:
        layer = self.layer
        if self._over or self._drawing.active or not layer.nshapes:
            return
        corners = layer.data[-1][:, -2:]
        kind = layer.shape_type[-1]
        slip = _SLIP_SCREEN_PX * self._layers.camera.screen_px
        if kind in ("line", "path") or min(corners.max(0) - corners.min(0)) < slip:
            self.clear()
            return
        if kind == "ellipse":
            corners = ellipse_outline(corners)
        self.drawn.emit([(float(row), float(col)) for row, col in corners])


class Exclusions(QObject):
    """Leaves micrographs and regions out, and takes them in again.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    active : ActiveTool
        Where the tool goes that draws a region.

    Attributes
    ----------
    dialog : ReasonDialog or None
        While it asks for a reason.
    """

    def __init__(
        self, session: Session, canvas: MicrographView, active: ActiveTool
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._active = active
        self._reason = REASONS[0]
        self.dialog: ReasonDialog | None = None

    # --- whole micrographs ----------------------------------------------------

    def leave_out(self, index: int, reason: str) -> None:
        """Leave a micrograph out."""
        self._reason = reason
        with self._session.reporting_errors():
            self._session.project.exclusions.set_excluded(index, reason)

    def take_in(self, index: int) -> None:
        """Take a micrograph back in."""
        with self._session.reporting_errors():
            self._session.project.exclusions.set_excluded(index, None)

    def take_region_in(self, index: int, region_id: str) -> None:
        """Take a region back in, with its circles."""
        with self._session.reporting_errors():
            self._session.project.exclusions.remove_region(index, region_id)

    def ask_for_micrograph(self, index: int) -> None:
        """Ask why a micrograph is left out, and leave it out."""
        name = self._session.entries[index].name
        self._ask(name, lambda reason: self.leave_out(index, reason))

    def ask_for_micrographs(self, indices: Sequence[int]) -> None:
        """Ask why some micrographs are left out, and leave them out in one step."""
        chosen = [
            each for each in indices if self._session.entries[each].excluded is None
        ]
        if not chosen:
            return
        number = len(chosen)
        what = "1 micrograph" if number == 1 else f"each of {number} micrographs"

        def leave_out(reason: str) -> None:
            self._reason = reason
            with self._session.reporting_errors():
                self._session.project.exclusions.set_all_excluded(chosen, reason)

        self._ask(what, leave_out)

    # --- regions --------------------------------------------------------------

    def draw(self) -> None:
        """Take up the tool that draws a region, or put it away."""
        tool = self._active.toggle(
            DRAWING, lambda: RegionTool(self._session, self._canvas)
        )
        if tool is not None:
            tool.drawn.connect(lambda corners: self._on_drawn(tool, corners))
            self._session.say(_HINT)

    def _on_drawn(self, tool: RegionTool, corners: list[tuple[float, float]]) -> None:
        index = self._session.project.selection.index
        if index is None:
            return

        def leave_out(reason: str) -> None:
            self._reason = reason
            tool.end()
            with self._session.reporting_errors():
                self._session.project.exclusions.add_region(index, corners, reason)

        self._ask("this region", leave_out, tool.clear)

    # --- the question and the menu --------------------------------------------

    def _ask(
        self,
        what: str,
        answered: Callable[[str], None],
        rejected: Callable[[], None] | None = None,
    ) -> None:
        if self.dialog is not None:
            return
        window = main_window(self._session.viewer)
        dialog = self.dialog = ReasonDialog(what, self._reason, window)
        dialog.accepted.connect(lambda: answered(dialog.reason))
        if rejected is not None:
            dialog.rejected.connect(rejected)
        dialog.finished.connect(self._on_answered)
        dialog.open()

    def _on_answered(self, _result: int) -> None:
        self.dialog = None

    def menu(self, index: int, parent: QWidget) -> QMenu:
        """Make the menu of one micrograph: leave it or a part out, take back in."""
        entry = self._session.entries[index]
        menu = QMenu(parent)
        if entry.excluded is None:
            reasons = menu.addMenu(caption(f"Leave {entry.name} out"))
            for reason in REASONS:
                reasons.addAction(reason, lambda one=reason: self.leave_out(index, one))
            reasons.addSeparator()
            reasons.addAction(
                "Another reason...", lambda: self.ask_for_micrograph(index)
            )
        else:
            menu.addAction(
                caption(f"Take {entry.name} in again ({entry.excluded})"),
                lambda: self.take_in(index),
            )
        self._add_regions(menu, entry)
        return menu

    def _add_regions(self, menu: QMenu, entry: MicrographEntry) -> None:
        draw = menu.addAction("Leave a region out: draw it", self.draw)
        project = self._session.project
        draw.setEnabled(
            project.selection.index == entry.index
            and self._canvas.particles is not None
        )
        for region in entry.regions:
            menu.addAction(
                caption(f"Take a region in again ({region.reason})"),
                lambda one=region.id: self.take_region_in(entry.index, one),
            )


class ReasonDialog(QDialog):
    """Choose a reason from the usual ones, or write another.

    Parameters
    ----------
    what : str
        What is left out, for the question.
    first : str
        The reason to start with.
    """

    def __init__(self, what: str, first: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Leave out")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question = sentence(f"Why is {what} left out?")
        self.field = QComboBox()
        self.field.setEditable(True)
        # It takes the first Return for the end of a completion where text is selected.
        self.field.setCompleter(None)  # type: ignore[arg-type]  # Qt takes none
        self.field.addItems(list(REASONS))
        self.field.setCurrentText(first)
        self.field.setMinimumWidth(280)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.field.currentTextChanged.connect(self._enable)
        column = QVBoxLayout(self)
        for widget in (question, self.field, self.buttons):
            column.addWidget(widget)
        self.field.lineEdit().selectAll()
        self.field.setFocus()
        self._enable()

    @property
    def reason(self) -> str:
        """What was chosen or written."""
        return self.field.currentText().strip()

    def _enable(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.reason))
