"""Build HTML in which all text is escaped, so that no input can inject markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Markup(str):
    """HTML that this module made; any other string is text, and will be escaped."""

    __slots__ = ()


def text(words: object) -> Markup:
    """Escape text; control characters are written out.

    Parameters
    ----------
    words : object
        Converted to a string.
    """
    plain = "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1]
        for char in str(words)
    )
    return Markup(escape(plain, quote=True))


def element(tag: str, *contents: str, **attributes: str) -> Markup:
    """Make an element.

    Parameters
    ----------
    tag : str
        Name of the element.
    *contents : str
        `Markup` is taken as it is, anything else is escaped.
    **attributes : str
        Escaped; an underscore at the end of a name is left out (``class_``).
    """
    return Markup(f"<{tag}{_attribute_text(attributes)}>{joined(contents)}</{tag}>")


def _attribute_text(attributes: Mapping[str, str]) -> str:
    return "".join(
        f' {name.rstrip("_")}="{text(value)}"' for name, value in attributes.items()
    )


def joined(contents: Iterable[str]) -> Markup:
    """Concatenate pieces, escaping those that are text."""
    return Markup(
        "".join(each if isinstance(each, Markup) else text(each) for each in contents)
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Make a table.

    Parameters
    ----------
    head : sequence of str
        Headings of the columns.
    rows : iterable of sequence of str
        The first cell of each row is its heading.
    """
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
    """Make an image that is embedded in the page.

    Parameters
    ----------
    data : str
        A ``data:`` URL.
    words : str
        Description for those who cannot see it.
    **attributes : str
        As for `element`.
    """
    return Markup(
        f'<img src="{text(data)}" alt="{text(words)}"{_attribute_text(attributes)}>'
    )
