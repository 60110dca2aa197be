"""The folder into which ``predict`` and ``export`` write their results.

`Results` writes the label file of each micrograph as it comes, and tables, summary and
figures at the end. Before, `napari_cdse.io.export.earlier_results` makes sure that
nothing else is lost.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.io.export.earlier_results import (
    MICROGRAPHS,
    PARTICLES,
    SUMMARY,
    Maker,
    Origin,
    objection,
)
from napari_cdse.io.export.label_files import (
    check_replaceable_label_file,
    left_label_files,
    write_labels,
)
from napari_cdse.io.export.micrograph_table import write_micrographs_csv
from napari_cdse.io.export.particle_csv import write_particles_csv
from napari_cdse.io.export.summary import (
    by_the_forest_alone,
    summarise,
    write_summary_json,
)
from napari_cdse.io.files import (
    check_writable,
    make_folder,
    remove_drafts,
)
from napari_cdse.io.paths import portable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.overview import Overview
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.io.export.micrograph_table import TableLine
    from napari_cdse.io.export.particle_rows import ParticleRow
    from napari_cdse.io.export.tables import DialectName


class Results:
    """Results of a run, written into a folder.

    Parameters
    ----------
    folder : Path
        Created if it is missing. Whether all files can be written is checked at once,
        before anything is computed.
    maker : {"predict", "export"}
        Command that writes the results.
    names : mapping of Path to str
        Name of each micrograph in the results; no two are alike.
    dialect : {"standard", "excel", "excel-eu"}
        How tables are written; see `napari_cdse.io.export.tables.DIALECTS`.
    tables : sequence of str
        Names of the tables that will be written.
    figures : bool
        Whether figures will be drawn.
    origin : Origin, optional
        Project whose results these are.

    Raises
    ------
    CdseError
        If there is an `objection` to the folder, it cannot be created, or a file in it
        cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        maker: Maker,
        names: Mapping[Path, str],
        dialect: DialectName = "standard",
        tables: Sequence[str] = (PARTICLES, MICROGRAPHS, SUMMARY),
        *,
        figures: bool = True,
        origin: Origin | None = None,
    ) -> None:
        problem = objection(folder, maker, {path.parent for path in names}, origin)
        if problem is not None:
            raise CdseError(problem)
        self.folder = make_folder(folder, CdseError)
        self.labels = make_folder(folder / "labels", CdseError)
        self.dialect = dialect
        self._with_figures = figures
        self._names = names
        self._rows: list[ParticleRow] = []
        self._lines: list[TableLine] = []
        self._written: set[str] = set()
        subfolders = [self.labels]
        if figures:
            subfolders.append(make_folder(folder / "figures", CdseError))
        for each in (self.folder, *subfolders):
            remove_drafts(each)
        for name in tables:
            check_writable(self.folder / name, CdseError)
        for each in subfolders:
            check_writable(each / "trial", CdseError)

    def name(self, path: Path) -> str:
        """Return the name of a micrograph in the results."""
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
        """Write one micrograph's label file, and keep its rows for the tables.

        Parameters
        ----------
        path : Path
            File of the micrograph, a key of ``names``.
        rows : sequence of ParticleRow
            Its particles.
        shape : tuple of int
            Its rows and columns.
        include_predictions : bool
            Write also labels that only the forest gave, except ``empty``.
        count : bool
            False for a copy of another micrograph, whose particles are in the tables
            already; it only gets a label file.

        Returns
        -------
        tuple of str
            A sentence about particles that a label file cannot hold, if there are any.

        Raises
        ------
        LabelFileError
            If a reviewed label file or another file would be replaced, or the file
            cannot be written.
        """
        target = self.labels / f"{portable_name(self.name(path))}.txt"
        self._written.add(target.name)
        check_replaceable_label_file(target, by_predictions=include_predictions)
        sentences = write_labels(
            target, rows, shape, include_predictions=include_predictions
        )
        if count:
            self._rows.extend(rows)
        return sentences

    def left_label_files(self) -> tuple[str, ...]:
        """Report label files of earlier runs that this one did not write."""
        return left_label_files(self.labels, self._written)

    def add_rows(self, rows: Sequence[ParticleRow]) -> None:
        """Add rows to the tables, without a label file."""
        self._rows.extend(rows)

    def add_line(self, line: TableLine) -> None:
        """Add a line to the table of micrographs."""
        self._lines.append(line)

    def write_tables(
        self,
        context: Mapping[str, object],
        population: Overview,
        others: Mapping[str, Callable[[Path], object]] | None = None,
        samples: Sequence[SampleNumbers] = (),
    ) -> None:
        """Write tables, summary and figures of everything that was added.

        Parameters
        ----------
        context : mapping
            Entries of the summary besides the statistics.
        population : Overview
            Estimate from all particles, including those without a row.
        others : mapping of str to callable, optional
            Further tables: the function writes to the path that it is given.
        samples : sequence of SampleNumbers, optional
            Samples to compare in a figure.

        Raises
        ------
        CdseError
            If a file cannot be written; all others are written nevertheless.
        """
        problems = []
        writers = self._writers(context, population, samples, others or {})
        for name, write in writers.items():
            try:
                write(self.folder / name)
            except CdseError as error:
                problems.append(str(error))
        if problems:
            raise CdseError(" ".join(problems))

    def _writers(
        self,
        context: Mapping[str, object],
        population: Overview,
        samples: Sequence[SampleNumbers],
        others: Mapping[str, Callable[[Path], object]],
    ) -> dict[str, Callable[[Path], object]]:
        """Return by name what writes each file, given its path; tables come first."""
        summary = {**context, **summarise(self._rows, population)}
        writers: dict[str, Callable[[Path], object]] = {
            PARTICLES: partial(
                write_particles_csv, rows=self._rows, dialect=self.dialect
            ),
            MICROGRAPHS: partial(
                write_micrographs_csv, lines=self._lines, dialect=self.dialect
            ),
            SUMMARY: partial(write_summary_json, summary=summary),
            **others,
        }
        if self._with_figures:
            # Last, so that whatever stops the drawing leaves all tables. Imported here,
            # since nobody else needs it.
            from napari_cdse.io.export.figures.population import write_figures

            writers["figures"] = partial(
                write_figures, rows=self._rows, population=population, samples=samples
            )
        return writers

    def by_the_forest_alone(self, forest: str) -> Overview:
        """Estimate the visible-defect fraction from a forest's predictions alone."""
        return by_the_forest_alone(self._rows, forest)

    def sentence(self, defects: VisibleDefects) -> str:
        """Describe the visible-defect fraction, and where the results are."""
        sentences = filter(None, (defects.sentence, defects.draws, defects.outlook))
        return (
            f"{' '.join(sentences)}{self._not_reviewed()}"
            f"\nThe results are in {self.folder}"
        )

    def _not_reviewed(self) -> str:
        """Count the forest's labels in a table that also has persons' labels."""
        by_forest = sum(not row.by_person for row in self._rows)
        if not 0 < by_forest < len(self._rows):
            return ""
        return (
            f" Of {len(self._rows)} classes {by_forest} are the forest's, not reviewed."
        )
