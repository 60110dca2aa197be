"""Show sentences as napari's notifications, which disappear after seconds.

What the user must read is shown by `Session.warn` instead, which stays.
"""

from __future__ import annotations

from napari.utils.notifications import show_info, show_warning

from napari_cdse.gui.session.plain_text import plain


def inform(sentence: str) -> None:
    """Show information."""
    show_info(plain(sentence))


def warn(sentence: str) -> None:
    """Show that something was not done."""
    show_warning(plain(sentence))
