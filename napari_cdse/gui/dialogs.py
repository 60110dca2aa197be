"""Questions about files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QInputDialog

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

_FORESTS = "Forests (*.skops)"


def ask_folder(parent: QWidget | None) -> Path | None:
    """Let the person choose a folder of micrographs."""
    name = QFileDialog.getExistingDirectory(parent, "Folder of micrographs")
    return Path(name) if name else None


def ask_forest(parent: QWidget | None) -> Path | None:
    """Let the person choose a model file."""
    name, _kind = QFileDialog.getOpenFileName(parent, "Forest", "", _FORESTS)
    return Path(name) if name else None


def ask_where(parent: QWidget | None, suggestion: str) -> Path | None:
    """Let the person say where a model file goes."""
    name, _kind = QFileDialog.getSaveFileName(
        parent, "Save the forest", suggestion, _FORESTS
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(".skops")


def ask_name(parent: QWidget | None, name: str) -> str | None:
    """Let the person give a forest another name."""
    text, given = QInputDialog.getText(parent, "Forest", "Name:", text=name)
    return text if given and text.strip() else None


def ask_project(parent: QWidget | None) -> Path | None:
    """Let the person choose a project file."""
    name, _kind = QFileDialog.getOpenFileName(
        parent, "Project file", "", "CdSe projects (*.cdse);;All files (*)"
    )
    return Path(name) if name else None
