"""Show sentences as napari's notifications, which vanish after seconds.

What must be read stands in the window instead: `Session.warn`.
"""

from __future__ import annotations

from napari.utils.notifications import show_info, show_warning

from napari_cdse.gui.session.plain_text import plain


def inform(sentence: str) -> None:
    """Say something that is good to know."""
    show_info(plain(sentence))


def warn(sentence: str) -> None:
    """Say that something was not done."""
    show_warning(plain(sentence))
