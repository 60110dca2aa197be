"""Our pages of napari's Preferences, as the manifest declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from napari.settings import get_plugin_settings

if TYPE_CHECKING:
    from napari.utils.events import EmitterGroup

PLUGIN = "napari-cdse"


class Page(Protocol):
    """One page: its fields are attributes that the manifest names."""

    @property
    def events(self) -> EmitterGroup:
        """What to connect to, to hear of each letter that is written there."""


class AnnotatorPage(Page, Protocol):
    """The page of the annotator."""

    name: str


def keys_page() -> Page | None:
    """Give the page of the keys; None where napari does not know the plugin."""
    found: Page | None = _page("keys")
    return found


def annotator_page() -> AnnotatorPage | None:
    """Give the page of the annotator; None where napari does not know the plugin."""
    found: AnnotatorPage | None = _page("annotator")
    return found


def _page(name: str) -> Any:
    try:
        return getattr(get_plugin_settings(PLUGIN), name)
    except KeyError:
        return None
