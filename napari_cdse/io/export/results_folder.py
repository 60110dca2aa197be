"""The folder of results that ``predict`` and ``export`` leave."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError, LabelFileError
from napari_cdse.io.export.export import (
    by_the_forest_alone,
    summarise,
    write_labels,
    write_particles_csv,
    write_summary_json,
)
from napari_cdse.io.export.micrograph_table import write_micrographs_csv
from napari_cdse.io.files import check_writable, make_folder, remove_drafts
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.paths import portable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.overview import Overview
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.io.export.export import ParticleRow
    from napari_cdse.io.export.micrograph_table import TableLine
    from napari_cdse.io.export.tables import DialectName


PARTICLES, SUMMARY, LABELS = "particles.csv", "summary.json", "labels.csv"
MICROGRAPHS = "micrographs.csv"
PARTS = "parts"
"""Folder of what a run has done so far; see `napari_cdse.io.export.part_files`."""


class Results:
    """Label files as they come, tables at the end.

    Parameters
    ----------
    folder : Path
        Made if it is not there. Whether everything can be written into it is tried
        at once, so that nobody waits for what can't be kept.
    names : mapping of Path to str
        What to call each micrograph; no two alike.
    dialect : {"standard", "excel", "excel-eu"}
        How tables are written.
    tables : sequence of str
        Names of the tables to try.
    figures : bool
        Whether to draw figures at the end.

    Raises
    ------
    CdseError
        If the folder cannot be made, or one of the tables cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        names: Mapping[Path, str],
        dialect: DialectName = "standard",
        tables: Sequence[str] = (PARTICLES, MICROGRAPHS, SUMMARY),
        *,
        figures: bool = True,
    ) -> None:
        self.folder = make_folder(folder, CdseError)
        self.labels = make_folder(folder / "labels", CdseError)
        self.dialect = dialect
        self._with_figures = figures
        self._names = names
        self._rows: list[ParticleRow] = []
        self._lines: list[TableLine] = []
        places = [self.labels]
        if figures:
            places.append(make_folder(folder / "figures", CdseError))
        for place in (self.folder, *places):
            remove_drafts(place)
        for name in tables:
            check_writable(self.folder / name, CdseError)
        for place in places:
            check_writable(place / "trial", CdseError)

    def name(self, path: Path) -> str:
        """Return what a micrograph is called in the table."""
        return self._names[path]

    def add(
        self,
        path: Path,
        rows: Sequence[ParticleRow],
        shape: tuple[int, int],
        *,
        include_predictions: bool = True,
        count: bool = True,
    ) -> tuple[str, ...]:
        """Write one micrograph's label file, and take its rows for the tables.

        A copy of another micrograph has a label file of its own, and is not to
        ``count``: its particles are in the tables already.

        Returns
        -------
        tuple of str
            What the format could not hold.

        Raises
        ------
        LabelFileError
            If a person's labels are there already, or the file cannot be written.
        """
        target = self.labels / f"{portable_name(self.name(path))}.txt"
        if include_predictions:
            _spare_reviewed(target)
        sentences = write_labels(
            target, rows, shape, include_predictions=include_predictions
        )
        if count:
            self._rows.extend(rows)
        return sentences

    def add_rows(self, rows: Sequence[ParticleRow]) -> None:
        """Take rows for the tables alone."""
        self._rows.extend(rows)

    def add_line(self, line: TableLine) -> None:
        """Take a line of the table of micrographs."""
        self._lines.append(line)

    def write_tables(
        self,
        context: Mapping[str, object],
        found: Overview,
        others: Mapping[str, Callable[[Path], object]] | None = None,
        samples: Sequence[SampleNumbers] = (),
    ) -> None:
        """Write the table, the summary and the figures of all that was added.

        Parameters
        ----------
        context : mapping
            What the summary says besides the statistics.
        found : Overview
            Of all particles, those without a row too.
        others : mapping of str to callable, optional
            Further tables by name; each is called with the path to write.
        samples : sequence of SampleNumbers, optional
            What a figure shows beside each other.

        Raises
        ------
        CdseError
            After all others were written, if one could not be.
        """
        summary = {**context, **summarise(self._rows, found)}
        tables: dict[str, Callable[[Path], object]] = {
            PARTICLES: partial(
                write_particles_csv, rows=self._rows, dialect=self.dialect
            ),
            MICROGRAPHS: partial(
                write_micrographs_csv, lines=self._lines, dialect=self.dialect
            ),
            SUMMARY: partial(write_summary_json, summary=summary),
            **(others or {}),
        }
        if self._with_figures:
            # Whoever wants none need not wait for how they are drawn.
            from napari_cdse.io.export.figures import write_figures

            tables["figures"] = partial(
                write_figures, rows=self._rows, found=found, samples=samples
            )
        problems = []
        for name, write in tables.items():
            try:
                write(self.folder / name)
            except CdseError as error:
                problems.append(str(error))
        if problems:
            raise CdseError(" ".join(problems))

    def by_the_forest_alone(self, forest: str) -> Overview:
        """Estimate the visible-defect fraction of rows that nobody has reviewed."""
        return by_the_forest_alone(self._rows, forest)

    def sentence(self, defects: VisibleDefects) -> str:
        """Say the visible-defect fraction and where everything lies."""
        told = " ".join(
            filter(None, (defects.sentence, defects.draws, defects.outlook))
        )
        return f"{told}{self._not_reviewed()}\nThe results are in {self.folder}"

    def _not_reviewed(self) -> str:
        """Say how much of a mixed table only the forest says."""
        unseen = sum(not row.by_person for row in self._rows)
        if not 0 < unseen < len(self._rows):
            return ""
        return f" Of {len(self._rows)} classes {unseen} are the forest's, not reviewed."


def _spare_reviewed(target: Path) -> None:
    """Refuse to replace what a person said by what the program says."""
    if not os.path.exists(target):
        return
    old = read_label_file(target)
    if old is not None and old.reviewed:
        raise LabelFileError(
            f"{target.name} in {target.parent} holds labels that a person reviewed; "
            "it was left as it is: choose another folder for the results."
        )
