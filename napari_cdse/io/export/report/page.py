"""Write the report of a project as one self-contained HTML page.

`report_page` takes the summary that ``export`` writes as ``summary.json``, the figures
as SVG, and pictures of typical particles. Every number on the page comes from the
summary. The sections are made by the other modules of this package, in the order of
`_sections`. All text is escaped (`napari_cdse.io.export.report.html`). Texts that are
the same in every report have the class ``fixed``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.io.export.report.figures import (
    TypicalParticle,
    captioned_figures,
    typical_particles,
)
from napari_cdse.io.export.report.html import Markup, element
from napari_cdse.io.export.report.labels import agreement_tables, audit_tables
from napari_cdse.io.export.report.micrographs import (
    exclusions,
    micrograph_table,
    other_pixel_sizes,
    settings_tables,
)
from napari_cdse.io.export.report.results import (
    defect_content,
    origin_table,
    sample_tables,
    sensitivity_table,
    size_tables,
)
from napari_cdse.io.export.report.texts import (
    METHOD,
    REFERENCES,
    STYLE,
    how_found,
    methods_paragraph,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cdse.io.export.report import Summary


_TITLE = "Visible defects: "

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security policy: the page loads and runs nothing, whatever it contains."""


def report_page(
    summary: Summary,
    figures: Mapping[str, str],
    gallery: Sequence[TypicalParticle],
) -> str:
    """Make the page of a report.

    Parameters
    ----------
    summary : mapping
        Contents of ``summary.json``.
    figures : mapping of str to str
        SVG documents, by the names of
        `napari_cdse.io.export.figures.population.figures_of`.
    gallery : sequence of TypicalParticle
        By class, the most probable of each first.

    Returns
    -------
    str
        An HTML document.
    """
    title = f"{_TITLE}{summary['project']}"
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = element("body", element("main", *_sections(summary, figures, gallery)))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def is_report(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a report of any version."""
    return f"<title>{_TITLE}".encode() in start


def _sections(
    summary: Summary,
    figures: Mapping[str, str],
    gallery: Sequence[TypicalParticle],
) -> Iterable[Markup]:
    yield from _opening(summary)
    yield _section("Figures", *captioned_figures(figures))
    yield _section("From what", origin_table(summary))
    if summary["samples"]:
        yield _section("Samples", *sample_tables(summary))
    yield _section("What could have been chosen otherwise", sensitivity_table(summary))
    if "defect_content" in summary:
        content = defect_content(summary["defect_content"])
        yield _section("Defect content, by simulation", *content)
    yield _section("Sizes", size_tables(summary))
    yield _section("Typical particles", *typical_particles(gallery))
    yield _section("How often the forest is right", *audit_tables(summary))
    yield _section("How far annotators agree", *agreement_tables(summary))
    yield _section(
        "Micrographs",
        micrograph_table(summary),
        *other_pixel_sizes(summary),
        *exclusions(summary),
    )
    yield _section("Method", how_found(summary), METHOD)
    yield _section("Forests and parameters", *settings_tables(summary))
    yield _section(
        "To paste into a paper",
        element("blockquote", methods_paragraph(summary)),
        REFERENCES,
    )


def _opening(summary: Summary) -> Iterable[Markup]:
    """Give the fraction, and say what it is and what it is not."""
    defects = summary["visible_defects"]
    yield element("h1", f"Visible defects in {summary['project']}")
    yield element("p", defects["sentence"], class_="number")
    if defects["outlook"]:
        yield element("p", defects["outlook"])
    yield element(
        "p",
        "It is the share of resolved particles with a visible defect. A fault that "
        "lies flat or hides in the speckle is not seen, so this is never the defect "
        "content of the sample.",
    )
    yield element("p", str(summary["program"]), class_="program")


def _section(title: str, *contents: str) -> Markup:
    return element("section", element("h2", title), *contents)
