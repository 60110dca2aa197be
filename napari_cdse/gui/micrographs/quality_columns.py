"""Columns for the figures of quality in the table of micrographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.project import MicrographEntry


@dataclass(frozen=True, slots=True)
class QualityColumn:
    """A column with one figure of quality.

    Attributes
    ----------
    name : str
        Attribute with the figure, see
        `napari_cdse.core.micrograph_quality.MicrographQuality`.
    header, tip : str
        Header of the column and its tooltip.
    digits : str
        Format specification for the numbers.
    above : bool
        Whether larger numbers are worse.
    """

    name: str
    header: str
    tip: str
    digits: str
    above: bool = True

    def value(self, entry: MicrographEntry) -> float | None:
        """Return the figure of a micrograph; None if it is not known."""
        return None if entry.quality is None else getattr(entry.quality, self.name)

    def text(self, entry: MicrographEntry) -> str | None:
        """Return the formatted figure; None if it is not known."""
        value = self.value(entry)
        return None if value is None else f"{value:{self.digits}}"


QUALITY_COLUMNS = (
    QualityColumn(
        "information_limit_nm",
        "Limit, nm",
        "Information limit: the finest spacing at which the support's speckle is as "
        "strong as the noise",
        ".3f",
    ),
    QualityColumn(
        "signal_to_noise",
        "S/N",
        "Power of the support's speckle over that of the noise, from 0.5 to 0.2 nm",
        ".2g",
        above=False,
    ),
    QualityColumn(
        "sharpness_per_px",
        "Sharpness",
        "Width of the detector's transfer, in cycles per pixel; low where a picture "
        "was blurred or enlarged",
        ".3f",
        above=False,
    ),
    QualityColumn(
        "white_noise",
        "White noise",
        "Share of the pixels' variance that is alike at all frequencies",
        ".3f",
    ),
    QualityColumn(
        "defocus_nm",
        "Defocus, nm",
        "Of the support, by its Thon rings, as if for 300 kV (divide by 1.27 for 200 "
        "kV, by 2.12 for 80 kV); some 12 % uncertain",
        ".0f",
    ),
    QualityColumn(
        "delocalisation_nm",
        "Delocalised, nm",
        "How far fringes of 0.35 nm lie beside the particle that makes them",
        ".2f",
    ),
    QualityColumn(
        "astigmatism_nm",
        "Astigmatism, nm",
        "Half the difference of the defocus along its two directions, for 300 kV",
        ".1f",
    ),
    QualityColumn(
        "drift_nm",
        "Drift, nm",
        "Way gone along a line during the exposure; 0 where none is seen",
        ".3f",
    ),
    QualityColumn(
        "stretch",
        "Stretch",
        "How many times longer lengths are along one direction than across it",
        ".3f",
    ),
    QualityColumn(
        "clipped",
        "Clipped",
        "Share of the pixels that were clipped to black or white, as when a picture is "
        "saved with its contrast stretched",
        ".3f",
    ),
    QualityColumn(
        "flatness",
        "Flatness",
        "How alike the powers of noise at neighbouring frequencies are: 1 as recorded, "
        "less where a filter (Wiener, ABSF) took single frequencies out",
        ".2f",
        above=False,
    ),
    QualityColumn(
        "patchiness",
        "Patchiness",
        "How much the strength of noise differs from place to place: 0.7 to 1.05 as "
        "recorded, more where a filter smoothed by content (non-local means, total "
        "variation, a network)",
        ".2f",
    ),
    QualityColumn(
        "ties",
        "Ties",
        "Share of neighbouring pixels of exactly one value, beyond chance: 0 as "
        "recorded, 0.1 and more after a median filter",
        ".3f",
    ),
)
"""In the order in which they are shown."""
