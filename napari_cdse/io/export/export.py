"""Write a project's or a run's particle tables, summaries and label files.

One row record serves all of them, so that window, command line and script write the
same numbers.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.detection.disk_fit_error import FIT_ERROR, HARMLESS_NM
from napari_cdse.core.errors import CdseError
from napari_cdse.core.pixel_size import REFERENCE_ERROR, PixelSize, PixelSizeSource
from napari_cdse.core.records import CLASSES, Circle, Label
from napari_cdse.core.regions import is_inside
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.overview import Overview, overview
from napari_cdse.core.statistics.size_distribution import (
    PARTICLES,
    ClassSizes,
    EstimatedSizes,
    SizeSummary,
    class_sizes,
    log_normal,
    size_distribution,
)
from napari_cdse.core.statistics.visible_defects import class_counts, visible_defects
from napari_cdse.io.export.tables import utf8, write_table
from napari_cdse.io.files import write_file
from napari_cdse.io.labels.label_file import write_label_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from napari_cdse.core.statistics.distrust import Distrust
    from napari_cdse.io.export.tables import Cell, DialectName

COLUMNS = (
    "micrograph",
    "particle",
    "x_px",
    "y_px",
    "radius_px",
    "diameter_nm",
    "label",
    *(f"p_{name}" for name in CLASSES),
)
"""Columns of ``particles.csv``; those of `LAST` follow where any particle has one."""
NOTE, NOVELTY, SAMPLE = "note", "novelty", "sample"
PIXEL_SIZE, PIXEL_SIZE_SOURCE = "pixel_size_nm", "pixel_size_source"
APART = "counted_apart"
REVIEWED = "reviewed"
"""Whether a person gave the label: what only the forest says is not taken in again."""
LAST = (NOTE, NOVELTY, PIXEL_SIZE, PIXEL_SIZE_SOURCE, REVIEWED, SAMPLE, APART)


@dataclass(frozen=True, slots=True)
class ParticleRow:
    """One particle as tables and figures show it.

    Attributes
    ----------
    micrograph : str
        Name of its micrograph.
    particle : str
        Id of the particle.
    circle : Circle
        Unrounded.
    label : {"yes", "no", "null", "empty"} or None
        The user's, else the forest's, else None.
    probabilities : tuple of float or None
        Of the forest, in the order of `CLASSES`.
    pixel_size_nm : float or None
        Edge of a pixel.
    pixel_size_source : PixelSizeSource or None
        How it is known; lengths are told where file or person said it only.
    by_person : bool
        Whether a person gave the label.
    micrograph_id : str
        Tells micrographs of the same name apart.
    note : str
        What a person wrote down about it.
    novelty : float or None
        Of the prediction: above 1, the forest learnt from nothing like it.
    distrust : str or None
        Why it is counted apart, see `napari_cdse.core.statistics.sample.divided`; None
        where it is not.
    fit_error : float
        Relative standard uncertainty of the diameter by the program's fit; 0 where the
        circle is a person's.
    pixel_size_error : float
        Relative standard uncertainty of the pixel size.
    sample : str
        Of its micrograph; empty where nobody gave it one.
    """

    micrograph: str
    particle: str
    circle: Circle
    label: Label | None = None
    probabilities: tuple[float, float, float, float] | None = None
    pixel_size_nm: float | None = None
    pixel_size_source: PixelSizeSource | None = None
    by_person: bool = False
    micrograph_id: str = ""
    note: str = ""
    novelty: float | None = None
    distrust: Distrust | None = None
    fit_error: float = 0.0
    pixel_size_error: float = 0.0
    sample: str = ""

    @property
    def diameter_px(self) -> float:
        """Diameter in pixels."""
        return 2 * self.circle.radius_px

    @property
    def diameter_nm(self) -> float | None:
        """Diameter where file or person told the pixel size, else None."""
        if self.pixel_size_nm is None or self.pixel_size_source is None:
            return None
        if not self.pixel_size_source.is_given:
            return None
        return self.diameter_px * self.pixel_size_nm

    @property
    def estimated_nm(self) -> float | None:
        """Diameter by a pixel size that was estimated from the lattice, else None."""
        if self.pixel_size_source is not PixelSizeSource.ESTIMATED:
            return None
        return None if not self.pixel_size_nm else self.diameter_px * self.pixel_size_nm


def write_particles_csv(
    path: str | os.PathLike[str],
    rows: Iterable[ParticleRow],
    dialect: DialectName = "standard",
) -> None:
    """Write the table of particles: UTF-8, one line each, numbers to ten digits.

    ``x_px`` is the column and ``y_px`` the row, from the centre of the first pixel.
    A field that is not known is empty; the class "null" is the word null. A text that
    a spreadsheet would take for a formula has an apostrophe before it. Last columns
    hold the notes, how far out of the forest's range a particle is, the pixel size of
    its micrograph with how it is known, whether a person gave the label, the sample,
    and why it is counted apart from the visible-defect fraction; each if any is known.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    rows = list(rows)
    cells = [_cells(row) for row in rows]
    last = [
        name
        for place, name in enumerate(LAST, start=len(COLUMNS))
        if any(each[place] is not None for each in cells)
    ]
    kept = [*range(len(COLUMNS)), *(len(COLUMNS) + LAST.index(n) for n in last)]
    lines = [[each[place] for place in kept] for each in cells]
    write_table(path, [*COLUMNS, *last], lines, dialect)


