"""The slot for the tool in use: ruler, scale bar, line profile or region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from napari_cdse.gui.canvas.micrograph_view import MicrographView


class Tool(Protocol):
    """A tool that uses the mouse on the micrograph until it ends."""

    name: str
    ended: Any

    def end(self) -> None:
        """Put the tool away."""


T = TypeVar("T", bound=Tool)


class ActiveTool(QObject):
    """Holds one tool at a time; it ends with another tool or micrograph.

    Parameters
    ----------
    canvas : MicrographView

    Attributes
    ----------
    current : Tool or None
    """

    def __init__(self, canvas: MicrographView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.current: Tool | None = None
        canvas.leaving.connect(self.end)

    def toggle(self, name: str, make: Callable[[], T]) -> T | None:
        """Start a tool, or put it away if it is the one in use.

        Parameters
        ----------
        name : str
            Name of the tool.
        make : callable
            Returns a new one.

        Returns
        -------
        Tool or None
            None if no tool is in use now.
        """
        was_in_use = self.current is not None and self.current.name == name
        self.end()
        if was_in_use or not self._canvas.at_rest or not self._canvas.seen():
            return None
        tool = make()
        self.current = tool
        tool.ended.connect(lambda: self._on_ended(tool))
        return tool

    def end(self) -> None:
        """Put away the tool in use, if there is one."""
        if self.current is not None:
            self.current.end()

    def _on_ended(self, tool: Tool) -> None:
        if self.current is tool:
            self.current = None
