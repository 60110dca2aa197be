"""Messages that stay in the window until they are read or no longer true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence.

    Attributes
    ----------
    name : str
        Of what it is about: a newer message of that name takes its place.
    sentence : str
    passes : bool
        Whether it goes by itself; otherwise the user closes it.
    remedy : str
        What a button says that puts right what it is about; empty for none.
    act : callable, optional
        What the button does.
    good : bool
        Whether it tells of what was done, and nothing is wrong.
    """

    name: str
    sentence: str
    passes: bool = False
    remedy: str = ""
    act: Callable[[], object] | None = None
    good: bool = False


class StandingMessages(QObject):
    """What the user must read, oldest first; napari's notices go after seconds.

    `changed` says that there are others.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages: dict[str, Message] = {}

    @property
    def shown(self) -> tuple[Message, ...]:
        """All of them."""
        return tuple(self._messages.values())

    def put(
        self,
        name: str,
        sentence: str,
        *,
        passes: bool = False,
        remedy: str = "",
        act: Callable[[], object] | None = None,
        good: bool = False,
    ) -> None:
        """Say something until it is withdrawn or closed."""
        message = Message(name, sentence, passes, remedy, act, good)
        if self._messages.get(name) != message:
            self._messages[name] = message
            self.changed.emit()

    def withdraw(self, name: str) -> None:
        """Say it no longer."""
        if self._messages.pop(name, None) is not None:
            self.changed.emit()
