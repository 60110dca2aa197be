"""Write the report of a project as one self-contained HTML page.

Every number on it comes from the summary, which ``export`` writes as ``summary.json``;
what a person or a file named is escaped. What says how the numbers were made, and what
others wrote about it, has the class ``fixed``: it is the same in every report.
"""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.records import CLASSES, LETTERS
from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS
from napari_cdse.io.export.figure_style import MEANINGS
from napari_cdse.io.export.html import Markup, element, picture, table
from napari_cdse.io.export.report_words import (
    ESTIMATES,
    METHOD,
    REFERENCES,
    STYLE,
    how_found,
    methods_paragraph,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cdse.core.records import Label

    Summary = Mapping[str, Any]

_TITLE = "Visible defects: "
_CAPTIONS = {
    "micrographs": "Visible-defect fraction of each micrograph with its 95 % interval, "
    "its particles taken for independent; line and band: of all.",
    "classes": "Circles by class, and the visible-defect fraction with its 95 % "
    "interval.",
    "sizes": "Diameters by class, their density (full line) and the log-normal "
    "distribution that fits (dashed).",
    "fraction_by_size": "Visible-defect fraction by diameter with its 95 % interval; "
    "grey: the range of each class of size.",
    "labels": "The fraction and its 95 % interval as labels came in.",
    "samples": "Visible-defect fraction of each sample with its 95 % interval.",
}

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""A page that may load nothing and run nothing, whatever stands in it."""


@dataclass(frozen=True, slots=True)
class TypicalParticle:
    """A picture for the gallery.

    Attributes
    ----------
    label : {"yes", "no", "null", "empty"}
    micrograph : str
        Name of its micrograph.
    by_person : bool
    png : bytes
    """

    label: Label
    micrograph: str
    by_person: bool
    png: bytes


def report_page(
    summary: Summary,
    figures: Mapping[str, str],
    gallery: Sequence[TypicalParticle],
) -> str:
    """Write the page.

    Parameters
    ----------
    summary : mapping
        As it goes into ``summary.json``, in plain lists, mappings and numbers.
    figures : mapping of str to str
        SVG documents by name.
    gallery : sequence of TypicalParticle
        By class, the surest of each first.

    Returns
    -------
    str
        HTML.
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
    """Whether the first bytes of a file are those of a report, of any version."""
    return f"<title>{_TITLE}".encode() in start


def _sections(
    summary: Summary,
    figures: Mapping[str, str],
    gallery: Sequence[TypicalParticle],
) -> Iterable[Markup]:
    yield from _opening(summary)
    yield _section("Figures", *_figures(figures))
    yield _section("From what", _origins(summary))
    if summary["samples"]:
        yield _section("Samples", *_samples(summary))
    yield _section("What could have been chosen otherwise", _sensitivity(summary))
    if "defect_content" in summary:
        told = _content(summary["defect_content"])
        yield _section("Defect content, by simulation", *told)
    yield _section("Sizes", _sizes(summary))
    yield _section("Typical particles", *_gallery(gallery))
    yield _section("How often the forest is right", *_audits(summary))
    yield _section("How far annotators agree", *_agreements(summary))
    yield _section(
        "Micrographs",
        _micrographs(summary),
        *_other_scales(summary),
        *_left_out(summary),
    )
    yield _section("Method", how_found(summary), METHOD)
    yield _section("Forests and parameters", *_settings(summary))
    yield _section(
        "To paste into a paper",
        element("blockquote", methods_paragraph(summary)),
        REFERENCES,
    )


def _opening(summary: Summary) -> Iterable[Markup]:
    found = summary["visible_defects"]
    yield element("h1", f"Visible defects in {summary['project']}")
    yield element("p", found["sentence"], class_="number")
    if found["outlook"]:
        yield element("p", found["outlook"])
    yield element(
        "p",
        "It is the share of resolved particles with a visible defect. A fault that "
        "lies flat or hides in the speckle is not seen, so this is never the defect "
        "content of the sample.",
    )
    yield element("p", str(summary["program"]), class_="program")


def _section(title: str, *contents: str) -> Markup:
    return element("section", element("h2", title), *contents)


# Figures and pictures


def _figures(figures: Mapping[str, str]) -> Iterable[Markup]:
    for name, words in _CAPTIONS.items():
        if name in figures:
            drawn = element("div", _inline(name, figures[name]), class_="drawn")
            yield element("figure", drawn, element("figcaption", words))


def _inline(name: str, svg: str) -> Markup:
    """Make an SVG document part of a page, its ids unlike those of others."""
    start, end = svg.index("<svg"), svg.rindex("</svg>") + len("</svg>")
    drawn = re.sub(r"<metadata>.*?</metadata>", "", svg[start:end], flags=re.DOTALL)
    drawn = re.sub(r'\bid="', f'id="{name}-', drawn)
    drawn = re.sub(r'(href="|url\()#', rf"\1#{name}-", drawn)
    return Markup(drawn)


def _gallery(gallery: Sequence[TypicalParticle]) -> Iterable[Markup]:
    yield element(
        "p",
        "Those that a person judged, where there are any; from the one that the forest "
        "is surest of to the one that it is least sure of.",
    )
    for label in CLASSES:
        shown = [each for each in gallery if each.label == label]
        if not shown:
            continue
        yield element("h3", f"{LETTERS[label]}  {label}: {MEANINGS[label]}")
        yield element("div", *map(_particle, shown), class_="gallery")


def _particle(one: TypicalParticle) -> Markup:
    data = f"data:image/png;base64,{base64.b64encode(one.png).decode()}"
    whose = "judged by a person" if one.by_person else "the forest's word"
    return element(
        "figure",
        picture(data, f"{one.label} particle of {one.micrograph}, {whose}"),
        element(
            "figcaption", one.micrograph if one.by_person else f"{one.micrograph}?"
        ),
    )


# Tables


def _origins(summary: Summary) -> Markup:
    found = summary["visible_defects"]
    rows = [
        ("micrographs", found["n_micrographs"]),
        ("micrographs left out", found["micrographs_left_out"]),
        ("circles left out with regions", found["circles_left_out"]),
        ("circles in the estimate", found["n_particles"]),
        ("judged, and counted", found["n_judged"]),
        ("of these, drawn at random", found["n_drawn"]),
        ("drawn, without an answer", found["n_unanswered"]),
        ("drawn, skipped", found["n_skipped"]),
        ("drawn, judged with the forest's word in view", found["n_in_view"]),
        (
            "drawn, and not asked since the share was lowered",
            found["n_withdrawn"],
        ),
        ("drawn, and no particle", found["n_removed"]),
        (
            "labels of particles chosen by looking, of less weight",
            found["n_by_hand"],
        ),
        ("circles drawn by people, outside the estimate", found["n_outside"]),
        *(
            (f"counted apart: {name}", number)
            for name, number in found["apart"].items()
        ),
        ("forest's word alone", _share(found["forest_fraction"])),
        ("design effect of micrographs", _share(found["design_effect"])),
        ("intra-cluster correlation", _share(found["correlation"])),
        ("forests", ", ".join(found["forests"]) or "none"),
    ]
    return table(("", ""), [(name, str(value)) for name, value in rows])


def _samples(summary: Summary) -> Iterable[Markup]:
    """Tell the fraction and mean size of each sample, and how they differ."""
    head = (
        "sample",
        "fraction",
        "95 %",
        "circles",
        "micrographs",
        "judged",
        "drawn",
        "counted apart",
        "design effect",
        "mean diameter (95 %)",
    )
    yield table(head, [_sample_row(each) for each in summary["samples"]])
    for one in summary["sample_comparisons"]:
        told = (one["sentence"], one["size_sentence"])
        yield element("p", " ".join(filter(None, told)))
    if any(each["visible_defects"]["apart_as_compared"] for each in summary["samples"]):
        yield element(
            "p",
            "What the program distrusts is counted apart in all samples alike, so that "
            "their fractions are of the same kinds of circles; the fraction of all "
            "micrographs may have more of them in it.",
        )


def _sample_row(each: Summary) -> tuple[str, ...]:
    found = each["visible_defects"]
    sizes = [one for one in each["sizes"] if one["label"] == "all"]
    size = ""
    if sizes:
        told = _range(sizes[0]["mean_95"], _size) or "(no interval)"
        unit = each["size_unit"]
        if each["sizes_by_estimate"]:
            unit += " (scales estimated)"
        size = f"{_size(sizes[0]['mean'])} {unit} {told}"
    return (
        each["name"],
        _share(found["fraction"]),
        _range(found["interval_95"]),
        str(found["n_particles"]),
        str(found["n_micrographs"]),
        str(found["n_judged"]),
        str(found["n_drawn"]),
        str(each["counted_apart"]),
        _share(found["design_effect"]),
        size,
    )


def _sensitivity(summary: Summary) -> Markup:
    words = {
        "annotator": "labels of {} alone",
        "range": "{} circles that the program distrusts",
        "threshold": "forest's word as a class, a defect from {} on",
    }
    rows = [
        (
            words[each["choice"]].format(each["value"]),
            _share(each["fraction"]),
            _range(each["interval_95"]),
            str(each["n_particles"]),
            str(each["n_judged"]),
        )
        for each in summary["sensitivity"]
    ]
    return table(("", "fraction", "95 %", "circles", "judged"), rows)


def _content(found: Summary) -> Iterable[Markup]:
    """Tell the estimate by what a simulation shows, and on what it rests."""
    yield element("p", found["sentence"])
    if found["kinds"]:
        yield element(
            "p",
            f"Of the faulted particles that are resolved, {_share(found['shown'])} "
            f"{_range(found['shown_95'])} show their fault. "
            f"{_share(found['resolved'])} of the particles are resolved, as they are "
            f"where {_share(found['aligned'])} of them lie along a close-packed row.",
        )
        head = (
            "kind of fault",
            "part of all, assumed",
            "resolved",
            "of these, fault shown",
            "95 %",
            "dots simulated",
            "content if all were such",
        )
        yield table(head, [_kind_row(each) for each in found["kinds"]])
    yield element("p", f"It assumes, by {found['program']}:")
    yield element("ul", *(element("li", each) for each in found["assumptions"]))


def _kind_row(each: Summary) -> tuple[str, ...]:
    return (
        each["kind"],
        _share(each["part"]),
        _share(each["resolved"]),
        _share(each["shown"]),
        _range(each["shown_95"]),
        str(each["n_dots"]),
        _share(each["content"]) or "none would do",
    )


def _systematic(sizes: Summary) -> str:
    """Tell what moves all diameters alike: pixel size and fit."""
    return _size(math.hypot(sizes["fit_systematic"], sizes["mean_systematic"]))


def _sizes(summary: Summary) -> Markup:
    unit = summary["diameters_log_normal"]["unit"]
    fits = summary["diameters_log_normal"]
    rows = []
    for each in summary[f"diameters_{unit}"]:
        fit = fits.get(each["label"])
        rows.append(
            (
                each["label"],
                str(each["n"]),
                _size_within(each["mean"], each["mean_95"]),
                _systematic(each),
                _size_within(each["standard_deviation"], each["standard_deviation_95"]),
                _size_within(each["median"], each["median_95"]),
                "" if fit is None else _size(fit["median"]),
                "" if fit is None else _size(fit["geometric_deviation"]),
            )
        )
    head = (
        f"diameter in {unit}",
        "particles",
        "mean (95 %)",
        "systematic, of the mean",
        "standard deviation (95 %)",
        "median (95 %)",
        "log-normal median",
        "geometric standard deviation",
    )
    told = element("p", summary["diameters_uncertainty"])
    return Markup(f"{table(head, rows)}{told}{_by_estimates(summary)}")


def _by_estimates(summary: Summary) -> Markup:
    """Tell sizes in nm where the lattice alone tells how large a pixel is."""
    found = summary["diameters_nm_estimated"]
    if not found:
        return Markup("")
    head = (
        "diameter in nm, by estimated pixel sizes",
        "particles",
        "micrographs",
        "mean (95 %)",
        "by the estimates",
        "systematic, of the mean",
    )
    rows = [
        (
            each["label"],
            str(each["n"]),
            str(each["n_micrographs"]),
            _size_within(each["mean"], each["mean_95"]),
            _size(each["mean_by_estimates"]),
            _systematic(each),
        )
        for each in found
    ]
    told = element("p", ESTIMATES)
    return Markup(f"{table(head, rows)}{told}")


def _audits(summary: Summary) -> Iterable[Markup]:
    if not summary["audits"]:
        yield element("p", "No particle was drawn at random and judged blind.")
    for found in summary["audits"]:
        yield element("h3", str(found["model"]))
        yield element("p", found["sentence"])
        yield table(
            ("class", "recall", "95 %", "of", "precision", "95 %", "of"),
            [_audit_row(found, label) for label in CLASSES],
        )
        if any(map(_stands_alone, _rates(found))):
            yield element(
                "p",
                "A share without an interval is of particles in fewer than "
                f"{MIN_MICROGRAPHS} micrographs, too few to tell how they differ.",
            )
    if summary["draws"]:
        yield element("p", "What became of the draws, by the forest's class:")
        yield table(
            ("class", "drawn", "judged", "skipped", "no particle"),
            [
                (
                    str(each["label"] or "no forest"),
                    *(
                        str(each[name])
                        for name in ("drawn", "judged", "skipped", "removed")
                    ),
                )
                for each in summary["draws"]
            ],
        )


def _rates(found: Summary) -> list[Summary]:
    return [found[name][label] for name in ("recall", "precision") for label in CLASSES]


def _stands_alone(rate: Summary) -> bool:
    return rate["value"] is not None and rate["interval_95"] is None


def _audit_row(found: Summary, label: Label) -> tuple[str, ...]:
    cells = [f"{LETTERS[label]}  {label}"]
    for name in ("recall", "precision"):
        rate = found[name][label]
        cells += [_share(rate["value"]), _range(rate["interval_95"]), str(rate["n"])]
    return tuple(cells)


def _agreements(summary: Summary) -> Iterable[Markup]:
    names = ", ".join(summary["annotators"]) or "nobody"
    yield element("p", f"Labels were given by {names}.")
    if not summary["agreement"]:
        yield element("p", "No two annotators labelled the same particles.")
    for each in summary["agreement"]:
        yield element("p", each["sentence"])
        first, second = each["annotators"]
        yield table(
            (f"{first} \\ {second}", *CLASSES),
            [
                (label, *map(str, row))
                for label, row in zip(CLASSES, each["confusion"], strict=True)
            ],
        )


def _micrographs(summary: Summary) -> Markup:
    return table(
        ("micrograph", "fraction", "95 %", "resolved", "circles", "judged"),
        [
            (
                each["name"],
                _share(each["fraction"]),
                _range(each["interval_95"]),
                f"{each['resolved']:.1f}",
                str(each["n_particles"]),
                str(each["n_judged"]),
            )
            for each in summary["visible_defects_by_micrograph"]
        ],
    )


def _other_scales(summary: Summary) -> Iterable[Markup]:
    names = summary["searched_at_another_pixel_size"]
    if names:
        yield element("h3", "Searched at another pixel size")
        yield element(
            "p",
            "The pixel size was changed afterwards; circles and classes are those of "
            f"the one before: {', '.join(names)}.",
        )


def _left_out(summary: Summary) -> Iterable[Markup]:
    if summary["left_out"]:
        yield element("h3", "Left out")
        yield table(
            ("micrograph", "what", "reason"),
            [
                (
                    each["micrograph"],
                    "a region" if "corners_x_y_px" in each else "all of it",
                    each["reason"],
                )
                for each in summary["left_out"]
            ],
        )


def _settings(summary: Summary) -> Iterable[Markup]:
    for card in summary["model_cards"]:
        yield element("h3", f"Forest: {card['name'] or card['id']}")
        yield table(("", ""), _lines(card))
    for used in summary["detection"]:
        yield element("h3", f"Detection: {used['found_by']}")
        yield table(("", ""), _lines(used))


def _lines(told: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Spell out a mapping, what lies in it by the names on the way."""
    lines: list[tuple[str, str]] = []
    for name, value in told.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{before}{name}: ")
        elif value not in (None, "", [], ()):
            lines.append((f"{before}{name}".replace("_", " "), _plain(value)))
    return lines


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)


# Numbers


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _size(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _size_within(value: float | None, interval: Sequence[float] | None) -> str:
    """Tell a size with its interval, or that it has none."""
    if value is None:
        return ""
    return f"{_size(value)} {_range(interval, _size) or '(no interval)'}"


def _range(interval: Sequence[float] | None, form: Any = _share) -> str:
    if interval is None:
        return ""
    low, high = interval
    return f"({form(low)} to {form(high)})"


__all__ = ["TypicalParticle", "report_page"]
