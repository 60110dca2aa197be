"""Our pages of napari's Preferences, as the manifest declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from napari.settings import get_plugin_settings

if TYPE_CHECKING:
    from napari.utils.events import EmitterGroup

PLUGIN = "napari-cdse"


class Page(Protocol):
    """One page; its fields are attributes with the names in the manifest."""

    @property
    def events(self) -> EmitterGroup:
        """Emits an event for each letter that is typed in the page."""


class AnnotatorPage(Page, Protocol):
    """The page of the annotator."""

    name: str


def keys_page() -> Page | None:
    """Return the page of the keys; None if napari does not know the plugin."""
    page: Page | None = _page("keys")
    return page


def annotator_page() -> AnnotatorPage | None:
    """Return the page of the annotator; None if napari does not know the plugin."""
    page: AnnotatorPage | None = _page("annotator")
    return page


def _page(name: str) -> Any:
    try:
        return getattr(get_plugin_settings(PLUGIN), name)
    except KeyError:
        return None
