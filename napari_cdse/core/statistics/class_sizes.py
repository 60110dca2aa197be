"""Diameters by class in one unit, as figures and tables show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_cdse.core.statistics.size_distribution import PARTICLES, size_distribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.size_distribution import SizeSummary

Unit = Literal["nm", "px"]


@dataclass(frozen=True, slots=True)
class ClassSizes:
    """Diameters of the particles of each class.

    Attributes
    ----------
    unit : {"nm", "px"}
        nm where the pixel size of any particle is known.
    sizes : mapping of str to tuple of float
        Diameters by class, those of unknown size left out.
    summaries : tuple of SizeSummary
        Of each class that has any, and of all.
    n_unknown : int
        Particles without a size in this unit.
    """

    unit: Unit
    sizes: Mapping[Label, tuple[float, ...]]
    summaries: tuple[SizeSummary, ...]
    n_unknown: int

    @property
    def n(self) -> int:
        """Particles of known size."""
        return sum(len(each) for each in self.sizes.values())


def class_sizes(
    sizes_nm: Sequence[float | None],
    sizes_px: Sequence[float | None],
    labels: Sequence[Label | None],
    micrographs: Sequence[str],
) -> ClassSizes:
    """Sort diameters by class, in nm where any is known and else in px.

    Parameters
    ----------
    sizes_nm, sizes_px : sequence of float or None
        Diameters; None where it is not known.
    labels : sequence of {"yes", "no", "null", "empty"} or None
        ``empty`` and None are no particles.
    micrographs : sequence of str
        Of each, by an id that no other micrograph has.
    """
    pairs = list(zip(sizes_nm, labels, strict=True))
    known = any(size is not None and of in PARTICLES for size, of in pairs)
    sizes = sizes_nm if known else sizes_px
    by_class: dict[Label, tuple[float, ...]] = {
        label: tuple(
            size
            for size, of in zip(sizes, labels, strict=True)
            if of == label and size is not None
        )
        for label in PARTICLES
    }
    n_particles = sum(label in PARTICLES for label in labels)
    return ClassSizes(
        "nm" if known else "px",
        by_class,
        size_distribution(sizes, labels, micrographs),
        n_particles - sum(len(each) for each in by_class.values()),
    )
