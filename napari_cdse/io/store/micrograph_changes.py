"""Changes that an edit makes to whole micrographs, such as exclusion or pixel size.

They are stored as JSON with the edit, and applied to the micrographs' rows.
`FrameTable` stores what undo needs to restore after another frame was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_cdse.core.regions import Region
from napari_cdse.io.images.frame import frame_choice
from napari_cdse.io.store.unreadable import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.io.store.database import Database

What = Literal["excluded", "frame", "pixel_size", "region", "sample"]
Value = str | float | Region | None
Side = Literal["before", "after"]

FRAME_RESULTS = (
    "content_id",
    "run_id",
    "problem",
    "quality",
    "estimated_pixel_size_nm",
    "estimated_source",
    "estimated_uncertainty",
    "estimated_other_nm",
)
"""Columns of a micrograph's row with results of reading and searching one frame."""
_COLUMNS = ", ".join(FRAME_RESULTS)
_SIDES: tuple[Side, Side] = ("before", "after")


@dataclass(frozen=True, slots=True)
class MicrographChange:
    """One micrograph's part in an edit: a value before and after.

    Attributes
    ----------
    what : {"excluded", "frame", "pixel_size", "region", "sample"}
        What is changed: reason of exclusion; frames of the file that are read; the
        user's pixel size in nm; one of its regions; name of its sample.
    micrograph_key : int or None
        None for the pixel size of the whole folder, including later additions.
    before, after : str, float, Region or None
        The value; None for none.
    region_id : str
        Id of the region; empty for other changes.
    """

    what: What
    micrograph_key: int | None
    before: Value
    after: Value
    region_id: str = ""

    def reversed(self) -> MicrographChange:
        """Return the change that undoes this one."""
        return MicrographChange(
            self.what, self.micrograph_key, self.after, self.before, self.region_id
        )


def to_entry(change: MicrographChange) -> dict[str, Any]:
    """Convert a change to types of JSON.

    The micrograph is under ``key``, not ``micrograph`` as in changes of particles:
    ``EditTable.mention`` must not find the pixel size of a folder as a statement about
    each micrograph.
    """
    return {
        "what": change.what,
        "key": change.micrograph_key,
        "region_id": change.region_id,
        "before": _plain(change.before),
        "after": _plain(change.after),
    }


def from_entries(entries: Iterable[dict[str, Any]]) -> tuple[MicrographChange, ...]:
    """Decode those entries of an edit that are changes of micrographs.

    Raises
    ------
    KeyError, TypeError, ValueError
        If an entry is damaged.
    """
    return tuple(_change(entry) for entry in entries if "what" in entry)


def _plain(value: Value) -> Any:
    if isinstance(value, Region):
        return {"corners": value.corners_px, "reason": value.reason}
    return value


def _change(entry: dict[str, Any]) -> MicrographChange:
    what, key, region_id = entry["what"], entry["key"], str(entry["region_id"])
    before, after = (_value(what, entry[side], region_id) for side in _SIDES)
    if what not in get_args(What) or (key is None and what != "pixel_size"):
        raise ValueError(what)
    return MicrographChange(
        what, None if key is None else int(key), before, after, region_id
    )


def _value(what: What, value: Any, region_id: str) -> Value:
    if value is None:
        return None
    if what == "region":
        return _region(value, region_id)
    if what == "pixel_size":
        if not is_number(value, 0):
            raise ValueError(value)
        return float(value)
    if what == "frame":
        return str(frame_choice(str(value)))
    return str(value)


def _region(values: dict[str, Any], region_id: str) -> Region:
    corners = tuple((float(row), float(col)) for row, col in values["corners"])
    region = Region(region_id, corners, str(values["reason"]))
    if not region.valid:
        raise ValueError(corners)
    return region


class FrameTable:
    """Results of frames, to be restored by undo and redo of a choice of frames.

    Detections are no edits. When another frame is chosen, the results of the current
    one are kept here; undo restores those from before the choice, redo those from
    after it.

    Parameters
    ----------
    database : Database
        The open project file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self, edit_id: int, changes: Iterable[MicrographChange], side: Side
    ) -> None:
        """Keep the current results of the micrographs whose frames an edit changes.

        Parameters
        ----------
        edit_id : int
            Id of the edit.
        changes : iterable of MicrographChange
            Its changes; those of other kinds are ignored.
        side : {"before", "after"}
            Whether the results are of the frames before or after the edit.
        """
        with self._database.transaction():
            for key in keys_of_frames(changes):
                self._database.execute(
                    "INSERT OR REPLACE INTO frames (edit_id, micrograph_key, side,"
                    f" {_COLUMNS}) SELECT ?, key, ?, {_COLUMNS} FROM micrographs"
                    " WHERE key = ?",
                    [edit_id, side, key],
                )

    def bring_back(
        self, edit_id: int, changes: Iterable[MicrographChange], side: Side
    ) -> None:
        """Restore the results that `keep` stored, with the same parameters.

        Earlier versions stored none; nothing is restored for their edits.
        """
        with self._database.transaction():
            for key in keys_of_frames(changes):
                where = [edit_id, key, side]
                self._database.execute(
                    f"UPDATE micrographs SET ({_COLUMNS}) ="
                    f" (SELECT {_COLUMNS} FROM frames"
                    " WHERE edit_id = ?1 AND micrograph_key = ?2 AND side = ?3)"
                    " WHERE key = ?2 AND EXISTS (SELECT 1 FROM frames"
                    " WHERE edit_id = ?1 AND micrograph_key = ?2 AND side = ?3)",
                    where,
                )


def keys_of_frames(changes: Iterable[MicrographChange]) -> list[int]:
    """Return the keys of the micrographs whose choice of frames is changed."""
    return [
        each.micrograph_key
        for each in changes
        if each.what == "frame" and each.micrograph_key is not None
    ]
