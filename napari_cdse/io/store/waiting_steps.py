"""Keep edits and settings on the disk while the project file is locked.

`WaitingSteps` appends them to a hidden file beside the project, one line of JSON each,
and removes the file once all are stored in the project. If the program is killed
before, `LeftSteps` finds and reads the file when the project is opened next.
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
"""Largest file that is read. Chosen: an edit that labels 100 000 particles takes some
60 MB."""
_HEAD_BYTES = 4096
"""Most bytes of the first line: a digest, and the name of a file of up to 255 bytes,
each of which takes up to six in JSON."""
_LARGEST_KEY = 2**63
"""Integers from here on are too large for SQLite."""
_INVALID = (ValueError, KeyError, TypeError, IndexError, RecursionError)
"""Errors of decoding a line that `WaitingSteps` did not write."""
_in_use: set[Path] = set()
"""Files that this process is writing."""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that waits to be stored; undo does not change it.

    Attributes
    ----------
    name : str
        Name of the setting in the project file.
    before, after : object
        Its value when it began to wait, and its current value; types of JSON.
    """

    name: str
    before: Any
    after: Any

    def followed_by(self, later: SettingChange) -> SettingChange:
        """Return both as one change."""
        return SettingChange(self.name, self.before, later.after)


class WaitingSteps:
    """The file of waiting edits and settings of one open project.

    The file is created with the first of them. The object itself must be created while
    the project file is not locked, since it reads the project's identity. If the file
    cannot be written, edits wait in memory alone, and `kept` is False.

    Parameters
    ----------
    store : Store
        The open project file.

    Attributes
    ----------
    kept : bool
        Whether everything that waits is on the disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identity = store.identity
        self._file: BufferedWriter | None = None
        self._path: Path | None = None
        self.kept = True

    def add(self, edit: Edit) -> None:
        """Append an edit."""
        self._write(_as_dict(edit))

    def take_back(self) -> None:
        """Append that the newest edit is undone."""
        self._write(_TAKEN_BACK)

    def add_setting(self, change: SettingChange) -> None:
        """Append a setting."""
        before, after = change.before, change.after
        self._write({"setting": change.name, "before": before, "after": after})

    def add_addition(self, name: str, members: Collection[Any]) -> None:
        """Append members that are to be added to a setting that holds a set."""
        self._write({"add_to": name, "members": sorted(members)})

    def replace(
        self,
        edits: Iterable[Edit],
        settings: Iterable[SettingChange] = (),
        additions: Mapping[str, Collection[Any]] | None = None,
    ) -> None:
        """Replace the contents: write a new file, then remove the old one.

        Parameters
        ----------
        edits : iterable of Edit
            Oldest first.
        settings : iterable of SettingChange
            At most one of each setting.
        additions : mapping of str to collection, optional
            Members to add to settings that hold sets, by name.
        """
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
        """Remove the file, after all of its contents were stored."""
        path = self._path
        self.close()
        self.kept = True
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Close the file, and leave it for the next opening of the project."""
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
            # The disk is full, or the folder cannot be written. Later edits may depend
            # on the missing one, so that the file is useless from here on.
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
    """Edits and settings of a program that ended before they were stored.

    Attributes
    ----------
    steps : list of Edit
        Oldest first.
    settings : list of SettingChange
        At most one of each setting.
    additions : dict of str to set
        Members to add to settings that hold sets, by name.
    """

    steps: list[Edit]
    settings: list[SettingChange]
    additions: dict[str, set[Any]]


