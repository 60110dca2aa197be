"""Keep steps and settings on the disk while the project's file is locked.

A hidden file beside the project, one line of JSON each. It only grows until the project
has taken all of it; then it goes. What a killed program leaves of it is read when the
project is opened next.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import abandoned_drafts, hidden_name, open_file, read_file
from napari_cdse.io.paths import is_same_file
from napari_cdse.io.store.edit_json import changes_from_json, changes_to_json
from napari_cdse.io.store.records import Edit, dump_json
from napari_cdse.io.store.unreadable import is_like

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from io import BufferedWriter
    from pathlib import Path

    from napari_cdse.io.store.store import Store

_KIND = "waiting"
_FORMAT = "napari-cdse waiting steps 1"
_TAKEN_BACK: dict[str, Any] = {"taken_back": True}
_TEXTS = ("time", "annotator", "summary", "changes")
_LARGEST_BYTES = 256 * 2**20
"""A step that labels all of 100 000 particles takes some 60 MB."""
_HEAD_BYTES = 4096
"""Of the first line: a digest and the name of a file, of 255 bytes at most, each of
which JSON writes with six."""
_LARGEST_KEY = 2**63
"""Beyond lie numbers that SQLite does not hold."""
_MISFITS = (ValueError, KeyError, TypeError, IndexError, RecursionError)
_in_use: set[Path] = set()
"""Files that this process is writing now."""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that waits; undo does not take it back.

    Attributes
    ----------
    name : str
        As the store has it.
    before, after : object
        What it was when it first waited, and what it is now: anything JSON can hold.
    """

    name: str
    before: Any
    after: Any

    def followed_by(self, later: SettingChange) -> SettingChange:
        """Return both as one change."""
        return SettingChange(self.name, self.before, later.after)


class WaitingSteps:
    """The file of one open project; made with the first step or setting.

    To be made while the project file is free, for later it may not even tell whose
    steps these are. Where the file can't be written the steps wait in memory alone,
    which `kept` tells.

    Parameters
    ----------
    store : Store
        The project file, beside which it lies.

    Attributes
    ----------
    kept : bool
        Whether all that was given lies on the disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identity = store.identity
        self._file: BufferedWriter | None = None
        self._path: Path | None = None
        self.kept = True

    def add(self, edit: Edit) -> None:
        """Bring one more step to the disk."""
        self._write(_as_dict(edit))

    def take_back(self) -> None:
        """Note that the newest step is taken back."""
        self._write(_TAKEN_BACK)

    def add_setting(self, change: SettingChange) -> None:
        """Bring one more setting to the disk."""
        before, after = change.before, change.after
        self._write({"setting": change.name, "before": before, "after": after})

    def add_addition(self, name: str, members: Collection[Any]) -> None:
        """Bring to the disk what is to be added to a setting that only grows."""
        self._write({"add_to": name, "members": sorted(members)})

    def replace(
        self,
        edits: Iterable[Edit],
        settings: Iterable[SettingChange] = (),
        additions: Mapping[str, Collection[Any]] | None = None,
    ) -> None:
        """Hold these instead of all before, in a new file before the old one goes."""
        old = self._path
        self.close()
        self.kept = True
        for each in edits:
            self.add(each)
        for change in settings:
            self.add_setting(change)
        for name, members in (additions or {}).items():
            self.add_addition(name, members)
        if old is not None:
            with suppress(OSError):
                old.unlink()

    def clear(self) -> None:
        """Remove the file: all that was in it is stored."""
        path = self._path
        self.close()
        self.kept = True
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Leave the file to whoever opens the project next."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        if self._path is not None:
            _in_use.discard(self._path)
        self._file = self._path = None

    def _write(self, line: Mapping[str, Any]) -> None:
        if not self.kept:
            return
        try:
            file = self._file or self._begin()
            _append(file, line)
        except OSError:
            # A full disk, or a folder that may not be written. A file that lacks a
            # step may lack what a later one is built on, so it tells nothing any more.
            self.clear()
            self.kept = False

    def _begin(self) -> BufferedWriter:
        path = self._store.folder / hidden_name(_KIND)
        self._file = file = open(path, "xb")
        self._path = path
        _in_use.add(path)
        project = {"id": self._identity, "file": self._store.path.name}
        _append(file, {"format": _FORMAT, "project": project})
        return file


@dataclass(frozen=True, slots=True)
class LeftWork:
    """What a program left that ended before it could be stored.

    Attributes
    ----------
    steps : list of Edit
        Oldest first.
    settings : list of SettingChange
        One change of each.
    additions : dict of str to set
        To settings that only grow, by name.
    """

    steps: list[Edit]
    settings: list[SettingChange]
    additions: dict[str, set[Any]]


class LeftSteps:
    """The steps that a program left when it ended before they could be stored.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, store: Store) -> list[LeftSteps]:
        """Find those of a project, the oldest first, whatever its file is called now.

        Of several copies of a project in one folder, the one that has the name of then
        gets them.
        """
        found = [
            cls(path)
            for path in abandoned_drafts(store.folder, _KIND, own=True)
            if path not in _in_use
        ]
        own = [each for each in found if each._are_of(store)]
        return sorted(own, key=lambda each: each._time)

    def claim(self) -> bool:
        """Take the file for this process alone; False where another has it.

        Of two that open the project at once, one gets it. Windows, which does not tell
        here whether the process that wrote it runs, lets nobody rename what that has
        open.
        """
        mine = self.path.with_name(hidden_name(_KIND))
        try:
            self.path.rename(mine)
        except OSError:
            return False
        self.path = mine
        return True

    def read(
        self,
        content_ids: Mapping[int, str],
        forms: Mapping[str, Any],
        members: Mapping[str, Callable[[object], bool]],
    ) -> LeftWork:
        """Read all of it.

        Parameters
        ----------
        content_ids : mapping of int to str
            Micrograph ids by key.
        forms : mapping of str to object
            A value of each setting there is, which tells its form.
        members : mapping of str to callable
            Tells of each setting that only grows whether something may be in it.

        Raises
        ------
        StoreError
            If a line can't be read; the last one is left out where it was cut off,
            for nobody has seen that step made.
        """
        whole, _, _ = self._data().rpartition(b"\n")
        edits: list[Edit] = []
        settings: dict[str, SettingChange] = {}
        additions: dict[str, set[Any]] = {}
        try:
            for line in whole.split(b"\n")[1:]:
                told = json.loads(line)
                if told == _TAKEN_BACK:
                    edits.pop()
                elif "setting" in told:
                    change = _setting(told, forms)
                    first = settings.get(change.name, change)
                    settings[change.name] = first.followed_by(change)
                elif "add_to" in told:
                    name, found = _addition(told, members)
                    additions.setdefault(name, set()).update(found)
                else:
                    edits.append(_edit(told, content_ids))
        except (StoreError, *_MISFITS) as error:
            raise StoreError(
                "Steps that waited for the project file when the program ended can't "
                "be read"
            ) from error
        return LeftWork(edits, list(settings.values()), additions)

    def remove(self) -> None:
        """Remove the file; where that can't be, it is known again by what it holds."""
        with suppress(OSError):
            self.path.unlink()

    def set_aside(self) -> None:
        """Keep the file, but look at it no more."""
        with suppress(OSError):
            self.path = self.path.rename(self.path.with_suffix(".unreadable"))

    @property
    def _time(self) -> float:
        """When it was last written; what another took meanwhile comes first."""
        try:
            return self.path.stat().st_mtime
        except OSError:
            return 0.0

    def _data(self) -> bytes:
        return read_file(self.path, _LARGEST_BYTES, StoreError)

    def _head(self) -> bytes:
        """Read the first line, and not what may be a large file."""
        with open_file(self.path, StoreError) as file:
            return file.readline(_HEAD_BYTES)

    def _are_of(self, store: Store) -> bool:
        """Tell whether they were made in a project."""
        try:
            first = json.loads(self._head())
            told = first["project"]
            known = first["format"] == _FORMAT and told["id"] == store.identity
            named = store.folder / str(told["file"])
            return known and (is_same_file(named, store.path) or not named.is_file())
        except (StoreError, OSError, *_MISFITS):
            return False


