"""Counts the events of one kind that reach a widget."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QWidget


class Count(QObject):
    """How many events of a kind came to a widget since it was made.

    Attributes
    ----------
    number : int
    """

    def __init__(self, widget: QWidget, kind: QEvent.Type) -> None:
        super().__init__(widget)
        self._kind = kind
        self.number = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Count it, and let it through."""
        self.number += event.type() == self._kind
        return False


def all_drawn() -> None:
    """Let Qt draw, and draw again what asked for it meanwhile."""
    for _ in range(5):
        QApplication.processEvents()


def is_still(paints: Count) -> bool:
    """Let Qt draw, and tell whether nothing had asked for it: to be waited for."""
    before = paints.number
    all_drawn()
    return paints.number == before


def wait_until_drawn(qtbot: QtBot, paints: Count, act: Callable[[], object]) -> None:
    """Let a widget come to rest, act, and wait until it is drawn anew.

    The widget must be exposed: a window that the screen has not shown draws nothing.
    """
    qtbot.waitUntil(lambda: is_still(paints))
    before = paints.number
    act()
    qtbot.waitUntil(lambda: paints.number > before)
