"""Everything that is told of a population, in one record for figures and tables."""

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
    """The number and what lies behind it.

    Attributes
    ----------
    defects : VisibleDefects
        Of all.
    micrographs : tuple of MicrographFraction
    by_size : SizeTrend
    history : tuple of HistoryStep
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
    """Put together what is told of a population.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle of every micrograph that is not left out.
    defects : VisibleDefects
        Estimated from it.
    names : mapping of str to str, optional
        What to call the micrographs, in the order in which to show them.

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