def by_the_forest_alone(rows: Iterable[ParticleRow], forest: str) -> Overview:
    """Estimate the visible-defect fraction of what nobody has reviewed.

    Parameters
    ----------
    rows : iterable of ParticleRow
        Of all micrographs.
    forest : str
        Its name or id.
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


def summarise(rows: Sequence[ParticleRow], found: Overview) -> dict[str, object]:
    """Put the population's statistics together.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs.
    found : Overview
        Of all particles, those without a row too.

    Returns
    -------
    dict
        Fit for `write_summary_json`: circles, particles (circles that are not called
        empty, and have a class), labels by whom, classes, the visible-defect fraction
        with its interval, sizes in px and nm.
    """
    labels = [row.label for row in rows]
    micrographs = [row.micrograph_id or row.micrograph for row in rows]
    particles = [row for row in rows if row.label in PARTICLES]
    classes = class_counts(labels)
    sizes_nm = [row.diameter_nm for row in rows]
    return {
        "micrographs_with_particles": len(
            {row.micrograph_id or row.micrograph for row in particles}
        ),
        "circles": len(rows),
        "particles": len(particles),
        "labelled_by_person": sum(r.by_person and r.label is not None for r in rows),
        "labelled_by_forest": sum(
            not r.by_person and r.label is not None for r in rows
        ),
        "classes": classes,
        "visible_defects": {
            "n_yes": classes["yes"],
            "n_no": classes["no"],
            **found.defects.as_dict(),
        },
        "visible_defects_by_micrograph": found.micrographs,
        "visible_defects_by_size": found.by_size,
        "visible_defects_by_labels": found.history,
        "diameters_px": size_distribution(
            [row.diameter_px for row in rows],
            _sized_as(rows),
            micrographs,
            fit_errors=_fit_errors(rows),
        ),
        "diameters_nm": size_distribution(
            sizes_nm,
            _sized_as(rows),
            micrographs,
            relative_error=_pixel_size_error(rows),
            fit_errors=_fit_errors(rows),
        ),
        "diameters_uncertainty": sizes_sentence(_pixel_size_error(rows)),
        "diameters_nm_estimated": sizes_by_estimate(rows),
        "diameters_log_normal": _log_normals(rows),
        "particles_without_pixel_size": sum(
            row.diameter_nm is None for row in particles
        ),
    }


def _log_normals(rows: Sequence[ParticleRow]) -> dict[str, object]:
    """Fit the diameters of each class, in nm where any is known or estimated."""
    sizes = sizes_of(rows)
    return {
        "unit": sizes.unit,
        "by_estimate": sizes.by_estimate,
        **{label: log_normal(each) for label, each in sizes.sizes.items()},
    }


def pixel_size_summary(sizes: Mapping[str, PixelSize | None]) -> dict[str, object]:
    """Say how the pixel size of each micrograph is known, and how many are how.

    Parameters
    ----------
    sizes : mapping of str to PixelSize or None
        By the micrograph's name; None where nobody has looked yet.
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
    """Write a summary as JSON; records, arrays and paths in it are spelt out.

    A number that is not finite becomes null, which JSON has no other word for.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    text = json.dumps(plain(summary), indent=2, ensure_ascii=False, allow_nan=False)
    write_file(path, utf8(text + "\n"), CdseError)


def sizes_of(rows: Sequence[ParticleRow]) -> ClassSizes:
    """Sort the diameters of rows by class."""
    return class_sizes(
        [row.diameter_nm for row in rows],
        [row.diameter_px for row in rows],
        _sized_as(rows),
        [row.micrograph_id or row.micrograph for row in rows],
        relative_error=_pixel_size_error(rows),
        fit_errors=_fit_errors(rows),
        estimated=EstimatedSizes(
            [row.estimated_nm for row in rows], _own_errors(rows), REFERENCE_ERROR
        ),
    )


def sizes_by_estimate(rows: Sequence[ParticleRow]) -> tuple[SizeSummary, ...]:
    """Summarise diameters in nm by the scales that were estimated from the lattice.

    They calibrate nothing, so that no table has diameters by them; together, with what
    they are uncertain by, they still tell how large particles are. Micrographs whose
    scale is unsure or assumed, or that file or person told, are not in it.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of all micrographs.
    """
    mine = [row for row in rows if row.pixel_size_source is PixelSizeSource.ESTIMATED]
    return size_distribution(
        [row.estimated_nm for row in mine],
        _sized_as(mine),
        [row.micrograph_id or row.micrograph for row in mine],
        relative_error=REFERENCE_ERROR,
        fit_errors=_fit_errors(mine),
        estimate_errors=_own_errors(mine),
    )


def _own_errors(rows: Sequence[ParticleRow]) -> dict[str, float]:
    """Tell by micrograph what an estimate of its scale errs by, alone and relative."""
    return {
        row.micrograph_id or row.micrograph: PixelSize(
            row.pixel_size_nm or 0.0, PixelSizeSource.ESTIMATED, row.pixel_size_error
        ).own_uncertainty
        for row in rows
        if row.pixel_size_source is PixelSizeSource.ESTIMATED
    }


def sizes_sentence(relative_error: float) -> str:
    """Say what may be wrong with all diameters alike.

    Parameters
    ----------
    relative_error : float
        Standard uncertainty of the pixel size over the pixel size; 0: nobody told it.
    """
    scale = (
        f"The pixel size is known to within {relative_error:.2%} (standard uncertainty)"
        if relative_error
        else "The pixel size is taken as exact"
    )
    fits = ", ".join(f"{label} {error:.1%}" for label, error in FIT_ERROR.items())
    return (
        f"{scale}; what it is off by moves all sizes alike. So does the fit of the "
        f"circles, which was off by so much on simulated micrographs: {fits}; by more "
        f"where fringes are delocalised by over {HARMLESS_NM:g} nm. Sizes are not "
        "corrected for it, since other optics and dose had it otherwise."
    )


def _pixel_size_error(rows: Sequence[ParticleRow]) -> float:
    """Return the largest relative uncertainty of the pixel sizes that tell nm."""
    return max(
        (row.pixel_size_error for row in rows if row.diameter_nm is not None),
        default=0.0,
    )


def _fit_errors(rows: Sequence[ParticleRow]) -> list[float]:
    return [row.fit_error for row in rows]


def _sized_as(rows: Sequence[ParticleRow]) -> list[Label | None]:
    """Return the classes of what has a size: not of what is counted apart."""
    return [None if row.distrust else row.label for row in rows]


def write_labels(
    path: str | os.PathLike[str],
    rows: Sequence[ParticleRow],
    shape: tuple[int, int],
    *,
    include_predictions: bool = False,
) -> tuple[str, ...]:
    """Write the label file of one micrograph.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    rows : sequence of ParticleRow
        Of this micrograph.
    shape : tuple of int
        Its rows and columns.
    include_predictions : bool, optional
        Also write what only the forest says, except ``empty``. Unless a person gave
        every label, the file is then marked as not reviewed.

    Returns
    -------
    tuple of str
        One sentence for what the format cannot hold and was left out.

    Raises
    ------
    LabelFileError
        The file cannot be written.
    """
    wanted = [
        (row.circle, row.label, row.by_person)
        for row in rows
        if row.label is not None and is_exported(row, include_predictions)
    ]
    held = [
        (circle, label, by_person)
        for circle, label, by_person in wanted
        if is_inside(circle.row_px, circle.col_px, shape)
    ]
    everything_reviewed = bool(held) and all(by_person for _, _, by_person in held)
    write_label_file(
        path,
        [circle for circle, _, _ in held],
        [label for _, label, _ in held],
        shape,
        reviewed=not include_predictions or everything_reviewed,
    )
    n_lost = len(wanted) - len(held)
    if not n_lost:
        return ()
    what = "particle has its centre" if n_lost == 1 else "particles have their centres"
    return (
        f"{n_lost} {what} outside the image, which a label file cannot hold; "
        "the table has them all.",
    )


def is_exported(row: ParticleRow, include_predictions: bool) -> bool:
    """Whether a row is one for files of annotations: circles that have a class.

    Parameters
    ----------
    row : ParticleRow
        Any.
    include_predictions : bool
        Also what only the forest says, except ``empty``.
    """
    if row.label is None:
        return False
    return row.by_person or (include_predictions and row.label != "empty")


def _cells(row: ParticleRow) -> list[Cell]:
    circle = row.circle
    return [
        row.micrograph,
        row.particle,
        circle.col_px,
        circle.row_px,
        circle.radius_px,
        row.diameter_nm,
        row.label,
        *(row.probabilities or (None,) * len(CLASSES)),
        row.note or None,
        row.novelty,
        row.pixel_size_nm,
        None if row.pixel_size_source is None else row.pixel_size_source.value,
        row.by_person,
        row.sample or None,
        row.distrust,
    ]


def plain(value: object) -> object:
    """Turn records, arrays and paths into what JSON knows, NaN and infinity to None."""
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
