"""How to cite the program, as a sentence and for reference managers."""

from __future__ import annotations

from napari_cdse import __version__

NAME = "napari-cdse"
AUTHORS = "The napari-cdse developers"
LICENCE = "BSD-3-Clause"


def citation() -> str:
    """Return the line for a list of references."""
    return f"{AUTHORS}. {NAME} {__version__}. {LICENCE}."


def bibtex() -> str:
    """Return the entry for BibTeX, which reference managers read as well."""
    return "\n".join(
        (
            f"@software{{{NAME},",
            # Double braces: a group, not a first and a last name.
            f"  author = {{{{{AUTHORS}}}}},",
            f"  title = {{{NAME}}},",
            f"  version = {{{__version__}}},",
            f"  note = {{{LICENCE}}}",
            "}",
        )
    )
