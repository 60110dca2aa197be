"""Sentences for the user, as napari's notifications."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_info, show_warning

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.session.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator


def inform(sentence: str) -> None:
    """Say something that is good to know."""
    show_info(plain(sentence))


def warn(sentence: str) -> None:
    """Say that something was not done."""
    show_warning(plain(sentence))


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Turn an error that a person can mend into a notification."""
    try:
        yield
    except CdseError as error:
        show_error(plain(str(error)))
