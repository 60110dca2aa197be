"""Find moved micrographs again, by content or at the user's hint."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.io.images.fingerprint import glance, size_in, stamp
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.images.micrograph_file import micrograph_id
from napari_cdse.project.state.micrograph_table import changed_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.io.store.store import MicrographRow, Store

_NAMED = 3


def find_again(store: Store, folders: Iterable[Path] = ()) -> list[str]:
    """Look for micrographs that were moved, renamed or renumbered.

    Nothing is read as long as all files are there and untouched. Otherwise those of
    the same size are glanced at, and only what looks the same is hashed whole.

    Parameters
    ----------
    store : Store
        May be written.
    folders : iterable of Path
        Where to look, beside the project's surroundings and the known folders.

    Returns
    -------
    list of str
        What was found, is missing or was changed, in sentences.
    """
    rows = store.micrographs()
    touched: dict[int, str] = {}
    displaced = [row for row in rows if not _is_in_place(store, row, touched)]
    if touched:
        with store.transaction():
            for key, now in touched.items():
                store.update_micrograph(key, stamp=now)
    if not displaced:
        return []
    displaced_keys = {row.key for row in displaced}
    taken = {row.path for row in rows if row.key not in displaced_keys}
    new_paths = _new_paths(store, displaced, taken, _folders(store, rows, folders))
    left = [row for row in displaced if row.key not in new_paths]
    changed = [row for row in left if os.path.isfile(store.absolute(row.path))]
    missing = [row for row in left if row not in changed]
    with store.transaction():
        set_paths(store, new_paths)
        for row in changed:
            store.update_micrograph(row.key, problem=changed_sentence(_name(row)))
    return [
        *_tell_found(store, displaced, new_paths),
        *_tell(changed, changed_sentence, "were changed since they were last opened"),
        *_tell(missing, _missing_sentence, "are missing; their labels are kept"),
    ]


def set_paths(store: Store, new_paths: Mapping[int, Path]) -> None:
    """Say where micrographs lie now, by key.

    An entry for such a place about which nothing is known yet is dropped; one that
    has labels or findings stays, under another name, since its file is gone.
    """
    with store.transaction():
        for key in new_paths:
            # Two that change places must not meet on the way.
            store.update_micrograph(key, path=f"on its way/{key}")
        rows = store.micrographs()
        frames = {row.key: row.frame for row in rows}
        occupied = {(row.path, row.frame): row for row in rows}
        for key, path in new_paths.items():
            wanted = store.relative(path)
            other = occupied.get((wanted, frames[key]))
            if other is not None:
                _set_aside(store, other, path)
            store.update_micrograph(key, path=wanted, stamp=stamp(path), problem=None)


def _is_in_place(store: Store, row: MicrographRow, touched: dict[int, str]) -> bool:
    """Tell whether a file is there and the same; note one that was only touched."""
    path = store.absolute(row.path)
    now = stamp(path)
    if now is None or not os.path.isfile(path):
        return False
    if row.glance is None or now == row.stamp:
        return True
    seen = glance(path)
    if seen is None:
        return True  # there, but it may not be read: opening it says so
    if seen != row.glance:
        return False
    touched[row.key] = now
    return True


def _new_paths(
    store: Store,
    displaced: Sequence[MicrographRow],
    taken: set[str],
    folders: Sequence[Path],
) -> dict[int, Path]:
    found = find_micrographs(folders).files
    held = [path for path in found if store.can_hold(path)]
    pool = [path for path in held if store.relative(path) not in taken]
    by_look = _by_look(
        pool, {row.glance for row in displaced if row.glance is not None}
    )
    by_name = _grouped((path.name, path) for path in pool)
    found_at: dict[int, Path] = {}
    used: set[tuple[Path, int]] = set()
    for row in displaced:
        known = by_look.get(row.glance or "", by_name.get(_name(row), []))
        for path in known:
            if (path, row.frame) not in used and _is_same(path, row):
                found_at[row.key] = path
                used.add((path, row.frame))
                break
    return found_at


def _by_look(pool: Iterable[Path], wanted: set[str]) -> dict[str, list[Path]]:
    """Glance at each file that is as large as one of those wanted, once."""
    sizes = {size_in(each) for each in wanted}
    alike = (path for path in pool if size_in(stamp(path) or "") in sizes)
    seen = _grouped((glance(path) or "", path) for path in alike)
    return {each: seen.get(each, []) for each in wanted}


def _grouped(pairs: Iterable[tuple[str, Path]]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for name, path in pairs:
        groups.setdefault(name, []).append(path)
    return groups


def _is_same(path: Path, row: MicrographRow) -> bool:
    # One that was never read has nothing but its name.
    if row.content_id is None:
        return True
    try:
        return micrograph_id(path, row.frame_choice) == row.content_id
    except CdseError:
        return False


def _folders(
    store: Store, rows: Sequence[MicrographRow], folders: Iterable[Path]
) -> list[Path]:
    """Two levels around the project: deeper, a home folder would be searched."""
    here = store.folder
    inner = [path for pattern in ("*", "*/*") for path in here.glob(pattern)]
    shown = [p for p in inner if not p.name.startswith(".") and not p.is_symlink()]
    known = [store.absolute(row.path).parent for row in rows]
    wanted = dict.fromkeys([here, *folders, *known, *shown])
    return [path for path in wanted if os.path.isdir(path)]


def _set_aside(store: Store, other: MicrographRow, path: Path) -> None:
    bare = other.labels_from is None and other.run_id is None
    if bare and not store.edits.mention(other.key):
        store.drop_micrograph(other.key)
        return
    aside = path.with_name(f"{path.stem} (replaced, {other.key}){path.suffix}")
    store.update_micrograph(other.key, path=store.relative(aside))


def _name(row: MicrographRow) -> str:
    return row.path.rpartition("/")[2]


def _tell_found(
    store: Store, displaced: Sequence[MicrographRow], new_paths: Mapping[int, Path]
) -> list[str]:
    found = [row for row in displaced if row.key in new_paths]
    if len(found) > _NAMED:
        return [
            f"{len(found)} micrographs were found again under other names or in other "
            "folders, by their content."
        ]
    return [
        f"{_name(row)} was found again as {store.relative(new_paths[row.key])}."
        for row in found
    ]


def _tell(
    rows: Sequence[MicrographRow], sentence: Callable[[str], str], what: str
) -> list[str]:
    if len(rows) < 2:
        return [sentence(_name(row)) for row in rows]
    names = ", ".join(_name(row) for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return [f"{len(rows)} micrographs {what}: {names}{more}."]


def _missing_sentence(name: str) -> str:
    return (
        f"{name} is missing; its labels are kept. Put it back, or move it into the "
        "project's folder and open that folder again."
    )
