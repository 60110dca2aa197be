"""Registry of all shortcuts, for bindings, the list of keys and the documentation.

The letters are those that napari's Image and Shapes layers leave free, or that napari
uses only in three dimensions, which a micrograph does not have. Delete and Backspace
are bound on all our layers so that they mean the same whichever is active; on the
Shapes layer they do what napari does with them, with undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An action with its keys.

    Attributes
    ----------
    name : str
        Also the name of the callback that does it.
    keys : tuple of str
        In napari's notation; each of them triggers the action.
    description : str
    hold : bool
        Whether the action lasts as long as the key is down.
    """

    name: str
    keys: tuple[str, ...]
    description: str
    hold: bool = False

    @property
    def short(self) -> str:
        """Description up to its colon."""
        return self.description.split(":")[0]


SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("label_yes", ("Y",), "Yes: resolved, with a visible defect"),
    Shortcut("label_no", ("N",), "No: resolved, no visible defect"),
    Shortcut("label_null", ("U",), "Null: not resolved"),
    Shortcut("label_empty", ("O",), "Empty: no particle here"),
    Shortcut("accept", ("K",), "Accept what the forest says"),
    Shortcut("defer", ("J",), "Leave it for later: it comes again at the end"),
    Shortcut("next", (".",), "Skip to the next particle"),
    Shortcut("previous", (",",), "Back to the particle before"),
    Shortcut("next_micrograph", ("PageDown",), "Next micrograph"),
    Shortcut("previous_micrograph", ("PageUp",), "Micrograph before"),
    Shortcut("remove", ("Delete", "Backspace"), "Remove the circle"),
    Shortcut("undo", ("Control-Z",), "Undo"),
    Shortcut("redo", ("Control-Shift-Z",), "Redo"),
    Shortcut("draw", ("G",), "Draw a circle: drag over the particle"),
    Shortcut("grab", ("M",), "Move and resize circles"),
    Shortcut("hide", ("H",), "Hide circles and maps while held", hold=True),
    Shortcut("whole", ("W",), "See the whole micrograph"),
    Shortcut("measure", ("Q",), "Measure a distance: drag a line"),
    Shortcut("scale_bar", ("C",), "Set the pixel size: drag along the scale bar"),
    Shortcut("leave_region_out", ("Shift-X",), "Leave a region out: drag over it"),
    Shortcut("key_sheet", ("F1",), "This list (? too)"),
)

NAPARI_KEYS: tuple[tuple[str, str], ...] = (
    ("E", "napari: draw an ellipse (becomes a circle)"),
    ("S", "napari: select, move and resize shapes"),
    ("Z", "napari: move the picture again"),
    ("Space", "napari: move the picture while held"),
    ("Ctrl+C, Ctrl+V", "napari: copy and paste circles"),
)


def bind(
    target: Any, actions: Mapping[str, Callable[..., object]], keys: Iterable[Shortcut]
) -> None:
    """Bind shortcuts on a viewer or a layer.

    Parameters
    ----------
    target : ViewerModel or Layer
        Whose key map to use.
    actions : mapping of str to callable
        By name of the shortcut; one with `hold` is called with True when the key
        goes down and with False when it comes up.
    keys : iterable of Shortcut
        Shortcuts to bind.
    """
    for shortcut in keys:
        action = actions[shortcut.name]
        handler = _hold_handler(action) if shortcut.hold else _press_handler(action)
        for key in shortcut.keys:
            target.bind_key(key, handler, overwrite=True)


def unbind(target: Any, keys: Iterable[Shortcut]) -> None:
    """Remove shortcuts from a viewer's or layer's key map."""
    for shortcut in keys:
        for key in shortcut.keys:
            target.bind_key(key, None)


def _press_handler(action: Callable[[], object]) -> Callable[[Any], None]:
    def handle(_target: Any) -> None:
        action()

    return handle


def _hold_handler(action: Callable[[bool], object]) -> Callable[[Any], Any]:
    # Napari resumes a generator when the key comes up.
    def handle(_target: Any) -> Any:
        action(True)
        yield
        action(False)

    return handle
