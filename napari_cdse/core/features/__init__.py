"""Features: a micrograph and circles in, a named table out.

Groups are chosen by name and joined by ``+``: ``bragg`` holds the physical features,
which need neither a centred circle nor an orientation; ``origin`` holds the 874 of
the pipeline of 2018, kept for comparison.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.errors import ModelError, ParameterError
from napari_cdse.core.features.bragg_features import BRAGG
from napari_cdse.core.features.feature_table import FeatureGroup, FeatureTable
from napari_cdse.core.features.pipeline_2018 import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

__all__ = [
    "GROUPS",
    "FeatureGroup",
    "FeatureTable",
    "compute_features",
    "groups_in",
    "groups_of",
    "names_of",
    "schema_of",
]

_LARGEST = 1e30
"""Stands for infinity in a feature: finite, and beyond any real value."""

GROUPS: Mapping[str, FeatureGroup] = MappingProxyType(
    {group.name: group for group in (BRAGG, ORIGIN)}
)


def groups_of(groups: str) -> tuple[FeatureGroup, ...]:
    """Look up groups named as in ``ForestParams.features``.

    Raises
    ------
    ParameterError
        For a name that is unknown or given twice.
    """
    names = [name.strip() for name in groups.split("+")]
    for name in names:
        if name not in GROUPS:
            known = ", ".join(GROUPS)
            raise ParameterError(
                f"There is no feature group {name!r}; choose from {known}."
            )
    if len(set(names)) < len(names):
        raise ParameterError(f"{groups!r} names a feature group twice; name it once.")
    return tuple(GROUPS[name] for name in names)


def schema_of(groups: str) -> str:
    """Name the groups with their versions: ``"bragg"`` becomes ``"bragg/1"``."""
    return "+".join(group.schema for group in groups_of(groups))


def names_of(groups: str) -> tuple[str, ...]:
    """Name the features of groups, in the order of a table's columns."""
    return tuple(name for group in groups_of(groups) for name in group.names)


def groups_in(schema: str) -> str:
    """Name the groups of a schema: ``"bragg/1+origin/1"`` becomes ``"bragg+origin"``.

    Raises
    ------
    ModelError
        When this version of the program computes other features.
    """
    names = [part.partition("/")[0] for part in schema.split("+")]
    known = [GROUPS[name].schema if name in GROUPS else "nothing" for name in names]
    if "+".join(known) != schema or len(set(names)) < len(names):
        raise ModelError(
            f"The forest wants features {schema}, but this version of napari-cdse "
            f"computes {'+'.join(known)} for them; retrain it."
        )
    return "+".join(names)


@single_blas_thread()
def compute_features(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    groups: str,
    pixel_size_nm: float,
    progress: Progress | None = None,
) -> FeatureTable:
    """Compute the features of circles in one micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        The pixels and their identity.
    circles : sequence of Circle
        May overlap the border or lie off the particle by some of its radius.
    groups : str
        Names of feature groups, joined by ``+``.
    pixel_size_nm : float
        Edge of a pixel; an estimate that is off by some per cent will do.
    progress : callable, optional
        Called with the share done of each group, 0 to 1; may raise `Cancelled`.

    Returns
    -------
    FeatureTable
        A row per circle, all values finite.

    Raises
    ------
    ParameterError
        For unknown groups or a pixel size that is not above 0.
    """
    if not (np.isfinite(pixel_size_nm) and pixel_size_nm > 0):
        raise ParameterError(
            f"The pixel size is {pixel_size_nm} nm; give a number above 0."
        )
    chosen = groups_of(groups)
    parts = [
        _columns(group, micrograph, circles, pixel_size_nm, progress)
        for group in chosen
    ]
    return FeatureTable(
        names_of(groups), np.concatenate(parts, axis=1), schema_of(groups)
    )


def _columns(
    group: FeatureGroup,
    micrograph: Micrograph,
    circles: Sequence[Circle],
    pixel_size_nm: float,
    progress: Progress | None,
) -> NDArray[np.float32]:
    if not circles:
        return np.empty((0, len(group.names)), np.float32)
    values = group.function(micrograph, circles, pixel_size_nm, progress)
    return np.nan_to_num(values, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
