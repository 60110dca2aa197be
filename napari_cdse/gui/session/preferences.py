"""Our pages of napari's Preferences, as the manifest declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari.settings import get_plugin_settings

if TYPE_CHECKING:
    from napari.utils.events import EmitterGroup

PLUGIN = "napari-cdse"


class Page(Protocol):
    """One page: its fields are attributes that the manifest names."""

    @property
    def events(self) -> EmitterGroup:
        """What to connect to, to hear of each letter that is written there."""


def page(name: str) -> Page | None:
    """Give one page; None where napari does not know the plugin."""
    try:
        found: Page = getattr(get_plugin_settings(PLUGIN), name)
    except KeyError:
        return None
    return found