def _append(file: BufferedWriter, line: Mapping[str, Any]) -> None:
    file.write(dump_json(line).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _as_dict(edit: Edit) -> dict[str, Any]:
    return {
        "micrograph": edit.micrograph_key,
        "time": edit.time,
        "annotator": edit.annotator,
        "summary": edit.summary,
        "after_run": edit.after_run,
        "changes": changes_to_json(edit.changes, edit.micrograph_changes),
    }


def _edit(told: Mapping[str, Any], content_ids: Mapping[int, str]) -> Edit:
    key, run = told["micrograph"], told["after_run"]
    texts = [told[name] for name in _TEXTS]
    good = (key is None or is_key(key)) and is_key(run)
    if not (good and all(isinstance(each, str) for each in texts)):
        raise ValueError(told)
    for each in texts:
        # Half a character, which JSON can write and the project can't hold.
        each.encode()
    time, annotator, summary, changes = texts
    of_particles, of_micrographs = changes_from_json(changes, content_ids)
    return Edit(
        id=0,
        parent_id=None,
        kind="edit",
        micrograph_key=key,
        time=time,
        annotator=annotator,
        summary=summary,
        after_run=run,
        changes=of_particles,
        micrograph_changes=of_micrographs,
    )


def _setting(told: Mapping[str, Any], forms: Mapping[str, Any]) -> SettingChange:
    change = SettingChange(told["setting"], told["before"], told["after"])
    if not is_like(change.after, forms[change.name]):
        raise ValueError(told)
    # JSON is read with numbers that the project can't hold: NaN, infinity.
    dump_json([change.before, change.after])
    return change


def _addition(
    told: Mapping[str, Any], members: Mapping[str, Callable[[object], bool]]
) -> tuple[str, list[Any]]:
    name, found = told["add_to"], told["members"]
    if not (isinstance(found, list) and all(map(members[name], found))):
        raise ValueError(told)
    return name, found


def is_key(value: object) -> bool:
    """Whether a value is one that SQLite gives as a key."""
    return type(value) is int and 0 <= value < _LARGEST_KEY
