"""Texts of reports about methods and references, and their style sheet.

Constant texts are the same in every report; `how_found` and `methods_paragraph` depend
on the summary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cdse.core.statistics.size_distribution import PARTICLES
from napari_cdse.io.export.report.html import Markup, element

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCES = (
    "C.-E. Särndal, B. Swensson, J. Wretman, Model Assisted Survey Sampling (Springer, "
    "1992).",
    "J. M. Robins, A. Rotnitzky, L. P. Zhao, J. Am. Stat. Assoc. 89, 846 (1994).",
    "A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, Science 382, "
    "669 (2023).",
    "T. Zrnic, E. J. Candès, Proc. ICML (2024), arXiv:2403.03208.",
    "V. Chernozhukov and others, Econom. J. 21, C1 (2018).",
    "E. L. Korn, B. I. Graubard, Survey Methodology 24, 193 (1998).",
    "F. E. Satterthwaite, Biometrics Bull. 2, 110 (1946).",
    "E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927).",
    "L. Breiman, Mach. Learn. 45, 5 (2001).",
    "J. Cohen, Educ. Psychol. Meas. 20, 37 (1960).",
    "J. Söderlund, L. B. Kiss, G. A. Niklasson, C. G. Granqvist, Phys. Rev. Lett. 80, "
    "2386 (1998).",
    "R. K. Vasudevan and others, Appl. Phys. Lett. 106, 091601 (2015).",
    "O. Ronneberger, P. Fischer, T. Brox, Proc. MICCAI, 234 (2015).",
    "M. E. Winter, Proc. SPIE 3753, 266 (1999).",
    "The napari-cdse developers, napari-cdse, version as given above.",
)
(
    _SURVEY,
    _ROBUST,
    _POWERED,
    _ACTIVE,
    _CROSS,
    _LOGIT,
    _DEGREES,
    _WILSON,
    _FOREST,
    _KAPPA,
    _SIZES,
    _SLIDING,
    _NETWORK,
    _UNMIXING,
    _PROGRAM,
) = range(1, len(_SOURCES) + 1)


def _cite(*numbers: int) -> str:
    return f"[{', '.join(map(str, numbers))}]"


REFERENCES = element(
    "ol", *(element("li", source) for source in _SOURCES), class_="fixed"
)
"""Numbered as the other texts cite them."""

_CONTRAST = (
    f"by their Bragg contrast: sliding windows{{window}} {_cite(_SLIDING)}, whitened "
    "by the amorphous background"
)
_NET = (
    f"by a convolutional network (U-Net {_cite(_NETWORK)}) that was taught on "
    "simulated micrographs"
)
_FOUND_BY = {
    "both": f"{_CONTRAST}; and {_NET}, with the circles of a particle that both ways "
    "found averaged",
    "bragg": _CONTRAST,
    "nfindr": f"by unmixing the spectra of sliding windows{{window}} (N-FINDR "
    f"{_cite(_UNMIXING)})",
    "window": "by sliding windows that the forest classified",
    "unet": _NET,
    "origin": "by N-FINDR and blobs, as in the pipeline of 2018",
}
"""How particles are found, by the name of the method; ``{window}`` stands for the edge
of the windows."""


def how_found(summary: Mapping[str, Any]) -> Markup:
    """Describe how particles were found and classified.

    Parameters
    ----------
    summary : mapping
        Contents of ``summary.json``.
    """
    methods = _methods(summary)
    sentences = [f"Particles were found {method}. " for method in methods] or [
        "Particles were marked by a person. "
    ]
    if len(methods) > 1:
        sentences.insert(0, "Not all micrographs were searched the same way. ")
    return element(
        "p",
        *sentences,
        "Of each particle, features of its power spectrum, geometric phase "
        f"and outline go to a random forest {_cite(_FOREST)}, which gives the chances "
        "of four classes: yes (atomically resolved, with a visible defect), no "
        "(resolved, without one), null (not resolved), empty (no particle).",
        class_="fixed",
    )


def _methods(summary: Mapping[str, Any]) -> list[str]:
    """Describe each method by which micrographs were searched once."""
    descriptions = []
    for used in summary["detection"]:
        window_nm = used["parameters"].get("window_nm")
        window = "" if window_nm is None else f" of {window_nm:g} nm"
        method = _FOUND_BY.get(used["found_by"], f"by the method {used['found_by']}")
        descriptions.append(method.replace("{window}", window))
    return list(dict.fromkeys(descriptions))


METHOD = element(
    "div",
    element(
        "p",
        "The visible-defect fraction is yes / (yes + no). It is estimated by the "
        f"difference estimator of survey sampling {_cite(_SURVEY)}: each particle "
        "enters with what the forest says of it; where a lot of known chance fell on "
        "the particle and a person judged it with the prediction hidden, the "
        "difference between the two is added with the inverse of that chance. "
        "Labels that came by the queue, by an order or with a micrograph as a whole "
        "stand for themselves; those of particles that were chosen by looking are left "
        "aside. So it is right on average whatever the forest is worth "
        f"{_cite(_ROBUST, _POWERED)}, with unequal chances too {_cite(_ACTIVE)}. Of "
        "each micrograph a forest is asked that did not learn from it "
        f"{_cite(_CROSS)}.",
    ),
    element(
        "p",
        "The interval of 95 % has its variance from how much micrographs differ, by "
        "linearisation of the ratio; it is taken by Student's t on the logit scale "
        f"{_cite(_LOGIT)} with degrees of freedom by the fourth moment "
        f"{_cite(_DEGREES)}. With fewer than five micrographs, or fewer than ten "
        "judged draws where unjudged particles remain, there is none. The fraction of "
        f"one micrograph has Wilson's interval {_cite(_WILSON)}. Diameters have "
        "intervals over micrographs; what moves all of them alike, the pixel size and "
        "the fit, is told beside these. "
        "Their distribution is compared with a log-normal one "
        f"{_cite(_SIZES)}. Agreement of annotators is Cohen's kappa {_cite(_KAPPA)}, "
        "of labels given without a look at the other's.",
    ),
    class_="fixed",
)
"""How the fraction, its interval and the other results are computed."""


ESTIMATES = (
    "Pixel sizes of these micrographs were estimated from the lattice, each by itself. "
    "What an estimate is off by moves all sizes of its micrograph alike and "
    "differs from micrograph to micrograph: the interval over micrographs holds it "
    "already, and where there is none it is the column beside it (standard "
    "uncertainty). The lattice that all go by is part of the systematic column."
)
"""How reliable diameters by estimated pixel sizes are."""


def methods_paragraph(summary: Mapping[str, Any]) -> str:
    """Return a paragraph for the methods section of a paper.

    Parameters
    ----------
    summary : mapping
        Contents of ``summary.json``.
    """
    found = summary["visible_defects"]
    sentences = [
        _number_of_particles(summary),
        *(f" Particles were found {method}." for method in _methods(summary)),
        f" A person judged {found['n_judged']} of the circles; {found['n_drawn']} of "
        "these were drawn at random with known chances and judged with the forest's "
        "word hidden. "
        "The fraction of resolved particles with a visible defect was estimated from "
        f"{_number(found['n_particles'], 'circle')} by the "
        f"difference estimator {_cite(_SURVEY, _POWERED)}, with its interval over "
        f"micrographs {_cite(_LOGIT)}: ",
        _result(found),
    ]
    if found["design_effect"] is not None:
        sentences.append(
            " The design effect of sampling by micrograph was "
            f"{found['design_effect']:.2f}."
        )
    return "".join(sentences)


def _number_of_particles(summary: Mapping[str, Any]) -> str:
    """State the number of particles, and separately that of circles without one."""
    found, classes = summary["visible_defects"], summary["classes"]
    particles = sum(classes[label] for label in PARTICLES)
    where = _number(summary["micrographs_with_particles"], "HRTEM micrograph")
    forests = " and ".join(f"“{name}”" for name in found["forests"])
    by = f" by the random forest {_cite(_FOREST)} {forests}" if forests else ""
    sentence = (
        f"{_number(particles, 'particle')} in {where} were found and classified with "
        f"{summary['program']} {_cite(_PROGRAM)}{by}."
    )
    if not classes["empty"]:
        return sentence
    verb = "holds" if classes["empty"] == 1 else "hold"
    return f"{sentence} {_number(classes['empty'], 'more circle')} {verb} no particle."


def _number(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _result(found: Mapping[str, Any]) -> str:
    if found["fraction"] is None:
        return "no particle was resolved."
    if found["interval_95"] is None:
        return f"{found['fraction']:.2f}, without an interval. {found['note']}"
    low, high = found["interval_95"]
    return f"{found['fraction']:.2f} (95 % interval {low:.2f} to {high:.2f})."


STYLE = Markup(
    """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #222;
  font: 15px/1.45 "DejaVu Sans", Verdana, Arial, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem;
  border-bottom: 1px solid #ccc; } h3 { font-size: 1rem; }
h1, h3, p, td, figcaption { overflow-wrap: anywhere; }
th { overflow-wrap: break-word; }
.number { font-size: 1.2rem; font-weight: bold; }
.program { color: #555; }
table { border-collapse: collapse; font-size: 0.85rem; margin: 0.6rem 0; }
th, td { padding: 0.15rem 0.7rem 0.15rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #e3e3e3; }
tbody th { font-weight: normal; }
figure { margin: 1rem 0; break-inside: avoid; }
figcaption { font-size: 0.8rem; color: #444; }
.drawn svg { max-width: 100%; height: auto; }
.gallery { display: flex; flex-wrap: wrap; gap: 0.6rem; }
.gallery figure { margin: 0; width: 128px; }
.gallery img { width: 128px; height: 128px; display: block; }
blockquote { margin: 0.6rem 0; padding: 0.6rem 1rem; border-left: 3px solid #888; }
ol.fixed { font-size: 0.85rem; }
@page { margin: 18mm; }
@media print { body { font-size: 10pt; } main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; } tr { break-inside: avoid; } }
"""
)
"""Style sheet for screen and paper."""