class LeftSteps:
    """A file of waiting edits that a program left when it ended.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, store: Store) -> list[LeftSteps]:
        """Find the files of a project, oldest first.

        A renamed project is recognised by its identity. Of several copies of a project
        in one folder, they belong to the one with the name of that time.
        """
        left = [
            cls(path)
            for path in abandoned_drafts(store.folder, _KIND, own=True)
            if path not in _in_use
        ]
        own = [each for each in left if each._are_of(store)]
        return sorted(own, key=lambda each: each._time)

    def claim(self) -> bool:
        """Rename the file for this process alone; return whether that succeeded.

        Of two processes that open the project at once, one succeeds. On Windows it also
        fails while the process that wrote the file has it open.
        """
        claimed = self.path.with_name(hidden_name(_KIND))
        try:
            self.path.rename(claimed)
        except OSError:
            return False
        self.path = claimed
        return True

    def read(
        self,
        content_ids: Mapping[int, str],
        forms: Mapping[str, Any],
        members: Mapping[str, Callable[[object], bool]],
    ) -> LeftWork:
        """Read and check the whole file.

        Parameters
        ----------
        content_ids : mapping of int to str
            Micrograph ids by key.
        forms : mapping of str to object
            Any valid value of each setting, with which its type is compared.
        members : mapping of str to callable
            For each setting that holds a set, whether a value may be a member.

        Raises
        ------
        StoreError
            If a line cannot be read. A truncated last line is ignored: its edit was
            never shown to the user.
        """
        complete, _, _ = self._data().rpartition(b"\n")
        edits: list[Edit] = []
        settings: dict[str, SettingChange] = {}
        additions: dict[str, set[Any]] = {}
        try:
            for line in complete.split(b"\n")[1:]:
                record = json.loads(line)
                if record == _TAKEN_BACK:
                    edits.pop()
                elif "setting" in record:
                    change = _setting(record, forms)
                    first = settings.get(change.name, change)
                    settings[change.name] = first.followed_by(change)
                elif "add_to" in record:
                    name, added = _addition(record, members)
                    additions.setdefault(name, set()).update(added)
                else:
                    edits.append(_edit(record, content_ids))
        except (StoreError, *_INVALID) as error:
            raise StoreError(
                "Steps that waited for the project file when the program ended can't "
                "be read"
            ) from error
        return LeftWork(edits, list(settings.values()), additions)

    def remove(self) -> None:
        """Remove the file. If that fails, its edits are recognised as stored later."""
        with suppress(OSError):
            self.path.unlink()

    def set_aside(self) -> None:
        """Keep the file under a name that is not looked for."""
        with suppress(OSError):
            self.path = self.path.rename(self.path.with_suffix(".unreadable"))

    @property
    def _time(self) -> float:
        """Modification time; 0 if another process has claimed the file meanwhile."""
        try:
            return self.path.stat().st_mtime
        except OSError:
            return 0.0

    def _data(self) -> bytes:
        return read_file(self.path, _LARGEST_BYTES, StoreError)

    def _head(self) -> bytes:
        """Read the first line alone, since the file may be large."""
        with open_file(self.path, StoreError) as file:
            return file.readline(_HEAD_BYTES)

    def _are_of(self, store: Store) -> bool:
        """Whether the edits belong to a project; see `beside`."""
        try:
            head = json.loads(self._head())
            project = head["project"]
            same_id = head["format"] == _FORMAT and project["id"] == store.identity
            named = store.folder / str(project["file"])
            return same_id and (is_same_file(named, store.path) or not named.is_file())
        except (StoreError, OSError, *_INVALID):
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


def _edit(record: Mapping[str, Any], content_ids: Mapping[int, str]) -> Edit:
    key, run = record["micrograph"], record["after_run"]
    texts = [record[name] for name in _TEXTS]
    has_keys = (key is None or is_key(key)) and is_key(run)
    if not (has_keys and all(isinstance(each, str) for each in texts)):
        raise ValueError(record)
    for each in texts:
        # Raises for lone surrogates, which JSON can hold, but the project file not.
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


def _setting(record: Mapping[str, Any], forms: Mapping[str, Any]) -> SettingChange:
    change = SettingChange(record["setting"], record["before"], record["after"])
    if not is_like(change.after, forms[change.name]):
        raise ValueError(record)
    # Raises for NaN and infinity, which `json.loads` accepts.
    dump_json([change.before, change.after])
    return change


def _addition(
    record: Mapping[str, Any], members: Mapping[str, Callable[[object], bool]]
) -> tuple[str, list[Any]]:
    name, added = record["add_to"], record["members"]
    if not (isinstance(added, list) and all(map(members[name], added))):
        raise ValueError(record)
    return name, added


def is_key(value: object) -> bool:
    """Whether a value can be a key in SQLite."""
    return type(value) is int and 0 <= value < _LARGEST_KEY
