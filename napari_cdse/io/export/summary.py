"""Compute the statistics of a population and write them as ``summary.json``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.overview import Overview, overview
from napari_cdse.core.statistics.size_distribution import (
    PARTICLES,
    log_normal,
    size_distribution,
)
from napari_cdse.core.statistics.visible_defects import class_counts, visible_defects
from napari_cdse.io.export.row_sizes import (
    fit_errors_of,
    pixel_size_error,
    sized_as,
    sizes_by_estimate,
    sizes_of,
    sizes_sentence,
)
from napari_cdse.io.export.tables import utf8
from napari_cdse.io.files import write_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.io.export.particle_rows import ParticleRow


def by_the_forest_alone(rows: Iterable[ParticleRow], forest: str) -> Overview:
    """Estimate the visible-defect fraction from a forest's predictions alone.

    Parameters
    ----------
    rows : iterable of ParticleRow
        Of all micrographs.
    forest : str
        Name or id of the forest.
    """
    rows = list(rows)
    evidence = [
        Evidence(
            row.micrograph_id or row.micrograph,
            row.probabilities,
            distrust=row.distrust,
            diameter_px=row.diameter_px,
            diameter_nm=row.diameter_nm,
            estimated_nm=row.estimated_nm,
        )
        for row in rows
    ]
    names = {row.micrograph_id or row.micrograph: row.micrograph for row in rows}
    defects = visible_defects(evidence, forests=(forest,))
    return overview(evidence, defects, names)


def summarise(rows: Sequence[ParticleRow], population: Overview) -> dict[str, object]:
    """Compute the statistics of a population.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs.
    population : Overview
        Estimate from all particles, including those without a row.

    Returns
    -------
    dict
        For `write_summary_json`: numbers of circles and of particles (circles with a
        class other than empty), classes, the visible-defect fraction with its
        interval, and diameters in px and nm.
    """
    return {
        **_counts(rows),
        **_fractions(rows, population),
        **_diameters(rows),
    }


def _counts(rows: Sequence[ParticleRow]) -> dict[str, object]:
    particles = [row for row in rows if row.label in PARTICLES]
    labelled = [row for row in rows if row.label is not None]
    by_person = sum(row.by_person for row in labelled)
    return {
        "micrographs_with_particles": len(
            {row.micrograph_id or row.micrograph for row in particles}
        ),
        "circles": len(rows),
        "particles": len(particles),
        "labelled_by_person": by_person,
        "labelled_by_forest": len(labelled) - by_person,
        "classes": class_counts([row.label for row in rows]),
    }


def _fractions(rows: Sequence[ParticleRow], population: Overview) -> dict[str, object]:
    classes = class_counts([row.label for row in rows])
    return {
        "visible_defects": {
            "n_yes": classes["yes"],
            "n_no": classes["no"],
            **population.defects.as_dict(),
        },
        "visible_defects_by_micrograph": population.micrographs,
        "visible_defects_by_size": population.by_size,
        "visible_defects_by_labels": population.history,
    }


def _diameters(rows: Sequence[ParticleRow]) -> dict[str, object]:
    classes, fit_errors = sized_as(rows), fit_errors_of(rows)
    micrographs = [row.micrograph_id or row.micrograph for row in rows]
    return {
        "diameters_px": size_distribution(
            [row.diameter_px for row in rows],
            classes,
            micrographs,
            fit_errors=fit_errors,
        ),
        "diameters_nm": size_distribution(
            [row.diameter_nm for row in rows],
            classes,
            micrographs,
            relative_error=pixel_size_error(rows),
            fit_errors=fit_errors,
        ),
        "diameters_uncertainty": sizes_sentence(pixel_size_error(rows)),
        "diameters_nm_estimated": sizes_by_estimate(rows),
        "diameters_log_normal": _log_normals(rows),
        "particles_without_pixel_size": sum(
            row.diameter_nm is None for row in rows if row.label in PARTICLES
        ),
    }


def _log_normals(rows: Sequence[ParticleRow]) -> dict[str, object]:
    """Fit a log-normal distribution to the diameters of each class."""
    sizes = sizes_of(rows)
    return {
        "unit": sizes.unit,
        "by_estimate": sizes.by_estimate,
        **{label: log_normal(each) for label, each in sizes.sizes.items()},
    }


def pixel_size_summary(sizes: Mapping[str, PixelSize | None]) -> dict[str, object]:
    """List the pixel size of each micrograph, and count the sources of them.

    Parameters
    ----------
    sizes : mapping of str to PixelSize or None
        By the micrograph's name; None if it is not known yet.
    """
    known = {name: size for name, size in sizes.items() if size is not None}
    return {
        "micrographs_by_source": Counter(size.source for size in known.values()),
        "not_known_yet": len(sizes) - len(known),
        "micrographs": known,
    }


def write_summary_json(
    path: str | os.PathLike[str], summary: Mapping[str, object]
) -> None:
    """Write a summary as JSON.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    summary : mapping
        Its values are converted by `plain`.

    Raises
    ------
    CdseError
        If the file cannot be written.
    """
    text = json.dumps(plain(summary), indent=2, ensure_ascii=False, allow_nan=False)
    write_file(path, utf8(text + "\n"), CdseError)


def plain(value: object) -> object:
    """Convert records, arrays and paths to types of JSON, NaN and infinity to None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
