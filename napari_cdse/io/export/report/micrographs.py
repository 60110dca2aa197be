"""Micrographs of a report, what was left out, and forests and parameters used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cdse.io.export.report.html import Markup, element, table
from napari_cdse.io.export.report.numbers import fraction_text, interval_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.io.export.report import Summary


def micrograph_table(summary: Summary) -> Markup:
    """Return the table of the fraction by micrograph."""
    return table(
        ("micrograph", "fraction", "95 %", "resolved", "circles", "judged"),
        [
            (
                each["name"],
                fraction_text(each["fraction"]),
                interval_text(each["interval_95"]),
                f"{each['resolved']:.1f}",
                str(each["n_particles"]),
                str(each["n_judged"]),
            )
            for each in summary["visible_defects_by_micrograph"]
        ],
    )


def other_pixel_sizes(summary: Summary) -> Iterable[Markup]:
    """Yield the micrographs whose pixel size was changed after detection, if any."""
    names = summary["searched_at_another_pixel_size"]
    if names:
        yield element("h3", "Searched at another pixel size")
        yield element(
            "p",
            "The pixel size was changed afterwards; circles and classes are those of "
            f"the one before: {', '.join(names)}.",
        )


def exclusions(summary: Summary) -> Iterable[Markup]:
    """Yield the micrographs and regions that were left out, with reasons, if any."""
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


def settings_tables(summary: Summary) -> Iterable[Markup]:
    """Yield the cards of the forests and the parameters of detections."""
    for card in summary["model_cards"]:
        yield element("h3", f"Forest: {card['name'] or card['id']}")
        yield table(("", ""), _lines(card))
    for used in summary["detection"]:
        yield element("h3", f"Detection: {used['found_by']}")
        yield table(("", ""), _lines(used))


def _lines(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return name and value of each entry; those of nested mappings get a prefix."""
    lines: list[tuple[str, str]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{prefix}{name}: ")
        elif value not in (None, "", [], ()):
            lines.append((f"{prefix}{name}".replace("_", " "), _plain(value)))
    return lines


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)
