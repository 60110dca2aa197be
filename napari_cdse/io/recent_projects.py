"""The list of recently opened projects, in the user's data folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import MALFORMED, write_file

MOST = 6
"""Projects that are kept in mind. A choice: so many are seen at a glance."""


def default_file() -> Path:
    """Where the list lies."""
    return user_data_path("napari-cdse", appauthor=False) / "recent projects.json"


def recent_projects() -> tuple[Path, ...]:
    """Give the project files that were open last and are still there, newest first."""
    return tuple(path for path in _listed(default_file()) if os.path.isfile(path))


def remember_project(path: Path) -> None:
    """Put a project first in the list; where that can't be written, it is let be.

    Parameters
    ----------
    path : Path
        The project file.
    """
    file, newest = default_file(), path.absolute()
    others = [one for one in _listed(file) if one != newest]
    lines = [str(one) for one in (newest, *others)][:MOST]
    with suppress(OSError, StoreError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, json.dumps(lines, indent=1).encode(), StoreError)


def _listed(file: Path) -> list[Path]:
    """Read the list; nothing is in one that can't be read."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, *MALFORMED):
        return []
    lines = found if isinstance(found, list) else []
    return [Path(one) for one in lines if isinstance(one, str)]
