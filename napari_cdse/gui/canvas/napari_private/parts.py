"""Look up private parts of napari and vispy; give one notice if any is missing."""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter
from typing import Any

import napari

from napari_cdse.gui.session import notifications

_SLOWER = (
    "napari {} is newer than this napari-cdse: everything works, but hundreds of "
    "circles are drawn more slowly, or all of them more faintly (no {}). A newer "
    "napari-cdse will know better."
)
missing_parts: set[str] = set()
"""Names of the parts that were not found since the program was started."""


def note_missing(part: str) -> None:
    """Record that a private part is missing; show the notice the first time.

    Parameters
    ----------
    part : str
        Name of the part, for the notice.
    """
    if not missing_parts:
        notifications.inform(_SLOWER.format(napari.__version__, part))
    missing_parts.add(part)


def private_part(owner: object, names: str) -> Any:
    """Return a private attribute; None, after a notice, if it is missing.

    Parameters
    ----------
    owner : object
        Object of napari or vispy.
    names : str
        Dotted name of the attribute.
    """
    try:
        return attrgetter(names)(owner)
    except AttributeError:
        note_missing(f"{getattr(owner, '__name__', type(owner).__name__)}.{names}")
        return None


def private_import(module: str, name: str) -> Any:
    """Return a name of a private module; None, after a notice, if it is missing."""
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError):
        note_missing(f"{module}.{name}")
        return None
