"""Build HTML in which all text is escaped, so that no input can inject markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Markup(str):
    """HTML made by this module; all other strings are text."""

    __slots__ = ()


def text(words: object) -> Markup:
    """Escape words; what a page or a terminal would obey becomes visible."""
    told = str(words)
    plain = "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1]
        for char in told
    )
    return Markup(escape(plain, quote=True))


def element(tag: str, *contents: str, **attributes: str) -> Markup:
    """Put contents into an element.

    Parameters
    ----------
    tag : str
        Its name.
    *contents : str
        `Markup` as it is, anything else escaped.
    **attributes : str
        Escaped; an underscore at the end of a name is left out (``class_``).
    """
    told = "".join(
        f' {name.rstrip("_")}="{text(value)}"' for name, value in attributes.items()
    )
    return Markup(f"<{tag}{told}>{joined(contents)}</{tag}>")


def joined(contents: Iterable[str]) -> Markup:
    """Put pieces behind each other, escaping those that are text."""
    return Markup(
        "".join(each if isinstance(each, Markup) else text(each) for each in contents)
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Make a table; the first cell of each row is its heading."""
    top = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = [
        element(
            "tr",
            element("th", first, scope="row"),
            *(element("td", cell) for cell in rest),
        )
        for first, *rest in rows
    ]
    return element("table", element("thead", top), element("tbody", *body))


def picture(data: str, words: str, **attributes: str) -> Markup:
    """Show a picture that is part of the page.

    Parameters
    ----------
    data : str
        A ``data:`` address.
    words : str
        Say what it shows.
    **attributes : str
        Escaped.
    """
    told = "".join(f' {name}="{text(value)}"' for name, value in attributes.items())
    return Markup(f'<img src="{text(data)}" alt="{text(words)}"{told}>')
