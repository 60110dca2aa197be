"""Our pages of napari's Preferences, as the manifest declares them."""

from __future__ import annotations

from napari.settings import get_plugin_settings

PLUGIN = "napari-cdse"


def page(name: str) -> object | None:
    """Give one page; None where napari does not know the plugin."""
    try:
        return getattr(get_plugin_settings(PLUGIN), name)
    except KeyError:
        return None
