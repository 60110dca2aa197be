"""Leave out micrographs and regions, and take them in again: menu and question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QMenu, QWidget

from napari_cdse.core.regions import REASONS
from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.tools.reason_dialog import ReasonDialog
from napari_cdse.gui.tools.region_tool import DRAWING, RegionTool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.tools.active_tool import ActiveTool
    from napari_cdse.project import MicrographEntry

_HINT = (
    "Drag over the region to leave out; P: a polygon corner by corner, closed by "
    "Escape or a double click; Escape again ends."
)


class Exclusions(QObject):
    """Leaves micrographs and regions out, and takes them in again.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    active : ActiveTool
        Slot for the tool that draws a region.

    Attributes
    ----------
    dialog : ReasonDialog or None
        None unless the user is asked for a reason.
    """

    def __init__(
        self, session: Session, canvas: MicrographView, active: ActiveTool
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._active = active
        self._last_reason = REASONS[0]
        self.dialog: ReasonDialog | None = None

    # --- whole micrographs ----------------------------------------------------

    def leave_out(self, index: int, reason: str) -> None:
        """Leave out a micrograph."""
        self._last_reason = reason
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
        """Leave out a micrograph, after asking for the reason."""
        name = self._session.entries[index].name
        self._ask(name, lambda reason: self.leave_out(index, reason))

    def ask_for_micrographs(self, indices: Sequence[int]) -> None:
        """Leave out micrographs in one step, after asking for the reason."""
        chosen = [
            each for each in indices if self._session.entries[each].excluded is None
        ]
        if not chosen:
            return
        number = len(chosen)
        what = "1 micrograph" if number == 1 else f"each of {number} micrographs"

        def leave_out(reason: str) -> None:
            self._last_reason = reason
            with self._session.reporting_errors():
                self._session.project.exclusions.set_all_excluded(chosen, reason)

        self._ask(what, leave_out)

    # --- regions --------------------------------------------------------------

    def draw(self) -> None:
        """Start the tool that draws a region, or put it away."""
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
            self._last_reason = reason
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
        dialog = self.dialog = ReasonDialog(what, self._last_reason, window)
        dialog.accepted.connect(lambda: answered(dialog.reason))
        if rejected is not None:
            dialog.rejected.connect(rejected)
        dialog.finished.connect(self._on_answered)
        dialog.open()

    def _on_answered(self, _result: int) -> None:
        self.dialog = None

    def menu(self, index: int, parent: QWidget) -> QMenu:
        """Return the menu of one micrograph: what to leave out or take in again."""
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
