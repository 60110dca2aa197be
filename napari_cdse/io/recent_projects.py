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
"""Most projects in the list. Chosen: fits a menu."""


def default_file() -> Path:
    """Return the path of the list."""
    return user_data_path("napari-cdse", appauthor=False) / "recent projects.json"


def recent_projects() -> tuple[Path, ...]:
    """Return the project files opened last that still exist, newest first."""
    return tuple(path for path in _listed(default_file()) if os.path.isfile(path))


def remember_project(path: Path) -> None:
    """Put a project first in the list; if it cannot be written, nothing happens.

    Parameters
    ----------
    path : Path
        The project file.
    """
    file, newest = default_file(), path.absolute()
    others = [each for each in _listed(file) if each != newest]
    lines = [str(each) for each in (newest, *others)][:MOST]
    with suppress(OSError, StoreError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, json.dumps(lines, indent=1).encode(), StoreError)


def _listed(file: Path) -> list[Path]:
    """Read the list; empty if that is impossible."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, *MALFORMED):
        return []
    lines = content if isinstance(content, list) else []
    return [Path(line) for line in lines if isinstance(line, str)]
