"""All results on the defects of a population, in one record for figures and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.label_history import label_history
from napari_cdse.core.statistics.micrograph_fractions import micrograph_fractions
from napari_cdse.core.statistics.size_trend import size_trend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.label_history import HistoryStep
    from napari_cdse.core.statistics.micrograph_fractions import MicrographFraction
    from napari_cdse.core.statistics.size_trend import SizeTrend
    from napari_cdse.core.statistics.visible_defects import VisibleDefects


@dataclass(frozen=True, slots=True)
class Overview:
    """The visible-defect fraction of a population, also by micrograph, size and time.

    Attributes
    ----------
    defects : VisibleDefects
        The overall fraction.
    micrographs : tuple of MicrographFraction
        The fraction of each micrograph.
    by_size : SizeTrend
        The fraction by diameter.
    history : tuple of HistoryStep
        The fraction as labels came in.
    """

    defects: VisibleDefects
    micrographs: tuple[MicrographFraction, ...]
    by_size: SizeTrend
    history: tuple[HistoryStep, ...]


def overview(
    evidence: Sequence[Evidence],
    defects: VisibleDefects,
    names: Mapping[str, str] | None = None,
) -> Overview:
    """Compute all results of a population.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle of every micrograph that is not left out.
    defects : VisibleDefects
        Estimated from it.
    names : mapping of str to str, optional
        Names of micrographs, in the order in which they are shown.

    Returns
    -------
    Overview
    """
    return Overview(
        defects,
        micrograph_fractions(evidence, names),
        size_trend(evidence),
        label_history(evidence),
    )
