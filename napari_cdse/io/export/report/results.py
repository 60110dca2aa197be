"""Results of a report: what the fraction rests on, samples, sensitivity, sizes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_cdse.io.export.report.html import Markup, element, table
from napari_cdse.io.export.report.numbers import (
    fraction_text,
    interval_text,
    size_text,
    size_with_interval,
)
from napari_cdse.io.export.report.texts import (
    ESTIMATES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.io.export.report import Summary


def origin_table(summary: Summary) -> Markup:
    """Return the numbers of circles, labels and draws that the fraction rests on."""
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
        ("forest's word alone", fraction_text(found["forest_fraction"])),
        ("design effect of micrographs", fraction_text(found["design_effect"])),
        ("intra-cluster correlation", fraction_text(found["correlation"])),
        ("forests", ", ".join(found["forests"]) or "none"),
    ]
    return table(("", ""), [(name, str(value)) for name, value in rows])


def sample_tables(summary: Summary) -> Iterable[Markup]:
    """Yield fraction and mean diameter of each sample, and their differences."""
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
    for each in summary["sample_comparisons"]:
        sentences = filter(None, (each["sentence"], each["size_sentence"]))
        yield element("p", " ".join(sentences))
    if any(each["visible_defects"]["apart_as_compared"] for each in summary["samples"]):
        yield element(
            "p",
            "What the program distrusts is counted apart in all samples alike, so that "
            "their fractions are of the same kinds of circles; the fraction of all "
            "micrographs may have more of them in it.",
        )


def _sample_row(sample: Summary) -> tuple[str, ...]:
    defects = sample["visible_defects"]
    return (
        sample["name"],
        fraction_text(defects["fraction"]),
        interval_text(defects["interval_95"]),
        str(defects["n_particles"]),
        str(defects["n_micrographs"]),
        str(defects["n_judged"]),
        str(defects["n_drawn"]),
        str(sample["counted_apart"]),
        fraction_text(defects["design_effect"]),
        _mean_diameter(sample),
    )


def _mean_diameter(sample: Summary) -> str:
    """Return the mean diameter of all classes together; empty if there is none."""
    overall = [each for each in sample["sizes"] if each["label"] == "all"]
    if not overall:
        return ""
    unit = sample["size_unit"]
    if sample["sizes_by_estimate"]:
        unit += " (scales estimated)"
    interval = interval_text(overall[0]["mean_95"], size_text) or "(no interval)"
    return f"{size_text(overall[0]['mean'])} {unit} {interval}"


def sensitivity_table(summary: Summary) -> Markup:
    """Return the fraction as it would be with other choices."""
    words = {
        "annotator": "labels of {} alone",
        "range": "{} circles that the program distrusts",
        "threshold": "forest's word as a class, a defect from {} on",
    }
    rows = [
        (
            words[each["choice"]].format(each["value"]),
            fraction_text(each["fraction"]),
            interval_text(each["interval_95"]),
            str(each["n_particles"]),
            str(each["n_judged"]),
        )
        for each in summary["sensitivity"]
    ]
    return table(("", "fraction", "95 %", "circles", "judged"), rows)


def defect_content(found: Summary) -> Iterable[Markup]:
    """Yield the estimated defect content, and the simulation that it rests on."""
    yield element("p", found["sentence"])
    if found["kinds"]:
        shown, resolved = (
            fraction_text(found["shown"]),
            fraction_text(found["resolved"]),
        )
        yield element(
            "p",
            f"Of the faulted particles that are resolved, {shown} "
            f"{interval_text(found['shown_95'])} show their fault. "
            f"{resolved} of the particles are resolved, as they are "
            f"where {fraction_text(found['aligned'])} of them lie along a close-packed "
            "row.",
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
        fraction_text(each["part"]),
        fraction_text(each["resolved"]),
        fraction_text(each["shown"]),
        interval_text(each["shown_95"]),
        str(each["n_dots"]),
        fraction_text(each["content"]) or "none would do",
    )


def _systematic(sizes: Summary) -> str:
    """Return the systematic uncertainty of diameters, due to pixel size and fit."""
    return size_text(math.hypot(sizes["fit_systematic"], sizes["mean_systematic"]))


def size_tables(summary: Summary) -> Markup:
    """Return the distributions of diameters by class, and their uncertainty."""
    unit = summary["diameters_log_normal"]["unit"]
    fits = summary["diameters_log_normal"]
    rows = []
    for each in summary[f"diameters_{unit}"]:
        fit = fits.get(each["label"])
        rows.append(
            (
                each["label"],
                str(each["n"]),
                size_with_interval(each["mean"], each["mean_95"]),
                _systematic(each),
                size_with_interval(
                    each["standard_deviation"], each["standard_deviation_95"]
                ),
                size_with_interval(each["median"], each["median_95"]),
                "" if fit is None else size_text(fit["median"]),
                "" if fit is None else size_text(fit["geometric_deviation"]),
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
    uncertainty = element("p", summary["diameters_uncertainty"])
    return Markup(f"{table(head, rows)}{uncertainty}{_by_estimates(summary)}")


def _by_estimates(summary: Summary) -> Markup:
    """Return the diameters in nm by pixel sizes estimated from the lattice."""
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
            size_with_interval(each["mean"], each["mean_95"]),
            size_text(each["mean_by_estimates"]),
            _systematic(each),
        )
        for each in found
    ]
    return Markup(f"{table(head, rows)}{element('p', ESTIMATES)}")
