"""Keys and mouse on the canvas of one workspace."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import Qt

from tests.gui.conftest import at, canvas, click, drag, move, press

K = Qt.Key
NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@dataclass
class CanvasInput:
    """What a user does on the canvas of one workspace."""

    workspace: object
    qtbot: object

    @property
    def layer(self):
        return self.workspace.canvas.particles.layer

    def key(self, key, modifier=NO_KEY) -> None:
        press(self.workspace, self.qtbot, key, modifier)

    def drag(self, start, end) -> None:
        drag(self.workspace, self.qtbot, start, end)

    def click(self, row, col) -> None:
        click(self.workspace, self.qtbot, row, col)

    def double_click(self, row, col) -> None:
        self.click(row, col)
        place = at(self.workspace, row, col)
        self.qtbot.mouseDClick(canvas(self.workspace), LEFT, NO_KEY, place)

    def press_mouse(self, row, col) -> None:
        place = at(self.workspace, row, col)
        self.qtbot.mousePress(canvas(self.workspace), LEFT, NO_KEY, place)

    def release_mouse(self, row, col) -> None:
        place = at(self.workspace, row, col)
        self.qtbot.mouseRelease(canvas(self.workspace), LEFT, NO_KEY, place)

    def around(self, places) -> None:
        """Drag along some places with the button held."""
        self.press_mouse(*places[0])
        for row, col in places[1:]:
            move(self.workspace, self.qtbot, row, col)
        self.release_mouse(*places[-1])

    def choose(self, row, col) -> None:
        """Select a circle with napari's tool."""
        self.key(K.Key_M)
        self.click(row, col)

    def set_cell(self, column, value) -> None:
        """Write into napari's features table, which tells nobody."""
        features = self.layer.features
        features.iat[2, features.columns.get_loc(column)] = value
