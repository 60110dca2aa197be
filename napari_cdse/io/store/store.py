"""An open project file: one SQLite file that holds everything but the pixels.

`Store` has the micrographs and settings itself; edits, results, models, draws and
frames are tables of their own, which are its attributes.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import StoreError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.io.images.frame import frame_choice
from napari_cdse.io.store.database import PATIENCE_S, Database
from napari_cdse.io.store.draws import DrawTable
from napari_cdse.io.store.edits import EditTable, StoreChanged
from napari_cdse.io.store.micrograph_changes import FrameTable, MicrographChange
from napari_cdse.io.store.records import (
    Change,
    Edit,
    MicrographRow,
    ModelRole,
    Run,
    dump_json,
    load_json,
    now,
)
from napari_cdse.io.store.results import FindingTable, ModelTable
from napari_cdse.io.store.unreadable import is_like, is_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import AbstractContextManager

__all__ = [
    "AUDIT",
    "COLUMNS",
    "DETECTION",
    "FOLDER_PIXEL_SIZE",
    "FRAME_COLUMNS",
    "SUFFIX",
    "Change",
    "Edit",
    "MicrographChange",
    "MicrographRow",
    "ModelRole",
    "Run",
    "Store",
    "StoreChanged",
    "now",
]

SUFFIX = ".cdse"
AUDIT = "audit"
"""Setting: the plan of the audit; see `napari_cdse.project.state.audit_plan`."""
DETECTION = "detection_params"
"""Setting: parameters of detection; see `napari_cdse.core.params.recorded`."""
FOLDER_PIXEL_SIZE = "pixel_size_nm"
"""Setting: the pixel size in nm that a user gave for all micrographs."""
MOST_SETTINGS = 1000
"""Most settings that `Store.read_ahead` reads. Chosen: a project has some twenty, and a
damaged one with a million must not delay its opening."""

COLUMNS = {
    "excluded": "excluded",
    "frame": "chosen_frame",
    "pixel_size": "person_pixel_size_nm",
    "sample": "sample",
}
"""Column of a micrograph's row that each kind of `MicrographChange` sets."""
FRAME_COLUMNS: dict[str, Any] = {
    "content_id": None,
    "run_id": None,
    "problem": None,
    "quality": None,
}
"""Columns that describe one frame, with the values that they get if another is read."""
_SELECT = (
    "SELECT key, path, frame, content_id, n_rows, n_columns, file_pixel_size_nm,"
    " person_pixel_size_nm, estimated_pixel_size_nm, excluded, looked_at, problem,"
    " labels_from, labels_shape, run_id, stamp, glance, estimated_source,"
    " estimated_uncertainty, estimated_other_nm, chosen_frame, sample,"
    " quality FROM micrographs"
)


