"""The folder into which ``predict`` and ``export`` write their results."""

from __future__ import annotations

import json
import os
import re
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from napari_cdse.core.errors import CdseError, LabelFileError
from napari_cdse.io.export.export import (
    by_the_forest_alone,
    summarise,
    write_labels,
    write_particles_csv,
    write_summary_json,
)
from napari_cdse.io.export.micrograph_table import write_micrographs_csv
from napari_cdse.io.files import (
    check_writable,
    holds_another,
    make_folder,
    read_start,
    remove_drafts,
    shown,
)
from napari_cdse.io.images.folder import names_in
from napari_cdse.io.labels.label_file import read_label_file, starts_as_label_file
from napari_cdse.io.labels.pairing import is_label_name
from napari_cdse.io.paths import alike, portable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
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

Maker = Literal["predict", "export"]
"""The command that results are of; the window writes those of ``export``."""

_NAMED = 5
"""Label files that a sentence names. A choice."""
_SUMMARY_START = re.compile(
    rb'\s*\{\s*"program":\s*"napari-cdse[^"]*",\s*"(model|project)":'
    rb'(?:\s*("(?:[^"\\]|\\.)*"),\s*(?:"project_id":\s*"([0-9a-f]+)")?)?'
)
"""Each version has begun its summary so; a run over micrographs names a model first."""
_TABLE_START = re.compile(rb"(\xef\xbb\xbf)?\"?micrograph\"?[,;\t]")
_AMONG = (
    "Micrographs lie in {}. Results get a folder of their own, so that none of them "
    "is ever taken for a micrograph; choose another one."
)
_OF_ANOTHER = (
    "Results of napari-cdse {} lie in {}, which those of {} would replace; choose "
    "another folder."
)
_OF_ANOTHER_PROJECT = (
    "Results of another project, {}, lie in {}, which those of {} would replace; "
    "choose another folder."
)
_NO_LABELS = (
    "{} in {} is no label file of napari-cdse; it was left as it is: choose another "
    "folder for the results."
)
_FOREIGN = (
    "{} in {} is not of napari-cdse, and would be lost; choose another folder for "
    "the results."
)


class Origin(NamedTuple):
    """The project that results are of.

    Attributes
    ----------
    name : str
        Of its file.
    id : str
        Hexadecimal; the same in a copy or under another name. Empty where the project
        has none yet, or where an older version wrote the results.
    """

    name: str
    id: str

    def is_another(self, other: Origin) -> bool:
        """Tell whether two projects differ, by the name only without an id."""
        if self.id and other.id:
            return self.id != other.id
        return self.name != other.name


def _origin_of(folder: Path) -> Origin | None:
    """Return of which project the results in a folder are; None if of none."""
    found = _SUMMARY_START.match(read_start(folder / SUMMARY))
    if found is None or found[1] != b"project" or found[2] is None:
        return None
    try:
        name = json.loads(found[2])
    except ValueError:
        return None
    return Origin(name, (found[3] or b"").decode())


def maker_of(folder: Path) -> Maker | None:
    """Return which command an earlier summary in a folder is of; None without one."""
    found = _SUMMARY_START.match(read_start(folder / SUMMARY))
    if found is None:
        return None
    return "predict" if found[1] == b"model" else "export"


def objection(
    folder: Path,
    maker: Maker,
    pictures: Collection[Path],
    origin: Origin | None = None,
) -> str | None:
    """Say why results do not belong into a folder; None where they do.

    Results of an earlier run of the same command are out of date, and written anew.
    Whatever else has the name of a table may be all that there is of it.

    Parameters
    ----------
    folder : Path
        It may not be there yet.
    maker : {"predict", "export"}
        What the results are of.
    pictures : collection of Path
        Folders that the micrographs lie in.
    origin : Origin, optional
        The project that they are of.
    """
    there = maker_of(folder)
    if there == maker:
        return _objection_of_another(folder, origin)
    if there is not None:
        return _OF_ANOTHER.format(there, shown(folder), maker)
    if any(_is_one_folder(folder, each) for each in pictures):
        return _AMONG.format(shown(folder))
    for name in (PARTICLES, MICROGRAPHS, SUMMARY, LABELS):
        # Tables without a summary are of a run that was ended between the two.
        known = _SUMMARY_START if name == SUMMARY else _TABLE_START
        if holds_another(folder / name, known.match):
            return foreign(folder, name)
    return None


