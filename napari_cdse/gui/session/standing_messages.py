"""Messages that stay in the window until they are closed or no longer true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Message:
    """A message.

    Attributes
    ----------
    name : str
        A newer message of the same name replaces it.
    sentence : str
    passes : bool
        Whether it is withdrawn by the program only; others can be closed.
    remedy : str
        Text of a button that solves the problem; empty for no button.
    act : callable, optional
        What the button does.
    good : bool
        Whether it reports a success and not a problem.
    """

    name: str
    sentence: str
    passes: bool = False
    remedy: str = ""
    act: Callable[[], object] | None = None
    good: bool = False


class StandingMessages(QObject):
    """The messages that the user must read, oldest first.

    Signals
    -------
    changed()
        A message was added, replaced or withdrawn.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages: dict[str, Message] = {}

    @property
    def shown(self) -> tuple[Message, ...]:
        """All messages."""
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
        """Show a message until it is withdrawn or closed; see `Message`."""
        message = Message(name, sentence, passes, remedy, act, good)
        if self._messages.get(name) != message:
            self._messages[name] = message
            self.changed.emit()

    def withdraw(self, name: str) -> None:
        """Withdraw a message, if it is shown."""
        if self._messages.pop(name, None) is not None:
            self.changed.emit()
