"""Figures and typical particles of a report."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES, LETTERS
from napari_cdse.io.export.figures.style import MEANINGS
from napari_cdse.io.export.report.html import Markup, element, picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cdse.core.records import Label

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


@dataclass(frozen=True, slots=True)
class TypicalParticle:
    """A picture of a particle that is typical of its class.

    Attributes
    ----------
    label : {"yes", "no", "null", "empty"}
        Its class.
    micrograph : str
        Name of its micrograph.
    by_person : bool
        Whether a person gave the class.
    png : bytes
        Contents of a PNG file.
    """

    label: Label
    micrograph: str
    by_person: bool
    png: bytes


def captioned_figures(figures: Mapping[str, str]) -> Iterable[Markup]:
    """Yield the figures with their captions, given as SVG documents by name."""
    for name, words in _CAPTIONS.items():
        if name in figures:
            drawn = element("div", _inline(name, figures[name]), class_="drawn")
            yield element("figure", drawn, element("figcaption", words))


def _inline(name: str, svg: str) -> Markup:
    """Embed an SVG document, with its name in all ids to make them unique."""
    start, end = svg.index("<svg"), svg.rindex("</svg>") + len("</svg>")
    drawn = re.sub(r"<metadata>.*?</metadata>", "", svg[start:end], flags=re.DOTALL)
    drawn = re.sub(r'\bid="', f'id="{name}-', drawn)
    drawn = re.sub(r'(href="|url\()#', rf"\1#{name}-", drawn)
    return Markup(drawn)


def typical_particles(gallery: Sequence[TypicalParticle]) -> Iterable[Markup]:
    """Yield the pictures of particles, class by class."""
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
        yield element("div", *map(_captioned_particle, shown), class_="gallery")


def _captioned_particle(particle: TypicalParticle) -> Markup:
    data = f"data:image/png;base64,{base64.b64encode(particle.png).decode()}"
    name, by_person = particle.micrograph, particle.by_person
    judged_by = "judged by a person" if by_person else "the forest's word"
    return element(
        "figure",
        picture(data, f"{particle.label} particle of {name}, {judged_by}"),
        element("figcaption", name if by_person else f"{name}?"),
    )
