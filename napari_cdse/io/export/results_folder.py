"""The folder of results that ``predict`` and ``export`` leave."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError, LabelFileError
from napari_cdse.io.export.export import (
    summarise,
    write_labels,
    write_particles_csv,
    write_summary_json,
)
from napari_cdse.io.export.figures import write_figures
from napari_cdse.io.files import make_folder
from napari_cdse.io.labels.label_file import read_label_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.io.export.export import ParticleRow


class Results:
    """Label files as they come, tables at the end.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    names : mapping of Path to str
        What to call each micrograph; no two alike.

    Raises
    ------
    CdseError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, names: Mapping[Path, str]) -> None:
        self.folder = make_folder(folder, CdseError)
        self.labels = make_folder(folder / "labels", CdseError)
        self._names = names
        self._rows: list[ParticleRow] = []

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
    ) -> tuple[str, ...]:
        """Write one micrograph's label file.

        Returns
        -------
        tuple of str
            What the format could not hold.

        Raises
        ------
        LabelFileError
            If a person's labels are there already, or the file cannot be written.
        """
        target = self.labels / f"{self.name(path)}.txt"
        if include_predictions:
            _spare_reviewed(target)
        sentences = write_labels(
            target, rows, shape, include_predictions=include_predictions
        )
        self._rows.extend(rows)
        return sentences

    def add_rows(self, rows: Sequence[ParticleRow]) -> None:
        """Take rows for the tables alone."""
        self._rows.extend(rows)

    def write_tables(self, context: Mapping[str, object]) -> None:
        """Write the table, the summary and the figures of all that was added."""
        write_particles_csv(self.folder / "particles.csv", self._rows)
        summary = {**context, **summarise(self._rows)}
        write_summary_json(self.folder / "summary.json", summary)
        write_figures(self.folder / "figures", self._rows)

    def sentence(self) -> str:
        """Say the visible-defect fraction and where everything lies."""
        defects = summarise(self._rows)["visible_defects"]
        told = defects["sentence"] if isinstance(defects, dict) else ""
        return f"{told}{self._not_reviewed()}\nThe results are in {self.folder}"

    def _not_reviewed(self) -> str:
        """Say how much of a mixed table only the forest says."""
        unseen = sum(not row.by_person for row in self._rows)
        if not 0 < unseen < len(self._rows):
            return ""
        return f" Of {len(self._rows)} classes {unseen} are the forest's, not reviewed."


def _spare_reviewed(target: Path) -> None:
    """Refuse to replace what a person said by what the program says."""
    if not target.exists():
        return
    old = read_label_file(target)
    if old is not None and old.reviewed:
        raise LabelFileError(
            f"{target.name} in {target.parent} holds labels that a person reviewed; "
            "it was left as it is: choose another folder for the results."
        )


_WAYS: tuple[Callable[[Path], str], ...] = (
    lambda path: path.stem,
    lambda path: path.name,
    lambda path: f"{path.parent.name}_{path.name}",
    lambda path: "_".join(path.absolute().parts[1:]),
)


def distinct_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Name each file by its stem; with suffix and folders where stems are alike.

    Names that differ in capitals only count as alike, because on many disks they are.
    """
    names: dict[Path, str] = {}
    for describe in _WAYS:
        alike = defaultdict(list)
        for path in paths:
            alike[describe(path).casefold()].append(path)
        taken = {name.casefold() for name in names.values()}
        for name, same in alike.items():
            if len(same) == 1 and same[0] not in names and name not in taken:
                names[same[0]] = describe(same[0])
    return names