def foreign(folder: Path, name: str) -> str:
    """Say that a file in a folder of results is not of napari-cdse."""
    return _FOREIGN.format(name, shown(folder))


def _objection_of_another(folder: Path, origin: Origin | None) -> str | None:
    """Say that results of another project lie in a folder; None if they do not."""
    there = _origin_of(folder)
    if there is None or origin is None or not there.is_another(origin):
        return None
    return _OF_ANOTHER_PROJECT.format(
        shown(there.name), shown(folder), shown(origin.name)
    )


def _is_one_folder(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


class Results:
    """Label files as they come, tables at the end.

    Parameters
    ----------
    folder : Path
        Made if it is not there. Whether everything can be written into it is tried
        at once, so that nobody waits for what can't be kept.
    maker : {"predict", "export"}
        The command that they are of.
    names : mapping of Path to str
        What to call each micrograph; no two alike.
    dialect : {"standard", "excel", "excel-eu"}
        How tables are written.
    tables : sequence of str
        Names of the tables to try.
    figures : bool
        Whether to draw figures at the end.
    origin : Origin, optional
        The project that they are of.

    Raises
    ------
    CdseError
        If there is an `objection` to the folder, it cannot be made, or one of the
        tables cannot be written.
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
        against = objection(folder, maker, {path.parent for path in names}, origin)
        if against is not None:
            raise CdseError(against)
        self.folder = make_folder(folder, CdseError)
        self.labels = make_folder(folder / "labels", CdseError)
        self.dialect = dialect
        self._with_figures = figures
        self._names = names
        self._rows: list[ParticleRow] = []
        self._lines: list[TableLine] = []
        self._written: set[str] = set()
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
            If a person's labels or something else is there already, or the file
            cannot be written.
        """
        target = self.labels / f"{portable_name(self.name(path))}.txt"
        self._written.add(target.name)
        if include_predictions:
            spare_reviewed(target)
        elif holds_another(target, starts_as_label_file):
            raise LabelFileError(_NO_LABELS.format(target.name, shown(target.parent)))
        sentences = write_labels(
            target, rows, shape, include_predictions=include_predictions
        )
        if count:
            self._rows.extend(rows)
        return sentences

    def left_label_files(self) -> tuple[str, ...]:
        """Name the label files of earlier runs that this one had no results for."""
        return left_label_files(self.labels, self._written)

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


def left_label_files(folder: Path, written: Collection[str]) -> tuple[str, ...]:
    """Name label files that a run found in its folder and did not write.

    They are of micrographs that were renamed, left out or could not be read since, or
    that nobody has labelled any more; whoever reads the folder takes them for results.

    Parameters
    ----------
    folder : Path
        Of the label files.
    written : collection of str
        Names of those that the run wrote.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    ours = {alike(name) for name in written}
    left = [
        shown(path.name)
        for path in names_in(folder, []) or []
        if is_label_name(path) and alike(path.name) not in ours
    ]
    if not left:
        return ()
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return (
        f"In {shown(folder)} lie label files that this run did not write, of "
        f"micrographs under other names or without results now: "
        f"{', '.join(left[:_NAMED])}{more}; remove what is out of date.",
    )


def spare_reviewed(target: Path) -> None:
    """Refuse to replace what a person said by what the program says.

    Raises
    ------
    LabelFileError
        If a label file that a person reviewed, or something else, has that name.
    """
    if not os.path.exists(target):
        return
    old = read_label_file(target)
    if old is not None and old.reviewed:
        raise LabelFileError(
            f"{target.name} in {target.parent} holds labels that a person reviewed; "
            "it was left as it is: choose another folder for the results."
        )
