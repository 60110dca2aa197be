"""Tooltips of more than a few words."""

from __future__ import annotations

from html import escape


def wrapped(text: str) -> str:
    """Let Qt break a long tooltip into lines, which it does for rich text only."""
    return f"<qt>{escape(text, quote=False)}</qt>"
