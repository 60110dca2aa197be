"""Labels in a report: how often the forest is right, and how far annotators agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES, LETTERS
from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS
from napari_cdse.io.export.report.html import Markup, element, table
from napari_cdse.io.export.report.numbers import fraction_text, interval_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.core.records import Label
    from napari_cdse.io.export.report import Summary


def audit_tables(summary: Summary) -> Iterable[Markup]:
    """Yield recall and precision of each forest, and the outcomes of the draws."""
    if not summary["audits"]:
        yield element("p", "No particle was drawn at random and judged blind.")
    for audit in summary["audits"]:
        yield element("h3", str(audit["model"]))
        yield element("p", audit["sentence"])
        yield table(
            ("class", "recall", "95 %", "of", "precision", "95 %", "of"),
            [_audit_row(audit, label) for label in CLASSES],
        )
        if any(map(_lacks_interval, _rates(audit))):
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


def _rates(audit: Summary) -> list[Summary]:
    return [audit[name][label] for name in ("recall", "precision") for label in CLASSES]


def _lacks_interval(rate: Summary) -> bool:
    return rate["value"] is not None and rate["interval_95"] is None


def _audit_row(audit: Summary, label: Label) -> tuple[str, ...]:
    cells = [f"{LETTERS[label]}  {label}"]
    for name in ("recall", "precision"):
        rate = audit[name][label]
        cells += [
            fraction_text(rate["value"]),
            interval_text(rate["interval_95"]),
            str(rate["n"]),
        ]
    return tuple(cells)


def agreement_tables(summary: Summary) -> Iterable[Markup]:
    """Yield the annotators, and how the labels of each pair of them agree."""
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
