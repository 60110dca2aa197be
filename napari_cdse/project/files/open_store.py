"""Find or create a project's file, and find its micrographs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import ProjectUnreadable, StoreError
from napari_cdse.core.params import DetectionParams, recorded
from napari_cdse.io.files import name_of
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.images.micrograph_file import unknown_format
from napari_cdse.io.labels.pairing import is_label_name
from napari_cdse.io.store.backups import backups_of
from napari_cdse.io.store.store import DETECTION, FOLDER_PIXEL_SIZE, SUFFIX, Store
from napari_cdse.io.store.unreadable import is_number
from napari_cdse.project.files.label_import import import_labels
from napari_cdse.project.files.relocation import find_again

if TYPE_CHECKING:
    from napari_cdse.io.images.folder import FolderListing

DEFAULT_NAME = f"napari-cdse{SUFFIX}"
Source = str | Path | Sequence[str | Path]


def open_store(
    source: Source, store_path: str | Path | None = None
) -> tuple[Store, list[str]]:
    """Open or make the project of a folder, of micrograph files or of a project file.

    Parameters
    ----------
    source : path or sequence of paths
        What the user chose; label files among them are imported.
    store_path : path, optional
        Where the project file lies, or shall lie; in the micrographs' folder
        without it.

    Returns
    -------
    Store
    list of str
        What the user should know, one sentence each.

    Raises
    ------
    StoreError
        If there is neither a project nor a micrograph, or the file cannot be used.
    MicrographError
        If the one file that was chosen is of a format that is not known.
    """
    paths, place = _paths(source), project_file(source, store_path)
    if place in paths:
        store, listing = _open(place), None
    else:
        listing = find_micrographs(paths)
        alone = len(paths) == 1 and os.path.isfile(paths[0]) and not listing.files
        if alone and not is_label_name(paths[0]):
            raise unknown_format(paths[0])
        store = _open_or_create(place, listing)
    try:
        if not store.read_only:
            # Before the first write of this sitting.
            store.back_up()
        given = [path for path in paths if is_label_name(path)]
        return store, [*store.notices, *_take_in(store, listing, given)]
    except BaseException:
        store.close()
        raise


def project_file(source: Source, store_path: str | Path | None = None) -> Path:
    """Say which project file `open_store` opens or makes; it need not be there.

    Raises
    ------
    StoreError
        If nothing was chosen.
    """
    paths = _paths(source)
    if len(paths) == 1 and _is_project(paths[0]):
        return paths[0]
    return Path(store_path) if store_path else _folder(paths) / DEFAULT_NAME


def _paths(source: Source) -> list[Path]:
    given = [source] if isinstance(source, (str, Path)) else list(source)
    return [Path(path).absolute() for path in given]


def _is_project(path: Path) -> bool:
    return path.suffix.lower() == SUFFIX and not os.path.isdir(path)


def _folder(paths: list[Path]) -> Path:
    if len(paths) == 1 and os.path.isdir(paths[0]):
        return paths[0]
    if not paths:
        raise StoreError("Nothing was chosen; choose a folder or some micrographs.")
    try:
        return Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:
        return paths[0].parent


def _open_or_create(place: Path, listing: FolderListing) -> Store:
    # Where the folder may not be looked into, the listing says so.
    if os.path.exists(place):
        return _open(place)
    if not listing.files:
        why = "".join(f" {one}" for one in (*listing.problems[:1], *listing.notices))
        raise StoreError(
            f"There is no micrograph in {place.parent.name}."
            f"{why or ' Choose a folder of micrographs.'}"
        )
    store = Store.create(place)
    # What is usual depends on what is installed; no other machine shall search it
    # another way.
    store.set_setting(DETECTION, recorded(DetectionParams()))
    return store


def _open(place: Path) -> Store:
    """Open a project file; one without a byte is no new project where work was."""
    with suppress(OSError):
        if not place.stat().st_size and backups_of(place):
            raise ProjectUnreadable(
                f"{place.name} is empty, as a full disk or a cloud folder leaves one."
            )
    return Store.open(place)


def _take_in(
    store: Store, listing: FolderListing | None, given: Sequence[Path]
) -> list[str]:
    """Bring the list of micrographs up to date and import new label files."""
    if store.read_only:
        return [
            f"{store.path.name} may not be written, so it is open for looking only; "
            "copy it to a folder of your own to go on with it."
        ]
    notices = find_again(store, () if listing is None else listing.folders)
    if listing is None:
        return notices
    held = [path for path in listing.files if store.can_hold(path)]
    left_out = [path for path in listing.files if not store.can_hold(path)]
    notices = [*listing.problems, *listing.notices, *_tell_left_out(left_out), *notices]
    known = {row.path for row in store.micrographs()}
    new = [path for path in held if store.relative(path) not in known]
    if new:
        size = store.setting(FOLDER_PIXEL_SIZE)
        size = size if is_number(size, 0) else None
        store.add_micrographs(new, person_pixel_size_nm=size)
    return notices + import_labels(store, listing, given)


def _tell_left_out(paths: Sequence[Path]) -> list[str]:
    if not paths:
        return []
    more = f" and {len(paths) - 1} more are" if len(paths) > 1 else " is"
    return [
        f"{name_of(paths[0])}{more} left out: a name with bytes that are no letters of "
        "UTF-8 can't be kept in a project; rename what has one."
    ]
