"""List a project's backups for the user, and restore one of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import name_of
from napari_cdse.io.store.backups import backups_of, check, folder_of, restore
from napari_cdse.io.store.found_projects import count_labels, labels_in_words

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cdse.io.store.backups import Backup


@dataclass(frozen=True, slots=True)
class Restored:
    """What putting a backup back has done.

    Attributes
    ----------
    sentence : str
        Which backup is the project now, and where the file lies that was.
    notices : tuple of str
        Newer backups that could not be used, one sentence each.
    """

    sentence: str
    notices: tuple[str, ...] = ()


class Backups:
    """The backups of a project file, which may be damaged or gone.

    Parameters
    ----------
    project : Path
    """

    def __init__(self, project: Path) -> None:
        self._project = project.absolute()
        self._found = backups_of(self._project)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._found)

    @property
    def none_there(self) -> str:
        """Say that there is none, and where they would be."""
        folder = folder_of(self._project)
        return (
            f"There is no backup of {name_of(self._project)}; they lie in the folder "
            f"{name_of(folder)} beside it ({folder.parent}). Name the project file."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, newest first."""
        return tuple(each.path.name for each in self._found)

    def lines(self) -> tuple[str, ...]:
        """Say of each backup, newest first, its name, date and number of labels."""
        return tuple(f"{each.path.name}  {_described(each)}" for each in self._found)

    def restore(self, name: str | None = None) -> Restored:
        """Put a backup in the project's place; the file that is there is kept.

        Parameters
        ----------
        name : str, optional
            Of the backup; otherwise it is the newest one that is sound.

        Raises
        ------
        StoreError
            If there is no such backup, it is damaged too, or nothing can be written.
        """
        if name is not None:
            return self._put_back(self._named(name))
        notices: list[str] = []
        for each in self._found:
            try:
                check(each.path)
            except StoreError as error:
                notices.append(str(error))
                continue
            return self._put_back(each.path, tuple(notices))
        raise StoreError(" ".join([*notices, self.none_there]))

    def _named(self, name: str) -> Path:
        # One that was set aside may come back too; what lies elsewhere may not.
        path = folder_of(self._project) / name
        if path.name != name or not os.path.isfile(path):
            raise StoreError(
                f"There is no backup {name_of(name)} of {name_of(self._project)}; "
                "name one of the list."
            )
        return path

    def _put_back(self, path: Path, notices: tuple[str, ...] = ()) -> Restored:
        aside = restore(self._project, path)
        n_labels = labels_in_words(count_labels(self._project))
        kept = f" The file that was there is kept as {aside}." if aside else ""
        return Restored(
            f"{name_of(self._project)} is the backup {path.name} now, with {n_labels}."
            f"{kept}",
            notices,
        )


def _described(backup: Backup) -> str:
    made = backup.time.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{made}  {labels_in_words(count_labels(backup.path))}"
