"""Questions about files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


def ask_folder(parent: QWidget | None) -> Path | None:
    """Let the person choose a folder of micrographs."""
    name = QFileDialog.getExistingDirectory(parent, "Folder of micrographs")
    return Path(name) if name else None


def ask_project(parent: QWidget | None) -> Path | None:
    """Let the person choose a project file."""
    name, _kind = QFileDialog.getOpenFileName(
        parent, "Project file", "", "CdSe projects (*.cdse);;All files (*)"
    )
    return Path(name) if name else None
