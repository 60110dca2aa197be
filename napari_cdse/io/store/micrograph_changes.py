"""Changes that an edit makes to whole micrographs, like exclusion or pixel size."""

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

KNOWN = (
    "content_id",
    "run_id",
    "problem",
    "quality",
    "estimated_pixel_size_nm",
    "estimated_source",
    "estimated_uncertainty",
    "estimated_other_nm",
)
"""Columns of a micrograph's row that reading and searching one frame filled."""
_KNOWN = ", ".join(KNOWN)
_SIDES: tuple[Side, Side] = ("before", "after")


@dataclass(frozen=True, slots=True)
class MicrographChange:
    """One micrograph's part in an edit: a value before and after.

    Attributes
    ----------
    what : {"excluded", "frame", "pixel_size", "region", "sample"}
        Why it is left out; which frames of its file are read; the user's pixel size in
        nm; one of its regions; the name of its sample.
    micrograph_key : int or None
        None: the pixel size of the whole folder, also of what will be added to it.
    before, after : str, float, Region or None
    region_id : str
        Which region; empty for the others.
    """

    what: What
    micrograph_key: int | None
    before: Value
    after: Value
    region_id: str = ""

    def reversed(self) -> MicrographChange:
        """Return the change that takes this one back."""
        return MicrographChange(
            self.what, self.micrograph_key, self.after, self.before, self.region_id
        )


def to_entry(change: MicrographChange) -> dict[str, Any]:
    """Write a change as JSON knows it.

    It names its micrograph ``key``, for a whole folder's pixel size is nothing that
    was said about each of its micrographs (see ``EditTable.mention``).
    """
    return {
        "what": change.what,
        "key": change.micrograph_key,
        "region_id": change.region_id,
        "before": _plain(change.before),
        "after": _plain(change.after),
    }


def from_entries(entries: Iterable[dict[str, Any]]) -> tuple[MicrographChange, ...]:
    """Read the changes of an edit that are about micrographs.

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
    """Keeps what undo and redo of a choice of frames bring back.

    Detections are no steps: one that was made before a choice is there again once the
    choice is taken back, and one that was made after it once it is made again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self, edit_id: int, changes: Iterable[MicrographChange], side: Side
    ) -> None:
        """Keep what is known now, while the frames of one side of a step are read.

        Parameters
        ----------
        edit_id : int
            The step that chooses frames.
        changes : iterable of MicrographChange
            Of the step; those that choose no frame are passed over.
        side : {"before", "after"}
            Of the step, that whose frames are read now.
        """
        with self._database.transaction():
            for key in keys_of_frames(changes):
                self._database.execute(
                    "INSERT OR REPLACE INTO frames (edit_id, micrograph_key, side,"
                    f" {_KNOWN}) SELECT ?, key, ?, {_KNOWN} FROM micrographs"
                    " WHERE key = ?",
                    [edit_id, side, key],
                )

    def bring_back(
        self, edit_id: int, changes: Iterable[MicrographChange], side: Side
    ) -> None:
        """Write what was kept into the micrographs' rows; as `keep` otherwise.

        Of steps that earlier versions made nothing was kept, and nothing is written.
        """
        with self._database.transaction():
            for key in keys_of_frames(changes):
                where = [edit_id, key, side]
                self._database.execute(
                    f"UPDATE micrographs SET ({_KNOWN}) = (SELECT {_KNOWN} FROM frames"
                    " WHERE edit_id = ?1 AND micrograph_key = ?2 AND side = ?3)"
                    " WHERE key = ?2 AND EXISTS (SELECT 1 FROM frames"
                    " WHERE edit_id = ?1 AND micrograph_key = ?2 AND side = ?3)",
                    where,
                )


def keys_of_frames(changes: Iterable[MicrographChange]) -> list[int]:
    """Return the keys of the micrographs of which another frame is chosen."""
    return [
        each.micrograph_key
        for each in changes
        if each.what == "frame" and each.micrograph_key is not None
    ]