class Store:
    """An open project file.

    Every change is committed before the call that makes it returns: a process killed
    at any moment leaves an intact file with all completed edits. Not to be shared
    between threads.

    Attributes
    ----------
    edits : EditTable
        The user's edits.
    findings : FindingTable
        Detections and predictions.
    models : ModelTable
        Forests and their cards.
    draws : DrawTable
        Chances of the audit.
    frames : FrameTable
        Results of frames, for undo.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._data_version = database.data_version()
        self.edits = EditTable(database)
        self.findings = FindingTable(database)
        self.models = ModelTable(database)
        self.draws = DrawTable(database)
        self.frames = FrameTable(database)

    @classmethod
    def create(cls, path: str | Path) -> Store:
        """Create a new project file.

        Parameters
        ----------
        path : str or Path
            Name of the file; none must be there.

        Raises
        ------
        StoreError
            If a file is there already, or none can be created.
        """
        return cls(Database.create(Path(path)))

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool | None = None) -> Store:
        """Open a project file.

        Parameters
        ----------
        path : str or Path
            An existing file.
        read_only : bool or None
            None decides by the permissions of file and folder.

        Raises
        ------
        StoreError
            If it is missing, not a project, damaged, locked or of a newer version;
            the file is left as it was.
        """
        return cls(Database.open(Path(path), read_only=read_only))

    def copy_to(self, path: str | Path) -> None:
        """Write a copy, with relative paths to the same micrographs.

        Parameters
        ----------
        path : str or Path
            Name of the copy; no file must be there.

        Raises
        ------
        StoreError
            If a file is there already, or none can be created.
        """
        files = {row.key: self.absolute(row.path) for row in self.micrographs()}
        self._database.copy_to(Path(path))
        copy = Store.open(path)
        try:
            with copy.transaction():
                for key, file in files.items():
                    copy.update_micrograph(key, path=copy.relative(file))
        finally:
            copy.close()

    def back_up(self) -> None:
        """Make a backup beside the file, unless nothing has changed since the last."""
        self._database.back_up()

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        self._database.close()

    def be_patient(self, seconds: float = PATIENCE_S) -> None:
        """Set how long to wait while another program has locked the file.

        After that a call raises `StoreBusy`, without having changed anything.
        """
        self._database.be_patient(seconds)

    @property
    def path(self) -> Path:
        """The file, absolute."""
        return self._database.path

    @property
    def folder(self) -> Path:
        """The folder to which the micrographs' paths are relative."""
        return self._database.path.parent

    @property
    def read_only(self) -> bool:
        """Whether writing is refused."""
        return self._database.read_only

    def check_writable(self) -> None:
        """Raise `StoreError` if writing is refused."""
        self._database.check_writable()

    @property
    def identity(self) -> str:
        """A text that identifies the project, the same in its copies.

        It is the audit's random seed, or else the time of the first edit; empty if the
        project has neither.
        """
        seed = self.setting(AUDIT)
        if isinstance(seed, dict) and seed.get("seed"):
            return str(seed["seed"])
        rows = self._database.rows("SELECT time FROM edits ORDER BY id LIMIT 1")
        return str(rows[0][0]) if rows else ""

    def transaction(self) -> AbstractContextManager[None]:
        """Join several calls into one transaction: all or nothing."""
        return self._database.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        """Make several reads see the same state of the project."""
        return self._database.snapshot()

    def changed_elsewhere(self) -> bool:
        """Whether another process has written since the last call."""
        version = self._database.data_version()
        changed = version != self._data_version
        self._data_version = version
        return changed

    def integrity_problems(self) -> list[str]:
        """Return the results of SQLite's integrity check; empty for an intact file."""
        return self._database.integrity_problems()

    def read_ahead(self) -> None:
        """Read detections and settings now, so that `set_aside` is complete.

        Otherwise they would be read later, when they are first needed.
        """
        self.findings.latest_runs()
        names = self._database.rows(
            "SELECT name FROM settings LIMIT ?", [MOST_SETTINGS]
        )
        for (name,) in names:
            self.setting(name)
        for kind, name in self._database.rows("SELECT kind, name FROM set_aside"):
            self._database.unreadable.note(kind, name)

    def note_lost(self, keys: Iterable[int]) -> None:
        """Record micrographs that have labels but no row; see `set_aside`."""
        for key in sorted(keys):
            self._database.unreadable.note("micrographs with labels", f"number {key}")

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Sentences on records that could not be read so far, one for each kind."""
        return self._database.unreadable.sentences(self.path.name)

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences on problems by which nothing was lost."""
        return tuple(self._database.notices)

    # Micrographs

    def micrographs(self) -> list[MicrographRow]:
        """Return all micrographs in the order in which they were added.

        A cell of a wrong type counts as unknown.
        """
        rows = self._database.rows(f"{_SELECT} ORDER BY key")
        return [self._micrograph(row) for row in rows]

    def micrograph(self, key: int) -> MicrographRow:
        """Return one micrograph."""
        rows = self._database.rows(f"{_SELECT} WHERE key = ?", [key])
        if not rows:
            raise StoreError(
                f"Micrograph {key} is no longer in the project; open it again."
            )
        return self._micrograph(rows[0])

    def add_micrographs(
        self, paths: Iterable[Path], *, person_pixel_size_nm: float | None = None
    ) -> None:
        """Add those micrographs that are not in the project; no file is opened."""
        with self.transaction():
            self._database.execute_many(
                "INSERT OR IGNORE INTO micrographs (path, person_pixel_size_nm)"
                " VALUES (?, ?)",
                ((self.relative(path), person_pixel_size_nm) for path in paths),
            )

    def update_micrograph(self, key: int, **values: Any) -> None:
        """Set columns of one micrograph, named as in `MicrographRow`."""
        if not values:
            return
        columns = _columns(values)
        names = ", ".join(f"{name} = ?" for name in columns)
        with self.transaction():
            self._database.execute(
                f"UPDATE micrographs SET {names} WHERE key = ?",
                [*columns.values(), key],
            )

    def apply_micrograph_changes(self, changes: Iterable[MicrographChange]) -> None:
        """Set the columns that an edit changes.

        Regions have no column: they follow from the edits.
        """
        with self.transaction():
            for change in changes:
                column = COLUMNS.get(change.what)
                if column is None:
                    continue
                if change.micrograph_key is None:
                    self.set_setting(FOLDER_PIXEL_SIZE, change.after)
                else:
                    # Results of another frame do not hold for the new one.
                    cleared = FRAME_COLUMNS if change.what == "frame" else {}
                    self.update_micrograph(
                        change.micrograph_key, **{column: change.after, **cleared}
                    )

    def drop_micrograph(self, key: int) -> None:
        """Delete a micrograph's row; it must have no detections and no labels."""
        with self.transaction():
            self._database.execute("DELETE FROM micrographs WHERE key = ?", [key])

    def relative(self, path: Path) -> str:
        """Return a path in the form in which it is stored, with forward slashes."""
        try:
            relative = os.path.relpath(path.absolute(), self.folder)
        except ValueError:
            # On Windows there is no relative path from one drive to another.
            return path.absolute().as_posix()
        return Path(relative).as_posix()

    def can_hold(self, path: Path) -> bool:
        """Whether a path can be stored: its bytes must be text in UTF-8."""
        try:
            self.relative(path).encode()
        except UnicodeEncodeError:
            return False
        return True

    def absolute(self, path: str) -> Path:
        """Return the absolute path of a stored one."""
        return Path(self.folder, path)

    def _micrograph(self, row: tuple[Any, ...]) -> MicrographRow:
        micrograph, unreadable = _micrograph(row)
        for name in unreadable:
            note = self._database.unreadable.note
            note("entries of micrographs", f"{name} of {micrograph.path}")
        return micrograph

    # Settings

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a setting, or the default if it is not set or cannot be read."""
        rows = self._database.rows("SELECT value FROM settings WHERE name = ?", [name])
        if not rows:
            return default
        with suppress(StoreError):
            value = load_json(rows[0][0], f"the setting {name}")
            if is_like(value, default):
                return value
        self._database.unreadable.note("settings", name)
        return default

    def set_setting(self, name: str, value: Any) -> None:
        """Store a setting, anything that JSON can hold."""
        with self.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                [name, dump_json(value)],
            )

    def add_to_setting(self, name: str, members: Collection[Any]) -> None:
        """Add members to a setting that holds a set; all have the same type."""
        types = {type(each) for each in members}
        with self.transaction():
            # Members of other types, in a damaged project, could not be sorted.
            stored = {e for e in self.setting(name, []) if type(e) in types}
            self.set_setting(name, sorted(stored | set(members)))


_NAMES = {entry.name for entry in fields(MicrographRow)} - {"key"}


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in values.items():
        if name not in _NAMES:
            raise TypeError(f"micrographs have no column {name}")
        if name == "shape":
            columns["n_rows"], columns["n_columns"] = value or (None, None)
        elif name == "labels_shape":
            columns[name] = None if value is None else dump_json(list(value))
        elif name == "quality":
            columns[name] = None if value is None else dump_json(value.as_dict())
        else:
            columns[name] = value
    return columns


def _micrograph(row: tuple[Any, ...]) -> tuple[MicrographRow, list[str]]:
    """Convert a row; return it with the names of the cells that cannot be read."""
    key, path, *cells = row
    values = dict(zip(_CELLS, cells, strict=True))
    unreadable = [name for name, cell in values.items() if not _CELLS[name](cell)]
    values |= dict.fromkeys(unreadable)
    shape = values.pop("n_rows"), values.pop("n_columns")
    if not isinstance(path, str) or "\0" in path:
        path, unreadable = f"unknown name {key}", [*unreadable, "name"]
    micrograph = MicrographRow(
        key=key,
        path=path,
        **values
        | {
            "frame": values["frame"] or 0,
            "shape": None if None in shape else shape,
            "looked_at": bool(values["looked_at"]),
            "labels_shape": _shape(values["labels_shape"]),
            "quality": _quality(values["quality"]),
        },
    )
    for name in ("labels_shape", "quality"):
        if values[name] and getattr(micrograph, name) is None:
            unreadable = [*unreadable, name]
    return micrograph, unreadable


def _quality(text: str | None) -> MicrographQuality | None:
    if text is None:
        return None
    with suppress(StoreError, ValueError, TypeError):
        return MicrographQuality.from_dict(dict(load_json(text, "a quality")))
    return None


def _shape(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    with suppress(StoreError):
        shape = load_json(text, "an image size")
        if isinstance(shape, list) and len(shape) == 2 and all(map(_is_count, shape)):
            return shape[0], shape[1]
    return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _may_be_count(value: Any) -> bool:
    return value is None or _is_count(value)


def _may_be_text(value: Any) -> bool:
    return isinstance(value, str | None)


def _may_be_size(value: Any) -> bool:
    return value is None or is_number(value, 0)


def _may_be_frame(value: Any) -> bool:
    if not isinstance(value, str):
        return value is None
    with suppress(ValueError):
        frame_choice(value)
        return True
    return False


def _may_be_estimate(value: Any) -> bool:
    return value is None or value in _ESTIMATES


_ESTIMATES = [source for source in PixelSizeSource if not source.is_given]
_CELLS = {
    "frame": _is_count,
    "content_id": _may_be_text,
    "n_rows": _may_be_count,
    "n_columns": _may_be_count,
    "file_pixel_size_nm": _may_be_size,
    "person_pixel_size_nm": _may_be_size,
    "estimated_pixel_size_nm": _may_be_size,
    "excluded": _may_be_text,
    "looked_at": _may_be_count,
    "problem": _may_be_text,
    "labels_from": _may_be_text,
    "labels_shape": _may_be_text,
    "run_id": _may_be_count,
    "stamp": _may_be_text,
    "glance": _may_be_text,
    "estimated_source": _may_be_estimate,
    "estimated_uncertainty": _may_be_size,
    "estimated_other_nm": _may_be_size,
    "chosen_frame": _may_be_frame,
    "sample": _may_be_text,
    "quality": _may_be_text,
}
"""Check of each cell after key and path, in the order of `_SELECT`."""
