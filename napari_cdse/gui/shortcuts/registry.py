"""Registry of all shortcuts, for bindings, the list of keys and the documentation.

Letters that napari's Image and Shapes layers leave free, or whose own meaning needs
three dimensions, which a micrograph does not have. Delete and Backspace are taken
over on our layers so that they mean the same whichever of them is active; on the
Shapes layer they do what napari does with them, and that goes through undo too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One thing that a key does.

    Attributes
    ----------
    name : str
        Also the name of the callback that does it.
    keys : tuple of str
        As napari writes them; all of them do the same.
    description : str
    hold : bool
        It lasts while the key is down.
    """

    name: str
    keys: tuple[str, ...]
    description: str
    hold: bool = False

    @property
    def short(self) -> str:
        """The description up to its colon."""
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
        By name of the shortcut; one that holds is called with True when the key
        goes down and with False when it comes up.
    keys : iterable of Shortcut
        Those to bind.
    """
    for shortcut in keys:
        action = actions[shortcut.name]
        handler = _holding(action) if shortcut.hold else _pressing(action)
        for key in shortcut.keys:
            target.bind_key(key, handler, overwrite=True)


def unbind(target: Any, keys: Iterable[Shortcut]) -> None:
    """Give a viewer's or layer's keys back."""
    for shortcut in keys:
        for key in shortcut.keys:
            target.bind_key(key, None)


def _pressing(action: Callable[[], object]) -> Callable[[Any], None]:
    def handle(_target: Any) -> None:
        action()

    return handle


def _holding(action: Callable[[bool], object]) -> Callable[[Any], Any]:
    def handle(_target: Any) -> Any:
        action(True)
        yield
        action(False)

    return handle
