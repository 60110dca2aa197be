"""The one active tool: measure, scale bar or exclude region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from napari_cdse.gui.canvas.micrograph_view import MicrographView


class Tool(Protocol):
    """What takes the mouse on the micrograph until it ends."""

    name: str
    ended: Any

    def end(self) -> None:
        """Give the mouse back."""


T = TypeVar("T", bound=Tool)


class ActiveTool(QObject):
    """A slot for one tool: another one ends it, and so does another micrograph.

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
        """Take a tool up, or put it away if it is the one that is up.

        Parameters
        ----------
        name : str
            Of the tool.
        make : callable
            Gives a new one.

        Returns
        -------
        Tool or None
            None where no tool is up now.
        """
        was_up = self.current is not None and self.current.name == name
        self.end()
        if was_up or not self._canvas.at_rest or not self._canvas.seen():
            return None
        tool = make()
        self.current = tool
        tool.ended.connect(lambda: self._on_ended(tool))
        return tool

    def end(self) -> None:
        """Put away whatever is up."""
        if self.current is not None:
            self.current.end()

    def _on_ended(self, tool: Tool) -> None:
        if self.current is tool:
            self.current = None
